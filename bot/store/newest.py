"""Which rows of mailbox and outbox are newer than the last that was seen?

Ids rise in the order of commits, whichever process they come from (decision 0036).
"""

from dataclasses import dataclass

from bot.model import Lane
from bot.store.database import Database

_LETTERS = (
    "SELECT id, subject, lane, due_at, sent_at, done_at IS NULL FROM mailbox WHERE id > ?"
    " ORDER BY id LIMIT ?"
)
_PARCELS = (
    "SELECT id, queue, lane, next_at, next_at, state IN ('pending', 'claimed') FROM outbox"
    " WHERE id > ? ORDER BY id LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A row as it was written.

    Args:
        key: subject or queue.
        due_at: when it is to be looked at.
        is_open: whether nobody has done it by now.
    """

    id: int
    key: str
    lane: Lane
    due_at: float
    sent_at: float
    is_open: bool


@dataclass(slots=True)
class Newest:
    """What was written last."""

    database: Database

    async def last(self) -> tuple[int, int]:
        """The newest ids of mailbox and outbox, 0 = there is none."""
        rows = await self.database.fetch(
            "SELECT (SELECT COALESCE(MAX(id), 0) FROM mailbox) AS letter,"
            " (SELECT COALESCE(MAX(id), 0) FROM outbox) AS parcel"
        )
        return int(rows[0]["letter"]), int(rows[0]["parcel"])

    async def letters(self, after: int, limit: int) -> list[Newcomer]:
        """Rows of the mailbox after this one, oldest first."""
        return await self._read(_LETTERS, after, limit)

    async def parcels(self, after: int, limit: int) -> list[Newcomer]:
        """Rows of the outbox after this one, oldest first."""
        return await self._read(_PARCELS, after, limit)

    async def _read(self, sql: str, after: int, limit: int) -> list[Newcomer]:
        rows = await self.database.fetch(sql, after, limit)
        return [
            Newcomer(row[0], row[1], Lane(row[2]), row[3], row[4], bool(row[5])) for row in rows
        ]
