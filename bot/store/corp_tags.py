"""Which corp tags does the company have at WeCom, as far as we know?"""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.model.tags import COLON
from bot.store.database import Database, Row, Unit

_COLUMNS = (
    "tag_id, group_id, group_name, name, created_at, ours, deleted_at, deleted_by, was, renamed_at"
)


@dataclass(frozen=True, slots=True)
class CorpTag:
    """A corp tag.

    Args:
        ours: we have made it.
        deleted_by: ``us`` or ``people``, empty while it exists.
        was: its full name before people gave it another one, empty = they have not.
    """

    tag_id: str
    group_id: str
    group_name: str
    name: str
    created_at: float = 0.0
    ours: bool = False
    deleted_at: float | None = None
    deleted_by: str = ""
    was: str = ""
    renamed_at: float | None = None

    @property
    def full_name(self) -> str:
        """Group and tag, as the rest of the product names it."""
        return f"{self.group_name}{COLON}{self.name}"


class CorpTags:
    """The table `corp_tags`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def all(self) -> list[CorpTag]:
        """Every tag that exists."""
        rows = await self._db.scan(
            f"SELECT {_COLUMNS} FROM corp_tags WHERE deleted_at IS NULL"
            " ORDER BY group_name, name, created_at, tag_id"
        )
        return [_tag(row) for row in rows]

    async def named(self, group_name: str, name: str) -> list[CorpTag]:
        """The tags of this name, newest first, deleted ones too."""
        rows = await self._db.fetch(
            f"SELECT {_COLUMNS} FROM corp_tags WHERE group_name = ? AND name = ?"
            " ORDER BY deleted_at DESC NULLS FIRST, created_at, tag_id",
            *(group_name, name),
        )
        return [_tag(row) for row in rows]

    async def get(self, tag_ids: Iterable[str]) -> dict[str, CorpTag]:
        """These tags by id, deleted ones too; unknown ids are left out."""
        if not (wanted := list(tag_ids)):
            return {}
        marks = ",".join("?" * len(wanted))
        rows = await self._db.fetch(
            f"SELECT {_COLUMNS} FROM corp_tags WHERE tag_id IN ({marks})", *wanted
        )
        return {row["tag_id"]: _tag(row) for row in rows}

    def keep(self, unit: Unit, tags: Iterable[CorpTag], now: float) -> None:
        """Add tags as WeCom shows them; who made one, and how it was called, is remembered."""
        for tag in tags:
            unit.add(
                "INSERT INTO corp_tags AS t (tag_id, group_id, group_name, name, created_at, ours)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tag_id) DO UPDATE SET"
                " was = CASE WHEN t.group_name = excluded.group_name AND t.name = excluded.name"
                f" THEN t.was ELSE t.group_name || '{COLON}' || t.name END,"
                " renamed_at = CASE WHEN t.group_name = excluded.group_name"
                " AND t.name = excluded.name THEN t.renamed_at ELSE ? END,"
                " group_id = excluded.group_id, group_name = excluded.group_name,"
                " name = excluded.name, created_at = excluded.created_at,"
                " ours = MAX(t.ours, excluded.ours), deleted_at = NULL, deleted_by = ''",
                *(tag.tag_id, tag.group_id, tag.group_name, tag.name, tag.created_at),
                *(int(tag.ours), now),
            )

    def rename(self, unit: Unit, tag_id: str, name: str) -> None:
        """Add that we gave a tag another name: nobody need follow, our books were first."""
        unit.add("UPDATE corp_tags SET name = ? WHERE tag_id = ?", name, tag_id)

    def delete(self, unit: Unit, tag_ids: Iterable[str], now: float, *, by: str) -> None:
        """Add that tags exist no more; whoever had one is looked after one by one."""
        for tag_id in tag_ids:
            unit.add(
                "UPDATE corp_tags SET deleted_at = ?, deleted_by = ?"
                " WHERE tag_id = ? AND deleted_at IS NULL",
                *(now, by, tag_id),
            )


def _tag(row: Row) -> CorpTag:
    values = dict(row)
    return CorpTag(**values | {"ours": bool(values["ours"])})
