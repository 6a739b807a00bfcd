"""How do the event loops of a process share a few connections to PostgreSQL?

Connections live on an event loop in a thread of their own: a turn that computes does not hold up a
batch, and with it every other process. Reads queue for `READERS` connections, scans for others.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import structlog

from bot.errors import Misconfigured, StoreUnavailable
from bot.store.database import GROUP_LIMIT, Job, Row, Statement, Unit, resolve
from bot.store.fences import current_fence
from bot.store.postgres.connection import Connection, failure, is_outdated, is_passing
from bot.store.postgres.dialect import script_to_postgres
from bot.store.postgres.layout import NUMBERED, Layout
from bot.store.postgres.snapshot import BEGIN, Snapshot
from bot.store.postgres.writer import COMMITS, KEY, MIGRATING, Writer, apply

log = structlog.get_logger(__name__)

T = TypeVar("T")
Pool = asyncio.LifoQueue[Connection | None]

READERS, SCANNERS = 4, 2
"""Connections for reading; more of them only queue up elsewhere."""

OLDEST = 16
"""Version of PostgreSQL: the first that takes ``FROM (SELECT …)`` without an alias."""

_FUNCTIONS = Path(__file__).parent / "functions.sql"
_PATIENCE_S = 10.0
_PAUSE_S = 0.2


class PostgresDatabase(Layout):
    """A schema of a PostgreSQL database.

    Args:
        url: ``postgresql://user:password@host:port/database``.
        schema: where the tables are; the first migration makes it.

    Raises:
        StoreUnavailable: the server does not answer.
        Misconfigured: it is too old, or does not wait for the disk.
    """

    def __init__(self, url: str, schema: str) -> None:
        super().__init__()
        self._url, self._schema = url, schema
        self._channel = f"concierge {schema}"
        # not uvloop: a process with connections on it in this thread crashed once, unexplained
        self._loop = asyncio.new_event_loop()
        self._jobs: asyncio.Queue[Job | None] = asyncio.Queue()
        self._writer = Writer(url, schema, self._channel)
        self._readers, self._scanners = _pool(READERS), _pool(SCANNERS)
        self._listener: Connection | None = None
        self._listening, self._told = asyncio.Lock(), asyncio.Event()
        self._migrator: Connection | None = None
        self._closed, self._foreign = False, 0
        self._thread = threading.Thread(target=self._loop.run_forever, name="postgres", daemon=True)
        self._thread.start()
        try:
            self._wait(self._examine())
        except BaseException:
            self._closed = True
            self._wait(self._disconnect())
            self._stop()
            raise
        self._writing = asyncio.run_coroutine_threadsafe(self._write_forever(), self._loop)

    async def commit(self, unit: Unit) -> list[list[Row]]:
        """Commit a unit durably."""
        if self._closed:
            raise StoreUnavailable("the database is closed")
        future: asyncio.Future[list[list[Row]]] = asyncio.get_running_loop().create_future()
        self._loop.call_soon_threadsafe(self._jobs.put_nowait, Job(unit, future, current_fence()))
        return await future

    async def execute(self, sql: str, *params: Any) -> list[Row]:
        """Commit one statement and return its rows."""
        return (await self.commit(Unit([Statement(sql, params)])))[0]

    async def fetch(self, sql: str, *params: Any) -> list[Row]:
        """Read a few rows through an index."""
        return await self._there(self._read(self._readers, sql, params))

    async def fetch_one(self, sql: str, *params: Any) -> Row | None:
        """Read the first row, if there is one."""
        rows = await self.fetch(sql, *params)
        return rows[0] if rows else None

    async def scan(self, sql: str, *params: Any) -> list[Row]:
        """Read many rows, on a connection that quick reads do not wait for."""
        return await self._there(self._read(self._scanners, sql, params))

    async def forget(self) -> bool:
        """Give back the space of deleted rows; it is overwritten when it is used again.

        Returns:
            False: the server's log and its backups keep them until they are recycled. What must
            be unreadable at once is sealed with a key that is deleted.
        """
        await self._there(self._script("VACUUM"))
        return False

    async def foreign_version(self) -> int:
        """Rises when another process commits: every batch is announced to all."""
        return await self._there(self._heard())

    async def next_foreign(self, seen: int, within_s: float) -> int:
        """That number as soon as another batch is announced."""
        return await self._there(self._heard_after(seen, within_s))

    def claim(self) -> None:
        """Make this process the only one that serves the database, until it ends.

        The connection that commits holds the claim: when it breaks, nothing is committed before
        the claim is taken again.
        """
        self._wait(self._writer.claim())

    def join(self) -> None:
        """Serve beside others; who claims it, and a version that knows no fences, is kept out."""
        self._wait(self._writer.claim(shared=True))

    @contextlib.contextmanager
    def migrating(self) -> Iterator[None]:
        """Nobody else changes the tables meanwhile; others that start wait."""
        self._wait(self._begin_migrating())
        try:
            yield
        finally:
            self._layout = {}
            self._wait(self._end_migrating())

    def apply(self, script: str, *then: Statement) -> None:
        """Change the tables, and note it, in one transaction."""
        self._wait(self._change(script, then))

    def run_script(self, script: str) -> None:
        """Run statements in one transaction at start-up."""
        self._wait(self._change(script, ()))

    def read_sync(self, sql: str, *params: Any) -> list[Row]:
        """Read at start-up and from commands, outside the event loop."""
        return self._wait(self._read(self._readers, sql, params))

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """One moment of everything, while others go on committing.

        Raises:
            StoreUnavailable: the server does not answer.
        """
        connection = self._wait(self._connect(read_only=True))
        try:
            self._wait(connection.script(BEGIN))
            yield Snapshot(connection, self._wait, self._there)
        finally:
            self._wait(connection.close())

    def continue_ids(self, after: Mapping[str, int]) -> None:
        """Rows that were copied with their numbers have not moved the sequences."""
        for row in self.read_sync(NUMBERED):
            table, column = row["table_name"], row["column_name"]
            highest = self.read_sync(f"SELECT COALESCE(MAX({column}), 0) AS id FROM {table}")
            number = max(highest[0]["id"], after.get(table, 0))
            if number:
                self.run_script(
                    f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), {number})"
                )

    def close(self) -> None:
        """Finish what was queued and close the connections."""
        if self._closed:
            return
        self._closed = self._writer.closing = True
        self._loop.call_soon_threadsafe(self._jobs.put_nowait, None)
        self._writing.result()
        self._wait(self._disconnect())
        self._stop()

    # ------------------------------------------------------------------ from thread to thread

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _there(self, work: Coroutine[Any, Any, T]) -> T:
        if self._closed:
            work.close()
            raise StoreUnavailable("the database is closed")
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # ------------------------------------------------------------------ on the connections' thread

    async def _write_forever(self) -> None:
        last = False
        while not last:
            batch, last = await self._next_batch()
            if batch:
                await self._writer.commit(batch)
                resolve(batch)

    async def _next_batch(self) -> tuple[list[Job], bool]:
        job = await self._jobs.get()
        batch: list[Job] = []
        while job is not None:
            batch.append(job)
            if len(batch) >= GROUP_LIMIT or self._jobs.empty():
                return batch, False
            job = self._jobs.get_nowait()
        return batch, True

    async def _read(self, pool: Pool, sql: str, params: Any) -> list[Row]:
        give_up_at = time.monotonic() + _PATIENCE_S
        while True:
            connection = await pool.get()
            try:
                if connection is None or connection.closed:
                    connection = await self._connect(read_only=True)
                return (await connection.run(sql, params))[0]
            except Exception as error:
                if connection is not None and is_outdated(error):
                    connection.forget_statements()
                told = failure(error)
                passing = isinstance(told, StoreUnavailable) and not _is_for_ever(connection, error)
                if not passing or self._closed or time.monotonic() > give_up_at:
                    raise told from error
            finally:
                pool.put_nowait(connection)
            await asyncio.sleep(_PAUSE_S)

    async def _heard(self) -> int:
        async with self._listening:
            try:
                if self._listener is None or self._listener.closed:
                    self._listener = await self._connect(read_only=True)
                    await self._listener.raw.add_listener(self._channel, self._hear)
                    self._foreign += 1  # whoever committed in between was not heard
                await self._listener.script("SELECT 1")  # brings what was announced before it
            except Exception as error:
                raise failure(error) from error
        return self._foreign

    async def _heard_after(self, seen: int, within_s: float) -> int:
        self._told.clear()
        if (heard := await self._heard()) != seen:
            return heard
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._told.wait()
        return self._foreign

    def _hear(self, _connection: object, pid: int, _channel: str, _payload: object) -> None:
        if pid != self._writer.pid:
            self._foreign += 1
            self._told.set()

    async def _connect(self, *, read_only: bool = False) -> Connection:
        return await Connection.open(self._url, self._schema, read_only=read_only)

    async def _examine(self) -> None:
        connection = await self._connect(read_only=True)
        self._readers.get_nowait()
        self._readers.put_nowait(connection)
        version = connection.raw.get_server_version().major
        if version < OLDEST:
            raise Misconfigured(f"PostgreSQL {version} is too old: {OLDEST} or newer is needed")
        asked = "SELECT current_setting('synchronous_commit') AS s, getdatabaseencoding() AS e"
        rows, _ = await connection.run(asked, ())
        if rows[0]["s"] == "off":
            raise Misconfigured("PostgreSQL: synchronous_commit must not be off for this user")
        if rows[0]["e"] != "UTF8":
            raise Misconfigured(f"PostgreSQL: the database is in {rows[0]['e']}, not in UTF8")

    async def _begin_migrating(self) -> None:
        self._migrator = connection = await self._connect()
        schema = (self._schema,)
        try:
            await connection.script("SET lock_timeout = '60s'")
            await connection.run(f"SELECT pg_advisory_lock({MIGRATING}, hashtext(?))", schema)
            known, _ = await connection.run("SELECT current_schema() AS name", ())
            if known[0]["name"] is None:
                await connection.script(f'CREATE SCHEMA "{self._schema}"')
            await connection.script(_FUNCTIONS.read_text("utf-8"))
        except Exception as error:
            raise failure(error) from error

    async def _end_migrating(self) -> None:
        if self._migrator is not None:
            await self._migrator.close()
        self._migrator = None

    async def _change(self, script: str, then: tuple[Statement, ...]) -> None:
        connection = self._migrator or await self._connect()
        try:
            await connection.script("BEGIN")
            await connection.run(f"SELECT pg_advisory_xact_lock({COMMITS}, {KEY})", ())
            await connection.script(script_to_postgres(script))
            for statement in then:
                await apply(connection, statement)
            await connection.script("COMMIT")
        except Exception as error:
            with contextlib.suppress(Exception):
                await connection.script("ROLLBACK")
            raise failure(error) from error
        finally:
            if connection is not self._migrator:
                await connection.close()

    async def _script(self, script: str) -> None:
        connection = await self._connect()
        try:
            await connection.script(script)
        except Exception as error:
            raise failure(error) from error
        finally:
            await connection.close()

    async def _disconnect(self) -> None:
        await self._writer.close()
        held = [self._listener, self._migrator]
        for pool in (self._readers, self._scanners):
            while not pool.empty():
                held.append(pool.get_nowait())
        for connection in held:
            if connection is not None:
                await connection.close()


def _pool(size: int) -> Pool:
    pool: Pool = asyncio.LifoQueue()
    for _ in range(size):
        pool.put_nowait(None)
    return pool


def _is_for_ever(connection: Connection | None, error: Exception) -> bool:
    """Whether reading again would meet the same: the connection lives, and nobody is in the way."""
    lives = connection is not None and not connection.closed
    return lives and not is_outdated(error) and not is_passing(error)
