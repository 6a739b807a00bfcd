"""Which contact way does a single customer have, and what does its code say?"""

from dataclasses import dataclass

from bot.store.database import Database, Statement


@dataclass(frozen=True, slots=True)
class PersonalWay:
    """A contact way.

    Args:
        config_id: empty = not made yet.
        content: what its QR code says, empty = not read yet.
        deleted_at: from then on the code is dead.
    """

    state: str
    config_id: str = ""
    url: str = ""
    content: str = ""
    tried_at: float | None = None
    made_at: float | None = None
    deleted_at: float | None = None

    @property
    def is_usable(self) -> bool:
        """Whether a code can be drawn that leads somewhere."""
        return bool(self.content) and self.deleted_at is None


class PersonalWays:
    """The table `personal_ways`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, state: str) -> PersonalWay:
        """What is known of it; nothing yet = an empty row."""
        row = await self._db.fetch_one("SELECT * FROM personal_ways WHERE state = ?", state)
        return PersonalWay(*row) if row else PersonalWay(state)

    async def trying(self, state: str, now: float) -> None:
        """It is tried to be made from now on, unless that began earlier."""
        await self._db.execute(
            "INSERT INTO personal_ways AS w (state, tried_at) VALUES (?, ?)"
            " ON CONFLICT (state) DO UPDATE SET tried_at = COALESCE(w.tried_at, excluded.tried_at)",
            *(state, now),
        )

    async def made(self, state: str, config_id: str, url: str, now: float) -> None:
        """WeCom has it."""
        await self._db.execute(
            "UPDATE personal_ways SET config_id = ?, url = ?, made_at = ? WHERE state = ?",
            *(config_id, url, now, state),
        )

    def read(self, state: str, content: str) -> Statement:
        """What its picture says."""
        sql = "UPDATE personal_ways SET content = ? WHERE state = ?"
        return Statement(sql, (content, state))

    def dropped(self, state: str, now: float) -> Statement:
        """WeCom has it no more."""
        return Statement("UPDATE personal_ways SET deleted_at = ? WHERE state = ?", (now, state))
