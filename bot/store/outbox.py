"""What must the world still be told, and what has it been told?

A row is ``pending``, then ``claimed``, then ``sent``, ``held``, ``dead``, ``cancelled`` or
``expired``.
The claim passes the gates once more, in its own statement: a take-over, a switch or a spent
allowance between the turn and the send still holds.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from bot.errors import NotConsented, Unreadable
from bot.model import Because, Conversation, Effect, Lane
from bot.model.consents import Purpose
from bot.model.effects import AnyEffect
from bot.model.outreach import Outreach
from bot.store.claims import CLAIM_ERRAND, CLAIM_PLAIN, CLAIM_SEND, CONSENTED, NOT_SILENCED, OPEN
from bot.store.database import Database, Row, Unit
from bot.store.vault import Vault

log = structlog.get_logger(__name__)

_decode = msgspec.json.Decoder(AnyEffect).decode
_encode = msgspec.json.Encoder().encode

_INSERT = """
INSERT INTO outbox (subject, queue, open_kfid, external_userid, lane, kind, msgid, tag, state,
    created_at, next_at, expires_at, answers, asked_at, handled_by, because, body, trace_id,
    purpose)
SELECT ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """An effect on its way into the outbox.

    Args:
        queue: rows of one queue are sent one after another.
        expires_at: Unix seconds after which it is not tried any more.
        tag: comes back in `EffectDone` and `EffectFailed`; without one, success is not told.
        answers: msgid of the customer's message, when it answers exactly one.
        asked_at: when the customer asked, for the reply time.
        purpose: what the customer must have agreed to for it to be sent, ``None`` = nothing.
        outreach: what of the person's budget it takes.
    """

    subject: str
    queue: str
    conversation: Conversation | None
    lane: Lane
    effect: Effect
    expires_at: float
    tag: str = ""
    answers: str | None = None
    asked_at: float | None = None
    handled_by: str = ""
    because: Because | None = None
    trace_id: str = ""
    msgid: str | None = None
    purpose: Purpose | None = None
    outreach: Outreach | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """A row of the outbox, opened.

    Args:
        errcode: what WeCom said to the last try, if it said no.
    """

    id: int
    subject: str
    queue: str
    conversation: Conversation | None
    lane: Lane
    effect: Effect
    msgid: str
    tag: str
    state: str
    attempts: int
    created_at: float
    next_at: float
    expires_at: float
    asked_at: float | None
    handled_by: str
    trace_id: str
    purpose: str = ""
    errcode: int | None = None


def conversation_queue(conversation: Conversation) -> str:
    """The queue that keeps a conversation's sends in order."""
    return f"{conversation.open_kfid}/{conversation.external_userid}"


def new_msgid() -> str:
    """An id that WeCom takes once."""
    return f"cg_{secrets.token_hex(12)}"


class Outbox:
    """The outbox of all subjects."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db, self._vault = database, vault

    async def post(self, unit: Unit, drafts: Sequence[Draft], now: float) -> None:
        """Add to the unit what stores these effects, each with its msgid fixed."""
        await self._vault.ready(draft.subject for draft in drafts)
        for draft in drafts:
            unit.add(f"{_INSERT} WHERE true ON CONFLICT (msgid) DO NOTHING", *self._row(draft, now))

    async def post_if(
        self, unit: Unit, draft: Draft, now: float, condition: str, *params: Any
    ) -> None:
        """Add to the unit what stores this effect, if a condition holds when it is committed.

        Args:
            condition: SQL with ``?`` placeholders for `params`.
        """
        await self._vault.ready([draft.subject])
        sql = f"{_INSERT} WHERE {condition} ON CONFLICT (msgid) DO NOTHING"
        unit.add(sql, *self._row(draft, now), *params)

    def _row(self, draft: Draft, now: float) -> tuple[Any, ...]:
        where = draft.conversation or Conversation("", "")
        return (
            *(draft.subject, draft.queue, where.open_kfid, where.external_userid, draft.lane),
            *(type(draft.effect).__name__, draft.msgid or new_msgid()),
            *(draft.tag, now, now, draft.expires_at, draft.answers, draft.asked_at),
            draft.handled_by,
            _encode(draft.because).decode() if draft.because else None,
            self._vault.seal(draft.subject, _encode(draft.effect)),
            draft.trace_id,
            draft.purpose or "",
        )

    async def open_of(self, queue: str, limit: int = 20) -> list[Parcel]:
        """The queue's unsent rows in order; what uses a code that dies soon goes first."""
        rows = await self._db.fetch(
            f"SELECT * FROM outbox WHERE queue = ? AND {OPEN}"
            " ORDER BY CASE WHEN lane = ? THEN 0 ELSE 1 END, id LIMIT ?",
            *(queue, Lane.URGENT, limit),
        )
        await self._vault.ready(row["subject"] for row in rows)
        parcels = []
        for row in rows:
            try:
                parcels.append(self._open(row))
            except (Unreadable, msgspec.DecodeError) as error:
                await self._give_up_unreadable(row, error)
        return parcels if parcels or not rows else await self.open_of(queue, limit)

    async def _give_up_unreadable(self, row: Row, error: Exception) -> None:
        """End what no try will open: altered, or of another version of this program."""
        log.error("outbox.unreadable", row=row["id"], kind=row["kind"])
        await self._db.execute(
            f"UPDATE outbox SET state = 'dead', ended_at = ?, error = ? WHERE id = ? AND {OPEN}",
            *(time.time(), type(error).__name__, row["id"]),
        )

    async def open_queues(self) -> list[tuple[str, Lane]]:
        """Every queue with unsent rows (start-up, and after another process has written)."""
        rows = await self._db.scan(
            f"SELECT queue, lane FROM outbox WHERE {OPEN} GROUP BY queue, lane ORDER BY MIN(id)"
        )
        return [(row["queue"], Lane(row["lane"])) for row in rows]

    async def claim_send(
        self,
        unit: Unit,
        parcel: Parcel,
        now: float,
        *,
        state_since: float,
        wrote_after: float,
        allowance: int,
    ) -> bool:
        """Commit the unit, and in it claim a `SendMessage` through the gates.

        Args:
            unit: facts that were learnt just now; they are kept in any case.
            state_since: the owner must be known since this moment.
            wrote_after: the customer must have written after this moment (48 h).
            allowance: messages that one customer message permits.

        Returns:
            Whether it may be sent now.

        Raises:
            NotConsented: the customer has not agreed to its purpose.
        """
        unit.add(
            CLAIM_SEND + " RETURNING id",
            *(now, parcel.id, state_since, wrote_after, allowance),
        )
        return await self._claimed(parcel, bool((await self._db.commit(unit))[-1]))

    async def claim_errand(
        self, unit: Unit, parcel: Parcel, now: float, *, state_since: float
    ) -> bool:
        """As `claim_send`, for a `RunErrand`: no person has the conversation."""
        unit.add(CLAIM_ERRAND + " RETURNING id", now, parcel.id, state_since)
        return await self._claimed(parcel, bool((await self._db.commit(unit))[-1]))

    async def claim(self, parcel: Parcel, now: float, *, unless_silenced: bool = False) -> bool:
        """Claim any other row.

        Raises:
            NotConsented: the customer has not agreed to its purpose.
        """
        gate = f" AND {NOT_SILENCED}" if unless_silenced else ""
        unit = Unit()
        unit.add(CLAIM_PLAIN + gate + " RETURNING id", now, parcel.id)
        return await self._claimed(parcel, bool((await self._db.commit(unit))[0]))

    async def _claimed(self, parcel: Parcel, claimed: bool) -> bool:
        if not claimed and parcel.purpose:
            row = await self._db.fetch_one(
                f"SELECT 1 FROM outbox WHERE id = ? AND {CONSENTED}", parcel.id
            )
            if row is None:
                raise NotConsented(f"no consent to {parcel.purpose}")
        return claimed

    async def forget_try(self, parcel: Parcel) -> None:
        """Count a claim as no try: WeCom refused to hear it, so a repeat would be the first."""
        await self._db.execute(
            f"UPDATE outbox SET attempts = ? WHERE id = ? AND {OPEN}", parcel.attempts, parcel.id
        )

    def end(
        self,
        unit: Unit,
        parcel: Parcel,
        state: str,
        now: float,
        *,
        error: str | None = None,
        errcode: int | None = None,
    ) -> None:
        """Close a row: ``sent``, ``held``, ``dead``, ``cancelled`` or ``expired``."""
        unit.add(
            f"UPDATE outbox SET state = ?, ended_at = ?, error = ?, errcode = ? WHERE id = ? AND"
            f" {OPEN}",
            *(state, now, error, errcode, parcel.id),
            expect=1,
        )

    async def retry_at(self, parcel: Parcel, next_at: float, error: str, code: int | None) -> None:
        """Leave a row for a later try."""
        await self._db.execute(
            f"UPDATE outbox SET state = 'pending', next_at = ?, error = ?, errcode = ? WHERE id = ?"
            f" AND {OPEN}",
            *(next_at, error[:500], code, parcel.id),
        )

    async def said_since(
        self, conversation: Conversation, reasons: Sequence[Because], since: float
    ) -> bool:
        """Whether something was said, or is on its way, for one of these reasons since then."""
        wanted = " OR ".join("instr(because, ?) > 0" for _ in reasons)
        row = await self._db.fetch_one(
            "SELECT 1 FROM outbox WHERE open_kfid = ? AND external_userid = ? AND created_at >= ?"
            " AND kind = 'SendMessage' AND state IN ('pending', 'claimed', 'sent')"
            f" AND ({wanted}) LIMIT 1",
            *(conversation.open_kfid, conversation.external_userid, since),
            *(_encode({"source": one.source, "ref": one.ref}).decode()[:-1] for one in reasons),
        )
        return row is not None

    async def is_moving(self, conversation: Conversation) -> bool:
        """Whether the session is to be given to people, or to end, and WeCom has not answered."""
        row = await self._db.fetch_one(
            f"SELECT 1 FROM outbox WHERE queue = ? AND {OPEN}"
            " AND kind IN ('HandOff', 'EndSession') LIMIT 1",
            conversation_queue(conversation),
        )
        return row is not None

    def cancel_unsent(self, unit: Unit, conversation: Conversation, now: float, why: str) -> None:
        """Withdraw the bot's unsent replies: a person has taken over."""
        unit.add(
            "UPDATE outbox SET state = 'cancelled', ended_at = ?, error = ? WHERE open_kfid = ?"
            " AND external_userid = ? AND kind = 'SendMessage' AND state IN ('pending', 'held')",
            *(now, why, conversation.open_kfid, conversation.external_userid),
        )

    def cancel_answer(self, unit: Unit, conversation: Conversation, msgid: str, now: float) -> None:
        """Withdraw an unsent reply to a message that was recalled."""
        unit.add(
            "UPDATE outbox SET state = 'cancelled', ended_at = ?, error = 'message recalled'"
            " WHERE open_kfid = ? AND external_userid = ? AND answers = ?"
            " AND state IN ('pending', 'held') AND (kind <> 'RunErrand' OR attempts = 0)",
            *(now, conversation.open_kfid, conversation.external_userid, msgid),
        )

    def mark_undelivered(self, unit: Unit, msgid: str, fail_type: int, now: float) -> None:
        """Record WeCom's late "could not deliver" (`msg_send_fail`)."""
        unit.add(
            "UPDATE outbox SET state = 'dead', ended_at = ?, error = ? WHERE msgid = ?"
            " AND state IN ('sent', 'claimed', 'pending')",
            *(now, f"msg_send_fail type {fail_type}", msgid),
        )

    async def counts_of(self, queue: str) -> dict[str, int]:
        """How many rows of a queue are in which state."""
        rows = await self._db.scan(
            "SELECT state, COUNT(*) AS n FROM outbox WHERE queue = ? GROUP BY state", queue
        )
        return {row["state"]: row["n"] for row in rows}

    async def dead(self) -> list[Row]:
        """Rows that were given up, oldest first; bodies stay sealed."""
        return await self._db.scan(
            "SELECT id, subject, kind, attempts, error, errcode, ended_at, expires_at FROM outbox"
            " WHERE state = 'dead' ORDER BY ended_at NULLS FIRST, id"
        )

    async def revive(self, ids: Sequence[int], now: float) -> int:
        """Let dead rows be tried again, unless they are past their time."""
        unit = Unit()
        for row_id in ids:
            unit.add(
                # no try counts any more: a refusal would be taken for "accepted before"
                "UPDATE outbox SET state = 'pending', next_at = ?, ended_at = NULL, attempts = 0,"
                # what WeCom accepted and lost needs a new id, or the repeat would be refused
                " msgid = CASE WHEN error LIKE 'msg_send_fail%' THEN ? ELSE msgid END"
                # nobody does again what a customer was told is not done
                " WHERE id = ? AND state = 'dead' AND kind <> 'RunErrand' AND expires_at > ?"
                # its place in the budget went to others
                f" AND purpose <> '{Purpose.MARKETING}'"
                " RETURNING id",
                *(now, new_msgid(), row_id, now),
            )
        return sum(len(rows) for rows in await self._db.commit(unit))

    async def depths(self) -> dict[str, int]:
        """How many rows are unsent, held or dead."""
        rows = await self._db.scan(
            f"SELECT state, COUNT(*) AS n FROM outbox WHERE {OPEN} GROUP BY state"
            " UNION ALL SELECT 'held', COUNT(*) FROM outbox WHERE state = 'held'"
            " UNION ALL SELECT 'dead', COUNT(*) FROM outbox WHERE state = 'dead'"
        )
        return {row["state"]: row["n"] for row in rows}

    async def oldest_open_at(self) -> float | None:
        """When the oldest unsent row was written."""
        # "+" keeps SQLite from walking through all that was ever sent, in order of age
        rows = await self._db.scan(f"SELECT MIN(+created_at) AS at FROM outbox WHERE {OPEN}")
        oldest: float | None = rows[0]["at"]
        return oldest

    def _open(self, row: Row) -> Parcel:
        conversation = (
            Conversation(row["open_kfid"], row["external_userid"]) if row["open_kfid"] else None
        )
        return Parcel(
            id=row["id"],
            subject=row["subject"],
            queue=row["queue"],
            conversation=conversation,
            lane=Lane(row["lane"]),
            effect=_decode(self._vault.open(row["subject"], row["body"])),
            msgid=row["msgid"],
            tag=row["tag"],
            state=row["state"],
            attempts=row["attempts"],
            created_at=row["created_at"],
            next_at=row["next_at"],
            expires_at=row["expires_at"],
            asked_at=row["asked_at"],
            handled_by=row["handled_by"],
            trace_id=row["trace_id"],
            purpose=row["purpose"],
            errcode=row["errcode"],
        )
