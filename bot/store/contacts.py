"""Which member has which customer as a friend, since when, and what happened between them?

A relation is a pair of member and customer; its row outlives the friendship. An event changes it
only when it is not older than what made the row so (R-1.7); that is decided in the statement.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import (
    ContactEvent,
    CustomerAdded,
    CustomerDeleted,
    TransferFailed,
)
from bot.store.database import Database, Row, Unit

_COLUMNS = (
    "userid, external_userid, first_added_at, first_state, added_at, state, add_way, half,"
    " deleted_at, deleted_by, version, tags_known_at, unmarkable_at, seen_at"
)

_ADD = """
INSERT INTO relations AS r (userid, external_userid, first_added_at, first_state, added_at, state,
    half, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (userid, external_userid) DO UPDATE SET
    first_added_at = COALESCE(r.first_added_at, excluded.first_added_at),
    first_state = CASE WHEN r.first_added_at IS NULL THEN excluded.first_state
        ELSE r.first_state END,
    added_at = CASE WHEN r.deleted_at IS NULL THEN r.added_at ELSE excluded.added_at END,
    state = CASE excluded.state WHEN '' THEN r.state ELSE excluded.state END,
    half = CASE WHEN r.deleted_at IS NULL THEN MIN(r.half, excluded.half) ELSE excluded.half END,
    tags_known_at = CASE WHEN r.deleted_at IS NULL THEN r.tags_known_at END,
    deleted_at = NULL, deleted_by = '', unmarkable_at = NULL, version = excluded.version
WHERE excluded.version >= r.version
"""

_DELETE = """
INSERT INTO relations (userid, external_userid, deleted_at, deleted_by, version)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (userid, external_userid) DO UPDATE SET
    deleted_at = excluded.deleted_at, deleted_by = excluded.deleted_by,
    tags_known_at = NULL, version = excluded.version
WHERE excluded.version >= relations.version
"""

_FORGET_MARKS = """
DELETE FROM relation_tags WHERE userid = ? AND external_userid = ? AND EXISTS (
    SELECT 1 FROM relations r WHERE r.userid = relation_tags.userid
      AND r.external_userid = relation_tags.external_userid AND r.tags_known_at IS NULL)
"""

_NOTE = "INSERT INTO relation_events VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class Relation:
    """One member and one customer.

    Args:
        first_added_at: of their first friendship, ``None`` when it is not known; never changes,
            and neither does the `first_state` that came with it.
        added_at: of the present or last friendship.
        half: the member has not confirmed yet.
        deleted_by: ``customer``, ``staff``, ``unknown``, empty while they are friends.
        tags_known_at: since when its tags at WeCom are known, ``None`` = read them first.
        unmarkable_at: when WeCom refused to mark this customer for this member.
        seen_at: begin of the comparison that saw it last.
    """

    userid: str
    external_userid: str
    first_added_at: float | None
    first_state: str
    added_at: float | None
    state: str
    add_way: int | None
    half: bool
    deleted_at: float | None
    deleted_by: str
    version: float
    tags_known_at: float | None
    unmarkable_at: float | None
    seen_at: float | None

    @property
    def is_friend(self) -> bool:
        """Whether the friendship lasts, as far as we know."""
        return self.deleted_at is None


@dataclass(frozen=True, slots=True)
class RelationEvent:
    """Something that happened between a member and a customer.

    Args:
        kind: ``added``, ``half``, ``deleted``, ``transfer_failed`` or ``welcome_missed``.
        detail: who deleted, or why a transfer failed.
    """

    external_userid: str
    userid: str
    at: float
    kind: str
    state: str
    detail: str
    noted_at: float


class Contacts:
    """The tables `relations` and `relation_events`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # ------------------------------------------------------------------ reading

    async def relation(self, userid: str, external_userid: str) -> Relation | None:
        """The relation of a pair, or ``None`` when they never were friends."""
        row = await self._db.fetch_one(
            f"SELECT {_COLUMNS} FROM relations WHERE userid = ? AND external_userid = ?",
            *(userid.lower(), external_userid),
        )
        return _relation(row) if row else None

    async def of(self, external_userid: str) -> list[Relation]:
        """Every relation of a customer, past ones too."""
        rows = await self._db.fetch(
            f"SELECT {_COLUMNS} FROM relations WHERE external_userid = ? ORDER BY userid",
            external_userid,
        )
        return [_relation(row) for row in rows]

    async def friends_of(self, external_userid: str) -> list[Relation]:
        """The customer's friendships that last."""
        return [one for one in await self.of(external_userid) if one.is_friend]

    async def first_known(
        self, external_userids: Sequence[str], *, before: float
    ) -> Relation | None:
        """The oldest relation that these customers had with anybody before a moment, past ones too.

        ``None`` says that they were new to the company then.
        """
        marks = ",".join("?" * len(external_userids))
        row = await self._db.fetch_one(
            f"SELECT {_COLUMNS} FROM relations WHERE external_userid IN ({marks})"
            " AND COALESCE(first_added_at, 0) < ? ORDER BY COALESCE(first_added_at, 0) LIMIT 1",
            *(*external_userids, before),
        )
        return _relation(row) if row else None

    async def history(self, external_userid: str) -> list[RelationEvent]:
        """What happened between the customer and anybody, oldest first."""
        rows = await self._db.fetch(
            "SELECT external_userid, userid, at, kind, state, detail, noted_at FROM relation_events"
            " WHERE external_userid = ? ORDER BY at, noted_at, kind",
            external_userid,
        )
        return [RelationEvent(*row) for row in rows]

    async def has_left(self, external_userids: Sequence[str], *, before: float) -> bool:
        """Whether a friendship of these customers had ended by then; a hand-over is no end."""
        marks = ",".join("?" * len(external_userids))
        row = await self._db.fetch_one(
            f"SELECT 1 FROM relation_events WHERE external_userid IN ({marks})"
            " AND kind = 'deleted' AND at <= ? AND detail NOT LIKE '%DELETE_BY_TRANSFER%' LIMIT 1",
            *(*external_userids, before),
        )
        return row is not None

    async def unseen(self, userid: str, run_at: float, limit: int) -> list[Relation]:
        """A member's friendships that are older than a comparison and were not seen in it."""
        rows = await self._db.scan(
            f"SELECT {_COLUMNS} FROM relations WHERE userid = ? AND deleted_at IS NULL"
            " AND version < ? AND COALESCE(seen_at, 0) < ? ORDER BY external_userid LIMIT ?",
            *(userid.lower(), run_at, run_at, limit),
        )
        return [_relation(row) for row in rows]

    async def counts(self) -> tuple[int, int]:
        """How many friendships last, and how many customers have one."""
        row = (
            await self._db.scan(
                "SELECT COUNT(*), COUNT(DISTINCT external_userid) FROM relations"
                " WHERE deleted_at IS NULL"
            )
        )[0]
        return int(row[0]), int(row[1])

    # ------------------------------------------------------------------ writing

    def happened(self, unit: Unit, event: ContactEvent, now: float) -> None:
        """Add what an event changes, unless something newer is known (R-1.7), and note it."""
        pair = (event.userid.lower(), event.external_userid)
        at = event.at or now
        match event:
            case CustomerAdded():
                unit.add(_ADD, *(*pair, at, event.state, at, event.state, int(event.half), at))
                unit.add(_FORGET_MARKS, *pair)
                kind = "half" if event.half else "added"
                self._note(unit, pair, at, kind, now, state=event.state)
                if event.missed:
                    self._note(unit, pair, at, "welcome_missed", now)
            case CustomerDeleted():
                unit.add(_DELETE, *(*pair, at, event.by, at))
                unit.add(_FORGET_MARKS, *pair)
                detail = f"{event.by} {event.source}".strip()
                self._note(unit, pair, at, "deleted", now, detail=detail)
            case TransferFailed():
                self._note(unit, pair, at, "transfer_failed", now, detail=event.reason)
            case _:
                pass

    def seen(
        self,
        unit: Unit,
        relation: Relation,
        *,
        state: str,
        add_way: int | None,
        run_at: float | None = None,
    ) -> None:
        """Add what a reading tells of a friendship that we know of.

        Args:
            run_at: begin of the comparison that read it; it lets a refused mark be tried again.
        """
        unit.add(
            "UPDATE relations SET add_way = COALESCE(?, add_way), state = CASE state WHEN '' THEN ?"
            " ELSE state END, seen_at = COALESCE(?, seen_at),"
            " unmarkable_at = CASE WHEN ? < ? THEN NULL ELSE unmarkable_at END"
            " WHERE userid = ? AND external_userid = ? AND deleted_at IS NULL",
            *(add_way, state, run_at, relation.unmarkable_at, run_at),
            *(relation.userid, relation.external_userid),
        )

    def cannot_mark(self, unit: Unit, relation: Relation, now: float) -> None:
        """Add that WeCom refuses to mark this customer for this member."""
        unit.add(
            "UPDATE relations SET unmarkable_at = ? WHERE userid = ? AND external_userid = ?"
            " AND version = ?",
            *(now, relation.userid, relation.external_userid, relation.version),
        )

    def _note(
        self,
        unit: Unit,
        pair: tuple[str, str],
        at: float,
        kind: str,
        now: float,
        *,
        state: str = "",
        detail: str = "",
    ) -> None:
        userid, external_userid = pair
        unit.add(_NOTE, *(external_userid, userid, at, kind, state, detail, now))


def _relation(row: Row) -> Relation:
    values = dict(row)
    return Relation(**values | {"half": bool(values["half"])})
