"""What is wrong with the entries as a whole: which contradict, steal from each other, or mislead?

Everything is found from the texts alone; the candidates for likeness come from the lexical index.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Literal

import msgspec
import numpy as np

from knowledge.entries import FaqEntry
from knowledge.evidence import contrasts_in
from knowledge.fields import MAX_ANSWER_BYTES
from knowledge.fold import Fold, exact_key, fold, lexical_key, numbers_in
from knowledge.lexical import NgramIndex, first_rows
from knowledge.wording import VARIABLES, unknown_in

Level = Literal["error", "warning", "hint"]

ALIKE = 0.9
"""Cosine of two questions that ask the same."""

STOLEN = 0.6
"""Cosine to a phrasing of another entry, from which on it may come first."""

_URL = re.compile(r"https?://[^\s，。；）)\]】》\"'<>]+")


class Finding(msgspec.Struct, frozen=True):
    """One thing to mend.

    Args:
        kind: what it is, one word, e.g. ``contradiction``.
        ids: entries it is about, the first one before all.
        text: for people.
    """

    level: Level
    kind: str
    ids: tuple[str, ...]
    text: str


class Watched(msgspec.Struct, frozen=True):
    """A word in a text that must not, or not without thought, be said (R-15.9).

    Args:
        name: which kind of word.
    """

    name: str
    level: Level
    word: str


Watch = Callable[[str], Iterable[Watched]]
"""Finds such words."""


def lint(
    entries: Sequence[FaqEntry], watch: Watch, *, today: date, fold: Fold = fold
) -> Iterator[Finding]:
    """Everything there is to mend, the worst not first.

    Args:
        fold: with the deployment's own synonyms.
    """
    ids = {entry.id for entry in entries}
    for entry in entries:
        yield from _alone(entry, ids, today)
        yield from _said(entry, watch)
    yield from _together([entry for entry in entries if entry.kind == "faq"], fold)
    bare = tuple(e.id for e in entries if e.kind == "faq" and not e.similar)
    if bare:
        yield Finding(
            "hint", "one_phrasing", bare, f"{len(bare)} 条只有一种问法，客户换个说法就难找到"
        )


def links(entry: FaqEntry) -> set[str]:
    """Every web address that the entry sends to customers."""
    found = {url for text in (entry.answer, *entry.variants) for url in _URL.findall(text)}
    return found | {one.url for one in entry.attachments if one.url}


def _alone(entry: FaqEntry, ids: Collection[str], today: date) -> Iterator[Finding]:
    for text in (entry.answer, *entry.variants):
        if not text.strip():
            yield Finding("error", "empty", (entry.id,), "回答是空的")
        elif (size := len(text.encode())) > MAX_ANSWER_BYTES:
            said = f"回答 {size} 字节，一条消息最多 {MAX_ANSWER_BYTES} 字节"
            yield Finding("error", "too_long", (entry.id,), said)
        for name in unknown_in([text]) if entry.kind != "passage" else ():
            said = (
                f"不认识的变量 {{{name}}}，能用 {'、'.join(f'{{{known}}}' for known in VARIABLES)}"
            )
            yield Finding("error", "variable", (entry.id,), said)
    if unknown := [name for name in entry.menu if name not in ids]:
        said = f"菜单指向没有的条目 {'、'.join(unknown)}"
        yield Finding("warning", "menu", (entry.id, *unknown), said)
    if entry.valid_until and entry.valid_until < today:
        said = f"{entry.valid_until} 已经过期，不会再说"
        yield Finding("warning", "expired", (entry.id,), said)
    if not entry.approved:
        yield Finding("hint", "unapproved", (entry.id,), "待批准，不会说")


def _said(entry: FaqEntry, watch: Watch) -> Iterator[Finding]:
    hits: dict[tuple[str, Level], dict[str, None]] = {}
    for text in entry.texts:
        for found in watch(text):
            hits.setdefault((found.name, found.level), {})[found.word] = None
    for (name, level), words in hits.items():
        yield Finding(level, "lexicon", (entry.id,), f"{name}：{'、'.join(words)}")


class _Row(msgspec.Struct, frozen=True):
    """A phrasing, folded for comparison."""

    at: int
    text: str
    exact: str
    key: str
    meant: tuple[frozenset[int], frozenset[str]]


def _together(entries: Sequence[FaqEntry], fold: Fold) -> Iterator[Finding]:
    """Entries beside each other: duplicates, contradictions, stolen questions."""
    rows = [_row(at, text, fold) for at, entry in enumerate(entries) for text in entry.questions]
    if not rows:
        return
    index = NgramIndex([row.key for row in rows])
    starts = [*first_rows(entries).tolist(), len(rows)]
    same: dict[tuple[int, int], str] = {}
    stolen: dict[tuple[int, int], list[str]] = {}
    for number, row in enumerate(rows):
        cosines = index.cosines(row.key)
        own = cosines[starts[row.at] : starts[row.at + 1]].copy()
        cosines[starts[row.at] : starts[row.at + 1]] = -1.0
        other = rows[int(np.argmax(cosines))]
        likeness = float(cosines.max())
        if likeness < STOLEN or not _meet(entries[row.at], entries[other.at]):
            continue
        pair = (min(row.at, other.at), max(row.at, other.at))
        if row.exact == other.exact or (likeness >= ALIKE and row.meant == other.meant):
            same.setdefault(pair, f"“{row.text}”与“{other.text}”")
        else:
            own[number - starts[row.at]] = -1.0
            if likeness > max(float(own.max()), STOLEN if len(own) > 1 else ALIKE):
                stolen.setdefault((row.at, other.at), []).append(f"“{row.text}”像“{other.text}”")
    yield from _pairs(entries, same, fold)
    for (at, other_at), said in stolen.items():
        if (min(at, other_at), max(at, other_at)) not in same:
            pair_ids = (entries[at].id, entries[other_at].id)
            text = f"问法更像别的条目：{'；'.join(said[:3])}"
            yield Finding("warning", "stolen", pair_ids, text)


def _pairs(
    entries: Sequence[FaqEntry], same: Mapping[tuple[int, int], str], fold: Fold
) -> Iterator[Finding]:
    for (first, second), said in same.items():
        one, two = entries[first], entries[second]
        if exact_key(fold(one.answer)) == exact_key(fold(two.answer)):
            text = f"重复：{said}，回答也相同，合成一条"
            yield Finding("warning", "duplicate", (one.id, two.id), text)
        else:
            text = f"矛盾：{said}问的是同一件事，回答却不同"
            yield Finding("error", "contradiction", (one.id, two.id), text)


def _row(at: int, text: str, fold: Fold) -> _Row:
    folded = fold(text)
    meant = (contrasts_in(folded), numbers_in(folded))
    return _Row(at, text, exact_key(folded), lexical_key(folded), meant)


def _meet(one: FaqEntry, two: FaqEntry) -> bool:
    """Whether there is anybody who may be told both."""
    for mine, theirs in ((one.audience, two.audience), (one.channels, two.channels)):
        if mine and theirs and not set(mine) & set(theirs):
            return False
    starts = [day for day in (one.valid_from, two.valid_from) if day]
    ends = [day for day in (one.valid_until, two.valid_until) if day]
    return not starts or not ends or max(starts) <= min(ends)
