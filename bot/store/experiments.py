"""Who got which variant, and what came of it? The goal is read from what happened anyway."""

from bot.store.database import Database, Statement
from bot.store.people import SAME_PERSON, same_person

_DAY_S = 86_400.0
_CUSTOMER = 3
"""Origin of a message that the customer wrote."""

_THEIRS = same_person("e.external_userid")
_REACHED = {
    "wrote": "EXISTS (SELECT 1 FROM messages m WHERE m.external_userid IN {theirs}"
    f" AND m.origin = {_CUSTOMER} AND m.sent_at > e.at AND m.sent_at < e.at + ?2)",
    "bought": "EXISTS (SELECT 1 FROM orders o WHERE o.external_userid IN {theirs}"
    " AND o.paid_at >= e.at AND o.paid_at < e.at + ?2)",
    "stayed": "NOT EXISTS (SELECT 1 FROM relation_events r WHERE r.external_userid IN {theirs}"
    " AND r.kind = 'deleted' AND r.detail LIKE 'customer%' AND r.at >= e.at AND r.at < e.at + ?2)",
}


class Experiments:
    """First sights of variants."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def variant(self, experiment: str, external_userid: str) -> str | None:
        """What the person got before, whichever of his customers asked."""
        row = await self._db.fetch_one(
            f"SELECT x.variant FROM exposures x WHERE x.external_userid IN {SAME_PERSON}"
            " AND x.experiment = ?2 ORDER BY x.at, x.external_userid LIMIT 1",
            *(external_userid, experiment),
        )
        return row["variant"] if row else None

    @staticmethod
    def expose(experiment: str, external_userid: str, variant: str, at: float) -> Statement:
        """What writes a first sight down; a later one changes nothing."""
        return Statement(
            "INSERT INTO exposures (experiment, external_userid, variant, at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (experiment, external_userid) DO NOTHING",
            (experiment, external_userid, variant, at),
        )

    async def counts(
        self, experiment: str, goal: str, window_days: int, now: float
    ) -> dict[str, tuple[int, int, int]]:
        """By variant: people who reached the goal, people whose window is over, and others.

        A person counts once, from the first sight.
        """
        reached = _REACHED[goal].format(theirs=_THEIRS)
        rows = await self._db.scan(
            f"""
SELECT e.variant, COUNT(*) FILTER (WHERE e.at + ?2 <= ?3) AS over,
    COUNT(*) FILTER (WHERE e.at + ?2 > ?3) AS waiting,
    COUNT(*) FILTER (WHERE e.at + ?2 <= ?3 AND {reached}) AS reached
FROM exposures e WHERE e.experiment = ?1 AND NOT EXISTS (SELECT 1 FROM exposures f
    WHERE f.experiment = e.experiment AND f.external_userid <> e.external_userid
      AND f.external_userid IN {_THEIRS}
      AND (f.at < e.at OR (f.at = e.at AND f.external_userid < e.external_userid)))
GROUP BY e.variant
""",
            *(experiment, window_days * _DAY_S, now),
        )
        return {row["variant"]: (row["reached"], row["over"], row["waiting"]) for row in rows}
