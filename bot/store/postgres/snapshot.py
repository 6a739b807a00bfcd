"""How is one moment of a schema read while others go on committing?"""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.store.database import Row
from bot.store.postgres.connection import Connection, failure
from bot.store.postgres.layout import Layout

BEGIN = (
    # whoever writes down what is read may be slow; nobody waits for a transaction that only reads
    "SET idle_in_transaction_session_timeout = '10min';"
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1 FROM pg_class LIMIT 1"
)
"""The moment is that of the first read, not of BEGIN."""


class Snapshot(Layout):
    """One moment; over when its connection breaks, never another moment.

    Args:
        connection: in a transaction that was begun with `BEGIN`.
        wait: reads on the connection's thread, and waits for it.
        there: the same for whoever awaits it.
    """

    def __init__(
        self,
        connection: Connection,
        wait: Callable[[Any], list[Row]],
        there: Callable[[Any], Awaitable[list[Row]]],
    ) -> None:
        super().__init__()
        self._connection, self._wait, self._there = connection, wait, there

    def read_sync(self, sql: str, *params: Any) -> list[Row]:
        """Read, outside the event loop."""
        return self._wait(self._read(sql, params))

    async def scan(self, sql: str, *params: Any) -> list[Row]:
        """Read many rows."""
        return await self._there(self._read(sql, params))

    async def _read(self, sql: str, params: tuple[Any, ...]) -> list[Row]:
        try:
            return (await self._connection.run(sql, params))[0]
        except Exception as error:
            raise failure(error) from error
