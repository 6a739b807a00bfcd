"""Which files were exported, and whose data is in each? Erasure lists them."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from bot.store.database import Database, Unit


@dataclass(frozen=True, slots=True)
class Export:
    """A file that was written for people."""

    id: str
    at: float
    by: str
    kind: str
    path: str
    lines: int


class Exports:
    """The tables `exports` and `export_lines`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def is_noted(self, path: Path) -> bool:
        """Whether a file is in the books."""
        row = await self._db.fetch_one(
            "SELECT 1 FROM exports WHERE path = ? LIMIT 1", str(path.resolve())
        )
        return row is not None

    async def note(
        self,
        kind: str,
        path: Path,
        customers: Collection[str],
        *,
        lines: int,
        by: str,
        at: float,
    ) -> str:
        """Write down that a file holds data of these customers; returns the export's id."""
        export, unit = f"ex_{secrets.token_hex(6)}", Unit()
        unit.add(
            "INSERT INTO exports VALUES (?, ?, ?, ?, ?, ?)",
            *(export, at, by, kind, str(path.resolve()), lines),
        )
        for customer in customers:
            unit.add("INSERT INTO export_lines VALUES (?, ?)", export, customer)
        await self._db.commit(unit)
        return export

    async def holding(self, external_userid: str) -> list[Export]:
        """The files that hold data of a customer, oldest first."""
        rows = await self._db.fetch(
            "SELECT e.* FROM export_lines l JOIN exports e ON e.id = l.export"
            " WHERE l.external_userid = ? ORDER BY e.at",
            external_userid,
        )
        return [Export(**dict(row)) for row in rows]
