"""Which tickets are open, and which cards speak of a case? Statements for a turn's commit."""

from contextlib import suppress
from dataclasses import dataclass

import msgspec

from bot.errors import Unreadable
from bot.model import Case, Conversation
from bot.routing import Turn
from bot.store import Store, Table
from bot.store.database import Row

TABLES = (
    Table(
        "tickets",
        "id",
        person="external_userid",
        sealed=("contact",),
        age="opened_at",
        kept="messages_days",
    ),
    Table("case_cards", "task_id", person="external_userid", age="sent_at", kept="messages_days"),
    Table(
        "case_endings",
        "case_id",
        person="external_userid",
        sealed=("note",),
        age="told_at",
        kept="messages_days",
    ),
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a person still has to follow up.

    Args:
        given_to: userid of who was told that it is his, empty = nobody yet.
        contact: what the customer left, empty = nothing.
    """

    id: int
    case_id: str
    conversation: Conversation
    level: int
    reason: str
    opened_at: float
    given_to: str
    contact: str = ""


@dataclass(frozen=True, slots=True)
class CaseCard:
    """A card that was sent about a case."""

    task_id: str
    case_id: str
    conversation: Conversation
    userids: tuple[str, ...]
    response_code: str
    is_settled: bool = False


def open_ticket(
    turn: Turn, case_id: str, level: int, reason: str, *, lasting: bool = False
) -> None:
    """A ticket of this conversation; one that is open keeps the higher level, and is about the
    newest case: whoever was given it did not know of that.

    Args:
        lasting: serving the customer does not end it; a person says when it is done.
    """
    where = turn.conversation
    turn.record(
        "INSERT INTO tickets AS t (case_id, open_kfid, external_userid, level, reason, opened_at,"
        " lasting) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (open_kfid, external_userid) WHERE done_at IS NULL"
        " DO UPDATE SET level = MAX(t.level, excluded.level),"
        " given_to = CASE WHEN t.case_id = excluded.case_id THEN t.given_to ELSE '' END,"
        " case_id = excluded.case_id,"
        " lasting = MAX(t.lasting, excluded.lasting)",
        *(case_id, where.open_kfid, where.external_userid, level, reason, turn.now, lasting),
    )


def give_ticket(turn: Turn, ticket: Ticket, userid: str) -> None:
    """The ticket is somebody's now."""
    turn.record(
        "UPDATE tickets SET given_to = ?, given_at = ? WHERE id = ? AND done_at IS NULL",
        *(userid, turn.now, ticket.id),
    )


def end_ticket(turn: Turn, by: str, *, said: bool = False) -> None:
    """The conversation's ticket is done.

    Args:
        said: a person says so; otherwise somebody serves the customer now, which does not end a
            lasting one.
    """
    where = turn.conversation
    turn.record(
        "UPDATE tickets SET done_at = ?, done_by = ? WHERE open_kfid = ? AND external_userid = ?"
        " AND done_at IS NULL AND lasting <= ?",
        *(turn.now, by, where.open_kfid, where.external_userid, said),
    )


async def leave_contact(turn: Turn, facts: Store, contact: str) -> None:
    """The customer left a way to be reached; it is sealed with his key."""
    where = turn.conversation
    await facts.vault.ready([where.subject])
    turn.record(
        "UPDATE tickets SET contact = ? WHERE open_kfid = ? AND external_userid = ?"
        " AND done_at IS NULL",
        facts.vault.seal(where.subject, contact.encode()),
        *(where.open_kfid, where.external_userid),
    )


async def ticket_of(facts: Store, conversation: Conversation) -> Ticket | None:
    """The conversation's open ticket."""
    row = await facts.database.fetch_one(
        "SELECT * FROM tickets WHERE open_kfid = ? AND external_userid = ? AND done_at IS NULL",
        *(conversation.open_kfid, conversation.external_userid),
    )
    return await _ticket(facts, row) if row else None


async def ticket(facts: Store, number: int) -> Ticket | None:
    """One open ticket by its number."""
    row = await facts.database.fetch_one(
        "SELECT * FROM tickets WHERE id = ? AND done_at IS NULL", number
    )
    return await _ticket(facts, row) if row else None


async def close_ticket(facts: Store, ticket: Ticket, by: str, now: float) -> None:
    """Somebody says on a terminal that it is done."""
    await facts.database.execute(
        "UPDATE tickets SET done_at = ?, done_by = ? WHERE id = ? AND done_at IS NULL",
        *(now, by, ticket.id),
    )


async def backlog(facts: Store) -> tuple[int, float | None]:
    """How many tickets are open, and since when the oldest."""
    row = await facts.database.fetch_one(
        "SELECT COUNT(*) AS n, MIN(opened_at) AS since FROM tickets WHERE done_at IS NULL"
    )
    assert row is not None
    return row["n"], row["since"]


async def tickets(facts: Store, limit: int) -> list[Ticket]:
    """All open tickets, oldest first."""
    rows = await facts.database.fetch(
        "SELECT * FROM tickets WHERE done_at IS NULL ORDER BY opened_at LIMIT ?", limit
    )
    return [await _ticket(facts, row) for row in rows]


async def _ticket(facts: Store, row: Row) -> Ticket:
    where = Conversation(row["open_kfid"], row["external_userid"])
    contact = ""
    if row["contact"] is not None:
        await facts.vault.ready([where.subject])
        with suppress(Unreadable):
            contact = facts.vault.open(where.subject, row["contact"]).decode()
    return Ticket(
        *(row["id"], row["case_id"], where, row["level"], row["reason"], row["opened_at"]),
        *(row["given_to"], contact),
    )


def card_sent(turn: Turn, task_id: str, case_id: str, userids: tuple[str, ...]) -> None:
    """A card goes out about a case."""
    where = turn.conversation
    turn.record(
        "INSERT INTO case_cards (task_id, case_id, open_kfid, external_userid, userids, sent_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        *(task_id, case_id, where.open_kfid, where.external_userid),
        *(msgspec.json.encode(userids).decode(), turn.now),
    )


def card_can_change(turn: Turn, task_id: str, response_code: str) -> None:
    """By this code the card can be changed once; each press brings a fresh one."""
    turn.record("UPDATE case_cards SET response_code = ? WHERE task_id = ?", response_code, task_id)


def card_asks(turn: Turn, task_id: str) -> None:
    """Its code is used for a question; the press that answers it brings another."""
    turn.record("UPDATE case_cards SET response_code = '' WHERE task_id = ?", task_id)


def card_settled(turn: Turn, task_id: str) -> None:
    """The card has said its last."""
    turn.record(
        "UPDATE case_cards SET response_code = '', settled_at = ? WHERE task_id = ?",
        *(turn.now, task_id),
    )


def tell_reason(turn: Turn, case: Case, by: str, reason: str) -> None:
    """Why a case has ended, told after the end."""
    where = case.conversation
    turn.record(
        "INSERT INTO case_endings (case_id, open_kfid, external_userid, told_at, told_by, reason)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (case_id) DO UPDATE SET reason = excluded.reason,"
        " told_at = excluded.told_at, told_by = excluded.told_by",
        *(case.id, where.open_kfid, where.external_userid, turn.now, by, reason),
    )


async def add_note(turn: Turn, facts: Store, case: Case, by: str, note: str) -> None:
    """What is to be known of a case; sealed with the customer's key, the last one is kept."""
    where = case.conversation
    await facts.vault.ready([where.subject])
    turn.record(
        "INSERT INTO case_endings (case_id, open_kfid, external_userid, told_at, told_by, note)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (case_id) DO UPDATE SET note = excluded.note",
        *(case.id, where.open_kfid, where.external_userid, turn.now, by),
        facts.vault.seal(where.subject, note.encode()),
    )


async def card(facts: Store, task_id: str) -> CaseCard | None:
    """The card of this task_id."""
    row = await facts.database.fetch_one("SELECT * FROM case_cards WHERE task_id = ?", task_id)
    return _card(row) if row else None


async def cards_of(facts: Store, case_id: str) -> list[CaseCard]:
    """Cards about a case that can still be changed."""
    rows = await facts.database.fetch(
        "SELECT * FROM case_cards WHERE case_id = ? AND settled_at IS NULL ORDER BY sent_at",
        case_id,
    )
    return [_card(row) for row in rows]


def _card(row: Row) -> CaseCard:
    return CaseCard(
        row["task_id"],
        row["case_id"],
        Conversation(row["open_kfid"], row["external_userid"]),
        tuple(msgspec.json.decode(row["userids"])),
        row["response_code"],
        row["settled_at"] is not None,
    )
