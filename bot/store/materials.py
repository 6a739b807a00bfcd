"""What lies ready to be sent: pictures, links, miniprograms and files, kept by operators?"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bot.model import Attachment
from bot.store.database import Database, Row, Statement, Unit

_encode = msgspec.json.Encoder().encode
_attachment = msgspec.json.Decoder(Attachment).decode

_PUT = """
INSERT INTO materials (id, category, title, body, initials, updated_at, updated_by)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET category = excluded.category,
    title = excluded.title, body = excluded.body, initials = excluded.initials,
    updated_at = excluded.updated_at, updated_by = excluded.updated_by
"""


@dataclass(frozen=True, slots=True)
class Material:
    """One of them.

    Args:
        title: by which members find it.
        attachment: what is sent.
        initials: first letters of the pinyin of the title, and after a space of what is below it.
        opens: how often its links were opened, by whomever.
    """

    id: str
    category: str
    title: str
    attachment: Attachment
    initials: str = ""
    uses: int = 0
    opens: int = 0
    updated_at: float = 0.0

    @property
    def body(self) -> str:
        """What else it is found by."""
        return " ".join(filter(None, (self.attachment.title, self.attachment.desc)))

    def says_the_same(self, other: "Material") -> bool:
        """Whether nothing of it that operators write is different."""
        mine, its = ((m.category, m.title, m.attachment, m.initials) for m in (self, other))
        return mine == its


class Materials:
    """The table of materials."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def all(self) -> list[Material]:
        """All of them, the most used first."""
        rows = await self._db.fetch("SELECT * FROM materials ORDER BY uses DESC, category, title")
        return [_material(row) for row in rows]

    async def get(self, material_id: str) -> Material | None:
        """One of them."""
        row = await self._db.fetch_one("SELECT * FROM materials WHERE id = ?", material_id)
        return _material(row) if row else None

    def put(self, unit: Unit, materials: Sequence[Material], *, by: str, now: float) -> None:
        """Add them, or bring those of the same id up to date; what was counted stays."""
        for one in materials:
            body = _encode(one.attachment).decode()
            unit.add(_PUT, one.id, one.category, one.title, body, one.initials, now, by)

    def remove(self, unit: Unit, material_id: str) -> None:
        """Take one away; links to it that were sent go on leading where they led."""
        unit.add("DELETE FROM materials WHERE id = ?", material_id)

    def used(self, material_id: str) -> Statement:
        """It was sent once more."""
        return Statement("UPDATE materials SET uses = uses + 1 WHERE id = ?", (material_id,))


def _material(row: Row) -> Material:
    return Material(
        *(row["id"], row["category"], row["title"], _attachment(row["body"]), row["initials"]),
        *(row["uses"], row["opens"], row["updated_at"]),
    )
