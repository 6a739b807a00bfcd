"""What came of what a member did on a page?"""

from dataclasses import dataclass

from bot.store.database import Database

ANSWER = (
    "INSERT INTO staff_answers VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (external_userid, client_id)"
    " DO UPDATE SET done = MIN(staff_answers.done, excluded.done), text = excluded.text"
)
"""Client id, customer, userid, moment, whether it was done, and what he is told."""


@dataclass(frozen=True, slots=True)
class StaffAnswer:
    """What he is told.

    Args:
        done: whether it was done as he wanted.
        text: empty = nothing but that.
    """

    done: bool
    text: str


class StaffAnswers:
    """The table of answers; a turn writes them, a page reads them."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def of(self, external_userid: str, client_id: str, userid: str) -> StaffAnswer | None:
        """What a member's action led to; ``None`` = its turn has not come, or it said nothing."""
        row = await self._db.fetch_one(
            "SELECT done, text FROM staff_answers WHERE external_userid = ? AND client_id = ?"
            " AND lower(userid) = lower(?)",
            *(external_userid, client_id, userid),
        )
        return StaffAnswer(bool(row["done"]), row["text"]) if row else None

    async def is_handled(self, key: str) -> bool | None:
        """Whether the action under this key of the mailbox was handled; ``None`` = no such."""
        row = await self._db.fetch_one("SELECT done_at, parked_at FROM mailbox WHERE key = ?", key)
        return None if row is None else row["done_at"] is not None or row["parked_at"] is not None
