"""Are the cases what their steps and messages add up to, and how are they made so again?"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.model import Case, Conversation
from bot.model.cases import rebuilt
from bot.store.cases import COLUMNS, case_of, step_of
from bot.store.database import Database, Row, Unit

PAGE = 200

_IDS = f"SELECT DISTINCT case_id FROM case_steps WHERE case_id > ? ORDER BY case_id LIMIT {PAGE}"
_STEPS = "SELECT * FROM case_steps WHERE case_id IN ({ids}) ORDER BY case_id, n"
_STORED = "SELECT * FROM cases WHERE id IN ({ids})"
_HEARD = """
SELECT s.case_id, m.sent_at, m.origin
FROM case_steps s CROSS JOIN messages m ON m.open_kfid = s.open_kfid
    AND m.external_userid = s.external_userid AND m.sent_at >= s.at
    AND m.sent_at <= COALESCE((SELECT e.at FROM case_steps e WHERE e.case_id = s.case_id
                               AND e.name = 'closed'), m.sent_at)
    AND m.sent_at < COALESCE((SELECT MIN(n.at) FROM case_steps n
                              WHERE n.open_kfid = s.open_kfid AND n.name = 'opened'
                              AND n.external_userid = s.external_userid AND n.at > s.at),
                             m.sent_at + 1)
WHERE s.case_id IN ({ids}) AND s.n = 0 AND m.outcome NOT IN ('history', 'recalled')
ORDER BY s.case_id, m.sent_at, m.received_at
"""
_MADE = (*COLUMNS, "id", "open_kfid", "external_userid")
_WRITE = (
    f"INSERT INTO cases ({', '.join(_MADE)}) VALUES ({', '.join('?' * len(_MADE))})"
    f" ON CONFLICT (id) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in COLUMNS)},"
    " version = cases.version + 1 WHERE cases.version = ?"
)


@dataclass(frozen=True, slots=True)
class Compared:
    """A case as it stands and as it would be made again.

    Args:
        stored: ``None`` = it is missing.
        made: ``None`` = its first steps are gone, so it cannot be made.
    """

    stored: Case | None
    made: Case | None

    @property
    def columns(self) -> tuple[str, ...]:
        """In what the two differ."""
        stored, made = self.stored, self.made
        if made is None:
            return ()
        if stored is None:
            return COLUMNS
        return tuple(c for c in COLUMNS if getattr(stored, c) != getattr(made, c))


class CaseRebuild:
    """Compares the table of cases with what it is made from, and makes it again."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def compared(self) -> AsyncIterator[list[Compared]]:
        """Every case that has steps, in pages."""
        last = ""
        while True:
            ids = [row["case_id"] for row in await self._db.scan(_IDS, last)]
            if ids:
                yield await self._page(ids)
                last = ids[-1]
            if len(ids) < PAGE:
                return

    async def write(self, differing: Sequence[Compared]) -> None:
        """Store what was made, on condition that nobody changed the cases since.

        Raises:
            UnitConflict: somebody did; nothing of these was written.
        """
        unit = Unit()
        for one in sorted(differing, key=lambda one: one.made is None or not one.made.is_over):
            if (made := one.made) is None:
                continue
            where = made.conversation
            version = one.stored.version if one.stored else -1
            unit.add(
                _WRITE,
                *(getattr(made, column) for column in COLUMNS),
                *(made.id, where.open_kfid, where.external_userid, version),
                expect=1,
            )
        await self._db.commit(unit)

    async def _page(self, ids: list[str]) -> list[Compared]:
        heard: dict[str, list[tuple[float, bool]]] = {one: [] for one in ids}
        for row in await self._of(_HEARD, ids):
            heard[row["case_id"]].append((row["sent_at"], row["origin"] == 3))
        stored = {row["id"]: case_of(row) for row in await self._of(_STORED, ids)}
        steps = groupby(await self._of(_STEPS, ids), key=lambda row: str(row["case_id"]))
        return [
            Compared(stored.get(case_id), _made(list(rows), heard[case_id]))
            for case_id, rows in steps
        ]

    async def _of(self, sql: str, ids: list[str]) -> list[Row]:
        return await self._db.scan(sql.format(ids=", ".join("?" * len(ids))), *ids)


def _made(rows: list[Row], heard: list[tuple[float, bool]]) -> Case | None:
    if [row["n"] for row in rows] != list(range(len(rows))):
        return None  # the oldest steps are past their retention
    first = rows[0]
    where = Conversation(first["open_kfid"], first["external_userid"])
    return rebuilt(first["case_id"], where, [step_of(row) for row in rows], heard)
