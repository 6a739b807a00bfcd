"""Where has somebody silenced the bot, or blocked a customer?"""

from collections.abc import Collection
from dataclasses import dataclass

from bot.model import Conversation
from bot.store.database import Database, Row, Unit


@dataclass(frozen=True, slots=True)
class Silence:
    """Why the bot does not speak in a conversation."""

    kind: str
    scope: str
    reason: str


class Switches:
    """The switches table; each switch silences from the moment it is stored."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def silence_of(self, conversation: Conversation) -> Silence | None:
        """The widest switch that applies, if any."""
        row = await self._db.fetch_one(
            "SELECT kind, scope, reason FROM switches WHERE scope = 'all'"
            " OR (scope = 'account' AND key = ?) OR (scope = 'customer' AND key = ?)"
            " ORDER BY scope LIMIT 1",
            *(conversation.open_kfid, conversation.external_userid),
        )
        return Silence(row["kind"], row["scope"], row["reason"]) if row else None

    async def turn_on(
        self, kind: str, scope: str, key: str, *, by: str, reason: str, now: float
    ) -> None:
        """Silence the bot (or block a customer)."""
        await self._db.execute(
            "INSERT INTO switches VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (kind, scope, key) DO UPDATE SET"
            " set_at = excluded.set_at, set_by = excluded.set_by, reason = excluded.reason",
            *(kind, scope, key, now, by, reason),
        )

    async def block_only(self, external_userids: Collection[str], *, by: str, now: float) -> None:
        """Make these the customers whom `by` blocks: add the new, release the others."""
        unit = Unit()
        for row in await self.all():
            if row["set_by"] == by and row["key"] not in external_userids:
                unit.add("DELETE FROM switches WHERE kind = 'block' AND key = ?", row["key"])
        for external_userid in external_userids:
            unit.add(
                "INSERT INTO switches VALUES ('block', 'customer', ?, ?, ?, '')"
                " ON CONFLICT DO NOTHING",
                *(external_userid, now, by),
            )
        await self._db.commit(unit)

    async def turn_off(self, kind: str, scope: str, key: str) -> bool:
        """Let the bot speak again; says whether the switch was on."""
        rows = await self._db.execute(
            "DELETE FROM switches WHERE kind = ? AND scope = ? AND key = ? RETURNING kind",
            *(kind, scope, key),
        )
        return bool(rows)

    async def all(self) -> list[Row]:
        """Every switch that is on."""
        return await self._db.fetch("SELECT * FROM switches ORDER BY kind, scope, key")
