"""What are members of staff asked to do, and what came of it (R-9.5, R-9.6)?"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.errors import Unreadable
from bot.model import Conversation, Emitted, Lane
from bot.model.consents import Purpose
from bot.model.tasks import TASK_ENDED, Nudge, StaffTask, TaskState
from bot.store.consents import NOT_CONSENTED
from bot.store.database import Database, Row, Statement, Unit
from bot.store.mailbox import Arrival
from bot.store.successions import Successions
from bot.store.vault import Vault

ENGINE = "engine"
"""Who ends what nobody did: not counted as skipped by a person."""

_ADD = """
INSERT INTO staff_tasks (id, kind, member, external_userid, chat_id, ref, text, reason, is_deadline,
    due_at, on_time_s, expires_at, nudges, next_at, created_at, purpose)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
"""
_OPEN = "state IN ('due', 'reminded')"
_END = f"""
UPDATE staff_tasks SET state = CASE WHEN ? <> 'sent' THEN ? WHEN ? <= due_at + on_time_s
    THEN 'sent' ELSE 'done_late' END, next_at = NULL, ended_at = ?, ended_by = ?, why = ?
WHERE id = ? AND {_OPEN}
"""
_RATE = """
SELECT kind, COUNT(*) AS due, COUNT(*) FILTER (WHERE state IN ('sent', 'done_late')) AS done,
    COUNT(*) FILTER (WHERE state = 'sent') AS on_time
FROM staff_tasks WHERE due_at >= ? AND due_at < ?
    AND NOT (state = 'skipped' AND ended_by = 'engine') AND NOT (state = 'due' AND due_at > ?)
GROUP BY kind ORDER BY kind
"""

_HAND_ON = f"""
UPDATE staff_tasks SET member = ?, state = 'due', nudged = 0, reminded_at = NULL, next_at = due_at
WHERE member = ? AND {_OPEN} AND (? = '' OR external_userid = ?)
"""
_NOT_ON_THE_WAY = """
    AND NOT EXISTS (SELECT 1 FROM passed_customers p JOIN successions s ON s.id = p.succession
        WHERE p.external_userid = staff_tasks.external_userid AND s.member = staff_tasks.member
        AND s.ended_at IS NULL AND s.has_left = 0 AND p.state IN ('planned', 'asking', 'waiting'))
"""

_nudges = msgspec.json.Decoder(tuple[Nudge, ...]).decode


@dataclass(frozen=True, slots=True)
class KnownTask:
    """A task with how far it is.

    Args:
        nudged: how many of its nudges were sent.
        next_at: when something happens to it by itself, ``None`` = never again.
        ended_by: userid, name of the operator, or ``engine``.
    """

    task: StaffTask
    state: TaskState
    nudged: int
    next_at: float | None
    created_at: float
    reminded_at: float | None
    ended_at: float | None
    ended_by: str
    why: str

    @property
    def is_open(self) -> bool:
        """Whether somebody is still asked to do it."""
        return self.state in (TaskState.DUE, TaskState.REMINDED)


@dataclass(frozen=True, slots=True)
class Executed:
    """How many tasks of a kind were done; what nobody wanted any more counts as never due."""

    kind: str
    due: int
    done: int
    on_time: int

    @property
    def rate(self) -> float | None:
        """Done of due, ``None`` where nothing was due (R-9.6)."""
        return self.done / self.due if self.due else None

    @property
    def on_time_rate(self) -> float | None:
        """Done in time of due."""
        return self.on_time / self.due if self.due else None


class Tasks:
    """The table `staff_tasks`."""

    def __init__(self, database: Database, vault: Vault, successions: Successions) -> None:
        self._db, self._vault, self._successions = database, vault, successions

    async def added(self, task: StaffTask, now: float) -> Statement:
        """The statement that asks a member; a task that was asked for before stays as it is.

        Who has left the company is not asked, but who has taken his place.
        """
        subject = _subject(task.external_userid)
        member = task.member.lower()
        member = (await self._successions.stand_ins(gone_only=True)).get(member, member)
        await self._vault.ready([subject])
        return Statement(
            _ADD,
            (
                *(task.id, task.kind, member, task.external_userid, task.chat_id),
                *(task.ref, self._vault.seal(subject, task.text.encode()), task.reason),
                *(int(task.is_deadline), task.due_at, task.on_time_s, task.expires_at),
                *(msgspec.json.encode(task.nudges).decode(), task.due_at, now),
                task.purpose or "",
            ),
        )

    async def get(self, task_id: str) -> KnownTask | None:
        """One task, or ``None`` when there is no such."""
        row = await self._db.fetch_one("SELECT * FROM staff_tasks WHERE id = ?", task_id)
        return (await self._known([row]))[0] if row else None

    async def coming_up(self, now: float, limit: int) -> list[KnownTask]:
        """To which tasks something must happen by now."""
        rows = await self._db.fetch(
            "SELECT * FROM staff_tasks WHERE next_at <= ? ORDER BY next_at LIMIT ?", now, limit
        )
        return await self._known(rows)

    async def listed(
        self, *, member: str = "", all_of_them: bool = False, limit: int = 200
    ) -> list[KnownTask]:
        """Open tasks, those that are due soonest first; or every one, newest first."""
        which = "1 = 1" if all_of_them else _OPEN
        order = "due_at DESC" if all_of_them else "due_at"
        rows = await self._db.scan(
            f"SELECT * FROM staff_tasks WHERE {which} AND (? = '' OR member = ?)"
            f" ORDER BY {order}, id LIMIT ?",
            *(member.lower(), member.lower(), limit),
        )
        return await self._known(rows)

    async def of_customer(self, external_userid: str) -> list[KnownTask]:
        """Every task about a customer, oldest first."""
        rows = await self._db.fetch(
            "SELECT * FROM staff_tasks WHERE external_userid = ? AND external_userid <> ''"
            " ORDER BY created_at, id",
            external_userid,
        )
        return await self._known(rows)

    async def bundled_at(self, member: str) -> float | None:
        """When a member was last reminded of what has no deadline."""
        row = await self._db.fetch_one(
            "SELECT MAX(reminded_at) AS at FROM staff_tasks WHERE member = ? AND is_deadline = 0",
            member.lower(),
        )
        return None if row is None or row["at"] is None else float(row["at"])

    async def rates(self, since: float, until: float, now: float) -> list[Executed]:
        """How many tasks that were due in a span were done, by kind."""
        rows = await self._db.scan(_RATE, since, until, now)
        return [Executed(row["kind"], row["due"], row["done"], row["on_time"]) for row in rows]

    def put_off(self, unit: Unit, known: KnownTask, next_at: float) -> None:
        """Add that a task is looked at again later; `UnitConflict` when somebody was quicker."""
        unit.add(
            f"UPDATE staff_tasks SET next_at = ? WHERE id = ? AND next_at IS ? AND {_OPEN}",
            *(next_at, known.task.id, known.next_at),
            expect=1,
        )

    def reminded(self, unit: Unit, known: KnownTask, next_at: float, now: float) -> None:
        """Add that the member was told; `UnitConflict` when somebody was quicker."""
        unit.add(
            "UPDATE staff_tasks SET state = 'reminded', next_at = ?,"
            " nudged = nudged + CASE WHEN state = 'reminded' THEN 1 ELSE 0 END,"
            f" reminded_at = COALESCE(reminded_at, ?) WHERE id = ? AND next_at IS ? AND {_OPEN}",
            *(next_at, now, known.task.id, known.next_at),
            expect=1,
        )

    def withdraw(self, unit: Unit, external_userid: str, purpose: Purpose, at: float) -> None:
        """Add that nobody is asked any more for what rests on a consent that has ended (R-15.2)."""
        unit.add(
            "UPDATE staff_tasks SET state = 'skipped', next_at = NULL, ended_at = ?,"
            f" ended_by = '{ENGINE}', why = '{NOT_CONSENTED}'"
            f" WHERE external_userid = ? AND purpose = ? AND {_OPEN}",
            *(at, external_userid, purpose),
        )

    def hand_on(self, unit: Unit, pair: tuple[str, str], customer: str = "") -> None:
        """Add that a member's open tasks are his successor's, who is told of them anew.

        What is about a customer who stays with him until WeCom has passed him on waits for that.

        Args:
            customer: only those about him, who has been passed on; empty = all.
        """
        member, successor = pair
        waits = "" if customer else _NOT_ON_THE_WAY
        unit.add(_HAND_ON + waits, successor, member, customer, customer)

    async def _known(self, rows: Sequence[Row]) -> list[KnownTask]:
        await self._vault.ready({_subject(row["external_userid"]) for row in rows})
        return [_known_task(dict(row), self._text(row)) for row in rows]

    def _text(self, row: Row) -> str:
        with suppress(Unreadable):
            return self._vault.open(_subject(row["external_userid"]), row["text"]).decode()
        return ""


def ended(
    task_id: str, state: TaskState, by: str, now: float, *, why: str = "", expect: int | None = None
) -> Statement:
    """The statement that ends an open task; one that is over stays as it is.

    Args:
        state: `SENT` becomes `DONE_LATE` by itself where it is late.
        expect: 1 = who comes second is told so (`UnitConflict`).
    """
    return Statement(_END, (state, state, now, now, by, why, task_id), expect)


def told_of_end(known: KnownTask, state: TaskState, by: str, now: float) -> Arrival:
    """What the customer's mailbox hears of a task's end; twice is once."""
    task = known.task
    event = Emitted(
        name=TASK_ENDED,
        data={
            "task_id": task.id,
            "kind": task.kind,
            "ref": task.ref,
            "state": state.value,
            "by": by,
            "at": now,
        },
        external_userid=task.external_userid,
    )
    subject = Conversation("", task.external_userid).subject
    return Arrival(subject, event, Lane.BACKGROUND, f"task:{task.id}:ended", now)


def _subject(external_userid: str) -> str:
    return Conversation("", external_userid).subject if external_userid else "corp"


def _known_task(row: Mapping[str, Any], text: str) -> KnownTask:
    task = StaffTask(
        id=row["id"],
        kind=row["kind"],
        member=row["member"],
        text=text,
        reason=row["reason"],
        due_at=row["due_at"],
        on_time_s=row["on_time_s"],
        expires_at=row["expires_at"],
        external_userid=row["external_userid"],
        chat_id=row["chat_id"],
        ref=row["ref"],
        is_deadline=bool(row["is_deadline"]),
        nudges=_nudges(row["nudges"]),
        purpose=Purpose(row["purpose"]) if row["purpose"] else None,
    )
    return KnownTask(
        *(task, TaskState(row["state"]), row["nudged"], row["next_at"], row["created_at"]),
        *(row["reminded_at"], row["ended_at"], row["ended_by"], row["why"]),
    )
