"""What has somebody reached, what is left of it, and what was it paid with? Statements and reads.

Stock is what was there less the rows that have it: whoever takes the last one, the statement that
writes his row decides, so that nothing is oversold however many come at once.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.config import Campaign, Reward
from bot.store import Statement, Store
from bot.store.database import Row

INVITER, NEWCOMER = "inviter", "newcomer"


class Paid(StrEnum):
    """How a grant stands."""

    QUEUED = "queued"  # nothing is left for now
    OWED = "owed"  # stock is taken; a person hands it over
    GIVEN = "given"
    WITHDRAWN = "withdrawn"  # fewer valid invitations again, and it was not given yet
    NONE = "none"  # nothing is left for ever


TAKEN = (Paid.OWED, Paid.GIVEN)

_STOCK = """(?8 IS NULL OR (SELECT COUNT(*) FROM referral_grants s WHERE s.campaign = ?2
    AND s.reward = ?6 AND s.standing IN ('owed', 'given') AND s.id <> ?1) < ?8)"""
_BUDGET = """(?12 IS NULL OR (SELECT COALESCE(SUM(s.cost), 0) FROM referral_grants s
    WHERE s.campaign = ?2 AND s.standing IN ('owed', 'given') AND s.id <> ?1) + ?10 <= ?12)"""
_REACHED = """(?5 <> 'inviter' OR (SELECT COUNT(*) FROM referral_invites i WHERE i.state = ?4
    AND i.standing = 'valid') >= ?13)"""
_GRANT = f"""
INSERT INTO referral_grants (id, campaign, external_userid, state, tier, side, reward, definition,
    standing, cost, reached_at, changed_at)
SELECT ?1, ?2, ?3, ?4, ?13, ?5, ?6, ?7, ?9, ?10, ?11, ?11
WHERE ?9 NOT IN ('owed', 'given') OR ({_STOCK} AND {_BUDGET} AND {_REACHED})
ON CONFLICT (id) DO UPDATE SET standing = ?9, cost = ?10, changed_at = ?11, reward = ?6,
    definition = ?7
WHERE referral_grants.standing IN ('queued', 'withdrawn', 'none')
"""
_WITHDRAW = """
UPDATE referral_grants SET standing = 'withdrawn', cost = 0, changed_at = ?
WHERE id = ? AND standing IN ('queued', 'owed', 'none')
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody has reached.

    Args:
        tier: invitations that were needed, 0 on the newcomer's side.
        reward: key among the campaign's rewards; `definition` what that was when it was reached.
        code: the coupon code it was paid with, empty = none.
        told_at: when it was said to the customer, ``None`` = that is still owed.
    """

    id: str
    campaign: str
    external_userid: str
    state: str
    tier: int
    side: str
    reward: str
    definition: Reward
    standing: Paid
    reached_at: float
    told_at: float | None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Want:
    """A grant on its way into the ledger: who gets what, for which tier of whose invitations."""

    campaign: Campaign
    external_userid: str
    state: str
    tier: int
    side: str

    @property
    def id(self) -> str:
        """The same whoever asks and however often."""
        named = (self.campaign.id, self.external_userid, str(self.tier), self.side)
        return "g" + hashlib.sha256("\0".join(named).encode()).hexdigest()[:20]


def decides_already(records: Sequence[Statement]) -> bool:
    """Whether a turn has written to the grants before: what it decides next does not see that."""
    return any(one.sql in (_GRANT, _WITHDRAW) for one in records)


async def grants_of(facts: Store, customers: Sequence[str], campaign: str = "") -> list[Grant]:
    """What a person has reached, in one campaign or all."""
    marks = ",".join("?" * len(customers))
    rows = await facts.database.fetch(
        "SELECT g.*, COALESCE(c.code, '') AS code FROM referral_grants g"
        " LEFT JOIN coupons c ON c.given_for = g.id"
        f" WHERE g.external_userid IN ({marks}) AND (? = '' OR g.campaign = ?)"
        " ORDER BY g.campaign, g.side, g.tier",
        *(*customers, campaign, campaign),
    )
    return [_grant(row) for row in rows]


async def left_of(facts: Store, campaign: Campaign, key: str, now: float) -> int | None:
    """How much of a reward is left, ``None`` = there is no end to it."""
    reward = campaign.rewards[key]
    row = await facts.database.fetch_one(
        "SELECT COUNT(*) FROM referral_grants WHERE campaign = ? AND reward = ?"
        " AND standing IN ('owed', 'given')",
        *(campaign.id, key),
    )
    assert row is not None
    left = None if reward.stock is None else max(0, reward.stock - int(row[0]))
    if reward.pool is None:
        return left
    free = await facts.coupons.free(reward.pool, now)
    return free if left is None else min(left, free)


async def can_pay(facts: Store, campaign: Campaign, key: str) -> bool:
    """Whether the budget bears one more of a reward."""
    if campaign.budget is None:
        return True
    row = await facts.database.fetch_one(
        "SELECT COALESCE(SUM(cost), 0) FROM referral_grants WHERE campaign = ?"
        " AND standing IN ('owed', 'given')",
        campaign.id,
    )
    assert row is not None
    return int(row[0]) + campaign.rewards[key].fen <= round(campaign.budget * 100)


def granted(want: Want, key: str, standing: Paid, now: float) -> Statement:
    """The grant stands so from now on; `UnitConflict` when somebody else took the last one."""
    campaign, reward = want.campaign, want.campaign.rewards[key]
    taken = standing in TAKEN
    budget = None if campaign.budget is None else round(campaign.budget * 100)
    return Statement(
        _GRANT,
        (
            *(want.id, campaign.id, want.external_userid, want.state, want.side, key),
            *(reward.model_dump_json(exclude_defaults=True), reward.stock, standing),
            *(reward.fen if taken else 0, now, budget, want.tier),
        ),
        1,
    )


def withdrawn(grant: Grant, now: float) -> Statement:
    """Fewer invitations are valid again: its stock goes back, unless it was given."""
    return Statement(_WITHDRAW, (now, grant.id))


def handed_over(grant_id: str, now: float) -> Statement:
    """A person has handed it over."""
    return Statement(
        "UPDATE referral_grants SET standing = 'given', changed_at = ? WHERE id = ?"
        " AND standing = 'owed'",
        (now, grant_id),
    )


def told(grant_id: str, now: float | None) -> Statement:
    """It was said to the customer, or that came to nothing (``None``)."""
    return Statement("UPDATE referral_grants SET told_at = ? WHERE id = ?", (now, grant_id))


async def waiting_for(facts: Store, campaign: str, reward: str) -> tuple[str, str, str] | None:
    """Side, customer and state of who waits longest for a reward."""
    row = await facts.database.fetch_one(
        "SELECT side, external_userid, state FROM referral_grants WHERE campaign = ?"
        " AND reward = ? AND standing = 'queued' ORDER BY reached_at, id LIMIT 1",
        *(campaign, reward),
    )
    return (row["side"], row["external_userid"], row["state"]) if row else None


def _grant(row: Row) -> Grant:
    return Grant(
        id=row["id"],
        campaign=row["campaign"],
        external_userid=row["external_userid"],
        state=row["state"],
        tier=row["tier"],
        side=row["side"],
        reward=row["reward"],
        definition=Reward.model_validate_json(row["definition"]),
        standing=Paid(row["standing"]),
        reached_at=row["reached_at"],
        told_at=row["told_at"],
        code=row["code"],
    )
