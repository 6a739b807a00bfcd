"""Which corp tags does a friendship have at WeCom, and what are we about to change there?

The intention is committed before the first try: what a process that died may have done is told
apart from what people did.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.store.database import Database, Row, Unit

THERE, ADDING, REMOVING, GONE = "there", "adding", "removing", "gone"


@dataclass(frozen=True, slots=True)
class Mark:
    """A corp tag on a friendship.

    Args:
        status: ``there``; ``adding`` or ``removing`` = we are about to; ``gone`` = we have removed
            it a moment ago.
        ours: our own books have had it: only such a tag is ever taken away.
        at: when the status began.
    """

    tag_id: str
    status: str
    ours: bool
    at: float


class Marks:
    """The table `relation_tags`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def of(self, userid: str, external_userid: str) -> dict[str, Mark]:
        """The marks of a friendship, by tag id."""
        rows = await self._db.fetch(
            "SELECT tag_id, status, ours, at FROM relation_tags"
            " WHERE userid = ? AND external_userid = ?",
            *(userid.lower(), external_userid),
        )
        return {row["tag_id"]: _mark(row) for row in rows}

    async def outdated(self, after: str, limit: int) -> list[str]:
        """Customers, in order, who have a tag that was renamed or deleted since it was marked.

        Args:
            after: go on behind this customer.
        """
        rows = await self._db.scan(
            "SELECT DISTINCT m.external_userid FROM corp_tags c JOIN relation_tags m"
            " ON m.tag_id = c.tag_id WHERE (c.deleted_at IS NOT NULL OR c.renamed_at > m.at)"
            " AND m.external_userid > ? ORDER BY m.external_userid LIMIT ?",
            *(after, limit),
        )
        return [row["external_userid"] for row in rows]

    async def wearing(self, tag_id: str) -> tuple[int, int]:
        """On how many friends a tag is, or may be: with us, and in all."""
        row = await self._db.fetch_one(
            "SELECT COUNT(*) AS n, COALESCE(SUM(ours), 0) AS ours FROM relation_tags"
            " WHERE tag_id = ? AND status <> ?",
            *(tag_id, GONE),
        )
        return (row["ours"], row["n"]) if row else (0, 0)

    def put(self, unit: Unit, userid: str, external_userid: str, marks: Iterable[Mark]) -> None:
        """Add the present marks of these tags; other tags keep theirs."""
        for mark in marks:
            unit.add(
                "INSERT INTO relation_tags AS t VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (userid, external_userid, tag_id) DO UPDATE SET"
                " status = excluded.status, ours = MAX(t.ours, excluded.ours), at = excluded.at",
                *(userid.lower(), external_userid, mark.tag_id, mark.status, int(mark.ours)),
                mark.at,
            )

    def drop(self, unit: Unit, userid: str, external_userid: str, tag_ids: Iterable[str]) -> None:
        """Add that a friendship does not have these tags."""
        for tag_id in tag_ids:
            unit.add(
                "DELETE FROM relation_tags WHERE userid = ? AND external_userid = ? AND tag_id = ?",
                *(userid.lower(), external_userid, tag_id),
            )

    def known(
        self, unit: Unit, userid: str, external_userid: str, at: float, *, first: bool = False
    ) -> None:
        """Add that the tags of a friendship were read.

        Args:
            first: they were not known before; else the unit meets a conflict.
        """
        unit.add(
            "UPDATE relations SET tags_known_at = ? WHERE userid = ? AND external_userid = ?"
            " AND deleted_at IS NULL" + (" AND tags_known_at IS NULL" if first else ""),
            *(at, userid.lower(), external_userid),
            expect=1,
        )


def _mark(row: Row) -> Mark:
    return Mark(row["tag_id"], row["status"], bool(row["ours"]), row["at"])
