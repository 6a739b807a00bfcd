"""Which nouns does knowledge speak of? Pure data: no IO, no clock."""

import hashlib
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Literal

import msgspec


class FaqEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of knowledge: one answer and the questions it answers.

    Args:
        similar: further phrasings of the same question; the best one counts.
        valid_from: first day on which it may be said, ``None`` = always was.
        valid_until: last day on which it may be said, ``None`` = for good.
        menu: ids of entries offered as follow-ups under the answer.
        audience: kf accounts (`open_kfid`) it is limited to, empty = all.
        featured: shown in the welcome menu.
        source: file it was read from.
    """

    id: str
    question: str
    answer: str
    similar: tuple[str, ...] = ()
    category: str = ""
    tags: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    menu: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    featured: bool = False
    source: str = ""

    @property
    def questions(self) -> tuple[str, ...]:
        """The question and its similar ones."""
        return (self.question, *self.similar)

    @property
    def is_for_everyone(self) -> bool:
        """Whether no audience ever has to be checked."""
        return not self.audience and self.valid_from is None and self.valid_until is None

    def is_for(self, audience: "Audience") -> bool:
        """Whether this audience may be told."""
        return (
            (not self.audience or audience.open_kfid in self.audience)
            and (self.valid_from is None or self.valid_from <= audience.today)
            and (self.valid_until is None or audience.today <= self.valid_until)
        )


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, as far as it decides what may be said."""

    today: date
    open_kfid: str = ""


class Match(msgspec.Struct, frozen=True):
    """An entry and how likely it is the right one.

    Args:
        score: 0 to 1, what the gate makes of the evidence.
        why: the evidence itself, for people: scores, margin, the phrasing that matched.
    """

    entry: FaqEntry
    score: float
    why: dict[str, float | str]


class Decision(StrEnum):
    """What may be done with what was found."""

    ANSWER = "answer"  # say the first match
    OFFER = "offer"  # let the customer choose among the matches
    DECLINE = "decline"  # nothing fits; the matches are merely the nearest


How = Literal["exact", "cached", "hybrid", "lexical"]


class Verdict(msgspec.Struct, frozen=True):
    """What knowledge has to say to a question: a decision and up to three matches, best first."""

    decision: Decision
    matches: tuple[Match, ...]
    how: How


def version_of(entries: Iterable[FaqEntry]) -> str:
    """A hash that changes when any entry does."""
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(msgspec.json.encode(entry))
    return digest.hexdigest()[:16]
