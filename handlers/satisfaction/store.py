"""Who was asked how it was, and what did they say? The table of ratings."""

from contextlib import suppress
from dataclasses import dataclass

from bot.errors import Unreadable
from bot.model import Because, Conversation
from bot.routing import Turn
from bot.store import Store, Table
from bot.store.database import Row
from handlers.satisfaction.rules import NONE, RATEABLE_S, Tap

TABLES = (
    Table(
        "ratings",
        "case_id",
        person="external_userid",
        sealed=("reason",),
        age="asked_at",
        kept="messages_days",
    ),
)

INVITED = Because(source="reply", ref="satisfaction.invitation")
"""Why an invitation was said; by it the outbox row is found again."""

_REASON_CHARACTERS = 2000

_TRIED = f"(ratings.asked_how <> '{NONE}' OR ratings.why_not LIKE '%\\_unsent' ESCAPE '\\')"
_INSERT = (
    "INSERT INTO ratings (case_id, open_kfid, external_userid, asked_at, asked_how, why_not)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (case_id) DO"
)
_ASKED = (
    f"{_INSERT} UPDATE SET asked_at = excluded.asked_at, asked_how = excluded.asked_how,"
    f" why_not = '' WHERE NOT {_TRIED}"
)
_NOT_ASKED = f"{_INSERT} NOTHING"
_FOUND = f"""
SELECT * FROM ratings WHERE case_id = ? AND open_kfid = ? AND external_userid = ?
    AND {_TRIED} AND asked_at >= ?
"""
_RATED = f"""
UPDATE ratings SET score = ?, rated_at = ?, first_score = COALESCE(first_score, ?),
    asked_how = CASE WHEN asked_how = '{NONE}' THEN replace(why_not, '_unsent', '')
                ELSE asked_how END,
    why_not = ''
WHERE case_id = ? AND (rated_at IS NULL OR rated_at <= ?)
"""
_UNSENT = f"""
UPDATE ratings SET why_not = asked_how || '_unsent', asked_how = '{NONE}'
WHERE case_id = ? AND asked_how <> '{NONE}' AND score IS NULL
  AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.open_kfid = ratings.open_kfid
    AND o.external_userid = ratings.external_userid AND o.created_at = ratings.asked_at
    AND o.state IN ('pending', 'claimed', 'sent') AND instr(o.because, ?) > 0)
"""


@dataclass(frozen=True, slots=True)
class Rating:
    """One row, opened.

    Args:
        asked_how: ``code``, ``message`` or ``none``; then `why_not` says why.
        reason: what the customer wrote, empty = nothing.
    """

    case_id: str
    conversation: Conversation
    asked_at: float
    asked_how: str
    why_not: str
    score: int | None
    rated_at: float | None
    reason_until: float | None
    reason: str
    followed_up_at: float | None


async def is_tried(facts: Store, turn: Turn, case_id: str) -> bool:
    """Whether an invitation for this case was sent, or tried, before or in this turn."""
    if any(one.sql == _ASKED and one.params[0] == case_id for one in turn.decisions.records):
        return True
    row = await facts.database.fetch_one(
        f"SELECT 1 FROM ratings WHERE case_id = ? AND {_TRIED}", case_id
    )
    return row is not None


async def was_asked(facts: Store, external_userid: str, since: float) -> bool:
    """Whether this customer was asked since then, at any account."""
    row = await facts.database.fetch_one(
        "SELECT 1 FROM ratings WHERE external_userid = ? AND asked_at > ? AND asked_how <> ?",
        *(external_userid, since, NONE),
    )
    return row is not None


def asked(turn: Turn, case_id: str, how: str) -> None:
    """The customer is asked: only where no invitation for the case was ever tried."""
    turn.record(_ASKED, *_row(turn, case_id), how, "", expect=1)


def not_asked(turn: Turn, case_id: str, why_not: str) -> None:
    """The customer is not asked; what is known of the case already stands."""
    turn.record(_NOT_ASKED, *_row(turn, case_id), NONE, why_not)


def _row(turn: Turn, case_id: str) -> tuple[str, str, str, float]:
    where = turn.conversation
    return case_id, where.open_kfid, where.external_userid, turn.now


def check_sent(turn: Turn, case_id: str) -> None:
    """An invitation that never left is none."""
    ref = f'"ref":"{INVITED.ref}"'
    turn.record(_UNSENT, case_id, ref)


async def found(facts: Store, turn: Turn, tap: Tap) -> Rating | None:
    """The row that this customer may still rate with a tap made now."""
    where = turn.conversation
    row = await facts.database.fetch_one(
        _FOUND,
        *(tap.case_id, where.open_kfid, where.external_userid),
        turn.message.sent_at - RATEABLE_S,
    )
    return await _opened(facts, row) if row else None


def rated(turn: Turn, tap: Tap) -> None:
    """The customer has rated; the last answer counts, in whatever order they arrive."""
    at = turn.message.sent_at
    turn.record(_RATED, tap.score, at, tap.score, tap.case_id, at)


def followed_up(turn: Turn, case_id: str) -> None:
    """An expert was asked to look after it."""
    turn.record("UPDATE ratings SET followed_up_at = ? WHERE case_id = ?", turn.now, case_id)


def wait_for_reason(turn: Turn, case_id: str, until: float) -> None:
    """The customer is asked for the reason."""
    turn.record("UPDATE ratings SET reason_until = ? WHERE case_id = ?", until, case_id)


async def waiting(facts: Store, turn: Turn, at_most: int) -> Rating | None:
    """The row for whose reason this customer was asked, and may still give it.

    Args:
        at_most: the best score that is asked for a reason.
    """
    where, at = turn.conversation, turn.message.sent_at
    row = await facts.database.fetch_one(
        "SELECT * FROM ratings WHERE external_userid = ? AND open_kfid = ? AND reason_until >= ?"
        " AND rated_at <= ? AND score <= ? ORDER BY asked_at DESC LIMIT 1",
        *(where.external_userid, where.open_kfid, at, at, at_most),
    )
    return await _opened(facts, row) if row else None


def add_reason(facts: Store, turn: Turn, rating: Rating, text: str) -> None:
    """The customer says why; a second message goes on where the first ended.

    The row was opened in this turn, so that the customer's key is ready.
    """
    whole = f"{rating.reason}\n{text}".strip()[:_REASON_CHARACTERS]
    sealed = facts.vault.seal(rating.conversation.subject, whole.encode())
    turn.record("UPDATE ratings SET reason = ? WHERE case_id = ?", sealed, rating.case_id)


async def since(facts: Store, moment: float) -> list[Rating]:
    """Every row since then, newest first."""
    rows = await facts.database.scan(
        "SELECT * FROM ratings WHERE asked_at >= ? ORDER BY asked_at DESC", moment
    )
    return [await _opened(facts, row) for row in rows]


async def _opened(facts: Store, row: Row) -> Rating:
    conversation = Conversation(row["open_kfid"], row["external_userid"])
    await facts.vault.ready([conversation.subject])
    reason = ""
    if row["reason"] is not None:
        with suppress(Unreadable):
            reason = facts.vault.open(conversation.subject, row["reason"]).decode()
    return Rating(
        case_id=row["case_id"],
        conversation=conversation,
        asked_at=row["asked_at"],
        asked_how=row["asked_how"],
        why_not=row["why_not"],
        score=row["score"],
        rated_at=row["rated_at"],
        reason_until=row["reason_until"],
        reason=reason,
        followed_up_at=row["followed_up_at"],
    )
