"""May these phrasings be added to their entries, without taking what other entries answer?

A phrasing must find its own entry first as the knowledge is now, and with all of them added every
other entry's own questions must find what they found before.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec

from knowledge.entries import Audience, FaqEntry
from knowledge.fold import exact_key
from knowledge.retriever import Retriever

Build = Callable[[Sequence[FaqEntry]], Awaitable[Retriever]]
"""Makes another base over the same encoder; the caller of it closes it."""

_ROUNDS = 4
"""How often what collides is taken out and the rest tried again, before the entry gets nothing."""


class Unfit(StrEnum):
    """Why a phrasing is not added."""

    KNOWN = "known"  # the entry has it already
    TAKEN = "taken"  # it is another entry's phrasing
    ELSEWHERE = "elsewhere"  # it finds another entry first, or none
    STEALS = "steals"  # with it another entry's own question finds this one


class Tried(NamedTuple):
    """A phrasing and whether it may be added.

    Args:
        unfit: ``None`` = it may.
        rival: the other entry, or its question, that a refusal is about.
    """

    text: str
    unfit: Unfit | None = None
    rival: str = ""


async def try_alone(
    entry: FaqEntry, proposed: Sequence[str], base: Retriever, audience: Audience
) -> list[Tried]:
    """Judge each phrasing by itself, as the knowledge is now."""
    fold = base.words.fold
    known = {exact_key(fold(text)) for text in entry.questions}
    tried: list[Tried] = []
    for text in proposed:
        key = exact_key(fold(text))
        if key in known:
            tried.append(Tried(text, Unfit.KNOWN))
            continue
        known.add(key)
        found = await base.search(text, audience, 1)
        first = found[0].entry.id if found else ""
        if first == entry.id:
            tried.append(Tried(text))
        elif base.has_exactly(text, audience):
            tried.append(Tried(text, Unfit.TAKEN, first))
        else:
            tried.append(Tried(text, Unfit.ELSEWHERE, first))
    return tried


async def try_together(
    wanted: Mapping[str, Sequence[str]], base: Retriever, build: Build, audience: Audience
) -> dict[str, list[Tried]]:
    """Judge phrasings by what they do to the others, when all of them are added.

    Args:
        wanted: phrasings that may be added alone, by entry.
    """
    kept = {entry_id: list(texts) for entry_id, texts in wanted.items()}
    thrown: dict[str, list[Tried]] = {entry_id: [] for entry_id in wanted}
    before = await _first_of(base, base.entries, audience)
    for round_ in range(_ROUNDS + 1):
        stolen = await _stolen(before, kept, base, build, audience)
        if not stolen:
            break
        for entry_id, questions in stolen.items():
            out = kept[entry_id] if round_ == _ROUNDS - 1 else _nearest(kept[entry_id], questions)
            thrown[entry_id] += [Tried(text, Unfit.STEALS, questions[0]) for text in out]
            kept[entry_id] = [text for text in kept[entry_id] if text not in out]
    return {
        entry_id: [*(Tried(text) for text in kept[entry_id]), *thrown[entry_id]]
        for entry_id in wanted
    }


async def _stolen(
    before: Mapping[str, str],
    kept: Mapping[str, Sequence[str]],
    base: Retriever,
    build: Build,
    audience: Audience,
) -> dict[str, list[str]]:
    """Questions of others that would find an entry because of its new phrasings, by entry."""
    entries = [
        msgspec.structs.replace(one, similar=(*one.similar, *kept.get(one.id, ())))
        for one in base.entries
    ]
    trial = await build(entries)
    try:
        after = await _first_of(trial, base.entries, audience)
    finally:
        trial.close()
    stolen: dict[str, list[str]] = {}
    for question, first in after.items():
        if first != before[question] and kept.get(first):
            stolen.setdefault(first, []).append(question)
    return stolen


async def _first_of(
    base: Retriever, entries: Sequence[FaqEntry], audience: Audience
) -> dict[str, str]:
    """What every question that people wrote finds first."""
    firsts = {}
    for question in dict.fromkeys(text for entry in entries for text in entry.own):
        found = await base.search(question, audience, 1)
        firsts[question] = found[0].entry.id if found else ""
    return firsts


def _nearest(texts: Sequence[str], questions: Sequence[str]) -> list[str]:
    """Of the phrasings those that share most with the questions that they take."""
    return list({max(texts, key=lambda text: _shared(text, one)): None for one in questions})


def _shared(text: str, question: str) -> float:
    one, other = set(text), set(question)
    return len(one & other) / len(one | other)
