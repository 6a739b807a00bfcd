"""How is a batch of units committed exactly once, whatever the connection does meanwhile?

A batch takes one advisory lock and keeps it until its COMMIT. So a unit sees all that was committed
before it and nothing runs beside it, as under SQLite's single writer, and ids rise in the order of
commits. Locks of rows, or SERIALIZABLE, would need the condition of every statement to be looked at
again (decision 0036).

When the connection breaks before COMMIT was sent, nothing was kept and the batch runs again. When
it breaks after, the server is asked what became of the transaction (`pg_xact_status`).
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bot.errors import LeaseLost, Misconfigured, StoreUnavailable
from bot.store.database import Job, Row, Statement, UnitConflict
from bot.store.postgres.connection import (
    Connection,
    failure,
    is_outdated,
    is_passing,
    is_the_statements_own,
)

log = structlog.get_logger(__name__)

COMMITS, CLAIM, MIGRATING = 1, 2, 3
"""First keys of our advisory locks; the second is the schema's."""

KEY = "hashtext('concierge ' || trim('\"' FROM current_setting('search_path')))"
"""Of the schema, also before it is made: `current_schema()` is nothing then."""

_PATIENCE_S = 10.0
"""How long a unit waits for another process, or for a server that is away."""

_FATE_S = 60.0
_PAUSE_S = 0.2

# READ COMMITTED: each statement sees what was committed until it began, which is after the lock
_BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; NOTIFY "{channel}"'
_LOCK = f"SELECT pg_advisory_xact_lock({COMMITS}, {KEY}), pg_current_xact_id()::text AS id"
_CLAIM = f"SELECT pg_try_advisory_lock({CLAIM}, {KEY}) AS taken"
_JOIN = f"SELECT pg_try_advisory_lock_shared({CLAIM}, {KEY}) AS taken"
_EPOCHS = "SELECT name, epoch FROM leases"
_FATE = "SELECT pg_xact_status(CAST(? AS xid8)) AS fate"
_END_OLD = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid = ? AND backend_start::text = ?"
)


@dataclass(slots=True)
class _Attempt:
    """How far a batch came."""

    transaction: str = ""
    committing: bool = False


class Writer:
    """Commits batches over one connection at a time.

    Args:
        url: of the database.
        schema: in it.
        channel: on which every batch is announced.
    """

    def __init__(self, url: str, schema: str, channel: str) -> None:
        self._url, self._schema = url, schema
        self._begin = _BEGIN.format(channel=channel)
        self._connection: Connection | None = None
        self._last: tuple[int, str] | None = None
        self._busy = asyncio.Lock()
        self._claim = ""
        self.closing = False

    @property
    def pid(self) -> int:
        """The server's process that commits for us, 0 = there is none."""
        return self._connection.identity[0] if self._connection else 0

    async def claim(self, *, shared: bool = False) -> None:
        """Commit only as the one process that serves this schema, or as one of those that do.

        Raises:
            Misconfigured: another one does.
        """
        async with self._busy:
            connection, claim = await self._connected(), _JOIN if shared else _CLAIM
            if not await _claimed(connection, claim):
                raise Misconfigured("another process serves this database already")
            self._claim = claim

    async def commit(self, batch: Sequence[Job]) -> None:
        """Commit what can be committed; each job knows what became of it."""
        async with self._busy:
            give_up_at = time.monotonic() + _PATIENCE_S
            while True:
                attempt = _Attempt()
                for job in batch:
                    job.rows, job.error = [], None
                try:
                    await self._transact(batch, attempt)
                except Exception as error:
                    if await self._is_over(batch, attempt, error, give_up_at):
                        return
                else:
                    return

    async def close(self) -> None:
        """Close the connection, and with it give up the claim."""
        if self._connection is not None:
            await self._connection.close()

    # ------------------------------------------------------------------ one attempt

    async def _transact(self, batch: Sequence[Job], attempt: _Attempt) -> None:
        connection = await self._connected()
        await connection.script(self._begin)
        rows, _ = await connection.run(_LOCK, ())
        attempt.transaction = rows[0]["id"]
        between = ""
        for job in await self._still_ours(connection, batch):
            await connection.script(f"{between}SAVEPOINT unit")
            between = "RELEASE unit; "
            await _run(connection, job)
        attempt.committing = True
        said = await connection.script("COMMIT")
        if said != "COMMIT":
            raise StoreUnavailable(f"PostgreSQL: {said} instead of COMMIT")

    async def _still_ours(self, connection: Connection, batch: Sequence[Job]) -> list[Job]:
        """Those whose fence stands; nobody can take anything over before the batch has ended."""
        if self._claim != _JOIN or not any(job.fence for job in batch):
            return list(batch)
        rows, _ = await connection.run(_EPOCHS, ())
        epochs = {row["name"]: row["epoch"] for row in rows}
        for job in batch:
            if job.fence is not None and epochs.get(job.fence.name) != job.fence.epoch:
                job.error = LeaseLost(f"{job.fence.name} belongs to another process now")
        return [job for job in batch if job.error is None]

    async def _is_over(
        self, batch: Sequence[Job], attempt: _Attempt, error: Exception, give_up_at: float
    ) -> bool:
        """After an attempt that failed: whether the batch is done, or given up."""
        if is_outdated(error) and self._connection is not None:
            self._connection.forget_statements()
        broken = await self._broken()
        if broken and attempt.committing:
            fate = await self._fate(attempt.transaction)
            if fate == "committed":
                return True
            if fate != "aborted":
                error = StoreUnavailable("PostgreSQL went away during COMMIT and is not back")
                give_up_at = 0
        again = broken or is_passing(error) or is_outdated(error)
        again = again or isinstance(error, StoreUnavailable)
        if again and not self.closing and time.monotonic() < give_up_at:
            await asyncio.sleep(_PAUSE_S if broken else 0)
            return False
        log.warning("store.batch_failed", error=type(error).__name__, units=len(batch))
        for job in batch:
            job.error = failure(error)
        return True

    async def _broken(self) -> bool:
        """Whether the connection is of no use any more; if it is, nothing is left open on it."""
        if self._connection is None:
            return True
        try:
            if not self._connection.closed:
                await self._connection.script("ROLLBACK")
        except Exception as error:
            log.warning("store.connection_lost", error=type(error).__name__)
        else:
            if not self._connection.closed:
                return False
        await self._connection.close()
        self._connection = None
        return True

    async def _fate(self, transaction: str) -> str:
        """``committed``, ``aborted``, or empty when nobody could say in time."""
        give_up_at = time.monotonic() + _FATE_S
        while time.monotonic() < give_up_at:
            try:
                connection = await self._connected()
                rows, _ = await connection.run(_FATE, (transaction,))
                if (fate := str(rows[0]["fate"])) != "in progress":
                    return fate
            except Exception as error:
                log.warning("store.fate_unknown", error=type(error).__name__)
                await self._broken()
            await asyncio.sleep(_PAUSE_S)
        return ""

    async def _connected(self) -> Connection:
        """The connection, a new one when the last one broke; it holds the claim if we have one.

        Raises:
            StoreUnavailable: the server does not answer, or another process serves the schema.
        """
        if self._connection is None:
            fresh = await Connection.open(self._url, self._schema)
            if self._last is not None:  # it may still hold our locks
                await fresh.run(_END_OLD, self._last)
            if self._claim and not await _claimed(fresh, self._claim):
                await fresh.close()
                raise StoreUnavailable("another process serves this database now")
            self._connection, self._last = fresh, fresh.identity
        return self._connection


async def _claimed(connection: Connection, claim: str) -> bool:
    rows, _ = await connection.run(claim, ())
    return bool(rows[0]["taken"])


async def _run(connection: Connection, job: Job) -> None:
    try:
        for statement in job.unit.statements:
            job.rows.append(await apply(connection, statement))
    except Exception as error:
        if not is_the_statements_own(error):
            raise
        job.error = failure(error)
        await connection.script("ROLLBACK TO unit")
    else:
        for aside in job.unit.asides:
            await _run_aside(connection, aside)


async def _run_aside(connection: Connection, statements: Sequence[Statement]) -> None:
    await connection.script("SAVEPOINT aside")
    try:
        for statement in statements:
            await apply(connection, statement)
    except Exception as error:
        if not is_the_statements_own(error):
            raise
        await connection.script("ROLLBACK TO aside")
        log.error("store.aside_failed", error=type(error).__name__)
    await connection.script("RELEASE aside")


async def apply(connection: Connection, statement: Statement) -> list[Row]:
    """Run a statement and count what it did.

    Raises:
        UnitConflict: another number of rows than expected.
    """
    rows, found = await connection.run(statement.sql, statement.params)
    if statement.expect is not None and found != statement.expect:
        raise UnitConflict(statement, found)
    return rows
