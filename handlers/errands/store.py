"""What was offered to be done for a customer, and what came of it? The table of errands."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from bot.model import Because, Conversation
from bot.routing import Turn
from bot.store import Store, Table
from bot.store.database import Row

TABLES = (
    Table(
        "errands",
        "id",
        person="external_userid",
        sealed=("arguments",),
        age="offered_at",
        kept="messages_days",
    ),
)

OFFERED, CONFIRMED = "offered", "confirmed"
HANDED_OFF = "handed_off"
"""Outcome of a message that brought in people."""

Arguments = Mapping[str, str | int]

_decode = msgspec.json.Decoder(dict[str, str | int]).decode


@dataclass(frozen=True, slots=True)
class Errand:
    """One row, opened."""

    id: str
    tool: str
    state: str
    offered_at: float
    expires_at: float
    arguments: Arguments

    @property
    def offered(self) -> Because:
        """Why its offer was said; by it the outbox row is found again."""
        return Because(source="errands", ref=self.id)


async def offer(
    facts: Store, turn: Turn, tool: str, arguments: Arguments, *, lives_s: float, wanted_by: str
) -> Errand:
    """An errand that the customer may confirm from now on; one that was open gives way to it."""
    where = turn.conversation
    now = turn.now
    errand = Errand(secrets.token_hex(8), tool, OFFERED, now, now + lives_s, arguments)
    close_open(turn, "replaced")
    await facts.vault.ready([where.subject])
    sealed = facts.vault.seal(where.subject, msgspec.json.encode(dict(arguments)))
    turn.record(
        "INSERT INTO errands (id, open_kfid, external_userid, tool, state, wanted_by, offered_at,"
        " expires_at, arguments) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(errand.id, where.open_kfid, where.external_userid, tool, OFFERED, wanted_by),
        *(turn.now, errand.expires_at, sealed),
    )
    return errand


async def last(facts: Store, turn: Turn, state: str) -> Errand | None:
    """The newest errand of this conversation that is in this state."""
    where = turn.conversation
    row = await facts.database.fetch_one(
        "SELECT * FROM errands WHERE external_userid = ? AND open_kfid = ? AND state = ?"
        " ORDER BY offered_at DESC LIMIT 1",
        *(where.external_userid, where.open_kfid, state),
    )
    return await _opened(facts, where, row)


async def get(facts: Store, turn: Turn, errand_id: str) -> Errand | None:
    """The errand of this conversation with this id."""
    where = turn.conversation
    row = await facts.database.fetch_one(
        "SELECT * FROM errands WHERE id = ? AND external_userid = ? AND open_kfid = ?",
        *(errand_id, where.external_userid, where.open_kfid),
    )
    return await _opened(facts, where, row)


async def read_at(facts: Store, turn: Turn, errand: Errand) -> float | None:
    """When the last send of its offer began; ``None`` = the customer cannot have read it yet."""
    where = turn.conversation
    row = await facts.database.fetch_one(
        "SELECT MAX(claimed_at) AS at FROM outbox WHERE open_kfid = ? AND external_userid = ?"
        " AND kind = 'SendMessage' AND state = 'sent' AND instr(because, ?) > 0",
        *(where.open_kfid, where.external_userid, f'"ref":"{errand.offered.ref}"'),
    )
    return row["at"] if row else None


async def wanted_people_since(facts: Store, turn: Turn, errand: Errand) -> bool:
    """Whether the customer has been handed to people since it was offered, or is just now."""
    if any(one.outcome == HANDED_OFF for one in turn.decisions.handled.values()):
        return True
    where = turn.conversation
    row = await facts.database.fetch_one(
        "SELECT 1 FROM messages WHERE open_kfid = ? AND external_userid = ? AND origin = 3"
        " AND sent_at >= ? AND outcome = ? LIMIT 1",
        *(where.open_kfid, where.external_userid, errand.offered_at, HANDED_OFF),
    )
    return row is not None


async def spoken_since(facts: Store, conversation: Conversation, since: float) -> bool:
    """Whether the customer has written anything since then."""
    row = await facts.database.fetch_one(
        "SELECT 1 FROM messages WHERE open_kfid = ? AND external_userid = ? AND origin = 3"
        " AND sent_at > ? LIMIT 1",
        *(conversation.open_kfid, conversation.external_userid, since),
    )
    return row is not None


def confirmed(turn: Turn, errand: Errand) -> None:
    """The customer has confirmed; one that is not offered any more makes the turn run again."""
    turn.record(
        f"UPDATE errands SET state = '{CONFIRMED}', confirmed_msgid = ?"
        f" WHERE id = ? AND state = '{OFFERED}'",
        *(turn.message.msgid, errand.id),
        expect=1,
    )


def ended(turn: Turn, errand_id: str, state: str) -> None:
    """What came of it."""
    turn.record(
        "UPDATE errands SET state = ?, ended_at = ? WHERE id = ?", state, turn.now, errand_id
    )


def close_open(turn: Turn, state: str) -> None:
    """What is offered in this conversation cannot be confirmed any more."""
    where = turn.conversation
    turn.record(
        "UPDATE errands SET state = ?, ended_at = ?"
        f" WHERE external_userid = ? AND open_kfid = ? AND state = '{OFFERED}'",
        *(state, turn.now, where.external_userid, where.open_kfid),
    )


def recalled(turn: Turn, msgid: str) -> None:
    """The message that confirmed was taken back; its row is withdrawn unless it was tried."""
    turn.record(
        "UPDATE errands SET state = 'recalled', ended_at = ? WHERE external_userid = ?"
        f" AND confirmed_msgid = ? AND state = '{CONFIRMED}'",
        *(turn.now, turn.external_userid, msgid),
    )


async def _opened(facts: Store, where: Conversation, row: Row | None) -> Errand | None:
    if row is None:
        return None
    await facts.vault.ready([where.subject])
    arguments = _decode(facts.vault.open(where.subject, row["arguments"]))
    return Errand(
        *(row["id"], row["tool"], row["state"], row["offered_at"], row["expires_at"], arguments)
    )
