"""What does a welcome say to this newcomer, and how long can it become (R-2.5)? Pure."""

import re
from collections.abc import Mapping
from string import Formatter

from bot.model.effects import CODE_SLOT

SLOTS: Mapping[str, int] = {
    "company": 600,
    "who": 900,
    "staff": 192,
    "customer": 60,
    "channel": 600,
    "code": 64,
}
"""Placeholders of a welcome, and how many bytes each may become."""

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff{}<>&]")


def longest(text: str) -> int:
    """How many bytes a text has when each placeholder is as long as it may become."""
    return sum(
        len(literal.encode()) + (SLOTS.get(name, 0) if name else 0)
        for literal, name, _, _ in Formatter().parse(text)
    )


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its values, each made harmless and cut to its length; the place of a code
    stays marked, for it is taken when the welcome is sent.
    """
    safe = {name: _harmless(values.get(name, ""), most) for name, most in SLOTS.items()}
    return text.format(**safe | {"code": CODE_SLOT})


def _harmless(value: str, most: int) -> str:
    """Without what is not seen, or could be taken for a placeholder; cut between characters."""
    text = " ".join(_UNSEEN.sub(" ", value).split())
    return text.encode()[:most].decode("utf-8", "ignore").strip()
