"""What did customers ask to have done with their data, and by when? The table of requests."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import Conversation
from bot.policy.calendar import DayKind, WorkCalendar
from bot.routing import Turn
from bot.store import Store, Table, Unit
from bot.store.database import Row
from handlers.consent.rules import Wish

TABLES = (
    Table(
        "requests",
        "id",
        person="external_userid",
        sealed=("note",),
        age="asked_at",
        kept="messages_days",
    ),
)

ASKED, OPEN, DONE, DROPPED = "asked", "open", "done", "dropped"

CONFIRM_S = 24 * 3600.0
"""How long a request that destroys something waits for its confirmation."""

_SATURDAY = 5

_ADD = """
INSERT INTO requests AS r (id, kind, open_kfid, external_userid, msgid, asked_at, due_at, state)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (external_userid, kind) WHERE ended_at IS NULL DO UPDATE SET
    asked_at = CASE WHEN r.state = 'asked' THEN excluded.asked_at ELSE r.asked_at END,
    msgid = CASE WHEN r.state = 'asked' THEN excluded.msgid ELSE r.msgid END
"""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, opened.

    Args:
        msgid: the message that asked for it, the last one while it is not confirmed.
        due_at: by when the customer must have an answer.
    """

    id: str
    kind: Wish
    conversation: Conversation
    msgid: str
    asked_at: float
    due_at: float
    state: str
    ended_at: float | None
    ended_by: str
    note: str


def due_after(moment: datetime, workdays: int, calendar: WorkCalendar) -> datetime:
    """The end of the last of so many working days after a moment."""
    day, left = moment, workdays
    while left > 0:
        day += timedelta(days=1)
        kind = calendar.kind(day.date())
        weekday = day.weekday() < _SATURDAY
        left -= kind is DayKind.MAKE_UP or (kind is DayKind.ORDINARY and weekday)
    return day.replace(hour=23, minute=59, second=59, microsecond=0)


def add(turn: Turn, kind: Wish, due_at: float, state: str) -> None:
    """Write a request down with the turn; one that is open already stays as it is."""
    where, msgid = turn.conversation, turn.message.msgid
    digest = hashlib.sha256(f"{kind}\0{where.open_kfid}\0{msgid}".encode()).hexdigest()
    turn.record(
        _ADD,
        *(f"r_{digest[:12]}", kind, where.open_kfid, where.external_userid, msgid),
        *(turn.now, due_at, state),
    )


async def waiting(store: Store, turn: Turn) -> Request | None:
    """The request of this customer to be erased that another message has to confirm."""
    rows = await store.database.fetch(
        "SELECT * FROM requests WHERE external_userid = ? AND kind = ? AND state = ?"
        " AND asked_at >= ?",
        *(turn.conversation.external_userid, Wish.ERASE, ASKED, turn.now - CONFIRM_S),
    )
    return await _opened(store, rows[0]) if rows else None


def move(turn: Turn, request: Request, state: str) -> None:
    """Confirm a request, or drop it, with the turn."""
    ended = turn.now if state in (DONE, DROPPED) else None
    turn.record(
        "UPDATE requests SET state = ?, ended_at = ?, ended_by = 'customer'"
        " WHERE id = ? AND state = ?",
        *(state, ended, request.id, request.state),
    )


async def listed(store: Store, *, all_of_them: bool = False) -> list[Request]:
    """Requests that somebody has to answer, the most urgent first; or every one."""
    which = "1 = 1" if all_of_them else f"state = '{OPEN}'"
    rows = await store.database.scan(f"SELECT * FROM requests WHERE {which} ORDER BY due_at, id")
    return [await _opened(store, row) for row in rows]


async def end(store: Store, unit: Unit, request: Request, *, by: str, note: str, at: float) -> None:
    """Add to the unit that a request was answered."""
    subject = request.conversation.subject
    await store.vault.ready([subject])
    unit.add(
        "UPDATE requests SET state = ?, ended_at = ?, ended_by = ?, note = ?"
        " WHERE id = ? AND ended_at IS NULL",
        *(DONE, at, by, store.vault.seal(subject, note.encode()), request.id),
        expect=1,
    )


async def _opened(store: Store, row: Row) -> Request:
    where = Conversation(row["open_kfid"], row["external_userid"])
    await store.vault.ready([where.subject])
    return Request(
        id=row["id"],
        kind=Wish(row["kind"]),
        conversation=where,
        msgid=row["msgid"],
        asked_at=row["asked_at"],
        due_at=row["due_at"],
        state=row["state"],
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
        note=store.vault.open(where.subject, row["note"]).decode() if row["note"] else "",
    )
