"""Which replies do members keep at hand: the company's, and each one's own?"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.store.database import Database, Row

MOST_OF_ONE = 500


@dataclass(frozen=True, slots=True)
class QuickReply:
    """One reply.

    Args:
        owner: lower-cased userid, empty = the company's.
        initials: first letters of the pinyin of title and body, a space between.
    """

    id: int
    owner: str
    category: str
    title: str
    body: str
    initials: str
    uses: int
    updated_at: float


class QuickReplies:
    """The table of replies at hand."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def of(self, userid: str) -> list[QuickReply]:
        """The company's and a member's own, the most used first."""
        rows = await self._db.fetch(
            "SELECT * FROM quick_replies WHERE owner IN ('', ?) ORDER BY uses DESC, title",
            userid.lower(),
        )
        return [_reply(row) for row in rows]

    async def get(self, reply_id: int) -> QuickReply | None:
        """One of them."""
        row = await self._db.fetch_one("SELECT * FROM quick_replies WHERE id = ?", reply_id)
        return _reply(row) if row else None

    async def add(
        self, owner: str, texts: Sequence[str], initials: str, *, by: str, now: float
    ) -> bool:
        """Keep one more; ``False`` = there are too many of this owner.

        Args:
            texts: category, title and body.
        """
        rows = await self._db.execute(
            "INSERT INTO quick_replies (owner, category, title, body, initials, updated_at,"
            " updated_by) SELECT ?, ?, ?, ?, ?, ?, ? WHERE (SELECT COUNT(*) FROM quick_replies"
            " WHERE owner = ?) < ? RETURNING id",
            *(owner.lower(), *texts, initials, now, by, owner.lower(), MOST_OF_ONE),
        )
        return bool(rows)

    async def remove(self, reply_id: int, owner: str) -> bool:
        """Take one away, if it is this owner's."""
        rows = await self._db.execute(
            "DELETE FROM quick_replies WHERE id = ? AND owner = ? RETURNING id",
            *(reply_id, owner.lower()),
        )
        return bool(rows)

    async def used(self, reply_id: int, now: float) -> None:
        """Count one use."""
        await self._db.execute(
            "UPDATE quick_replies SET uses = uses + 1, used_at = ? WHERE id = ?", now, reply_id
        )


def _reply(row: Row) -> QuickReply:
    return QuickReply(
        *(row["id"], row["owner"], row["category"], row["title"], row["body"], row["initials"]),
        *(row["uses"], row["updated_at"]),
    )
