"""Which cases are there, who has them, and what has happened to them?"""

import hashlib
from dataclasses import dataclass

import msgspec

from bot.errors import Unreadable
from bot.model import Case, Conversation, Seat, Step
from bot.model.cases import SEATED
from bot.store.database import Database, Row, Unit
from bot.store.vault import Vault

COLUMNS = (
    "opened_at",
    "active_at",
    "status",
    "level",
    "reason",
    "servicer",
    "wanted_at",
    "given_at",
    "waiting_since",
    "answered_at",
    "served_level",
    "priority",
    "closed_at",
    "outcome",
    "steps",
)
_INSERT = (
    f"INSERT INTO cases ({', '.join(COLUMNS)}, id, open_kfid, external_userid)"
    f" VALUES ({', '.join('?' * (len(COLUMNS) + 3))}) ON CONFLICT DO NOTHING"
)
_UPDATE = (
    f"UPDATE cases SET {', '.join(f'{column} = ?' for column in COLUMNS)},"
    " version = version + 1 WHERE id = ? AND version = ?"
)
_INSERT_STEP = (
    "INSERT INTO case_steps (case_id, n, open_kfid, external_userid, at, name, level, servicer,"
    " reason, data, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SEATED = f"status IN ({', '.join(repr(one) for one in sorted(SEATED))})"

_RESERVE = f"""
UPDATE cases SET status = 'assigned', servicer = ?, given_at = ?, steps = steps + 1,
    version = version + 1
WHERE id = ? AND (status IN ('wanted', 'queued', 'ticket')
                  OR (status = 'assigned' AND servicer IN (?, ?)))
  AND (SELECT COUNT(*) FROM cases other WHERE other.{_SEATED} AND other.servicer = ?
       AND other.id <> cases.id) < ?
RETURNING steps
"""
_RESERVED = """
INSERT INTO case_steps (case_id, n, open_kfid, external_userid, at, name, level, servicer, reason,
    data)
SELECT id, steps - 1, open_kfid, external_userid, given_at, 'assigned', ?, servicer, '', '{}'
FROM cases WHERE id = ? AND status = 'assigned' AND servicer = ? AND given_at = ?
ON CONFLICT (case_id, n) DO NOTHING
"""
_RELEASE = """
UPDATE cases SET status = 'wanted', servicer = '', given_at = NULL, steps = steps + 1,
    version = version + 1
WHERE id = ? AND status = 'assigned' AND servicer = ? RETURNING steps
"""
_RELEASED = """
INSERT INTO case_steps (case_id, n, open_kfid, external_userid, at, name, level, servicer, reason,
    data)
SELECT id, steps - 1, open_kfid, external_userid, ?, 'released', 0, ?, 'refused', '{}'
FROM cases WHERE id = ? AND status = 'wanted'
ON CONFLICT (case_id, n) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class CaseChange:
    """What one turn did to a case: how it was, how it is, and the steps between."""

    before: Case
    after: Case
    steps: tuple[Step, ...] = ()


def case_id(conversation: Conversation, first: str) -> str:
    """The id of the case that something opens: a message by its msgid, else what it is."""
    named = f"{conversation.open_kfid}/{conversation.external_userid}/{first}"
    return hashlib.sha256(named.encode()).hexdigest()[:16]


class Cases:
    """The tables of cases and of what happened to them."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db, self._vault = database, vault

    async def open_of(self, conversation: Conversation) -> Case | None:
        """The conversation's open case."""
        row = await self._db.fetch_one(
            "SELECT * FROM cases WHERE open_kfid = ? AND external_userid = ? AND closed_at IS NULL",
            *(conversation.open_kfid, conversation.external_userid),
        )
        return case_of(row) if row else None

    async def all_open_of(self, external_userid: str) -> list[Case]:
        """A customer's open cases at all accounts, the one in which was written last first."""
        rows = await self._db.fetch(
            "SELECT k.* FROM conversations c JOIN cases k USING (open_kfid, external_userid)"
            " WHERE c.external_userid = ? AND k.closed_at IS NULL ORDER BY k.active_at DESC",
            external_userid,
        )
        return [case_of(row) for row in rows]

    async def get(self, case_id: str) -> Case | None:
        """One case, open or closed."""
        row = await self._db.fetch_one("SELECT * FROM cases WHERE id = ?", case_id)
        return case_of(row) if row else None

    async def last_closed(self, conversation: Conversation) -> Case | None:
        """The conversation's newest closed case."""
        row = await self._db.fetch_one(
            "SELECT * FROM cases WHERE open_kfid = ? AND external_userid = ?"
            " AND closed_at IS NOT NULL ORDER BY opened_at DESC LIMIT 1",
            *(conversation.open_kfid, conversation.external_userid),
        )
        return case_of(row) if row else None

    async def save(self, unit: Unit, change: CaseChange) -> None:
        """Add the change to a unit, on condition that nobody changed the case since."""
        before, after = change.before, change.after
        where = after.conversation
        values = [getattr(after, column) for column in COLUMNS]
        if before.version < 0:
            unit.add(_INSERT, *values, after.id, where.open_kfid, where.external_userid, expect=1)
        else:
            unit.add(_UPDATE, *values, before.id, before.version, expect=1)
        if any(step.note for step in change.steps):
            await self._vault.ready([where.subject])
        for n, step in enumerate(change.steps, before.steps):
            note = self._vault.seal(where.subject, step.note.encode()) if step.note else None
            unit.add(
                _INSERT_STEP,
                *(after.id, n, where.open_kfid, where.external_userid, step.at, step.name),
                *(step.level, step.servicer, step.reason),
                *(msgspec.json.encode(step.data).decode(), note),
                expect=1,
            )

    async def reserve(self, case_id: str, seat: Seat, now: float, *, away_from: str = "") -> bool:
        """Give the case to a servicer if he has a free seat at this moment.

        One statement decides, so two cases at once can never overfill one servicer, and one case
        is never given to two.

        Args:
            away_from: who has it and has not answered; only from him may it be taken.

        Returns:
            Whether it is his now.
        """
        unit = Unit()
        servicer = seat.userid.lower()
        unit.add(
            _RESERVE,
            *(servicer, now, case_id, servicer, away_from.lower(), servicer, seat.capacity),
        )
        unit.add(_RESERVED, seat.level, case_id, servicer, now)
        return bool((await self._db.commit(unit))[0])

    async def release(self, case_id: str, servicer: str, now: float) -> None:
        """Take the seat back: WeCom did not give him the session."""
        unit = Unit()
        unit.add(_RELEASE, case_id, servicer.lower())
        unit.add(_RELEASED, now, servicer.lower(), case_id)
        await self._db.commit(unit)

    async def steps(self, case: Case) -> list[Step]:
        """What happened to the case, in order; a note that cannot be opened is left out."""
        rows = await self._db.fetch(
            "SELECT * FROM case_steps WHERE case_id = ? ORDER BY n", case.id
        )
        await self._vault.ready([case.conversation.subject])
        return [self._step(row, case.conversation.subject) for row in rows]

    async def reason_told(self, case: Case) -> str:
        """Why a case has ended, as its servicer told after the end; empty = he has not."""
        row = await self._db.fetch_one("SELECT reason FROM case_endings WHERE case_id = ?", case.id)
        return str(row["reason"]) if row else ""

    async def loads(self) -> dict[str, int]:
        """How many cases each servicer has now, by lower-cased userid."""
        rows = await self._db.fetch(
            f"SELECT servicer, COUNT(*) AS n FROM cases WHERE {_SEATED} GROUP BY servicer"
        )
        return {row["servicer"]: row["n"] for row in rows}

    async def held_by(self, servicer: str) -> list[Case]:
        """Cases that a servicer has, oldest first."""
        rows = await self._db.fetch(
            f"SELECT * FROM cases WHERE {_SEATED} AND servicer = ? ORDER BY given_at NULLS FIRST",
            servicer.lower(),
        )
        return [case_of(row) for row in rows]

    async def last_of(self, servicer: str, since: float) -> Case | None:
        """The case that a servicer has, or the last one of his that was closed since then."""
        held = await self.held_by(servicer)
        if held:
            return held[-1]
        row = await self._db.fetch_one(
            "SELECT * FROM cases WHERE closed_at >= ? AND servicer = ? ORDER BY closed_at DESC"
            " LIMIT 1",
            *(since, servicer.lower()),
        )
        return case_of(row) if row else None

    async def accounts_with_people(self) -> list[str]:
        """Accounts at which a case is with people, or waits for them."""
        rows = await self._db.fetch(
            "SELECT DISTINCT open_kfid FROM cases WHERE closed_at IS NULL AND status <> 'bot'"
        )
        return [row["open_kfid"] for row in rows]

    async def last_servicer(self, conversation: Conversation, since: float) -> str:
        """Who served this customer last at any account since then, empty = nobody."""
        row = await self._db.fetch_one(
            "SELECT servicer FROM case_steps WHERE external_userid = ?"
            " AND name IN ('answered', 'taken') AND at >= ? ORDER BY at DESC LIMIT 1",
            *(conversation.external_userid, since),
        )
        return str(row["servicer"]) if row else ""

    async def quiet(self, since: float, limit: int) -> list[Case]:
        """Open cases in which nobody has written since then, oldest first."""
        rows = await self._db.fetch(
            "SELECT * FROM cases WHERE closed_at IS NULL AND active_at <= ?"
            " ORDER BY active_at LIMIT ?",
            *(since, limit),
        )
        return [case_of(row) for row in rows]

    def _step(self, row: Row, subject: str) -> Step:
        note = ""
        if row["note"] is not None:
            try:
                note = self._vault.open(subject, row["note"]).decode()
            except Unreadable:
                note = ""
        return step_of(row, note)


def step_of(row: Row, note: str = "") -> Step:
    """A row of `case_steps`, with its note if somebody has opened that."""
    return Step(
        name=row["name"],
        at=row["at"],
        level=row["level"],
        servicer=row["servicer"],
        reason=row["reason"],
        data=msgspec.json.decode(row["data"]),
        note=note,
    )


def case_of(row: Row) -> Case:
    """A row of `cases`."""
    return Case(
        id=row["id"],
        conversation=Conversation(row["open_kfid"], row["external_userid"]),
        version=row["version"],
        **{column: row[column] for column in COLUMNS},
    )
