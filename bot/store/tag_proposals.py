"""Which tags are proposed, by whom, and what did people decide about them?

A proposal is a question to the staff, no tag: whoever accepts one has put the tag on.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.model.consents import Purpose
from bot.model.tags import TagChange, TagSource
from bot.store.consents import GIVEN
from bot.store.database import Row, Unit
from bot.store.projecting import ask_projection

if TYPE_CHECKING:
    from bot.store import Store

LOOKED_BACK_S = 2 * 86_400.0
"""A case that ended longer ago is not asked about."""


@dataclass(frozen=True, slots=True)
class TagProposal:
    """A tag that waits for a person.

    Args:
        proposed_by: ``model:…``.
        version: of what the model was told.
        msgid: the message that shows it.
    """

    external_userid: str
    name: str
    proposed_by: str
    version: str
    msgid: str
    at: float
    decision: str = ""
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class EndedCase:
    """A case that the model may be asked about."""

    id: str
    open_kfid: str
    external_userid: str
    opened_at: float
    closed_at: float


class TagProposals:
    """The tables `tag_proposals` and `tag_proposing`."""

    def __init__(self, store: "Store") -> None:
        self._store, self._db = store, store.database

    # ------------------------------------------------------------------ asking

    async def ended(self, now: float, limit: int) -> list[EndedCase]:
        """Cases that ended lately and were not asked about, the oldest first."""
        rows = await self._db.fetch(
            "SELECT id, open_kfid, external_userid, opened_at, closed_at FROM cases c"
            " WHERE closed_at > ? AND NOT EXISTS"
            " (SELECT 1 FROM tag_proposing p WHERE p.case_id = c.id) ORDER BY closed_at LIMIT ?",
            *(now - LOOKED_BACK_S, limit),
        )
        return [EndedCase(**dict(row)) for row in rows]

    def asked(self, unit: Unit, case: EndedCase, now: float, *, consented: bool) -> None:
        """Add that a case was asked about.

        The unit meets a conflict where another process has asked, or the customer was erased.

        Args:
            consented: it meets one, too, where consent was withdrawn meanwhile.
        """
        unit.add("DELETE FROM tag_proposing WHERE at < ?", now - 2 * LOOKED_BACK_S)
        unit.add(
            "INSERT INTO tag_proposing SELECT c.id, ? FROM cases c WHERE c.id = ?"
            f" AND (? = 0 OR {GIVEN}) ON CONFLICT DO NOTHING",
            *(now, case.id, consented, case.external_userid, Purpose.PROFILING_TAGS),
            expect=1,
        )

    async def known(self, external_userid: str, now: float) -> set[str]:
        """Tags that need no proposing: they are on, were taken off by people, or were proposed."""
        names = set(await self._store.tags.names_of(external_userid, now))
        for table in ("tag_holds", "tag_proposals"):
            rows = await self._db.fetch(
                f"SELECT name FROM {table} WHERE external_userid = ?", external_userid
            )
            names |= {row["name"] for row in rows}
        return names

    # ------------------------------------------------------------------ deciding

    async def waiting(self, limit: int) -> list[TagProposal]:
        """What nobody has decided yet, the oldest first."""
        rows = await self._db.fetch(
            "SELECT * FROM tag_proposals WHERE decision = '' ORDER BY at, external_userid LIMIT ?",
            limit,
        )
        return [_proposal(row) for row in rows]

    async def count(self) -> int:
        """How many wait."""
        row = await self._db.fetch_one(
            "SELECT COUNT(*) AS n FROM tag_proposals WHERE decision = ''"
        )
        return int(row["n"]) if row else 0

    async def accept(self, external_userid: str, name: str, *, by: str, now: float) -> str | None:
        """Put a proposed tag on as the deed of a person, with where it came from.

        Returns:
            What came of it (see `Tags.outcome`); ``None`` = nothing of that name waits.

        Raises:
            UnitConflict: somebody else has decided at this moment.
        """
        found = await self._waiting(external_userid, name)
        if found is None:
            return None
        unit = Unit()
        self._decide(unit, found, "accepted", by, now)
        change = TagChange(
            name=name,
            add=True,
            at=now,
            source=TagSource.HUMAN,
            rule=f"proposed:{found.proposed_by}",
            version=found.version,
            msgid=found.msgid,
            by=by,
        )
        keys = self._store.tags.assign(unit, external_userid, [change])
        await ask_projection(self._store, unit, external_userid, keys, now)
        await self._db.commit(unit)
        return await self._store.tags.outcome(keys[0], name)

    async def reject(self, external_userid: str, name: str, *, by: str, now: float) -> bool:
        """Decide against a proposed tag: it is not proposed again.

        Returns:
            Whether it waited.
        """
        found = await self._waiting(external_userid, name)
        if found is None:
            return False
        unit = Unit()
        self._decide(unit, found, "rejected", by, now)
        await self._db.commit(unit)
        return True

    async def _waiting(self, external_userid: str, name: str) -> TagProposal | None:
        row = await self._db.fetch_one(
            "SELECT * FROM tag_proposals WHERE external_userid = ? AND name = ? AND decision = ''",
            *(external_userid, name),
        )
        return _proposal(row) if row else None

    def _decide(self, unit: Unit, one: TagProposal, decision: str, by: str, now: float) -> None:
        unit.add(
            "UPDATE tag_proposals SET decision = ?, decided_at = ?, decided_by = ?"
            " WHERE external_userid = ? AND name = ? AND decision = ''",
            *(decision, now, by, one.external_userid, one.name),
            expect=1,
        )


def _proposal(row: Row) -> TagProposal:
    values: dict[str, Any] = dict(row)
    values.pop("decided_at")
    return TagProposal(**values)
