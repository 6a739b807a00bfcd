"""Which texts have people released to be said, and who did it? (R-15.9)

`draft → reviewed → approved → live → retired`. A text is known by its digest, so that a changed one
is a draft again. What is approved becomes live when the service uses it. The audit has every step.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from bot.store.audit import Audit, AuditEntry
from bot.store.content_rows import digest_of
from bot.store.database import Database, Row, Unit


class ApprovalState(StrEnum):
    """How far a text has come."""

    DRAFT = "draft"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    LIVE = "live"
    RETIRED = "retired"

    @property
    def may_be_said(self) -> bool:
        """Whether a person has released it."""
        return self in (ApprovalState.APPROVED, ApprovalState.LIVE)


@dataclass(frozen=True, slots=True)
class KnownText:
    """A text that is known before anybody says it.

    Args:
        kind: ``reply``, ``entry``, or what else has texts.
        key: names it among its kind.
        text: as it is written, with its placeholders.
    """

    kind: str
    key: str
    text: str

    @property
    def digest(self) -> str:
        """By which it is recognised."""
        return digest_of(self.text)

    @property
    def name(self) -> str:
        """As people name it: ``reply:engine.late``."""
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True, slots=True)
class Approval:
    """What was decided of a text, by whom and why."""

    known: KnownText
    state: ApprovalState
    at: float
    by: str
    why: str


class Approvals:
    """The approvals table."""

    def __init__(self, database: Database) -> None:
        self._db, self._audit = database, Audit(database)

    async def all(self) -> list[Approval]:
        """Everything that was ever decided, the latest last."""
        return [_approval(row) for row in await self._db.scan(_ALL)]

    def all_sync(self) -> list[Approval]:
        """The same, at start-up."""
        return [_approval(row) for row in self._db.read_sync(_ALL)]

    def decide(
        self,
        unit: Unit,
        known: KnownText,
        state: ApprovalState,
        *,
        by: str,
        now: float,
        why: str = "",
        override: bool = False,
    ) -> None:
        """Add a person's decision; the running service follows within a second.

        Args:
            override: it was released though nobody had reviewed it, or against the lexicon.
        """
        unit.add(
            "INSERT INTO approvals (kind, key, digest, text, state, at, by, why)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, key, digest)"
            " DO UPDATE SET state = excluded.state,"
            " at = excluded.at, by = excluded.by, why = excluded.why",
            *(known.kind, known.key, known.digest, known.text, state.value, now, by, why),
        )
        unit.add("UPDATE content_version SET version = version + 1")
        action = "Approval.override" if override else f"Approval.{state.value}"
        entry = AuditEntry(
            at=now,
            actor=f"staff:{by}",
            action=action,
            subject=known.name,
            why=why,
            version=known.digest,
            result=state.value,
        )
        self._audit.note(unit, entry)

    async def commit(self, unit: Unit) -> None:
        """Make the decisions of a unit."""
        await self._db.commit(unit)

    async def use(self, texts: Collection[KnownText]) -> None:
        """Note which approved texts are in use now: they are live, others are not."""
        used = {(one.kind, one.key, one.digest) for one in texts}
        unit = Unit()
        for one in await self.all():
            known = (one.known.kind, one.known.key, one.known.digest)
            state = ApprovalState.LIVE if known in used else ApprovalState.APPROVED
            if one.state.may_be_said and one.state is not state:
                unit.add(
                    "UPDATE approvals SET state = ? WHERE kind = ? AND key = ? AND digest = ?"
                    " AND state = ?",
                    *(state.value, *known, one.state.value),
                )
        if unit.statements:
            await self._db.commit(unit)


_ALL = "SELECT * FROM approvals ORDER BY at, kind, key"


def _approval(row: Row) -> Approval:
    known = KnownText(row["kind"], row["key"], row["text"])
    return Approval(known, ApprovalState(row["state"]), row["at"], row["by"], row["why"])
