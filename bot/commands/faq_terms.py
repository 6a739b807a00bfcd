"""Which words must knowledge never confuse? Proposed from the entries, for a person to confirm."""

import asyncio
from collections.abc import Sequence
from typing import TextIO

import msgspec
import yaml

from bot.app import KNOWLEDGE_WORDS, build_words, entries_of, preview
from bot.commands.faq_edit import known_base
from bot.config import Config
from knowledge.terms import Proposal, propose

_FILE = f"{KNOWLEDGE_WORDS.parent.name}/{KNOWLEDGE_WORDS.name}"


async def terms(config: Config, base: str, out: TextIO, *, as_json: bool = False) -> int:
    """Print the groups that nobody has confirmed, as YAML to paste.

    Raises:
        Misconfigured: no such base, or the file of confirmed words has a problem.
    """
    known_base(config, base)
    words = build_words()
    async with preview(config) as contents:
        entries = entries_of(await contents.entries(base))
    found = await asyncio.to_thread(propose, entries, words)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode(), file=out)
    elif found:
        print("\n".join(as_yaml(found)), file=out)
    else:
        print(f"# {len(entries)} 条知识里，没有看出要加的专用词。", file=out)
    return 0


def as_yaml(found: Sequence[Proposal]) -> list[str]:
    """Lines to paste under `terms:`."""
    lines = [
        f"# 只差一个词、回答却不同的问法。确实不能混的，贴进 {_FILE}；不是的，删掉那一行。",
        "terms:",
    ]
    for one in found:
        group = yaml.safe_dump(
            list(one.words), allow_unicode=True, default_flow_style=True, width=10_000
        ).strip()
        said = f"{one.pairs} 对，如“{_line(one.one)}”与“{_line(one.other)}”"
        more = "替换已有的这一组；" if one.confirmed else ""
        lines.append(f"  - {group}  # {more}{said}")
    return lines


def _line(text: str) -> str:
    return " ".join(text.split())
