"""Which nouns does knowledge speak of? Pure data: no IO, no clock."""

import hashlib
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Literal

import msgspec

from bot.model import Attachment


class FaqEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A piece of knowledge: one answer and the questions it answers, or a passage of a document.

    Args:
        similar: further phrasings of the same question; the best one counts.
        heard: how customers asked for it, learned from gaps; counts for less than `similar`.
        valid_from: first day on which it may be said, ``None`` = always was.
        valid_until: last day on which it may be said, ``None`` = for good.
        menu: ids of entries offered as follow-ups under the answer.
        audience: kf accounts (`open_kfid`) it is limited to, empty = all.
        featured: shown in the welcome menu.
        source: file it was read from.
        kind: a ``passage`` is a part of a document: `question` is its title and heading, `answer`
            its text.
        heading: path of headings above a passage, `` › `` between them.
        page: of the document, from 1, where it has pages.
        place: where it stands in the file it was imported from, for people.
        variants: other wordings of the same answer.
        channels: channel codes by which a customer must have come, empty = all.
        for_tags: tags of which a customer must have at least one, empty = everyone.
        written_by: who wrote the text; what a ``model`` wrote is said only after a person's
            approval (D44).
        approved: ``False`` = never said.
    """

    id: str
    question: str
    answer: str
    similar: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()
    category: str = ""
    tags: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    menu: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    featured: bool = False
    source: str = ""
    kind: Literal["faq", "passage"] = "faq"
    heading: str = ""
    page: int | None = None
    place: str = ""
    variants: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    channels: tuple[str, ...] = ()
    for_tags: tuple[str, ...] = ()
    written_by: Literal["people", "model"] = "people"
    approved: bool = True

    @property
    def own(self) -> tuple[str, ...]:
        """The question and its similar ones, as people wrote them."""
        return (self.question, *self.similar)

    @property
    def questions(self) -> tuple[str, ...]:
        """The question, its similar ones, and at last what was heard."""
        return (self.question, *self.similar, *self.heard)

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything a customer may be told of it."""
        shown = (text for one in self.attachments for text in (one.title, one.desc) if text)
        return (self.answer, *self.variants, *shown)

    @property
    def is_for_everyone(self) -> bool:
        """Whether no audience ever has to be checked."""
        limits = (self.audience, self.channels, self.for_tags, self.valid_from, self.valid_until)
        return self.approved and not any(limits)

    def is_for(self, audience: "Audience") -> bool:
        """Whether this audience may be told."""
        return (
            self.approved
            and (not self.audience or audience.open_kfid in self.audience)
            and (not self.channels or audience.channel in self.channels)
            and (not self.for_tags or not audience.tags.isdisjoint(self.for_tags))
            and (self.valid_from is None or self.valid_from <= audience.today)
            and (self.valid_until is None or audience.today <= self.valid_until)
        )


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, as far as it decides what may be said.

    Args:
        channel: code of the channel by which the customer came, empty = unknown.
        tags: what the customer is tagged with.
    """

    today: date
    open_kfid: str = ""
    channel: str = ""
    tags: frozenset[str] = frozenset()


Variant = Literal["full", "questions", "lexical", "full+read", "questions+read"]
"""What the evidence rests on: everything, an entry without answer text, or characters alone; and
whether the question was read together with the entry."""


class Match(msgspec.Struct, frozen=True):
    """An entry and how likely it is the right one.

    Args:
        score: 0 to 1, what the gate makes of the evidence.
        why: the evidence itself, for people: scores, margin, the phrasing that matched.
        variant: which model of the gate the score comes from.
        read_by: who read the question together with the entry, '' = nobody.
    """

    entry: FaqEntry
    score: float
    why: dict[str, float | str]
    variant: Variant = "full"
    read_by: str = ""


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


def body_of(entry: FaqEntry) -> str:
    """The entry as JSON, for a row of content."""
    return msgspec.json.encode(entry).decode()


def entry_of(body: str) -> FaqEntry:
    """The entry that `body_of` has written; keys of a newer version are ignored.

    Raises:
        msgspec.ValidationError: this is no entry.
    """
    return _decode(body)


_decode = msgspec.json.Decoder(FaqEntry).decode


def version_of(entries: Iterable[FaqEntry]) -> str:
    """A hash that changes when any entry does."""
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(msgspec.json.encode(entry))
    return digest.hexdigest()[:16]
