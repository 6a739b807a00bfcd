"""How much speaks against an invitation, and what? Pure, from what is really seen (R-3.5.5).

WeCom shows neither device nor address of whoever scans; that family of signals is reported as
absent, never as clean.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from statistics import fmean, pstdev

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0
SILENT_S = 7 * DAY_S
"""Whoever has written nothing for so long has been silent."""

FINEST_S = 10.0
"""Gaps that are shorter on average say nothing of rhythm."""

QUICK_S = 600.0
"""Who leaves within so long has only come to be counted."""

RECENT = 20
"""How many of the inviter's invitations around this one are looked at."""

FEW = 6
"""Fewer people than these are no ring, however they help each other."""

MANY_TRIED = 3
"""By so many codes nobody comes by chance."""


class Verdict(StrEnum):
    """What follows from the points."""

    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that speaks against an invitation.

    Args:
        name: of the text that tells it, `points` how much it weighs.
        seen: the figure it was seen by.
    """

    name: str
    points: int
    seen: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """The points with their reasons.

    Args:
        device: ``absent``: nobody opened a page of ours, so that nothing is known of devices.
    """

    verdict: Verdict
    signals: tuple[Signal, ...]
    device: str = "absent"

    @property
    def points(self) -> int:
        """The sum."""
        return sum(one.points for one in self.signals)


@dataclass(frozen=True, slots=True)
class Beside:
    """Another invitation of the same inviter.

    Args:
        at: of the add; `left_at` when the person deleted us, ``None`` = is still there.
        has_unionid: ``None`` = it is not known yet.
        tried: by how many inviters' codes the person came.
    """

    at: float
    left_at: float | None = None
    has_unionid: bool | None = None
    tried: int = 1


@dataclass(frozen=True, slots=True)
class Ties:
    """Who came by whose code around an inviter, two steps far.

    Args:
        people: how many they are.
        extra: ties beyond those that a tree of so many has: each closes a ring.
        is_mutual: the inviter came by this newcomer's code, too.
    """

    people: int = 0
    extra: int = 0
    is_mutual: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known around an invitation.

    Args:
        at: of the add, `hour` of the local day.
        beside: the inviter's invitations, this one among them, by time.
        inviters_tried: by how many inviters' codes the newcomer came, over all campaigns.
        unionids_usual: share of the campaign's newcomers whose unionid is known.
        same_address, same_phone: how many others gave the inviter's for their prizes.
        silent: share of the inviter's newcomers who wrote nothing in their first week, ``None`` =
            too few are here so long; `silent_usual` the same of the campaign.
    """

    at: float
    hour: int
    beside: Sequence[Beside]
    inviters_tried: int = 1
    unionids_usual: float = 0.0
    ties: Ties = field(default_factory=Ties)
    same_address: int = 0
    same_phone: int = 0
    silent: float | None = None
    silent_usual: float = 0.0


def judge(seen: Seen, *, review_at: int, block_at: int) -> Judgement:
    """Add up what speaks against an invitation.

    Speed alone never blocks below 100 a minute, which no crowd at a poster reaches: a class that
    scans together is fast, but it stays.
    """
    signals = tuple(one for one in (weigh(seen) for weigh in _WEIGHED) if one is not None)
    points = sum(one.points for one in signals)
    if points >= block_at:
        return Judgement(Verdict.BLOCK, signals)
    return Judgement(Verdict.REVIEW if points >= review_at else Verdict.ALLOW, signals)


def _speed(seen: Seen) -> Signal | None:
    """Most invitations in any minute that holds this one."""
    times = sorted(one.at for one in seen.beside if abs(one.at - seen.at) < MINUTE_S)
    most = max((bisect_left(times, one + MINUTE_S) - n for n, one in enumerate(times)), default=0)
    for bound, points in ((100, 70), (60, 40), (30, 15)):
        if most > bound:
            return Signal("speed", points, most)
    return None


def _rhythm(seen: Seen) -> Signal | None:
    """People come as they come; a script comes by the clock. WeCom tells whole seconds, so that of
    a crowd no rhythm is known.
    """
    times = [one.at for one in _around(seen)]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    if len(gaps) < RECENT // 2 or fmean(gaps) < FINEST_S:
        return None
    spread = pstdev(gaps) / fmean(gaps)
    for bound, points in ((0.15, 45), (0.35, 25)):
        if spread < bound:
            return Signal("rhythm", points, round(spread, 2))
    return None


def _quick_leavers(seen: Seen) -> Signal | None:
    around = _around(seen)
    if len(around) < RECENT // 2:
        return None
    quick = sum(one.left_at is not None and one.left_at - one.at <= QUICK_S for one in around)
    share = quick / len(around)
    for bound, points in ((0.5, 70), (0.25, 40)):
        if share >= bound:
            return Signal("quick_leavers", points, round(share, 2))
    return None


def _helper(seen: Seen) -> Signal | None:
    for bound, points in ((10, 70), (6, 40), (3, 20)):
        if seen.inviters_tried >= bound:
            return Signal("helper", points, seen.inviters_tried)
    return None


def _night(seen: Seen) -> Signal | None:
    """Many in the hour, between one and five."""
    many = sum(abs(one.at - seen.at) < HOUR_S / 2 for one in seen.beside)
    return Signal("night", 20, many) if 1 <= seen.hour < 5 and many >= RECENT // 2 else None


def _anonymous(seen: Seen) -> Signal | None:
    """Far fewer unionids than usual here; says nothing where hardly anybody's is known."""
    known = [one for one in _around(seen) if one.has_unionid is not None]
    if len(known) < RECENT // 2 or seen.unionids_usual < 0.8:
        return None
    share = sum(bool(one.has_unionid) for one in known) / len(known)
    return Signal("anonymous", 25, round(share, 2)) if share <= 0.5 else None


def _leavers(seen: Seen) -> Signal | None:
    """Half of them gone within a day; who leaves at once is counted by `_quick_leavers`."""
    around = _around(seen)
    stays = [one.left_at - one.at for one in around if one.left_at is not None]
    gone = sum(QUICK_S < stay <= DAY_S for stay in stays) / max(len(around), 1)
    if len(around) < RECENT // 2 or gone < 0.5:
        return None
    return Signal("leavers", 40, round(gone, 2))


def _same_stay(seen: Seen) -> Signal | None:
    """People leave when they like; a script leaves after a set time."""
    around = _around(seen)
    stays = [one.left_at - one.at for one in around if one.left_at is not None]
    if len(stays) < RECENT // 4 or fmean(stays) < FINEST_S:
        return None
    spread = pstdev(stays) / fmean(stays)
    return Signal("same_stay", 30, round(spread, 2)) if spread < 0.15 else None


def _helpers(seen: Seen) -> Signal | None:
    """Most of whoever comes by this code came by many others: accounts for hire."""
    around = _around(seen)
    share = sum(one.tried >= MANY_TRIED for one in around) / max(len(around), 1)
    if len(around) < RECENT // 2 or share < 0.5:
        return None
    return Signal("helpers", 40, round(share, 2))


def _mutual(seen: Seen) -> Signal | None:
    """Friends help each other back; alone that says little."""
    return Signal("mutual", 20, 1) if seen.ties.is_mutual else None


def _ring(seen: Seen) -> Signal | None:
    """Invitations spread like a tree; a group that invites itself closes ring upon ring."""
    if seen.ties.people < FEW:
        return None
    share = seen.ties.extra / seen.ties.people
    for bound, points in ((1.0, 70), (0.5, 45)):
        if share >= bound:
            return Signal("ring", points, round(share, 2))
    return None


def _same_address(seen: Seen) -> Signal | None:
    """A dormitory and an office have one address: alone that stops nobody."""
    for bound, points in ((5, 35), (2, 15)):
        if seen.same_address >= bound:
            return Signal("same_address", points, seen.same_address)
    return None


def _same_phone(seen: Seen) -> Signal | None:
    """A phone is a household's at most."""
    for bound, points in ((4, 50), (2, 30)):
        if seen.same_phone >= bound:
            return Signal("same_phone", points, seen.same_phone)
    return None


def _silent(seen: Seen) -> Signal | None:
    """Nobody whom he brought ever writes, where others' newcomers do."""
    if seen.silent is None or seen.silent < 0.95 or seen.silent_usual > 0.75:
        return None
    return Signal("silent", 25, round(seen.silent, 2))


_WEIGHED = (
    *(_speed, _rhythm, _quick_leavers, _leavers, _same_stay, _helper, _helpers, _night),
    *(_anonymous, _mutual, _ring, _same_address, _same_phone, _silent),
)


def _around(seen: Seen) -> Sequence[Beside]:
    """The invitations nearest in time."""
    near = sorted(seen.beside, key=lambda one: abs(one.at - seen.at))[:RECENT]
    return sorted(near, key=lambda one: one.at)
