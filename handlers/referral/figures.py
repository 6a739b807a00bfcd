"""What has a campaign brought: K, tiers, cost, why invitations did not count (R-3.5.4, R-3.5.6)?

Everything is a query over the ledger; what cannot be divided is ``None``, never nought.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from bot.store import Store
from handlers.referral.rules import Standing

FEWEST_INVITERS = 30
"""Below so many inviters K says nothing, and nobody is alarmed."""

SUPER = 3.5
"""How many times the median conversion makes a super-referrer (D73)."""

_CREDITED = "standing <> 'refused' AND at >= ?2 AND at <= ?3"


@dataclass(frozen=True, slots=True)
class KFigures:
    """K of a window.

    Args:
        inviters: participants who asked for their poster in it.
        credited: people first credited in it, `still_valid` those who are still valid now.
    """

    inviters: int
    participants: int
    credited: int
    still_valid: int

    @property
    def gross(self) -> float | None:
        """k_seed: credited people per inviter; ``None`` without inviters."""
        return self.credited / self.inviters if self.inviters else None

    @property
    def net(self) -> float | None:
        """The same of those who are still valid."""
        return self.still_valid / self.inviters if self.inviters else None

    @property
    def classic(self) -> float | None:
        """New valid people per participant."""
        return self.still_valid / self.participants if self.participants else None

    @property
    def says_something(self) -> bool:
        """Whether enough have invited."""
        return self.inviters >= FEWEST_INVITERS

    def is_low(self, alarm: float) -> bool:
        """Whether K is so low that something should be changed, and enough have invited."""
        return self.says_something and self.gross is not None and self.gross < alarm


@dataclass(frozen=True, slots=True)
class Figures:
    """What a campaign has come to.

    Args:
        reasons: how many adds were refused or taken back, by reason.
        tiers: how many have reached each tier.
        paid: grants by standing.
        cost: of what is owed or given, in fen.
        virtual, physical: of what is owed or given, by count (B20).
        cycle_s: median from joining to the first credited invitation, ``None`` = nobody has one.
        super_referrers: participants whose invitations are `SUPER` times the median.
    """

    to_date: KFigures
    week: KFigures
    standings: Mapping[Standing, int]
    reasons: Mapping[str, int]
    tiers: Mapping[int, int]
    paid: Mapping[str, int]
    cost: int
    virtual: int
    physical: int
    cycle_s: float | None
    super_referrers: int

    @property
    def cost_each(self) -> float | None:
        """Fen per valid new person."""
        valid = self.standings[Standing.VALID]
        return self.cost / valid if valid else None


async def figures(facts: Store, campaign: str, now: float) -> Figures:
    """All figures of a campaign as they are now."""
    db = facts.database
    by = await db.scan(
        "SELECT standing, reason, COUNT(*) AS n FROM referral_invites WHERE campaign = ?"
        " GROUP BY standing, reason",
        campaign,
    )
    standings = dict.fromkeys(Standing, 0)
    reasons: dict[str, int] = {}
    for row in by:
        standings[Standing(row["standing"])] += row["n"]
        if row["standing"] in (Standing.REFUSED, Standing.REVOKED, Standing.REVIEW):
            reasons[row["reason"]] = reasons.get(row["reason"], 0) + row["n"]
    grants = await db.scan(
        "SELECT standing, side, tier, cost, json_extract(definition, '$.kind') AS kind,"
        " COUNT(*) AS n FROM referral_grants WHERE campaign = ?"
        " GROUP BY standing, side, tier, cost, kind",
        campaign,
    )
    taken = [row for row in grants if row["standing"] in ("owed", "given")]
    paid: dict[str, int] = {}
    tiers: dict[int, int] = {}
    for row in grants:
        paid[row["standing"]] = paid.get(row["standing"], 0) + row["n"]
        if row["side"] == "inviter" and row["standing"] != "withdrawn":
            tiers[row["tier"]] = tiers.get(row["tier"], 0) + row["n"]
    each = await _invited_each(facts, campaign)
    middle = median(each) if each else 0
    return Figures(
        to_date=await k_of(facts, campaign, 0.0, now),
        week=await k_of(facts, campaign, now - 7 * 86_400, now),
        standings=standings,
        reasons=reasons,
        tiers=dict(sorted(tiers.items())),
        paid=paid,
        cost=sum(row["cost"] * row["n"] for row in taken),
        virtual=sum(row["n"] for row in taken if row["kind"] != "gift"),
        physical=sum(row["n"] for row in taken if row["kind"] == "gift"),
        cycle_s=await _cycle(facts, campaign),
        super_referrers=sum(one >= SUPER * middle for one in each) if len(each) > 1 else 0,
    )


async def k_of(facts: Store, campaign: str, since: float, until: float) -> KFigures:
    """K of a window: first credits in it, over whoever made an invite action in it."""
    row = (
        await facts.database.scan(
            "SELECT (SELECT COUNT(DISTINCT state) FROM referral_acts WHERE campaign = ?1"
            "   AND at >= ?2 AND at <= ?3) AS inviters,"
            " (SELECT COUNT(*) FROM referral_participants WHERE campaign = ?1"
            "   AND joined_at <= ?3) AS participants,"
            f" (SELECT COUNT(*) FROM referral_invites WHERE campaign = ?1 AND {_CREDITED})"
            "   AS credited,"
            f" (SELECT COUNT(*) FROM referral_invites WHERE campaign = ?1 AND {_CREDITED}"
            "   AND standing = 'valid') AS still_valid",
            *(campaign, since, until),
        )
    )[0]
    return KFigures(row["inviters"], row["participants"], row["credited"], row["still_valid"])


async def _invited_each(facts: Store, campaign: str) -> list[int]:
    rows = await facts.database.scan(
        "SELECT COUNT(*) AS n FROM referral_invites WHERE campaign = ? AND standing = 'valid'"
        " GROUP BY state",
        campaign,
    )
    return [row["n"] for row in rows]


async def _cycle(facts: Store, campaign: str) -> float | None:
    rows = await facts.database.scan(
        "SELECT MIN(i.at) - p.joined_at AS took FROM referral_participants p"
        " JOIN referral_invites i ON i.state = p.state AND i.standing <> 'refused'"
        " WHERE p.campaign = ? GROUP BY p.state, p.joined_at",
        campaign,
    )
    return median(row["took"] for row in rows) if rows else None
