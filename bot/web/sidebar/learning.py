"""How does what a member really said come into the knowledge?

A phrasing is learned as `concierge faq accept` learns it: only where it takes nothing from another
entry, and where it is far from its entry only when a second one says so. A new entry is a draft
until somebody who looks after the knowledge has approved it.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import Conflict
from bot.llm.masking import Masker
from bot.policy.guard import Guard
from bot.policy.lexicon import Decision
from bot.policy.roles import Role, Who
from bot.store import AuditEntry, Statement, Store, Unit
from knowledge import Audience, FaqEntry, Library, body_of, entry_of
from knowledge.fold import exact_key, fold
from knowledge.lessons import Refusal, taught, verify

TRUSTED = frozenset({Role.EXPERT, Role.LEADER, Role.OPERATOR})
"""Whose word counts for two."""

CONTRIBUTED = "contributed"
"""Why of the change by which an entry was written here; see `contributing.py`."""

LONGEST_QUESTION, LONGEST_ANSWER = 200, 2000

_SAYS = {
    Refusal.KNOWN: "learn_known",
    Refusal.TAKEN: "learn_taken",
    Refusal.ANSWERED: "learn_taken",
    Refusal.DISPUTED: "learn_disputed",
    Refusal.ALONE: "learn_alone",
}


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of it: a text ``suggesting.<key>``."""

    key: str
    done: bool = False
    other: str = ""


@dataclass(frozen=True, slots=True)
class Lessons:
    """Writes knowledge for members.

    Args:
        base_of: name of the base that an account answers from.
    """

    store: Store
    library: Library
    guard: Guard
    base_of: Callable[[str], str]

    async def phrasing(
        self, who: Who, text: str, entry_id: str, audience: Audience, now: float
    ) -> Learned:
        """Let a customer's words lead to an entry from now on."""
        base, library = self.base_of(audience.open_kfid), self.library.of(audience.open_kfid)
        row = await self.store.contents.get(base, entry_id)
        if row is None or row.removed or not text:
            return Learned("unknown")
        if _is_personal(text) or len(text) > LONGEST_QUESTION:
            return Learned("learn_personal")
        questions, gap = self.store.questions, _name_of(text)
        votes = Counter((await questions.votes(base, gap)).values())
        votes[entry_id] += 2 if who.roles & TRUSTED else 1
        found = await verify(text, entry_id, votes, library, audience)
        note = questions.vote(base, gap, who.key, entry_id, now)
        if found.refusal is not None:
            if found.refusal is Refusal.ALONE:
                await self.store.database.commit(Unit([note]))
            rival = library.get(found.rival) if found.rival else None
            key = _SAYS.get(found.refusal, "learn_disputed")
            return Learned(key, other=rival.question if rival else "")
        entry = taught(entry_of(row.body), [text])
        change = self.store.contents.put(
            *(base, entry_id, body_of(entry)),
            by=who.userid,
            why="sidebar",
            now=now,
            expected_version=row.version,
        )
        return await self._written(who, [*change, note], entry_id, "learned", now)

    async def entry(
        self, who: Who, question: str, answer: str, open_kfid: str, now: float
    ) -> Learned:
        """A new entry: said at once where an operator wrote it, else a draft."""
        question, answer = question.strip(), answer.strip()
        if not question or not answer:
            return Learned("learn_empty")
        if len(question) > LONGEST_QUESTION or len(answer) > LONGEST_ANSWER:
            return Learned("learn_long")
        if _is_personal(question) or _is_personal(answer):
            return Learned("learn_personal")
        if self.guard.check(answer).decision is Decision.BLOCK:
            return Learned("learn_blocked")
        base, is_live = self.base_of(open_kfid), Role.OPERATOR in who.roles
        known = await self.store.contents.get(base, _name_of(question))
        if known is not None and not known.removed:
            before = entry_of(known.body)
            if before.approved:
                return Learned("learn_has")
            if before.answer == answer and not is_live:
                return Learned("learn_waits", done=True)
        entry = FaqEntry(id=_name_of(question), question=question, answer=answer, approved=is_live)
        change = self.store.contents.put(
            *(base, entry.id, body_of(entry)),
            by=who.userid,
            why=CONTRIBUTED,
            now=now,
            expected_version=known.version if known else 0,
        )
        return await self._written(who, change, entry.id, "added" if is_live else "drafted", now)

    async def _written(
        self, who: Who, change: list[Statement], entry_id: str, key: str, now: float
    ) -> Learned:
        unit = Unit(list(change))
        entry = AuditEntry(
            at=now,
            actor=f"staff:{who.userid}",
            action="knowledge.taught",
            subject=f"entry:{entry_id}",
            result=key,
        )
        self.store.audit.note(unit, entry)
        try:
            await self.store.database.commit(unit)
        except Conflict:
            return Learned("learn_conflict")
        return Learned(key, done=True)


def _is_personal(text: str) -> bool:
    return Masker().mask(text).text != text


def _name_of(text: str) -> str:
    return "p" + hashlib.sha256(exact_key(fold(text)).encode()).hexdigest()[:12]
