"""What happened to customers that other systems may follow, and how far has each followed?

Ids and names of tags only; nothing of what a person wrote or is called.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.store.database import Database, Row, Unit

CHANGED = "INSERT INTO changes (kind, external_userid, at, data) VALUES (?, ?, ?, ?)"
"""Kind, customer, moment and JSON."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that happened; its id rises."""

    id: int
    kind: str
    external_userid: str
    at: float
    data: dict[str, Any]


class Changes:
    """The tables `changes` and `followers`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def note(self, unit: Unit, kind: str, external_userid: str, at: float, **data: Any) -> None:
        """Add to the unit that something happened."""
        unit.add(CHANGED, kind, external_userid, at, msgspec.json.encode(data).decode())

    async def after(self, change_id: int, kinds: Sequence[str], limit: int) -> list[Changed]:
        """What happened after that, oldest first."""
        marks = ", ".join("?" * len(kinds))
        rows = await self._db.fetch(
            f"SELECT * FROM changes WHERE id > ? AND kind IN ({marks}) ORDER BY id LIMIT ?",
            *(change_id, *kinds, limit),
        )
        return [_changed(row) for row in rows]

    async def get(self, change_id: int) -> Changed | None:
        """One change, while it is kept."""
        row = await self._db.fetch_one("SELECT * FROM changes WHERE id = ?", change_id)
        return _changed(row) if row else None

    async def last_id(self) -> int:
        """The id of the last thing that happened, 0 = nothing."""
        row = await self._db.fetch_one("SELECT MAX(id) AS id FROM changes")
        return int(row["id"]) if row and row["id"] else 0

    async def id_before(self, moment: float) -> int:
        """An id after which everything follows that happened since a moment."""
        row = await self._db.fetch_one("SELECT MIN(id) AS id FROM changes WHERE at >= ?", moment)
        return int(row["id"]) - 1 if row and row["id"] else await self.last_id()

    async def place_of(self, follower: str) -> int | None:
        """How far a follower has read, ``None`` = it has never."""
        row = await self._db.fetch_one("SELECT change_id FROM followers WHERE name = ?", follower)
        return int(row["change_id"]) if row else None

    def move(self, unit: Unit, follower: str, was: int | None, to: int, at: float) -> None:
        """Add that a follower has read so far; a conflict when somebody else moved it."""
        if was is None:
            unit.add("INSERT INTO followers VALUES (?, ?, ?)", follower, to, at, expect=1)
        else:
            unit.add(
                "UPDATE followers SET change_id = ?, at = ? WHERE name = ? AND change_id = ?",
                *(to, at, follower, was),
                expect=1,
            )


def _changed(row: Row) -> Changed:
    return Changed(
        id=row["id"],
        kind=row["kind"],
        external_userid=row["external_userid"],
        at=row["at"],
        data=msgspec.json.decode(row["data"]),
    )
