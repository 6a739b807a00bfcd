"""Where may a text be cut when it has to fit a number of bytes?

At paragraphs rather than sentences, sentences rather than words, and never inside a link or a
character made of several code points, unless nothing else is possible.
"""

import re
import unicodedata
from collections.abc import Sequence

ELLIPSIS = "…"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LINK = re.compile(r"https?://[!-~]+")
_BREAKS = (
    re.compile(r"\n[ \t]*\n+"),
    re.compile(r"\n"),
    re.compile(r"[。！？；…!?;]+[”’」』）)\"]*|\.(?=\s)"),
    re.compile(r"[，、：]|[ \t\u3000]"),
)
"""Good places, best first; the cut comes after the match."""

_JOINER = "\u200d"
_LONGEST_CHARACTER = 4


def size(text: str) -> int:
    """UTF-8 bytes, as the platform counts."""
    return len(text.encode())


def clean(text: str) -> str:
    """Text that can be sent: no control characters (40033, wecom-api §0), no half emoji."""
    whole = text.replace("\r\n", "\n").encode(errors="replace").decode()
    return _CONTROL.sub("", whole).strip()


def cut(text: str, max_bytes: int) -> str:
    """At most `max_bytes` of `text`, ending in "…" when something is missing."""
    if size(text) <= max_bytes:
        return text
    return text[: _last_cut(text, max_bytes - size(ELLIPSIS))].rstrip() + ELLIPSIS


def split_text(text: str, max_bytes: int = 2048) -> list[str]:
    """The fewest pieces of at most `max_bytes`; an empty text is one empty piece."""
    if max_bytes < _LONGEST_CHARACTER:
        raise ValueError("no room for a character")
    count = max(1, -(-size(text) // max_bytes))
    while (pieces := split_within(text, [max_bytes] * count)) is None:
        count += 1
    return pieces


def split_within(text: str, capacities: Sequence[int]) -> list[str] | None:
    """One piece for each capacity in bytes, or ``None`` when the text does not fit.

    The last pieces may be empty; white space at a cut is dropped.
    """
    pieces, rest = [], text
    for index, capacity in enumerate(capacities):
        later = sum(capacities[index + 1 :])
        if size(rest) > capacity + later:
            return None
        end = _end_of_piece(rest, capacity, later)
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return None if rest else pieces


def _end_of_piece(text: str, capacity: int, later: int) -> int:
    """Index after the first piece, which leaves at most `later` bytes where that is possible."""
    if size(text) <= capacity:
        return len(text)
    lowest = max(_fitting(text, size(text) - later - 1) + 1, _fitting(text, capacity // 2))
    highest = _fitting(text, capacity)
    links = _links(text)
    for pattern in _BREAKS:
        ends = [match.end() for match in pattern.finditer(text)]
        for end in reversed(ends):
            if lowest <= end <= highest and _may_cut(text, end, links):
                return end
    return _last_cut(text, capacity)


def _last_cut(text: str, max_bytes: int) -> int:
    """The last index within `max_bytes` that breaks nothing; if need be, one that does."""
    highest, links = _fitting(text, max_bytes), _links(text)
    for candidates in (links, []):
        for end in range(highest, highest // 2, -1):
            if _may_cut(text, end, candidates):
                return end
    return highest


def _fitting(text: str, max_bytes: int) -> int:
    """How many characters fit."""
    return len(text.encode()[: max(max_bytes, 0)].decode(errors="ignore"))


def _links(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _LINK.finditer(text)]


def _may_cut(text: str, end: int, links: Sequence[tuple[int, int]]) -> bool:
    if end <= 0 or end >= len(text):
        return True
    return not _joined(text, end) and not any(start < end < stop for start, stop in links)


def _joined(text: str, index: int) -> bool:
    """Whether the characters around `index` are shown as one."""
    before, after = text[index - 1], text[index]
    if _JOINER in (before, after) or _modifies(after):
        return True
    if not (_is_flag_letter(before) and _is_flag_letter(after)):
        return False
    letters = 0
    while letters < index and _is_flag_letter(text[index - 1 - letters]):
        letters += 1
    return letters % 2 == 1


def _modifies(char: str) -> bool:
    """Accents, variation selectors, skin tones, tags of regional flags."""
    return (
        unicodedata.category(char) in {"Mn", "Mc", "Me"}
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
    )


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
