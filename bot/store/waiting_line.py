"""Who waits for a person, and in which order are they served?

By when they began to wait, as if each point of priority were a minute that they have waited
already: the grave and the core customers come first, and whoever waits long enough comes before
any newcomer, so that nobody waits for ever. The order does not change with time, so an index has
it, and to find the next one costs the same however many wait.
"""

from collections.abc import Collection
from math import inf, isinf
from statistics import median

from bot.model import Case
from bot.store.cases import case_of
from bot.store.database import Database

POINT_S = 60.0
"""What a point of priority is worth; the index of migration 0015 counts with it too."""

_TURN = "wanted_at - 60.0 * priority"
_WAITS = "status IN ('queued', 'ticket')"
_LEVELS = {2: (1, 2), 3: (3,)}
"""Levels of cases that a seat of a level is looked for at."""

_FIRST = f"""
SELECT * FROM cases WHERE {_WAITS} AND open_kfid = ? AND level = ? AND {_TURN} >= ?
    AND ({_TURN} > ? OR id > ?) ORDER BY {_TURN}, id LIMIT 1
"""
_FIRST_TICKET = f"""
SELECT * FROM cases WHERE status = 'ticket' AND open_kfid = ? AND {_TURN} >= ?
    AND ({_TURN} > ? OR id > ?) ORDER BY {_TURN}, id LIMIT 1
"""
_BEFORE = f"""
SELECT COUNT(*) AS n FROM (
    SELECT 1 FROM (SELECT open_kfid, external_userid FROM cases WHERE {_WAITS} AND open_kfid = ?
                   AND level = ? AND {_TURN} < ? ORDER BY {_TURN} LIMIT ?) w
    LEFT JOIN conversations c USING (open_kfid, external_userid)
    WHERE c.service_state IS NOT 4 LIMIT ?)
"""
_WAITS_OF = """
SELECT q.at, (SELECT MIN(s.at) FROM case_steps s WHERE s.case_id = q.case_id AND s.n > q.n
              AND s.name IN ('assigned', 'taken', 'answered')) AS came
FROM case_steps q WHERE q.name = 'queued' AND q.open_kfid = ? AND q.at >= ?
ORDER BY q.at DESC LIMIT 50
"""
_ACCOUNTS = f"""
WITH RECURSIVE found (open_kfid) AS (
    SELECT MIN(open_kfid) FROM cases WHERE {_WAITS}
    UNION ALL
    SELECT (SELECT MIN(open_kfid) FROM cases WHERE {_WAITS} AND open_kfid > found.open_kfid)
    FROM found WHERE open_kfid IS NOT NULL)
SELECT open_kfid FROM found WHERE open_kfid IS NOT NULL
"""
_PLACE = f"""
SELECT COUNT(*) AS n FROM cases WHERE {_WAITS} AND status = 'queued' AND open_kfid = ?
    AND level = ? AND {_TURN} < ? AND id <> ?
"""
_LOOKED_AT = 64
"""Cases that are looked at beyond those that count: of some the session is over, and cannot be
given to anybody before the customer writes."""

Place = tuple[float, str]
"""When the turn of a case is, and its id where two have the same."""

FRONT: Place = (float("-inf"), "")


def place_in_line(case: Case) -> Place:
    """Where a case stands: the smaller the sooner."""
    return (case.wanted_at or case.opened_at) - POINT_S * case.priority, case.id


class WaitingLine:
    """The cases that wait: in WeCom's pool, or with a ticket."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def accounts(self) -> list[str]:
        """Accounts at which anybody waits; one row each is read."""
        return [row["open_kfid"] for row in await self._db.fetch(_ACCOUNTS)]

    async def first(self, open_kfid: str, level: int, after: Place = FRONT) -> Case | None:
        """Whoever is served next at an account by somebody of a level; one row a level is read."""
        found = []
        for one in _LEVELS[level]:
            found += await self._db.fetch(_FIRST, open_kfid, one, after[0], *after)
        return min(map(case_of, found), key=place_in_line, default=None)

    async def first_ticket(self, open_kfid: str, after: Place = FRONT) -> Case | None:
        """Whoever has a ticket, and comes next."""
        row = await self._db.fetch_one(_FIRST_TICKET, open_kfid, after[0], *after)
        return case_of(row) if row else None

    async def before(self, case: Case, levels: Collection[int], most: int) -> int:
        """How many who can be given to somebody come before a case, as far as it matters.

        Args:
            levels: of the seats for which they wait too.
            most: more than this are not counted.
        """
        found, (turn, _) = 0, place_in_line(case)
        for one in {one for level in levels for one in _LEVELS[level]}:
            row = await self._db.fetch_one(
                _BEFORE, case.conversation.open_kfid, one, turn, most + _LOOKED_AT, most
            )
            found += int(row["n"]) if row else 0
        return min(found, most)

    async def place_of(self, case: Case) -> int:
        """How many cases wait before this one in the pool of its account."""
        found, (turn, _) = 0, place_in_line(case)
        for level in (1, 2, 3):
            row = await self._db.fetch_one(
                _PLACE, case.conversation.open_kfid, level, turn, case.id
            )
            found += int(row["n"]) if row else 0
        return found

    async def usual_wait(self, open_kfid: str, since: float, few: int) -> float | None:
        """How long half of those who came into the pool lately waited for somebody, in seconds.

        Who waits still counts as longer than all others: where that is half of them, nobody knows.

        Args:
            few: fewer of them than this say nothing.
        """
        rows = await self._db.fetch(_WAITS_OF, open_kfid, since)
        waits = [row["came"] - row["at"] if row["came"] is not None else inf for row in rows]
        if len(waits) < few:
            return None
        usual = median(waits)
        return None if isinf(usual) else usual
