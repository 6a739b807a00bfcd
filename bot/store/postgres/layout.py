"""Which tables does a schema of PostgreSQL have, and how far are they numbered?"""

from typing import Any

from bot.store.database import Row

_COLUMNS = (
    "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = current_schema()"
)

NUMBERED = (
    "SELECT c.table_name, c.column_name, s.last_value FROM information_schema.columns c"
    " JOIN pg_sequences s ON s.schemaname = c.table_schema"
    " AND to_regclass(format('%I.%I', s.schemaname, s.sequencename))"
    " = to_regclass(pg_get_serial_sequence(c.table_name, c.column_name))"
    " WHERE c.table_schema = current_schema() AND c.is_identity = 'YES'"
)


class Layout:
    """What can be said of the tables by whoever can read."""

    def __init__(self) -> None:
        self._layout: dict[str, set[str]] = {}

    def read_sync(self, sql: str, *params: Any) -> list[Row]:
        """Read, outside the event loop."""
        raise NotImplementedError

    def tables(self) -> frozenset[str]:
        """Names of the tables; they are looked up once after each migration."""
        if not self._layout:
            for row in self.read_sync(_COLUMNS):
                self._layout.setdefault(row["table_name"], set()).add(row["column_name"])
        return frozenset(self._layout)

    def columns(self, table: str) -> frozenset[str]:
        """Names of a table's columns, empty = there is no such table."""
        return frozenset(self._layout.get(table, ())) if self.tables() else frozenset()

    def last_ids(self) -> dict[str, int]:
        """Of every table that is numbered."""
        return {
            row["table_name"]: row["last_value"]
            for row in self.read_sync(NUMBERED)
            if row["last_value"] is not None
        }
