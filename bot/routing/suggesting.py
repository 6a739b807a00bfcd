"""What could a member say to this: from the knowledge, and as colleagues have said it (R-12.3)?

Everything passes the lexicon; what it blocks is not even shown. Colleagues' answers with personal
data are never kept, so that one customer's are not told to another.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.model import Because, Conversation, Reply
from bot.policy.guard import Guard
from bot.policy.lexicon import Decision
from bot.routing.guarding import shown
from bot.routing.phrases import Phrases
from bot.routing.phrases import fold as letters_of
from bot.store import Answered, Store
from knowledge import Audience, FaqEntry, Library, Match, Retriever
from knowledge.fold import exact_key, fold
from knowledge.wording import enclosed

FAQ, COLLEAGUE, DRAFT = "faq", "colleague", "draft"
CONTRIBUTED, CONTRIBUTION_DECIDED = "knowledge_contributed", "knowledge_decided"
"""Names of emissions: a member wrote an entry that waits for approval; somebody has decided."""

DRAFT_WANTED = "draft_wanted"
"""Name of an emission: a page shows a message, `msgid`, that no draft answers yet."""

MOST = 3
HOPELESS = 0.05
"""Probability below which an entry is not even suggested."""

ALIKE = 0.2
"""Likeness by characters from which what was asked counts as the same situation; the gate's
probability says nothing here, since what many have asked is there many times."""

LIKELY = 0.5
"""Likeness below which a colleague's answer is a weak suggestion: of 178 such ones in eight of the
authored sets, half of whose entries were lacking, 12 were right."""

TALLY_S = 90 * 86_400.0
_LOOKED_AT = 8

JUST_S, _JUST_LINES = 1800.0, 20
"""What our side said so lately, among so many lines, is not said once more unasked."""

_NO_QUESTION = (
    *("escalation.request", "suggesting.call"),
    *("greeting.hello", "greeting.thanks", "greeting.okay", "greeting.bye"),
)
"""Words with which a customer asks for nothing that could be answered."""


def asks(phrases: Phrases, text: str) -> bool:
    """Whether a customer's text can be answered: it is no call, greeting or wish for a person."""
    if not letters_of(text):
        return False
    return not any(phrases.heard(key, text) for key in _NO_QUESTION if phrases.has_words(key))


@dataclass(slots=True)
class Colleagues:
    """What colleagues answered, found by what was asked; follows the rows by their id."""

    store: Store
    _base: Retriever | None = None
    _known: dict[str, Answered] = field(default_factory=dict)
    _last: int = 0

    async def search(self, text: str, audience: Audience) -> list[tuple[Answered, float]]:
        """Answers to the like, the likeliest first; those of erased persons are left out."""
        if await self.store.suggested.newest() > self._last:
            await self._follow()
        if self._base is None:
            return []
        asked = Audience(today=audience.today, open_kfid=audience.open_kfid)
        found = await self._base.search(text, asked, _LOOKED_AT)
        likely = [(one.entry.id, float(one.why.get("lexical", 0.0))) for one in found]
        still = await self.store.suggested.still([int(key) for key, _ in likely])
        return [
            (self._known[key], likeness)
            for key, likeness in likely
            if likeness >= ALIKE and int(key) in still
        ]

    async def _follow(self) -> None:
        fresh = await self.store.suggested.answered(self._last)
        self._known |= {str(one.id): one for one in fresh}
        entries = [
            FaqEntry(
                id=str(one.id),
                question=one.question,
                answer=one.answer,
                audience=(one.open_kfid,) if one.open_kfid else (),
            )
            for one in fresh
        ]
        if self._base is None and entries:
            self._base = Retriever(entries)
        elif self._base is not None:
            await self._base.change(entries)
        if fresh:
            self._last = fresh[-1].id


@dataclass(frozen=True, slots=True)
class Suggester:
    """Finds what could be said, and keeps it with the message that it answers.

    Args:
        guard: what judges every text.
    """

    store: Store
    library: Library
    guard: Guard
    colleagues: Colleagues

    async def propose(
        self, text: str, audience: Audience, now: float, just_said: Collection[str] = ()
    ) -> list[Reply]:
        """The best three, each with its source, confidence, what to beware of, and why.

        Args:
            just_said: `key_of` what the customer has just been told: from the knowledge it comes
                last, a colleague's words do not come again.
        """
        library = self.library.of(audience.open_kfid)
        matches = await library.search(text, audience, MOST + 1)
        found = [_of_match(one, library) for one in matches if one.score >= HOPELESS]
        found += [_of_colleague(*one) for one in await self.colleagues.search(text, audience)]
        fresh: dict[str, Reply] = {}
        again: dict[str, Reply] = {}
        for reply in await self._ranked(found, now):
            judged = self._judged(reply)
            if judged is None:
                continue
            key = key_of(judged.text)
            if key not in just_said:
                fresh.setdefault(key, judged)
            elif judged.because is not None and judged.because.source == FAQ:
                again.setdefault(key, judged)
        return [*fresh.values(), *again.values()][:MOST]

    async def just_said(self, conversation: Conversation, now: float) -> set[str]:
        """`key_of` each text that the customer was lately told there, by a person or the bot."""
        transcript = self.store.transcript
        lines = await transcript.dialogue(conversation, now - JUST_S, _JUST_LINES)
        return {key_of(one.text) for one in lines if one.who != "customer" and one.text}

    async def _ranked(self, found: Sequence[Reply], now: float) -> list[Reply]:
        """By confidence, and by how members received the same source lately."""
        refs = {one.because.ref: one.because.source for one in found if one.because}
        tally = await self.store.suggested.tally(refs, now - TALLY_S)

        def rank(reply: Reply) -> float:
            assert reply.because is not None
            n = tally.get((reply.because.source, reply.because.ref), 0.0)
            received = math.copysign(math.log1p(abs(n)), n)
            return (reply.because.score or 0.0) + 0.05 * received

        return sorted(found, key=rank, reverse=True)

    def _judged(self, reply: Reply) -> Reply | None:
        verdict = self.guard.check(reply.text)
        if verdict.decision is Decision.BLOCK:
            return None
        because = reply.because or Because(source=FAQ)
        risks = sorted({one.kind for one in verdict.found})
        detail = because.detail | {"risks": risks}
        noted = Because(source=because.source, ref=because.ref, score=because.score, detail=detail)
        enclosed = tuple(shown(self.guard, reply.attachments))
        return Reply(text=verdict.text, attachments=enclosed, because=noted)

    async def keep(
        self, conversation: Conversation, msgid: str, text: str, audience: Audience, now: float
    ) -> list[tuple[str, tuple[object, ...]]]:
        """The statements that keep what could be said to one message, once however often."""
        just_said = await self.just_said(conversation, now)
        return [
            await self.store.suggestions.prepared(conversation, reply, msgid=msgid, now=now)
            for reply in await self.propose(text, audience, now, just_said)
        ]


def key_of(text: str) -> str:
    """What two texts share that say the same."""
    return exact_key(fold(text))


def audience_of(open_kfid: str, today: date, *, channel: str, tags: frozenset[str]) -> Audience:
    """Who is to be answered, outside of a turn."""
    return Audience(today=today, open_kfid=open_kfid, channel=channel, tags=tags)


def _of_match(match: Match, library: Retriever) -> Reply:
    entry = match.entry
    detail = {
        "title": entry.heading or entry.question,
        "place": entry.place or (f"p. {entry.page}" if entry.page else ""),
        "category": entry.category,
        "lexical": match.why.get("lexical", 0.0),
        "dense": match.why.get("dense", 0.0),
        "exact": bool(match.why.get("exact", False)),
        "by_model": entry.written_by == "model",
        "weak": match.score < library.bands(match).offer,
    }
    because = Because(source=FAQ, ref=entry.id, score=match.score, detail=detail)
    return Reply(text=entry.answer, attachments=tuple(enclosed(entry)), because=because)


def _of_colleague(one: Answered, score: float) -> Reply:
    detail: dict[str, object] = {
        "title": one.question,
        "by": one.userid,
        "at": one.at,
        "weak": score < LIKELY,
    }
    because = Because(source=COLLEAGUE, ref=str(one.id), score=score * 0.95, detail=detail)
    return Reply(text=one.answer, because=because)
