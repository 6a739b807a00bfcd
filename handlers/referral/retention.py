"""Do people who were invited stay as long as others (R-3.5.6, R-7.8)?"""

from dataclasses import dataclass

from bot.store import Store

_DAY_S = 86_400.0

_STAYED = """
WITH came AS (
    SELECT e.external_userid, MIN(e.at) AS at FROM relation_events e
    WHERE e.kind IN ('added', 'half') GROUP BY e.external_userid
    HAVING MIN(e.at) >= ?1 AND MIN(e.at) <= ?2)
SELECT c.invited, COUNT(*) AS came, SUM(CASE WHEN c.friends > 0 THEN 1 ELSE 0 END) AS stayed
FROM (
    SELECT CASE WHEN EXISTS (SELECT 1 FROM referral_invites i
            WHERE i.external_userid = a.external_userid AND i.standing <> 'refused')
        THEN 1 ELSE 0 END AS invited,
        (SELECT COUNT(*) FROM relation_events e
            WHERE e.external_userid = a.external_userid AND e.kind IN ('added', 'half')
                AND e.at <= a.at + ?3 AND NOT EXISTS (SELECT 1 FROM relation_events d
                    WHERE d.external_userid = e.external_userid AND d.userid = e.userid
                        AND d.kind = 'deleted' AND d.at >= e.at AND d.at <= a.at + ?3)) AS friends
    FROM came a) c
GROUP BY c.invited
"""
"""Somebody stayed when a friendship that began by that day had not ended by then."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Who was still there after some days; a relation retention (R-7.8).

    Args:
        invited, others: who came by an invitation, and who did not; each with how many `stayed`.
    """

    days: int
    invited: int
    invited_stayed: int
    others: int
    others_stayed: int

    @property
    def of_invited(self) -> float | None:
        """Share of the invited, ``None`` = nobody came long enough ago."""
        return self.invited_stayed / self.invited if self.invited else None

    @property
    def of_others(self) -> float | None:
        """Share of everybody else."""
        return self.others_stayed / self.others if self.others else None


async def retention(facts: Store, since: float, now: float, *, days: int) -> Retention:
    """How many who first came since then were friends so many days later. Whoever came less than
    so long ago is not asked about.

    Args:
        days: 7 or 30.
    """
    span = days * _DAY_S
    rows = await facts.database.scan(_STAYED, since, now - span, span)
    found = {bool(row["invited"]): (int(row["came"]), int(row["stayed"])) for row in rows}
    return Retention(days, *found.get(True, (0, 0)), *found.get(False, (0, 0)))
