"""What can be asked of one connection, and what do its errors mean to us?"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Self

import asyncpg

from bot.errors import Conflict, Misconfigured, StoreFailed, StoreRefused, StoreUnavailable
from bot.store.database import Row
from bot.store.postgres.dialect import to_postgres

_CONNECT_S = 10.0
_STATEMENTS = 1024
"""Prepared statements that a connection keeps."""

_SETTINGS = {
    "application_name": "concierge",
    "jit": "off",  # our statements are small: compiling costs more than running
    "lock_timeout": "1000",
    # a process that is stopped in the middle of a batch must not stop the others for long
    "idle_in_transaction_session_timeout": "3000",
    # a server notices within 15 s that we are gone, and gives up our locks
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "2",
    "client_min_messages": "warning",
}
_SERVERS_FAULT = ("08", "25", "40", "53", "55", "57", "58", "XX")
"""Classes of SQLSTATE that tell of the server and not of the statement (PostgreSQL, appendix A)."""

_LOCK_NOT_AVAILABLE, _TRY_AGAIN = "55P03", "40"


class Connection:
    """A connection to a schema; never used by two at once.

    Args:
        raw: opened.
        identity: process id and start of the server's side of it.
    """

    def __init__(self, raw: Any, identity: tuple[int, str]) -> None:
        self.raw, self.identity = raw, identity
        self._prepared: OrderedDict[str, Any] = OrderedDict()

    @classmethod
    async def open(cls, url: str, schema: str, *, read_only: bool = False) -> Self:
        """Connect.

        Raises:
            StoreUnavailable: the server does not answer, or does not let us in.
        """
        settings = _SETTINGS | {"search_path": f'"{schema}"'}
        if read_only:
            settings["default_transaction_read_only"] = "on"
        try:
            raw = await asyncpg.connect(
                url, server_settings=settings, timeout=_CONNECT_S, statement_cache_size=0
            )
            await raw.set_type_codec(
                *("numeric",),
                schema="pg_catalog",
                encoder=str,
                decoder=_number,
                format="text",
            )
            started = await raw.fetchval(
                "SELECT backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"
            )
        except (OSError, TimeoutError, ValueError, asyncpg.PostgresError) as error:
            raise StoreUnavailable(f"PostgreSQL: {error or type(error).__name__}") from error
        except asyncpg.InterfaceError as error:
            raise StoreUnavailable(f"PostgreSQL: {error}") from error
        return cls(raw, (raw.get_server_pid(), str(started)))

    @property
    def closed(self) -> bool:
        """Whether nothing more can be asked."""
        return bool(self.raw.is_closed())

    async def run(self, sql: str, params: Sequence[Any]) -> tuple[list[Row], int]:
        """Run a statement; the rows that it returned, and how many it affected or returned."""
        text, values = to_postgres(sql, params)
        statement = self._prepared.get(text)
        if statement is None:
            statement = self._prepared[text] = await self.raw.prepare(text)
            if len(self._prepared) > _STATEMENTS:
                self._prepared.popitem(last=False)
        else:
            self._prepared.move_to_end(text)
        rows: list[Row] = await statement.fetch(*values)
        if statement.get_attributes():
            return rows, len(rows)
        told = statement.get_statusmsg().rsplit(" ", 1)[-1]
        return rows, int(told) if told.isdecimal() else 0

    async def script(self, sql: str) -> str:
        """Run statements without parameters in one exchange; what the last one said."""
        return str(await self.raw.execute(sql))

    def forget_statements(self) -> None:
        """Prepare again: tables have changed."""
        self._prepared.clear()

    async def close(self) -> None:
        """Close, however it stands."""
        try:
            async with asyncio.timeout(1):
                await self.raw.close()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self.raw.terminate()


def is_outdated(error: BaseException) -> bool:
    """Whether a prepared statement met tables that have changed since.

    The server says so, or the client finds another number of columns in a row than were described.
    """
    changed = (asyncpg.InvalidCachedStatementError, asyncpg.ProtocolError)
    return isinstance(error, (*changed, asyncpg.OutdatedSchemaCacheError))


def is_passing(error: BaseException) -> bool:
    """Whether the same batch may pass the next moment: another holds the lock."""
    state = getattr(error, "sqlstate", None) or ""
    return state == _LOCK_NOT_AVAILABLE or state.startswith(_TRY_AGAIN)


def is_the_statements_own(error: BaseException) -> bool:
    """Whether a statement is to blame, not the server: then the other units are not hurt."""
    gone = (OSError, TimeoutError, StoreUnavailable, asyncpg.InterfaceError)
    if isinstance(error, gone) or is_outdated(error):
        return False
    state = getattr(error, "sqlstate", None)
    return not (state and state.startswith(_SERVERS_FAULT))


def failure(error: Exception) -> Exception:
    """An error of PostgreSQL, or of a value that it cannot take, as ours."""
    if isinstance(error, (Conflict, StoreFailed, Misconfigured)):
        return error
    kind = StoreRefused if is_the_statements_own(error) else StoreUnavailable
    state = getattr(error, "sqlstate", None) or ""
    # values must stay out of logs: they are in the details, and in what is said of a bad value
    said = getattr(error, "message", None) or str(error)
    told = kind(f"PostgreSQL: {type(error).__name__ if state.startswith('22') else said}")
    told.__cause__ = error
    return told


def _number(text: str) -> int | float:
    """SUM of integers is `numeric` there; here it is an integer, as from SQLite."""
    return int(text) if text.lstrip("-").isdecimal() else float(text)
