"""In which words is an entry said to this customer today? Pure.

An answer may name values of the customer as ``{profile.name|您}``: the value, or what stands after
the bar. Without either the wording is not said: no customer reads a hole or braces.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec

from bot.model import Attachment
from knowledge.entries import FaqEntry

VARIABLES = {
    "profile.name": "客户的微信昵称",
    "order.last.number": "客户最近一个订单的订单号",
    "order.last.status": "它的状态",
    "order.last.title": "它的商品",
    "order.last.shipment": "它的快递公司和单号",
    "order.last.event": "它的最新物流",
}
"""Every value that an answer may name; who supplies it is a `ValueSource` of `bot.ports`."""

MAX_VALUE = 64
"""Characters of a value; a nickname may be anything."""

_SLOT = re.compile(r"\{\s*([\w.]+)\s*(?:\|([^{}]*))?\}")


def names_in(texts: Sequence[str]) -> frozenset[str]:
    """The values that these texts name."""
    return frozenset(name for text in texts for name, _ in _SLOT.findall(text))


def unknown_in(entry_texts: Sequence[str]) -> list[str]:
    """Named values that nobody knows, in order."""
    return sorted(names_in(entry_texts) - VARIABLES.keys())


def fill(text: str, values: Mapping[str, str]) -> str | None:
    """The text with its values, ``None`` when one is missing and has no default."""
    missing = False

    def put(found: re.Match[str]) -> str:
        nonlocal missing
        name, default = found[1], found[2]
        value = " ".join(values.get(name, "").split())[:MAX_VALUE] if name in VARIABLES else ""
        missing = missing or not (value or default)
        return value or default or ""

    filled = _SLOT.sub(put, text)
    return None if missing else filled


def wordings(entry: FaqEntry, values: Mapping[str, str]) -> list[str]:
    """Every way in which the entry can be said now; a passage is said as it stands."""
    if entry.kind == "passage":
        return [entry.answer]
    filled = (fill(text, values) for text in (entry.answer, *entry.variants))
    return [text for text in filled if text is not None]


def choose(texts: Sequence[str], *, who: str, day: date, last: str = "") -> str:
    """One wording: the same for a customer all day, but never what was said just before.

    Args:
        texts: at least one.
        who: whom it is said to.
        last: `mark_of` the wording that this customer got last, for this entry.
    """
    seed = hashlib.sha256(f"{who}/{day.isoformat()}/{texts[0]}".encode()).digest()
    at = int.from_bytes(seed[:4], "big") % len(texts)
    if len(texts) > 1 and mark_of(texts[at]) == last:
        at = (at + 1) % len(texts)
    return texts[at]


def mark_of(text: str) -> str:
    """What a wording is recognised by when it is to be said again."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def enclosed(entry: FaqEntry) -> tuple[Attachment, ...]:
    """The entry's attachments with their pictures as full paths; what has no file is left out."""
    found = []
    for one in entry.attachments:
        place = picture_of(entry.source, one.media) if one.media else ""
        if place is not None:
            found.append(msgspec.structs.replace(one, media=place))
    return tuple(found)


def picture_of(source: str, media: str) -> str | None:
    """Where a picture is: its address, or its file beside or below the entry's own.

    Returns:
        ``None`` when it is neither, such as a path that leads out of the folder.
    """
    if media.startswith(("http://", "https://")):
        return media
    path = Path(media)
    if not source or path.is_absolute() or ".." in path.parts:
        return None
    return str(Path(source).parent / path)
