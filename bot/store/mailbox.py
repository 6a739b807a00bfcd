"""What waits to be handled, for whom, and in which order?

Order within a subject is ``(due_at, id)``. Rows stay for a while after they are done: their key is
what makes a second arrival harmless.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from bot.errors import Unreadable
from bot.model import Event, Lane, TimerDue
from bot.model.events import AnyEvent
from bot.store.database import Database, Row, Unit
from bot.store.vault import Vault

log = structlog.get_logger(__name__)

_decode = msgspec.json.Decoder(AnyEvent).decode
_encode = msgspec.json.Encoder().encode

_INSERT = """
INSERT INTO mailbox (subject, lane, kind, key, timer_name, timer_key, due_at, sent_at, received_at,
                     body, trace_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_OPEN = "done_at IS NULL AND parked_at IS NULL"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event on its way into a mailbox.

    Args:
        key: unique for ever; a second arrival with the same key is dropped. ``None`` = no repeat.
        sent_at: when it happened, by WeCom's clock.
    """

    subject: str
    event: Event
    lane: Lane
    key: str | None = None
    sent_at: float = 0.0
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A row of the mailbox, opened."""

    id: int
    subject: str
    lane: Lane
    event: Event
    due_at: float
    sent_at: float
    received_at: float
    attempts: int
    trace_id: str
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A subject with due rows, and what decides when its turn comes."""

    subject: str
    lane: Lane
    oldest_sent_at: float
    newest_sent_at: float


class Mailbox:
    """The mailboxes of all subjects."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db, self._vault = database, vault

    async def deliver(self, unit: Unit, arrivals: Sequence[Arrival], now: float) -> None:
        """Add to the unit what stores these arrivals; known keys are dropped."""
        await self._vault.ready(arrival.subject for arrival in arrivals)
        for arrival in arrivals:
            body = self._vault.seal(arrival.subject, _encode(arrival.event))
            unit.add(
                _INSERT + " ON CONFLICT (key) DO NOTHING",
                *(arrival.subject, arrival.lane, type(arrival.event).__name__, arrival.key),
                *(None, None, now, arrival.sent_at or now, now, body, arrival.trace_id),
            )

    async def knows(self, key: str) -> bool:
        """Whether something with this key has arrived, and is not forgotten yet."""
        return await self._db.fetch_one("SELECT 1 FROM mailbox WHERE key = ?", key) is not None

    async def schedule(
        self,
        unit: Unit,
        subject: str,
        timer: TimerDue,
        due_at: float,
        *,
        now: float,
        trace_id: str = "",
    ) -> None:
        """Add a timer; one pending under the same account, name and key is replaced."""
        await self._vault.ready([subject])
        self.cancel(unit, subject, timer, now)
        unit.add(
            _INSERT,
            *(subject, Lane.BACKGROUND, TimerDue.__name__, None, timer.name, _slot(timer)),
            *(due_at, due_at, now, self._vault.seal(subject, _encode(timer)), trace_id),
        )

    async def set_for(self, subject: str, timer: TimerDue) -> float | None:
        """When the pending timer under this account, name and key comes due, if there is one."""
        row = await self._db.fetch_one(
            "SELECT due_at FROM mailbox WHERE subject = ? AND timer_name = ? AND timer_key = ?"
            " AND done_at IS NULL",
            *(subject, timer.name, _slot(timer)),
        )
        return None if row is None else float(row["due_at"])

    def cancel(self, unit: Unit, subject: str, timer: TimerDue, now: float) -> None:
        """Withdraw a pending timer, if there is one."""
        unit.add(
            "UPDATE mailbox SET done_at = ?, body = NULL WHERE subject = ? AND timer_name = ?"
            " AND timer_key = ? AND done_at IS NULL",
            *(now, subject, timer.name, _slot(timer)),
        )

    async def due(self, subject: str, now: float, limit: int = 100) -> list[Letter]:
        """The subject's due rows in order.

        While its failed head waits for its retry nothing but what brings a code: that one dies
        within seconds, and waits for nobody (R-2.1).
        """
        rows = await self._due(subject, now, limit)
        if rows and rows[0]["retry_at"] > now:
            rows = [
                row
                for row in await self._due(subject, now, limit, lanes=(Lane.URGENT,))
                if row["retry_at"] <= now
            ]
        if not rows:
            return []
        await self._vault.ready([subject])
        letters = []
        for row in rows:
            try:
                letters.append(self._open(row))
            except (Unreadable, msgspec.DecodeError) as error:
                await self._park_unreadable(row, error, now)
        return letters

    async def _due(
        self, subject: str, now: float, limit: int, lanes: Sequence[Lane] = tuple(Lane)
    ) -> list[Row]:
        return await self._db.fetch(
            f"SELECT * FROM mailbox WHERE subject = ? AND {_OPEN} AND due_at <= ?"
            f" AND lane IN ({', '.join('?' * len(lanes))}) ORDER BY due_at, id LIMIT ?",
            *(subject, now, *lanes, limit),
        )

    async def _park_unreadable(self, row: Row, error: Exception, now: float) -> None:
        """Set aside what no try will open: altered, or of another version of this program."""
        log.error("mailbox.unreadable", row=row["id"], kind=row["kind"])
        await self._db.execute(
            "UPDATE mailbox SET error = ?, parked_at = ? WHERE id = ?",
            *(type(error).__name__, now, row["id"]),
        )

    async def next_at(self, subject: str, now: float) -> float | None:
        """When the subject must be looked at again, or ``None`` when nothing waits."""
        rows = await self._db.fetch(
            f"SELECT due_at, retry_at FROM mailbox WHERE subject = ? AND {_OPEN} AND"
            f" (lane = ? OR id = (SELECT id FROM mailbox WHERE subject = ? AND {_OPEN}"
            " ORDER BY due_at, id LIMIT 1))",
            *(subject, Lane.URGENT, subject),
        )
        moments = [max(row["due_at"], row["retry_at"]) for row in rows]
        return max(min(moments), now) if moments else None

    async def waiting(self, now: float) -> list[Waiting]:
        """Every subject with due rows (start-up, and after another process has written)."""
        rows = await self._db.scan(
            "SELECT subject, group_concat(DISTINCT lane) AS lanes, MIN(sent_at) AS oldest,"
            f" MAX(sent_at) AS newest FROM mailbox WHERE {_OPEN} AND due_at <= ? GROUP BY subject",
            now,
        )
        return [
            Waiting(row["subject"], _most_urgent(row["lanes"]), row["oldest"], row["newest"])
            for row in rows
        ]

    async def coming(self, until: float) -> list[tuple[str, float]]:
        """Subjects with rows that come due by then, and when; the overdue ones too."""
        rows = await self._db.scan(
            f"SELECT subject, MIN(due_at) AS at FROM mailbox WHERE {_OPEN} AND due_at <= ?"
            " GROUP BY subject",
            until,
        )
        return [(row["subject"], row["at"]) for row in rows]

    async def waiting_since(self, moment: float, limit: int) -> list[str]:
        """Customers whose message was received before this moment and is still unhandled, who
        has waited longest first.
        """
        rows = await self._db.scan(
            f"SELECT subject FROM mailbox WHERE {_OPEN} AND due_at <= ?"
            " AND kind = 'MessageReceived' GROUP BY subject ORDER BY MIN(due_at), subject LIMIT ?",
            *(moment, limit),
        )
        return [row["subject"] for row in rows]

    def finish(self, unit: Unit, letters: Sequence[Letter], now: float) -> None:
        """Add to the unit that these rows are done, each exactly once."""
        for letter in letters:
            unit.add(
                f"UPDATE mailbox SET done_at = ?, body = NULL WHERE id = ? AND {_OPEN}",
                *(now, letter.id),
                expect=1,
            )

    def defer(self, unit: Unit, letter: Letter, error: str, retry_at: float) -> None:
        """Record a failed try; later rows of the subject wait until `retry_at`."""
        unit.add(
            f"UPDATE mailbox SET attempts = attempts + 1, error = ?, retry_at = ? WHERE id = ? AND"
            f" {_OPEN}",
            *(error[:500], retry_at, letter.id),
        )

    def park(self, unit: Unit, letter: Letter, error: str, now: float) -> None:
        """Give up on a row until an operator retries it; the rest of the subject goes on."""
        unit.add(
            f"UPDATE mailbox SET attempts = attempts + 1, error = ?, parked_at = ? WHERE id = ? AND"
            f" {_OPEN}",
            *(error[:500], now, letter.id),
            expect=1,
        )

    async def done_since(
        self, moment: float, subjects: Sequence[str]
    ) -> dict[str, tuple[int, float]]:
        """Of which of these subjects rows are done since then: how many, and the last when."""
        rows = await self._db.fetch(
            "SELECT subject, COUNT(*) AS n, MAX(done_at) AS last FROM mailbox WHERE done_at > ?"
            f" AND subject IN ({', '.join('?' * len(subjects))}) GROUP BY subject",
            *(moment, *subjects),
        )
        return {row["subject"]: (row["n"], row["last"]) for row in rows}

    async def parked(self) -> list[Row]:
        """Rows that were given up, oldest first; bodies stay sealed."""
        return await self._db.scan(
            "SELECT id, subject, kind, attempts, error, parked_at, received_at FROM mailbox"
            " WHERE parked_at IS NOT NULL AND done_at IS NULL ORDER BY parked_at, id"
        )

    async def unpark(self, ids: Sequence[int]) -> int:
        """Let parked rows be tried again from the first attempt."""
        unit = Unit()
        for row_id in ids:
            unit.add(
                "UPDATE mailbox SET parked_at = NULL, attempts = 0, retry_at = 0 WHERE id = ?"
                " AND parked_at IS NOT NULL AND done_at IS NULL RETURNING id",
                row_id,
            )
        return sum(len(rows) for rows in await self._db.commit(unit))

    def last_written_at(self) -> float:
        """When the newest row was written, 0 = there is none; read at start-up."""
        rows = self._db.read_sync("SELECT received_at FROM mailbox ORDER BY id DESC LIMIT 1")
        return float(rows[0]["received_at"]) if rows else 0.0

    async def depth(self) -> int:
        """How many rows are due or will be."""
        rows = await self._db.scan(f"SELECT COUNT(*) AS n FROM mailbox WHERE {_OPEN}")
        return int(rows[0]["n"])

    async def backlog(self, now: float) -> int:
        """How many rows are due and not handled."""
        rows = await self._db.scan(
            f"SELECT COUNT(*) AS n FROM mailbox WHERE {_OPEN} AND due_at <= ?", now
        )
        return int(rows[0]["n"])

    def _open(self, row: Row) -> Letter:
        return Letter(
            id=row["id"],
            subject=row["subject"],
            lane=Lane(row["lane"]),
            event=_decode(self._vault.open(row["subject"], row["body"])),
            due_at=row["due_at"],
            sent_at=row["sent_at"],
            received_at=row["received_at"],
            attempts=row["attempts"],
            trace_id=row["trace_id"],
            sealed=row["body"],
        )


def _slot(timer: TimerDue) -> str:
    """A customer's timers at different accounts are different timers."""
    return f"{timer.open_kfid}/{timer.key}"


def _most_urgent(lanes: str) -> Lane:
    present: Any = lanes.split(",")
    return next(lane for lane in Lane if lane in present)
