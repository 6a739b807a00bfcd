"""How do facts become durable? Units of statements, committed one after another, in groups.

`SqliteDatabase` and `PostgresDatabase` promise the same: a unit sees every unit that was committed
before it and none that runs beside it, whichever process they come from. So a condition in a
statement (``WHERE stock > 0``, ``expect=1``) is all that is needed to keep two from the same thing.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.errors import Conflict
from bot.store.fences import Fence

GROUP_LIMIT = 256
"""Most units in one commit; bounds how long a reader of results waits."""


class Row(Protocol):
    """What a query returned, by name or by position."""

    def __getitem__(self, key: Any, /) -> Any:
        """The value of a column."""
        ...

    def keys(self) -> Any:
        """Names of the columns."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """The values."""
        ...

    def __len__(self) -> int:
        """How many columns."""
        ...


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement of a unit.

    Args:
        sql: with ``?`` placeholders, in the words that both databases know (`dialect.py`).
        params: values for them.
        expect: rows that must be affected (or returned); any other count is a `Conflict`.
    """

    sql: str
    params: Sequence[Any] = ()
    expect: int | None = None


@dataclass(slots=True)
class Unit:
    """Statements that are committed together or not at all.

    Args:
        statements: in order.
        asides: groups with a savepoint of their own; the failure of one is logged and costs
            the unit nothing (observers).
    """

    statements: list[Statement] = field(default_factory=list)
    asides: list[list[Statement]] = field(default_factory=list)

    def add(self, sql: str, *params: Any, expect: int | None = None) -> None:
        """Append a statement."""
        self.statements.append(Statement(sql, params, expect))


class UnitConflict(Conflict):
    """A statement of the unit affected another number of rows than expected"""

    def __init__(self, statement: Statement, found: int) -> None:
        self.statement, self.found = statement, found
        super().__init__(f"expected {statement.expect} rows, found {found}: {statement.sql[:120]}")


class Database(Protocol):
    """Facts of one company, or its keys."""

    async def commit(self, unit: Unit) -> list[list[Row]]:
        """Commit a unit durably.

        Returns:
            For each statement the rows it returned (``RETURNING``), else an empty list.

        Raises:
            UnitConflict: a statement affected another number of rows than expected.
            LeaseLost: another process has taken over what this is done for (`fences.py`).
            StoreRefused: a statement is wrong, or a constraint forbids it; nothing was kept.
            StoreUnavailable: the database cannot, or is closed; nothing was kept.
        """
        ...

    async def execute(self, sql: str, *params: Any) -> list[Row]:
        """Commit one statement and return its rows."""
        ...

    async def fetch(self, sql: str, *params: Any) -> list[Row]:
        """Read a few rows through an index."""
        ...

    async def fetch_one(self, sql: str, *params: Any) -> Row | None:
        """Read the first row, if there is one."""
        ...

    async def scan(self, sql: str, *params: Any) -> list[Row]:
        """Read many rows without holding up those who read few."""
        ...

    async def forget(self) -> bool:
        """Overwrite what was deleted, as far as the database lets us.

        Returns:
            Whether nothing of it is left in the files of the database.
        """
        ...

    async def foreign_version(self) -> int:
        """A number that changes when another process has committed, not when we have."""
        ...

    async def next_foreign(self, seen: int, within_s: float) -> int:
        """That number as soon as it is another than `seen`, or after so long as it is."""
        ...

    def claim(self) -> None:
        """Make this process the only one that serves the database, until it ends.

        Commands may write beside it; two services would pull and drain against each other.

        Raises:
            Misconfigured: another process serves it.
        """
        ...

    def join(self) -> None:
        """Serve the database beside others who have joined, until it ends, each under its fences.

        Raises:
            Misconfigured: another process serves it alone, or the database is for one only.
        """
        ...

    def migrating(self) -> AbstractContextManager[None]:
        """Nobody else changes the tables meanwhile."""
        ...

    def apply(self, script: str, *then: Statement) -> None:
        """Change the tables, and note it, in one transaction.

        Raises:
            StoreFailed: a statement could not run; nothing of the script was kept.
        """
        ...

    def run_script(self, script: str) -> None:
        """Run statements at start-up, before anybody else uses the database."""
        ...

    def read_sync(self, sql: str, *params: Any) -> list[Row]:
        """Read at start-up and from commands, outside the event loop."""
        ...

    def tables(self) -> frozenset[str]:
        """Names of the tables."""
        ...

    def columns(self, table: str) -> frozenset[str]:
        """Names of a table's columns, empty = there is no such table."""
        ...

    def last_ids(self) -> dict[str, int]:
        """By table, the highest number that was ever given to a row, where it is remembered."""
        ...

    def continue_ids(self, after: Mapping[str, int]) -> None:
        """Number new rows on from what is in the tables, and from these numbers."""
        ...

    def close(self) -> None:
        """Finish what was queued and close; closing twice is harmless."""
        ...


@dataclass(slots=True)
class Job:
    """A unit on its way, and what became of it."""

    unit: Unit
    future: "asyncio.Future[list[list[Row]]]"
    fence: Fence | None = None
    rows: list[list[Row]] = field(default_factory=list)
    error: BaseException | None = None


def resolve(batch: Sequence[Job]) -> None:
    """Tell those who wait, each on their own event loop; called from the writer's thread."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in batch:
        by_loop.setdefault(job.future.get_loop(), []).append(job)
    for loop, jobs in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_set_results, jobs)


def _set_results(jobs: list[Job]) -> None:
    for job in jobs:
        if job.future.cancelled():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.rows)
