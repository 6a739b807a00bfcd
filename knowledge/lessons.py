"""What may be learned from a gap, into which entry, and what would change by it?

A confirmation may be wrong (one in twenty is, among people in a hurry): a phrasing near the entry
needs one, a phrasing that the knowledge would have put elsewhere needs two that agree.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Literal

import msgspec
import numpy as np

from knowledge.entries import Audience, Decision, FaqEntry
from knowledge.fold import Fold, exact_key, fold, lexical_key
from knowledge.gaps import Gap
from knowledge.lexical import NgramIndex
from knowledge.retriever import Retriever

NEAREST = 3  # entries shown beside a gap
NEAR = 10  # places from the top, and at most a quarter of all entries
DEPTH = 10
PHRASINGS = 5  # learned from one gap at once
REPLAYED = 500  # stored questions; two verdicts of 20 ms each


class Refusal(StrEnum):
    """Why a phrasing is not learned."""

    KNOWN = "known"  # the entry has it already
    TAKEN = "taken"  # it is another entry's phrasing
    ANSWERED = "answered"  # another entry is said to it already
    ALONE = "alone"  # far from the entry, and only one says so
    DISPUTED = "disputed"  # others say that another entry is right
    UNHEARD = "unheard"  # nobody says so
    OTHERWISE = "otherwise"  # people mostly answered it with what no entry says


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one phrasing may be learned.

    Args:
        refusal: ``None`` = it may.
        rival: the other entry that a refusal is about.
        place: where the entry stands for this phrasing now, from 1; ``None`` = beyond ten.
    """

    text: str
    refusal: Refusal | None = None
    rival: str = ""
    place: int | None = None


class Nearest(msgspec.Struct, frozen=True):
    """An entry near a gap: the mean probability over its examples."""

    id: str
    p: float


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A stored question whose answer would be another one.

    Args:
        before: the entry that is said now, ``None`` = none.
        verdict: by what is known of the right answer.
    """

    text: str
    before: str | None
    after: str | None
    verdict: Literal["better", "worse", "unknown"]


async def nearest(gap: Gap, base: Retriever, audience: Audience) -> list[Nearest]:
    """The entries nearest to the examples of a gap, at most three."""
    sums: dict[str, float] = defaultdict(float)
    for text in gap.examples:
        for match in await base.search(text, audience, DEPTH):
            sums[match.entry.id] += match.score / len(gap.examples)
    best = sorted(sums, key=lambda entry: -sums[entry])[:NEAREST]
    return [Nearest(entry, round(sums[entry], 4)) for entry in best]


async def verify(
    text: str, entry_id: str, votes: Counter[str], base: Retriever, audience: Audience
) -> Verified:
    """Whether a phrasing may be added to an entry.

    Args:
        votes: how many people hold which entry to be the answer to this.
    """
    verdict = await base.ask(text, audience)
    said = verdict.matches[0].entry.id if verdict.matches else ""
    if verdict.how == "exact":
        refusal = Refusal.KNOWN if said == entry_id else Refusal.TAKEN
        return Verified(text=text, refusal=refusal, rival="" if said == entry_id else said)
    if verdict.decision is Decision.ANSWER and said != entry_id:
        return Verified(text=text, refusal=Refusal.ANSWERED, rival=said)
    found = await base.search(text, audience, DEPTH)
    place = next((i for i, match in enumerate(found, 1) if match.entry.id == entry_id), None)
    is_near = place is not None and place <= max(1, min(NEAR, len(base.entries) // 4))
    weighed, rival = _weighed(entry_id, votes, is_near)
    return Verified(text=text, refusal=weighed, rival=rival, place=place)


async def lesson(
    gap: Gap,
    entry_id: str,
    votes: Counter[str],
    base: Retriever,
    audience: Audience,
    *,
    is_named: bool = False,
) -> list[Verified]:
    """What of a gap may become phrasings of an entry, the most typical questions first.

    Questions that turned out to be another entry's are left out. So are those that people answered
    with what no entry says, unless a person has read that; of a gap that they mostly answered so,
    nothing is learned. What no entry answers is asked again and again too, and one wrong word would
    name an entry for all of it.

    Args:
        is_named: a person says that it is this entry, having read what people answered.
    """
    others = {one.text for one in gap.asked if one.entry not in (None, entry_id)}
    if not is_named:
        said = {one.text for one in gap.asked if one.entry == entry_id}
        others |= {one.text for one in gap.asked if one.is_otherwise} - said
    texts = dict.fromkeys((*gap.examples, *(one.text for one in gap.asked)))
    fold = base.words.fold
    distinct = {exact_key(fold(text)): text for text in reversed(texts) if text not in others}
    wanted = list(reversed(distinct.values()))[:PHRASINGS]
    if not is_named and gap.otherwise >= votes[entry_id]:
        return [Verified(text=text, refusal=Refusal.OTHERWISE) for text in gap.examples]
    return [await verify(text, entry_id, votes, base, audience) for text in wanted]


def _weighed(entry_id: str, votes: Counter[str], is_near: bool) -> tuple[Refusal | None, str]:
    support = votes[entry_id]
    rival, against = next((one for one in votes.most_common() if one[0] != entry_id), ("", 0))
    if not support:
        return Refusal.UNHEARD, ""
    if 2 * against >= support:
        return Refusal.DISPUTED, rival
    return (None, "") if is_near or support > 1 else (Refusal.ALONE, "")


def taught(entry: FaqEntry, phrasings: Iterable[str]) -> FaqEntry:
    """The entry with further phrasings."""
    heard = dict.fromkeys((*entry.heard, *phrasings))
    return msgspec.structs.replace(entry, heard=tuple(heard))


def concerned(
    questions: Sequence[tuple[str, str | None]], phrasings: Sequence[str], *, fold: Fold = fold
) -> list[tuple[str, str | None]]:
    """The questions most like these phrasings, for a replay that ends within a minute."""
    if len(questions) <= REPLAYED or not phrasings:
        return list(questions)
    index = NgramIndex([lexical_key(fold(text)) for text, _ in questions])
    likeness = np.max([index.cosines(lexical_key(fold(text))) for text in phrasings], axis=0)
    return [questions[i] for i in np.argsort(-likeness, kind="stable")[:REPLAYED]]


async def replay(
    before: Retriever,
    after: Retriever,
    questions: Sequence[tuple[str, str | None]],
    audience: Audience,
) -> list[Changed]:
    """Which stored questions would be answered otherwise.

    Args:
        questions: texts, each with the entry known to be right, ``None`` = nobody knows.
    """
    known: dict[str, str | None] = {}
    for text, right in questions:
        known[text] = right or known.get(text)
    changes: list[Changed] = []
    for text, right in known.items():
        old, new = await _said(before, text, audience), await _said(after, text, audience)
        if old != new:
            verdict = _verdict(old, new, right)
            changes.append(Changed(text=text, before=old, after=new, verdict=verdict))
    order = ("worse", "better", "unknown")
    return sorted(changes, key=lambda change: order.index(change.verdict))


def is_harmful(changes: Iterable[Changed]) -> bool:
    """Whether more answers get worse than better."""
    counts = Counter[str](change.verdict for change in changes)
    return counts["worse"] > counts["better"]


def _verdict(
    old: str | None, new: str | None, right: str | None
) -> Literal["better", "worse", "unknown"]:
    if right is None or (right not in (old, new) and None not in (old, new)):
        return "unknown"
    return "better" if new == right or (new is None and old != right) else "worse"


async def _said(base: Retriever, text: str, audience: Audience) -> str | None:
    verdict = await base.ask(text, audience)
    return verdict.matches[0].entry.id if verdict.decision is Decision.ANSWER else None
