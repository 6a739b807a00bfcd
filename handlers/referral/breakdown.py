"""What did each version of the rewards, and each day's joiners, come to; do the invited stay?

Queries over the ledger, as in `figures`; what cannot be divided is ``None``.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, tzinfo

import msgspec

from bot.measuring.experiments import Comparison, arm_of, judge
from bot.measuring.statistics import Share, share_of
from bot.store import Store

BASE = "base"
"""Name of the version that is written under `tiers`."""

VIRTUAL_SHARE = 0.3
"""Virtual to physical rewards, by count, are to be 3 : 7 (B20)."""

MOST_COHORTS = 62

_DAY_S = 86_400.0


class Group(msgspec.Struct, frozen=True):
    """Participants who have something in common.

    Args:
        name: of their version, or the local day on which they joined.
        inviters: those who ever asked for their poster.
        credited: people whom they brought, `valid` those who still count.
        cost: of their rewards, in fen.
        succeeded: those with at least one valid invitation.
    """

    name: str
    participants: int
    inviters: int
    credited: int
    valid: int
    cost: int
    virtual: int
    physical: int
    succeeded: Share

    @property
    def k_gross(self) -> float | None:
        """Credited people per inviter."""
        return self.credited / self.inviters if self.inviters else None

    @property
    def k_net(self) -> float | None:
        """Still valid people per inviter."""
        return self.valid / self.inviters if self.inviters else None

    @property
    def cost_each(self) -> float | None:
        """Fen per valid new person."""
        return self.cost / self.valid if self.valid else None

    @property
    def virtual_share(self) -> float | None:
        """Of the rewards by count, the part that is not sent by post."""
        given = self.virtual + self.physical
        return self.virtual / given if given else None


class Arms(msgspec.Struct, frozen=True):
    """The versions of the rewards against each other.

    Args:
        compared: each with the first by the share of participants who brought somebody.
        planned: participants each needs before a verdict is given.
    """

    groups: tuple[Group, ...]
    compared: tuple[Comparison, ...]
    planned: int


class Stay(msgspec.Struct, frozen=True):
    """Who was still a friend after so many days, of those for whom these are over."""

    days: int
    invited: Share
    others: Share


_ROWS = """
SELECT p.state, p.arm, p.joined_at,
    EXISTS (SELECT 1 FROM referral_acts a WHERE a.state = p.state) AS invited,
    (SELECT COUNT(*) FROM referral_invites i WHERE i.state = p.state AND i.standing <> 'refused')
        AS credited,
    (SELECT COUNT(*) FROM referral_invites i WHERE i.state = p.state AND i.standing = 'valid')
        AS valid
FROM referral_participants p WHERE p.campaign = ?
"""
_GIVEN = """
SELECT state, SUM(cost) AS cost,
    SUM(CASE WHEN json_extract(definition, '$.kind') = 'gift' THEN 1 ELSE 0 END) AS physical,
    COUNT(*) AS given
FROM referral_grants WHERE campaign = ? AND standing IN ('owed', 'given') GROUP BY state
"""
_LEFT = """
EXISTS (SELECT 1 FROM relation_events e WHERE e.external_userid = {who} AND e.kind = 'deleted'
    AND e.detail LIKE 'customer%' AND e.at >= {at} AND e.at < {at} + ?2)
"""
_INVITED = f"""
SELECT COUNT(*) AS n, SUM(CASE WHEN {_LEFT.format(who="i.external_userid", at="i.at")}
    OR EXISTS (SELECT 1 FROM referral_group_ties t WHERE t.external_userid = i.external_userid
        AND t.place = i.userid AND t.began = 0 AND t.by = 'customer' AND t.at >= i.at
        AND t.at < i.at + ?2)
    THEN 1 ELSE 0 END) AS gone
FROM referral_invites i WHERE i.campaign = ?1 AND i.standing <> 'refused' AND i.at + ?2 <= ?3
"""
_OTHERS = f"""
SELECT COUNT(*) AS n, SUM(CASE WHEN {_LEFT.format(who="f.external_userid", at="f.at")}
    THEN 1 ELSE 0 END) AS gone
FROM (SELECT external_userid, MIN(at) AS at FROM relation_events WHERE kind = 'added'
    GROUP BY external_userid) f
WHERE f.at >= ?4 AND f.at <= ?5 AND f.at + ?2 <= ?3 AND NOT EXISTS (SELECT 1
    FROM referral_invites i WHERE i.campaign = ?1 AND i.external_userid = f.external_userid
    AND i.standing <> 'refused')
"""


async def groups(facts: Store, campaign: str, zone: tzinfo) -> tuple[Arms, list[Group]]:
    """By version of the rewards, and by local day of joining (the newest `MOST_COHORTS`)."""
    rows = await facts.database.scan(_ROWS, campaign)
    given = {row["state"]: row for row in await facts.database.scan(_GIVEN, campaign)}
    by_arm: dict[str, list[dict[str, int]]] = defaultdict(list)
    by_day: dict[str, list[dict[str, int]]] = defaultdict(list)
    for row in rows:
        paid = given.get(row["state"])
        physical = paid["physical"] if paid else 0
        one = {
            "invited": row["invited"],
            "credited": row["credited"],
            "valid": row["valid"],
            "cost": paid["cost"] if paid else 0,
            "physical": physical,
            "virtual": paid["given"] - physical if paid else 0,
        }
        by_arm[row["arm"] or BASE].append(one)
        by_day[f"{datetime.fromtimestamp(row['joined_at'], zone):%Y-%m-%d}"].append(one)
    names = sorted(by_arm, key=lambda name: (name != BASE, name))
    arms = tuple(_group(name, by_arm[name]) for name in names)
    days = [_group(day, by_day[day]) for day in sorted(by_day)[-MOST_COHORTS:]]
    return _compared(arms), days


def _group(name: str, members: Iterable[dict[str, int]]) -> Group:
    some = list(members)
    total = {key: sum(one[key] for one in some) for key in some[0]}
    return Group(
        name=name,
        participants=len(some),
        inviters=total["invited"],
        credited=total["credited"],
        valid=total["valid"],
        cost=total["cost"],
        virtual=total["virtual"],
        physical=total["physical"],
        succeeded=share_of(sum(one["valid"] > 0 for one in some), len(some)),
    )


def _compared(arms: tuple[Group, ...], fewest: int = 400) -> Arms:
    """Verdicts by the shared rules of experiments; nothing is said below `fewest` participants."""
    if len(arms) < 2:
        return Arms(arms, (), fewest)
    told = [arm_of(one.name, one.succeeded.count, one.succeeded.of) for one in arms]
    weights = {one.name: 1 for one in arms}
    return Arms(arms, judge("", "", weights, told, fewest).comparisons, fewest)


async def stays(
    facts: Store, campaign: str, window: tuple[float, float], now: float
) -> tuple[Stay, ...]:
    """After 7 and 30 days: the credited, and other newcomers of the campaign's time (R-3.5.6)."""
    found = []
    for days in (7, 30):
        asked = (campaign, days * _DAY_S, now)
        invited = (await facts.database.scan(_INVITED, *asked))[0]
        others = (await facts.database.scan(_OTHERS, *asked, *window))[0]
        found.append(
            Stay(days, _kept(invited["n"], invited["gone"]), _kept(others["n"], others["gone"]))
        )
    return tuple(found)


def _kept(people: int, gone: int | None) -> Share:
    return share_of(people - (gone or 0), people)
