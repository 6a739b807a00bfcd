"""The table of requests for a person: statements for a turn's commit."""

from bot.model import Conversation
from bot.routing import Turn
from bot.store import Store, Table

TABLES = (
    Table("handoffs", "id", person="external_userid", age="changed_at", kept="messages_days"),
)

_SAID_ONCE_S = 1800.0

OPEN = "('requested', 'queued', 'taken', 'already')"


def requested(turn: Turn, reason: str) -> None:
    """A person is asked for."""
    where = turn.conversation
    turn.record(
        "INSERT INTO handoffs (open_kfid, external_userid, reason, status, requested_at,"
        " changed_at) VALUES (?, ?, ?, 'requested', ?, ?)",
        *(where.open_kfid, where.external_userid, reason, turn.now, turn.now),
    )


def became(turn: Turn, status: str, servicer: str | None = None) -> None:
    """The newest open request of this conversation has become something else."""
    turn.record(
        "UPDATE handoffs SET status = ?, servicer_userid = COALESCE(?, servicer_userid),"
        f" changed_at = ? WHERE id = ({_newest_open()})",
        *(status, servicer, turn.now, *_key(turn.conversation)),
    )


async def told_nobody_lately(store: Store, turn: Turn) -> bool:
    """Whether this customer was told within half an hour that nobody is there."""
    row = await store.database.fetch_one(
        "SELECT 1 FROM handoffs WHERE open_kfid = ? AND external_userid = ? AND status = 'nobody'"
        " AND changed_at > ? LIMIT 1",
        *(*_key(turn.conversation), turn.now - _SAID_ONCE_S),
    )
    return row is not None


def _newest_open() -> str:
    return (
        "SELECT MAX(id) FROM handoffs WHERE open_kfid = ? AND external_userid = ?"
        f" AND status IN {OPEN}"
    )


def _key(conversation: Conversation) -> tuple[str, str]:
    return conversation.open_kfid, conversation.external_userid
