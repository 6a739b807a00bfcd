"""A row for any table, from the names and types of its columns."""

from typing import Any

from bot.store import Database, Table
from bot.store.sqlite import SqliteDatabase

NUMBERS = ("INTEGER", "REAL", "bigint", "double precision")
BYTES = ("BLOB", "bytea")


def columns_of(database: Database, table: Table) -> list[tuple[str, str]]:
    """Names and types."""
    if isinstance(database, SqliteDatabase):
        asked = "SELECT name, type FROM pragma_table_info(?)"
    else:
        asked = (
            "SELECT column_name AS name, data_type AS type FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name = ?"
        )
    return [(row["name"], row["type"]) for row in database.read_sync(asked, table.name)]


def a_row(database: Database, table: Table, n: int) -> dict[str, Any]:
    """The n-th row: no two share a value, and a reference leads to the n-th row there."""
    values: dict[str, Any] = {}
    for name, kind in columns_of(database, table):
        if kind in ("REAL", "double precision"):
            values[name] = n + 0.1
        elif kind in NUMBERS:
            values[name] = n + 1
        elif kind in BYTES:
            values[name] = bytes([n, 0, 255])
        else:
            values[name] = f"{name}-{n} “中文”"
    return values
