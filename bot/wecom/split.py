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
    highest = _fitting(text, max_bytes - size(ELLIPSIS))
    return text[: _last_cut(text, 1, highest, spare=False)].rstrip() + ELLIPSIS


def split_text(text: str, max_bytes: int = 2048, last_bytes: int | None = None) -> list[str]:
    """Pieces of at most `max_bytes`: the fewest, or one more where that spares a link.

    Args:
        text: what `clean` returned; an empty text is one empty piece.
        max_bytes: room in each piece.
        last_bytes: room in the last piece, when it has less; it may then be empty.
    """
    if max_bytes < _LONGEST_CHARACTER:
        raise ValueError("no room for a character")
    last = max_bytes if last_bytes is None else last_bytes
    before = max(0, -(-(size(text) - last) // max_bytes))
    for count in (before, before + 1):
        if (pieces := split_within(text, [max_bytes] * count + [last])) is not None:
            break
    while pieces is None:
        pieces = split_within(text, [max_bytes] * before + [last], spare=False)
        before += 1
    # white space dropped at a cut may have made room for what the last piece was for
    return pieces if last_bytes is not None else [piece for piece in pieces if piece] or [""]


def split_within(text: str, capacities: Sequence[int], *, spare: bool = True) -> list[str] | None:
    """One piece for each capacity in bytes, or ``None`` when the text does not fit.

    The last pieces may be empty; white space at a cut is dropped.

    Args:
        text: what to split.
        capacities: bytes.
        spare: rather give up than cut inside a link or a composed character.
    """
    pieces, rest = [], text
    for index, capacity in enumerate(capacities):
        end = _end_of_piece(rest, capacity, sum(capacities[index + 1 :]), spare)
        if end is None:
            return None
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return pieces


def _end_of_piece(text: str, capacity: int, later: int, spare: bool) -> int | None:
    """Index after the first piece, which leaves at most `later` bytes."""
    if size(text) <= capacity:
        return len(text)
    highest = _fitting(text, capacity)
    needed = _fitting(text, size(text) - later - 1) + 1
    if needed > highest:
        return None
    nice = max(needed, _fitting(text, capacity // 2))
    return _break(text, nice, highest) or _last_cut(text, needed, highest, spare)


def _break(text: str, lowest: int, highest: int) -> int | None:
    links = _links(text)
    for pattern in _BREAKS:
        ends = [match.end() for match in pattern.finditer(text)]
        for end in reversed(ends):
            if lowest <= end <= highest and _may_cut(text, end, links):
                return end
    return None


def _last_cut(text: str, lowest: int, highest: int, spare: bool) -> int | None:
    """The last index that breaks nothing; unless `spare`, one that does if need be."""
    for links in (_links(text), []):
        for end in range(highest, lowest - 1, -1):
            if _may_cut(text, end, links):
                return end
        if spare:
            return None
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
