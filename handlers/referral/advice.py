"""What could help a campaign whose K is low twice, and what came of changes before (R-3.5.4, D80)?

The rules only advise: a person applies what he thinks right, and the log of changes shows K of the
seven days before and after.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

import msgspec

from bot.config import Campaign
from bot.store import Statement, Store, Unit
from bot.store.database import Row
from handlers.referral.figures import KFigures, k_of
from handlers.referral.store import Known

WEEK_S = 7 * 86_400.0
EVERY_S = 3600.0
"""K is evaluated hourly."""

REST_S = 86_400.0
"""So long after somebody decided nothing new is advised: a change needs time to show."""

KINDS = ("lower_first", "two_sided", "prolong")
_MORE_DAYS = 7


class Expected(msgspec.Struct, frozen=True):
    """What a change would bring, as far as rows can say.

    Args:
        at_once: inviters who would reach the first tier by it at once.
        cost: of that, or a week of it, in fen.
        ratio: K after over K before of earlier changes of its kind, median; ``None`` = there were
            none with enough inviters.
        precedents: how many those were.
    """

    at_once: int
    cost: int
    ratio: float | None
    precedents: int


@dataclass(frozen=True, slots=True)
class Advice:
    """Something that could help."""

    id: str
    campaign: str
    kind: str
    expected: Expected
    at: float
    standing: str


@dataclass(frozen=True, slots=True)
class Change:
    """An edit of a campaign, and K of the week before and after it.

    Args:
        after_k: of so much of the week as is over.
    """

    campaign: str
    at: float
    by: str
    why: str
    before: Campaign
    after: Campaign
    before_k: KFigures
    after_k: KFigures

    @property
    def ratio(self) -> float | None:
        """K after over K before, ``None`` where either says nothing."""
        old, new = self.before_k, self.after_k
        if not old.says_something or not new.says_something or not old.gross:
            return None
        return (new.gross or 0.0) / old.gross


def changed(campaign: Campaign, kind: str) -> Campaign | None:
    """The campaign as advised, ``None`` where that changes nothing or would not be one. Pure."""
    match kind:
        case "lower_first":
            first = campaign.tiers[0]
            if first.invites == 1:
                return None
            lower = first.model_copy(update={"invites": first.invites // 2})
            return campaign.model_copy(update={"tiers": (lower, *campaign.tiers[1:])})
        case "two_sided":
            virtual = {key: one for key, one in campaign.rewards.items() if one.is_virtual}
            if campaign.newcomer is not None or not virtual:
                return None
            cheapest = min(virtual, key=lambda key: (virtual[key].fen, key))
            return campaign.model_copy(update={"newcomer": cheapest})
        case "prolong":
            ends = datetime.fromisoformat(campaign.end) + timedelta(days=_MORE_DAYS)
            return campaign.model_copy(update={"end": ends.strftime("%Y-%m-%d %H:%M")})
    raise ValueError(kind)


# ---------------------------------------------------------------------- looking


async def look(facts: Store, known: Known, alarm: float, now: float) -> list[Advice]:
    """Evaluate K of the last seven days; the second low one in a row advises what could help.

    Whoever looks again within the hour changes nothing.

    Args:
        alarm: below this K is low.
    """
    campaign, db = known.campaign, facts.database
    last = await db.fetch_one(
        "SELECT at, is_low FROM referral_looks WHERE campaign = ? ORDER BY at DESC LIMIT 1",
        campaign.id,
    )
    if last is not None and now - last["at"] < EVERY_S:
        return []
    k = await k_of(facts, campaign.id, now - WEEK_S, now)
    is_low = k.is_low(alarm)
    seen = Statement(
        "INSERT INTO referral_looks VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (campaign.id, now, k.inviters, k.credited, int(is_low)),
    )
    new: list[Advice] = []
    if is_low and last is not None and last["is_low"] and not await _rests(facts, campaign.id, now):
        new = [
            Advice(_id(campaign.id, kind, now), campaign.id, kind, expected, now, "open")
            for kind in KINDS
            if changed(campaign, kind) is not None
            and (expected := await _expected(facts, known, kind, k, now))
        ]
    await db.commit(Unit([seen, *map(_advised, new)]))
    return new


async def _rests(facts: Store, campaign: str, now: float) -> bool:
    """Whether something is advised already, was just decided, or the campaign was just changed."""
    row = await facts.database.fetch_one(
        "SELECT 1 FROM referral_advice WHERE campaign = ?1 AND (standing = 'open'"
        " OR decided_at > ?2) UNION ALL SELECT 1 FROM referral_changes WHERE campaign = ?1"
        " AND at > ?2 LIMIT 1",
        *(campaign, now - REST_S),
    )
    return row is not None


async def _expected(
    facts: Store, known: Known, kind: str, k: KFigures, now: float
) -> Expected | None:
    campaign, at_once, cost = known.campaign, 0, 0
    new = changed(campaign, kind)
    assert new is not None
    if kind == "lower_first":
        old, lower = campaign.tiers[0].invites, new.tiers[0].invites
        at_once = sum(lower <= n < old for n in await _valid_each(facts, campaign.id))
        cost = at_once * campaign.rewards[campaign.tiers[0].reward].fen
    elif kind == "two_sided" and new.newcomer is not None:
        cost = k.credited * campaign.rewards[new.newcomer].fen
    elif kind == "prolong" and known.terms.end - now > WEEK_S:
        return None  # its end holds nobody back yet
    ratios = [
        ratio
        for one in await changes(facts, now=now)
        if _kind_of(one) == kind and (ratio := one.ratio) is not None
    ]
    return Expected(at_once, cost, median(ratios) if ratios else None, len(ratios))


async def _valid_each(facts: Store, campaign: str) -> list[int]:
    rows = await facts.database.scan(
        "SELECT COUNT(*) AS n FROM referral_invites WHERE campaign = ? AND standing = 'valid'"
        " GROUP BY state",
        campaign,
    )
    return [row["n"] for row in rows]


def _kind_of(one: Change) -> str:
    """Which kind an edit was, whoever had the idea; an edit of several things is none."""
    kinds = [kind for kind in KINDS if _same(one.after, changed(one.before, kind))]
    return kinds[0] if kinds else ""


def _same(one: Campaign, other: Campaign | None) -> bool:
    return other is not None and one.model_dump() == other.model_dump()


# ---------------------------------------------------------------------- rows


async def open_advice(facts: Store, campaign: str) -> list[Advice]:
    """What is advised for a campaign and not yet decided."""
    rows = await facts.database.fetch(
        "SELECT * FROM referral_advice WHERE campaign = ? AND standing = 'open' ORDER BY kind",
        campaign,
    )
    return [_opened(row) for row in rows]


async def advice(facts: Store, advice_id: str) -> Advice | None:
    """One of them, decided or not."""
    row = await facts.database.fetch_one("SELECT * FROM referral_advice WHERE id = ?", advice_id)
    return _opened(row) if row else None


def decided(one: Advice, standing: str, by: str, now: float) -> Statement:
    """Somebody applied it or put it aside; `UnitConflict` when somebody else decided before."""
    return Statement(
        "UPDATE referral_advice SET standing = ?, decided_at = ?, by = ? WHERE id = ?"
        " AND standing = 'open'",
        (standing, now, by, one.id),
        1,
    )


async def changes(facts: Store, campaign: str = "", *, now: float) -> list[Change]:
    """Edits, the newest first, of one campaign or all, with K around each."""
    rows = await facts.database.fetch(
        "SELECT * FROM referral_changes WHERE ? = '' OR campaign = ? ORDER BY at DESC LIMIT 100",
        *(campaign, campaign),
    )
    return [
        Change(
            campaign=row["campaign"],
            at=row["at"],
            by=row["by"],
            why=row["why"],
            before=Campaign.model_validate_json(row["before"]),
            after=Campaign.model_validate_json(row["after"]),
            before_k=await k_of(facts, row["campaign"], row["at"] - WEEK_S, row["at"]),
            after_k=await k_of(
                facts, row["campaign"], row["at"], min(row["at"] + WEEK_S, max(now, row["at"]))
            ),
        )
        for row in rows
    ]


def told_changes(before: Campaign, after: Campaign) -> Iterable[tuple[str, object, object]]:
    """Which keys differ, with both values as in a file."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return ((key, old[key], new[key]) for key in old if old[key] != new[key])


def _advised(one: Advice) -> Statement:
    return Statement(
        "INSERT INTO referral_advice (id, campaign, kind, expected, at, standing)"
        " VALUES (?, ?, ?, ?, ?, 'open') ON CONFLICT DO NOTHING",
        (one.id, one.campaign, one.kind, msgspec.json.encode(one.expected).decode(), one.at),
    )


def _opened(row: Row) -> Advice:
    expected = msgspec.json.decode(row["expected"], type=Expected)
    return Advice(row["id"], row["campaign"], row["kind"], expected, row["at"], row["standing"])


def _id(campaign: str, kind: str, now: float) -> str:
    return "v" + hashlib.sha256(f"{campaign}\0{kind}\0{now:.0f}".encode()).hexdigest()[:10]
