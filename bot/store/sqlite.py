"""One company on one machine: a SQLite file, one writer thread that commits units in groups.

The price of a commit is the fsync, not the SQL (stack.md §5: 14k units/s grouped, 0.4k alone), so
units that arrive while a commit runs share the next one. Each unit lives in a savepoint: one that
meets other facts than it expected is rolled back alone.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TextIO

import structlog

from bot.errors import Conflict, Misconfigured, StoreFailed, StoreRefused, StoreUnavailable
from bot.store.database import GROUP_LIMIT, Job, Row, Statement, Unit, UnitConflict, resolve

log = structlog.get_logger(__name__)

_ASK_AGAIN_MS = 1_000
_LOCKED_S = 10.0
"""How long a commit waits for another process that writes."""


class SqliteDatabase:
    """A SQLite file: one writer thread, and readers that never wait for it.

    Args:
        path: of the file; its folder is created.

    `fetch` runs on the caller's thread: an indexed read of a warm page costs about 15 µs, a hop to
    another thread five times that. Reads that may touch many rows go through `scan`.

    Raises:
        StoreUnavailable: there can be no such file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
            self._reader = self._connect(read_only=True)
            self._scanner = self._connect(read_only=True)
        except (OSError, sqlite3.Error) as error:
            raise StoreUnavailable(f"{path} cannot be opened: {error}") from error
        self._scans = ThreadPoolExecutor(1, thread_name_prefix="scan")
        self._thread = threading.Thread(target=self._write_forever, name="writer", daemon=True)
        self._closed = False
        self._claimed: TextIO | None = None
        self._thread.start()

    def _connect(self, *, read_only: bool = False) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA busy_timeout = {_ASK_AGAIN_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        return connection

    async def commit(self, unit: Unit) -> list[list[Row]]:
        """Commit a unit durably."""
        if self._closed:
            raise StoreUnavailable("the database is closed")
        future: asyncio.Future[list[list[Row]]] = asyncio.get_running_loop().create_future()
        self._jobs.put(Job(unit, future))
        return await future

    async def execute(self, sql: str, *params: Any) -> list[Row]:
        """Commit one statement and return its rows."""
        return (await self.commit(Unit([Statement(sql, params)])))[0]

    async def fetch(self, sql: str, *params: Any) -> list[Row]:
        """Read a few rows through an index."""
        return self.read_sync(sql, *params)

    async def fetch_one(self, sql: str, *params: Any) -> Row | None:
        """Read the first row, if there is one."""
        with _told():
            row: Row | None = self._reader.execute(sql, params).fetchone()
        return row

    async def scan(self, sql: str, *params: Any) -> list[Row]:
        """Read many rows, off the caller's thread."""
        with _told():
            return await asyncio.get_running_loop().run_in_executor(
                self._scans, lambda: self._scanner.execute(sql, params).fetchall()
            )

    async def forget(self) -> bool:
        """Bring the log into the file and empty it: what was deleted is in neither afterwards.

        Returns:
            Whether it is empty; a reader of another process may hold on to it.
        """
        return await asyncio.get_running_loop().run_in_executor(self._scans, self._truncate_log)

    def _truncate_log(self) -> bool:
        with contextlib.closing(self._connect()) as connection:
            busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy

    async def foreign_version(self) -> int:
        """A number that changes when another process has committed, not when we have.

        It belongs to a connection: only the writer's leaves our own commits out.
        """
        rows = await self.execute("PRAGMA data_version")
        return int(rows[0][0])

    async def next_foreign(self, seen: int, within_s: float) -> int:
        """Nobody tells: it is asked when the time is over."""
        await asyncio.sleep(within_s)
        return await self.foreign_version()

    def join(self) -> None:
        """Several processes share a server, not a file."""
        raise Misconfigured(
            "storage.url: several processes need PostgreSQL; with SQLite one does everything (all)"
        )

    def claim(self) -> None:
        """Make this process the only one that serves the database, until it ends.

        Commands may write beside it; two services would pull and drain against each other.

        Raises:
            Misconfigured: another process serves it.
        """
        try:
            import fcntl  # noqa: PLC0415 (not on Windows, where nothing keeps two apart)
        except ImportError:
            return
        lock = self.path.with_suffix(".lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise Misconfigured(f"another process serves {self.path.name} already") from error
        self._claimed = lock

    @contextlib.contextmanager
    def migrating(self) -> Iterator[None]:
        """One process starts at a time on a machine; a second one meets the first one's ledger."""
        yield

    def apply(self, script: str, *then: Statement) -> None:
        """Change the tables, and note it, in one transaction."""
        with _told():
            try:
                self._writer.executescript(f"BEGIN IMMEDIATE;\n{script};")
                for statement in then:
                    self._apply(statement)
                self._writer.execute("COMMIT")
            except Exception:
                with contextlib.suppress(sqlite3.Error):
                    self._writer.execute("ROLLBACK")
                raise

    def run_script(self, script: str) -> None:
        """Run statements one by one at start-up, before anybody else uses the database."""
        with _told():
            self._writer.executescript(script)

    def read_sync(self, sql: str, *params: Any) -> list[Row]:
        """Read at start-up and from commands, outside the event loop."""
        with _told():
            return self._reader.execute(sql, params).fetchall()

    def tables(self) -> frozenset[str]:
        """Names of the tables."""
        rows = self.read_sync(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        return frozenset(row["name"] for row in rows)

    def columns(self, table: str) -> frozenset[str]:
        """Names of a table's columns, empty = there is no such table."""
        rows = self.read_sync("SELECT name FROM pragma_table_info(?)", table)
        return frozenset(row["name"] for row in rows)

    def last_ids(self) -> dict[str, int]:
        """Only of tables whose numbers are never given twice."""
        if not self.read_sync("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"):
            return {}
        return {row["name"]: row["seq"] for row in self.read_sync("SELECT * FROM sqlite_sequence")}

    def continue_ids(self, after: Mapping[str, int]) -> None:
        """The others are numbered on from the highest number that is there."""
        for table, number in after.items():
            changed = self._writer.execute(
                "UPDATE sqlite_sequence SET seq = MAX(seq, ?) WHERE name = ?", (number, table)
            )
            if not changed.rowcount:  # all of its rows were deleted
                self._writer.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, number))

    def close(self) -> None:
        """Finish what was queued and close the file."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        self._thread.join()
        self._scans.shutdown()
        if self._claimed is not None:
            self._claimed.close()
        for connection in (self._writer, self._reader, self._scanner):
            connection.close()

    # ------------------------------------------------------------------ the writer thread

    def _write_forever(self) -> None:
        while True:
            batch, last = self._next_batch()
            if batch:
                self._commit_batch(batch)
                resolve(batch)
            if last:
                return

    def _next_batch(self) -> tuple[list[Job], bool]:
        job = self._jobs.get()
        batch: list[Job] = []
        while job is not None:
            batch.append(job)
            if len(batch) >= GROUP_LIMIT or self._jobs.empty():
                return batch, False
            job = self._jobs.get()
        return batch, True

    def _commit_batch(self, batch: list[Job]) -> None:
        try:
            self._begin()
            for job in batch:
                self._run(job)
            self._writer.execute("COMMIT")
        except Exception as error:  # disk full, locked …: nothing was kept, and the thread goes on
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
            for job in batch:
                job.error = _failure(error)

    def _begin(self) -> None:
        """Wait while another process writes, but not when we are to end."""
        give_up_at = time.monotonic() + _LOCKED_S
        while True:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                locked = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
                if not locked or self._closed or time.monotonic() > give_up_at:
                    raise
            else:
                return

    def _run(self, job: Job) -> None:
        self._writer.execute("SAVEPOINT unit")
        try:
            job.rows = [self._apply(statement) for statement in job.unit.statements]
        except Exception as error:
            if not _is_the_units_own(error):
                raise
            job.error = _failure(error)
            self._writer.execute("ROLLBACK TO unit")
        else:
            for aside in job.unit.asides:
                self._run_aside(aside)
        self._writer.execute("RELEASE unit")

    def _run_aside(self, statements: list[Statement]) -> None:
        self._writer.execute("SAVEPOINT aside")
        try:
            for statement in statements:
                self._apply(statement)
        except Exception as error:
            if not _is_the_units_own(error):
                raise
            self._writer.execute("ROLLBACK TO aside")
            log.error("store.aside_failed", error=type(error).__name__)
        self._writer.execute("RELEASE aside")

    def _apply(self, statement: Statement) -> list[Row]:
        cursor = self._writer.execute(statement.sql, statement.params)
        rows = cursor.fetchall() if cursor.description else []
        if statement.expect is not None:
            found = len(rows) if cursor.description else cursor.rowcount
            if found != statement.expect:
                raise UnitConflict(statement, found)
        return rows


def _is_the_units_own(error: Exception) -> bool:
    """Whether a statement is to blame, not the database: then the other units are not hurt.

    A value that SQLite cannot take (a huge integer, half an emoji) raises no `sqlite3.Error`; the
    writer must outlive it.
    """
    if isinstance(error, sqlite3.OperationalError):  # bad SQL, or a full disk
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    own = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
    return isinstance(error, (*own, sqlite3.DataError)) or not isinstance(error, sqlite3.Error)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Errors of SQLite as ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise _failure(error) from error


def _failure(error: Exception) -> Exception:
    if isinstance(error, (Conflict, StoreFailed)):
        return error
    told = StoreRefused(str(error)) if _is_the_units_own(error) else StoreUnavailable(str(error))
    told.__cause__ = error
    return told
