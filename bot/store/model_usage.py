"""How many tokens has the chat model cost today, for a customer and for everybody?"""

from typing import Literal

from bot.store.database import Database, Unit, UnitConflict

EVERYBODY = ""

Spent = Literal["", "customer", "day"]
"""Whose tokens are spent, if any."""


class ModelUsage:
    """The model_usage table; a restart forgets nothing."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def reserve(
        self, external_userid: str, day_at: float, tokens: int, *, customer_most: int, most: int
    ) -> Spent:
        """Set tokens aside before a call, unless that would be too much.

        Args:
            day_at: Unix seconds of the midnight that began the day.
            customer_most: tokens a day for one customer.
            most: tokens a day for all.
        """
        unit = Unit()
        for who, limit in ((external_userid, customer_most), (EVERYBODY, most)):
            unit.add(
                "INSERT INTO model_usage VALUES (?, ?, 0, 0) ON CONFLICT DO NOTHING", who, day_at
            )
            unit.add(
                "UPDATE model_usage SET tokens = tokens + ?, calls = calls + 1"
                " WHERE external_userid = ? AND day_at = ? AND tokens + ? <= ? RETURNING 1",
                *(tokens, who, day_at, tokens, limit),
                expect=1,
            )
        try:
            await self._db.commit(unit)
        except UnitConflict as conflict:
            return "day" if EVERYBODY in conflict.statement.params else "customer"
        return ""

    async def correct(self, external_userid: str, day_at: float, by: int) -> None:
        """Put right what was set aside, once the call has told its cost."""
        unit = Unit()
        for who in (external_userid, EVERYBODY):
            unit.add(
                "UPDATE model_usage SET tokens = MAX(0, tokens + ?)"
                " WHERE external_userid = ? AND day_at = ?",
                *(by, who, day_at),
            )
        await self._db.commit(unit)

    async def of(self, external_userid: str, day_at: float) -> int:
        """Tokens of that day."""
        row = await self._db.fetch_one(
            "SELECT tokens FROM model_usage WHERE external_userid = ? AND day_at = ?",
            *(external_userid, day_at),
        )
        return int(row["tokens"]) if row else 0
