"""Which rows are counted for channels? Read in a few scans, off the caller's thread."""

from collections import defaultdict
from collections.abc import Sequence

from bot.store.database import Database, Row, Unit

_EVENTS = """
SELECT e.userid, e.external_userid, e.at, CASE WHEN e.kind = 'added' AND e.state = '' AND (
    EXISTS (SELECT 1 FROM relation_events d WHERE d.external_userid = e.external_userid
        AND d.userid <> e.userid AND d.kind = 'deleted' AND d.detail LIKE '%DELETE_BY_TRANSFER%'
        AND d.at BETWEEN e.at - 60 AND e.at + 60)
    OR EXISTS (SELECT 1 FROM passed_customers p JOIN successions s ON s.id = p.succession
        WHERE p.external_userid = e.external_userid AND s.successor = e.userid
        AND p.state = 'taken_over' AND e.at BETWEEN p.asked_at AND p.taken_at + 86400))
    THEN 'brought' ELSE e.kind END AS kind, e.state
FROM relation_events e WHERE e.kind IN ('added', 'half', 'deleted') AND e.at < ?
"""
"""Whom a colleague has passed on, us or an admin in the console, nobody has won (C07)."""

_ENTRANCES = "SELECT external_userid, first_at AS at, scene AS state FROM entrances"
_JOINED = "SELECT external_userid, joined_at AS at, state FROM group_joins"
_ACTS = "SELECT external_userid, sent_at AS at FROM messages WHERE origin = 3 AND sent_at >= ?"
_PAID = """
SELECT external_userid, paid_at AS at, amount - refunded AS kept FROM sales
WHERE external_userid <> '' AND paid_at IS NOT NULL AND amount > refunded
"""
_PERSONS = """
SELECT c.external_userid, COALESCE(k.kept, c.person_id) AS person FROM customers c
LEFT JOIN kept_persons k ON k.person_id = c.person_id
"""


class ChannelFacts:
    """Reads what `bot/measuring/channels.py` counts."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def persons(self) -> dict[str, str]:
        """Customer → person, merges followed."""
        return {row["external_userid"]: row["person"] for row in await self._db.scan(_PERSONS)}

    async def friendships(self, now: float) -> list[Row]:
        """What happened between members and customers: userid, external_userid, at, kind, state.

        An ``added`` of somebody whom a colleague has passed on is told as ``brought``.
        Everybody's, from the beginning: who is new follows from what was before.
        """
        return await self._db.scan(_EVENTS, now + 1.0)

    async def entrances(self) -> list[Row]:
        """Who opened which chat by which scene first: external_userid, at, state."""
        return await self._db.scan(_ENTRANCES)

    async def group_joins(self) -> list[Row]:
        """Who came into a group by which code: external_userid, at, state."""
        return await self._db.scan(_JOINED)

    async def wrote(self, since: float) -> list[Row]:
        """Who wrote when, since a moment: external_userid, at."""
        return await self._db.scan(_ACTS, since)

    async def paid(self) -> list[Row]:
        """Who paid when for what was not wholly refunded: external_userid, at, kept (分)."""
        return await self._db.scan(_PAID)

    async def costs(self, first_day: str, last_day: str) -> dict[str, dict[str, int]]:
        """Channel → day → 分, for the days that were entered."""
        costs: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for row in await self._db.scan(
            "SELECT channel, day, amount FROM channel_costs WHERE day BETWEEN ? AND ?",
            *(first_day, last_day),
        ):
            costs[row["channel"]][row["day"]] = row["amount"]
        return costs

    def cost(
        self, unit: Unit, channel: str, days: Sequence[str], amount: int, *, by: str, at: float
    ) -> None:
        """Add what a channel cost on each of these days, in 分; entered again it is replaced."""
        for day in days:
            unit.add(
                "INSERT INTO channel_costs VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (channel, day)"
                " DO UPDATE SET amount = ?3, by = ?4, at = ?5",
                *(channel, day, amount, by, at),
            )
