"""How does somebody write a campaign down, from a file or from one that is shipped?"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import yaml
from pydantic import ValidationError

from bot.app.campaign_presets import preset, presets
from bot.app.referral import CONFIG, HAND, Edit, put_campaign
from bot.commands.campaigns import opened, wake_queue
from bot.commands.consent import operator
from bot.commands.customers import note
from bot.config import Campaign, Config
from bot.errors import Misconfigured
from handlers.referral import store


class Given(NamedTuple):
    """What was said on the command line of a campaign that is shipped; empty = nothing.

    Args:
        receivers: members on participants' codes.
    """

    id: str = ""
    name: str = ""
    start: str = ""
    end: str = ""
    receivers: tuple[str, ...] = ()


def list_presets(out: TextIO) -> int:
    """Print which campaigns are shipped."""
    for one in presets():
        print(f"{one.name}  {one.about}（{one.serves}）", file=out)
    print(
        "写下一个：concierge campaign create --preset 名字 --id 编号 --start … --end … "
        "--receiver 成员",
        file=out,
    )
    return 0


async def create_from_file(config: Config, file: Path, out: TextIO) -> int:
    """Describe a campaign by a YAML file, or change one; what was reached stays reached.

    Raises:
        Misconfigured: the file cannot be read, or is no campaign.
    """
    try:
        described = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Misconfigured(f"{file} 读不了：{error}") from error
    return await _create(config, _campaign(described, str(file)), out)


async def create_from_preset(config: Config, name: str, given: Given, out: TextIO) -> int:
    """Describe a campaign as it is shipped, in a time and with members of one's own.

    Raises:
        Misconfigured: there is no such preset, or something is lacking.
    """
    described = {**preset(name).described}
    described |= {key: value for key, value in given._asdict().items() if value}
    return await _create(config, _campaign(described, f"--preset {name}"), out)


def _campaign(described: Mapping[str, Any], source: str) -> Campaign:
    try:
        return Campaign.model_validate(described)
    except ValidationError as error:
        told = "；".join(
            f"{'.'.join(map(str, one['loc'])) or '活动'}：{one['msg']}" for one in error.errors()
        )
        raise Misconfigured(f"{source}：{told}") from error


async def _create(config: Config, described: Campaign, out: TextIO) -> int:
    now = time.time()
    async with opened(config) as facts:
        before = await store.campaign(facts, described.id)
        if before is not None and before.origin == CONFIG:
            raise Misconfigured(f"{described.id} 写在 config.yaml 里，请在那里改")
        await put_campaign(config, facts, described, Edit(HAND, operator()), now)
        await note(facts, "campaign.described", described.id, now)
        waiting = await wake_queue(facts, described.id, now)
    print(f"已写下活动 {described.id}（{described.name}）。", file=out)
    if waiting:
        print(f"{waiting} 位在等奖励的会再核对一遍。", file=out)
    if before is None:
        print(f"还是草稿：concierge campaign open {described.id} 才开始算。", file=out)
    return 0
