"""How does a company move to another database without losing a row, or being in two places?

Rows are copied in the order of their keys, page by page, each page in one commit: a move that was
killed goes on after the last key that arrived. At the end every value is read on both sides and
compared. The target is not served before the end, and the source never after it.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.errors import Misconfigured, StoreRefused
from bot.store.database import Database, Row, Unit
from bot.store.tables import Table

PAGE = 500
KEY_TABLES = (Table("wrapped_keys", "owner"), Table("erasures", "receipt"))
_OWN = frozenset({"schema_migrations", "moves", "workers", "leases"})
"""What each database says of itself."""

_NAMES = "SELECT name FROM schema_migrations ORDER BY name"


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a table.

    Args:
        rows: that are there now.
        digest: of all their values, the same on both sides.
    """

    table: str
    rows: int
    digest: str


class Source(Protocol):
    """What is read of where a company is, or was at one moment."""

    def tables(self) -> frozenset[str]:
        """Names of the tables."""
        ...

    def columns(self, table: str) -> frozenset[str]:
        """Names of a table's columns."""
        ...

    def read_sync(self, sql: str, *params: Any) -> list[Row]:
        """Read a few rows."""
        ...

    async def scan(self, sql: str, *params: Any) -> list[Row]:
        """Read many rows."""
        ...

    def last_ids(self) -> dict[str, int]:
        """By table, the highest number that was ever given to a row."""
        ...


class Move:
    """From one database to another, both of this version's tables.

    Args:
        names: of the source and the target, for their notes about each other.
        tables: that are moved, those that others refer to first.
    """

    def __init__(
        self, source: Source, target: Database, names: tuple[str, str], tables: Sequence[Table]
    ) -> None:
        self.source, self.target, self._names = source, target, names
        self.tables = [table for table in tables if table.name in source.tables() - _OWN]

    async def begin(self) -> bool:
        """Note the move in the target; whether one goes on that was begun before.

        Raises:
            Misconfigured: the databases are of different versions, or rows are in the target.
        """
        if _migrations(self.source) != _migrations(self.target):
            raise Misconfigured("the two databases have not had the same migrations")
        known = await self.target.fetch_one("SELECT * FROM moves WHERE direction = 'in'")
        if known is not None:
            if known["other"] != self._names[0]:
                raise Misconfigured(f"rows of {known['other']} are in the target already")
            return True
        if "customers" in self.target.tables() and await self.target.fetch("SELECT 1 FROM persons"):
            raise Misconfigured("the target is in use: it has customers of its own")
        unit = Unit()
        for table in reversed(self.tables):  # what migrations put there comes from the source
            unit.add(f"DELETE FROM {table.name}")
        unit.add(
            "INSERT INTO moves VALUES ('in', ?, ?, NULL)", *(self._names[0], time.time()), expect=1
        )
        await self.target.commit(unit)
        return False

    async def copy(self, told: Callable[[str, int], None]) -> None:
        """Copy what is not there yet.

        Args:
            told: of each table and how many of its rows were copied now.

        Raises:
            Misconfigured: a value does not fit its column there.
        """
        for table in self.tables:
            copied = 0
            after = await _last_key(self.target, table)
            async for page in _pages(self.source, table, after):
                unit = Unit()
                for row in page:
                    marks = ", ".join("?" * len(row))
                    columns = ", ".join(row.keys())
                    unit.add(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", *row)
                try:
                    await self.target.commit(unit)
                except StoreRefused as error:
                    raise Misconfigured(f"table {table.name}: {error}") from error
                copied += len(page)
            told(table.name, copied)

    async def compare(self) -> list[Moved]:
        """Read everything on both sides.

        Raises:
            Misconfigured: a table is not the same on both sides.
        """
        moved = []
        for table in self.tables:
            here, there = await _digest(self.source, table), await _digest(self.target, table)
            if here != there:
                raise Misconfigured(
                    f"table {table.name} is not the same: {here.rows} rows there, {there.rows} here"
                )
            moved.append(there)
        return moved

    async def end(self, *, leaving: Database | None = None) -> None:
        """Let the target be served.

        Args:
            leaving: the source, where it is not to be served any more.
        """
        self.target.continue_ids(self.source.last_ids())
        now = time.time()
        if leaving is not None:
            await leaving.execute(
                "INSERT INTO moves VALUES ('out', ?1, ?2, ?2) ON CONFLICT (direction) DO UPDATE"
                " SET other = ?1, ended_at = ?2",
                *(self._names[1], now),
            )
        await self.target.execute("UPDATE moves SET ended_at = ? WHERE direction = 'in'", now)


def refuse_moved(database: Database) -> None:
    """Serve no company that is half here, or that has gone.

    Raises:
        Misconfigured: it is.
    """
    for row in database.read_sync("SELECT * FROM moves"):
        if row["direction"] == "in" and row["ended_at"] is None:
            raise Misconfigured(f"rows of {row['other']} are being moved here: finish that first")
        if row["direction"] == "out":
            raise Misconfigured(f"the company was moved to {row['other']}: set storage.url to that")


def _migrations(database: Source) -> list[str]:
    return [row["name"] for row in database.read_sync(_NAMES)]


async def _last_key(database: Database, table: Table) -> Sequence[Any]:
    order = ", ".join(f"{column} DESC" for column in table.key.split(", "))
    row = await database.fetch_one(f"SELECT {table.key} FROM {table.name} ORDER BY {order} LIMIT 1")
    return tuple(row) if row is not None else ()


async def _pages(database: Source, table: Table, after: Sequence[Any]) -> Any:
    """Rows in the order of the key, from the one after `after` on."""
    marks = ", ".join("?" * len(table.key.split(", ")))
    while True:
        where = f"WHERE ({table.key}) > ({marks})" if after else ""
        page = await database.scan(
            f"SELECT * FROM {table.name} {where} ORDER BY {table.key} LIMIT {PAGE}", *after
        )
        if not page:
            return
        yield page
        after = [page[-1][column] for column in table.key.split(", ")]


async def _digest(database: Source, table: Table) -> Moved:
    digest, rows = hashlib.sha256(), 0
    columns = sorted(database.columns(table.name))
    async for page in _pages(database, table, ()):
        rows += len(page)
        for part in _values(page, columns):
            digest.update(part)
    return Moved(table.name, rows, digest.hexdigest())


def _values(page: Sequence[Row], columns: Sequence[str]) -> Iterator[bytes]:
    """Each value with its type, so that 1, 1.0 and '1' differ."""
    for row in page:
        for column in columns:
            value = row[column]
            yield f"{type(value).__name__} {value!r}\n".encode("utf-8", "surrogatepass")
