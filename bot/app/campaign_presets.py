"""Which campaigns are shipped, ready to be given a time and members (A11 A22 A42 A44 B19 B40)?"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.app.engine import PROMPTS
from bot.errors import Misconfigured

PRESETS = PROMPTS.parent / "campaigns"


@dataclass(frozen=True, slots=True)
class Preset:
    """A campaign without id, time and members.

    Args:
        about: in a sentence; `serves` the requirement it stands for.
        described: keys of a campaign, as its file has them.
    """

    name: str
    about: str
    serves: str
    described: Mapping[str, Any]


def presets(folder: Path = PRESETS) -> list[Preset]:
    """Every campaign of a folder, by name.

    Raises:
        Misconfigured: a file is no preset.
    """
    return [_read(file) for file in sorted(folder.glob("*.yaml"))]


def preset(name: str, folder: Path = PRESETS) -> Preset:
    """One of them.

    Raises:
        Misconfigured: there is none of that name.
    """
    every = {one.name: one for one in presets(folder)}
    if name not in every:
        raise Misconfigured(f"没有叫 {name} 的现成活动，有 {'、'.join(every)}")
    return every[name]


def _read(file: Path) -> Preset:
    try:
        given = yaml.safe_load(file.read_text("utf-8"))
        return Preset(file.stem, given["about"], given["serves"], given["campaign"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise Misconfigured(f"{file} 不是现成活动：{error}") from error
