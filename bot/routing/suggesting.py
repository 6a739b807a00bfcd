"""What could a member say to this: from the knowledge, and as colleagues have said it (R-12.3)?

Everything passes the lexicon; what it blocks is not even shown. Colleagues' answers with personal
data are never kept, so that one customer's are not told to another.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.model import Because, Conversation, Reply
from bot.policy.guard import Guard
from bot.policy.lexicon import Decision
from bot.routing.guarding import shown
from bot.store import Answered, Store
from knowledge import Audience, FaqEntry, Library, Match, Retriever
from knowledge.fold import exact_key, fold
from knowledge.wording import enclosed

FAQ, COLLEAGUE, DRAFT = "faq", "colleague", "draft"
DRAFT_WANTED = "draft_wanted"
"""Name of an emission: a page shows a message, `msgid`, that no draft answers yet."""

MOST = 3
HOPELESS = 0.05
"""Probability below which an entry is not even suggested."""

ALIKE = 0.2
"""Likeness by characters from which what was asked counts as the same situation; the gate's
probability says nothing here, since what many have asked is there many times."""

TALLY_S = 90 * 86_400.0
_LOOKED_AT = 8


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

    async def propose(self, text: str, audience: Audience, now: float) -> list[Reply]:
        """The best three, each with its source, confidence, what to beware of, and why."""
        matches = await self.library.of(audience.open_kfid).search(text, audience, MOST + 1)
        found = [_of_match(one) for one in matches if one.score >= HOPELESS]
        found += [_of_colleague(*one) for one in await self.colleagues.search(text, audience)]
        ranked = await self._ranked(found, now)
        said: dict[str, Reply] = {}
        for reply in ranked:
            judged = self._judged(reply)
            if judged is not None:
                said.setdefault(exact_key(fold(judged.text)), judged)
        return list(said.values())[:MOST]

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
        return [
            await self.store.suggestions.prepared(conversation, reply, msgid=msgid, now=now)
            for reply in await self.propose(text, audience, now)
        ]


def audience_of(open_kfid: str, today: date, *, channel: str, tags: frozenset[str]) -> Audience:
    """Who is to be answered, outside of a turn."""
    return Audience(today=today, open_kfid=open_kfid, channel=channel, tags=tags)


def _of_match(match: Match) -> Reply:
    entry = match.entry
    detail = {
        "title": entry.heading or entry.question,
        "place": entry.place or (f"p. {entry.page}" if entry.page else ""),
        "category": entry.category,
        "lexical": match.why.get("lexical", 0.0),
        "dense": match.why.get("dense", 0.0),
        "exact": bool(match.why.get("exact", False)),
        "by_model": entry.written_by == "model",
    }
    because = Because(source=FAQ, ref=entry.id, score=match.score, detail=detail)
    return Reply(text=entry.answer, attachments=tuple(enclosed(entry)), because=because)


def _of_colleague(one: Answered, score: float) -> Reply:
    detail = {"title": one.question, "by": one.userid, "at": one.at}
    because = Because(source=COLLEAGUE, ref=str(one.id), score=score * 0.95, detail=detail)
    return Reply(text=one.answer, because=because)
