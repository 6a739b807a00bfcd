"""Which variant does somebody get, and which one is better? Pure.

A verdict is given once, on the number of people that was planned before: who looks every day and
stops at the first difference finds one where there is none.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from statistics import NormalDist

import msgspec

from bot.measuring.statistics import Share, share_of

ALPHA = 0.05
"""Two-sided; divided by how many variants are compared with the first (Bonferroni)."""

POWER = 0.8
SPLIT_ALPHA = 0.001
"""People split so unlike the weights make the figures worthless (sample ratio mismatch)."""

_NORMAL = NormalDist()


class Verdict(StrEnum):
    """What the figures permit to say."""

    TOO_FEW = "too_few"
    BAD_SPLIT = "bad_split"
    NO_DIFFERENCE = "no_difference"
    BETTER = "better"
    WORSE = "worse"


class Arm(msgspec.Struct, frozen=True):
    """One variant and what came of it.

    Args:
        reached: how many of those whose window is over reached the goal.
        waiting: people whose window is not over yet; they count later.
    """

    name: str
    reached: Share
    waiting: int = 0


class Comparison(msgspec.Struct, frozen=True):
    """One variant against the first.

    Args:
        difference: of the shares, absolute; ``None`` = nobody on one side.
        low: lower bound of its interval of 95 % (Newcombe's, from Wilson's).
        high: its upper bound.
        p: of the two-proportion test, two-sided.
    """

    name: str
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    verdict: Verdict


class Outcome(msgspec.Struct, frozen=True):
    """An experiment so far.

    Args:
        planned: people that each variant needs before anything is said.
    """

    name: str
    goal: str
    planned: int
    arms: tuple[Arm, ...]
    comparisons: tuple[Comparison, ...]


def variant_of(experiment: str, weights: Mapping[str, int], person: str) -> str:
    """The variant of a person: always the same one, in proportion to the weights.

    Two experiments split people independently of each other.
    """
    digest = hashlib.sha256(f"{experiment}\0{person}".encode()).digest()
    at = int.from_bytes(digest[:8], "big") % sum(weights.values())
    for name, weight in weights.items():
        at -= weight
        if at < 0:
            return name
    raise AssertionError("weights are positive")


def planned_people(baseline: float, lift: float, comparisons: int = 1) -> int:
    """How many people each variant needs to show a relative change of a share.

    Args:
        comparisons: how many variants are compared with the first.
    """
    other = baseline * (1 + lift)
    mean = (baseline + other) / 2
    certain = _NORMAL.inv_cdf(1 - ALPHA / comparisons / 2)
    seen = _NORMAL.inv_cdf(POWER)
    spread = certain * math.sqrt(2 * mean * (1 - mean)) + seen * math.sqrt(
        baseline * (1 - baseline) + other * (1 - other)
    )
    return math.ceil((spread / (other - baseline)) ** 2)


def judge(
    name: str, goal: str, weights: Mapping[str, int], arms: Sequence[Arm], planned: int
) -> Outcome:
    """Compare each variant with the first.

    Args:
        arms: in the order of the weights.
        planned: people that each variant needs.
    """
    first, others = arms[0], arms[1:]
    enough = all(arm.reached.of >= planned for arm in arms)
    seen = {arm.name: arm.reached.of + arm.waiting for arm in arms}
    fair = not _split_is_off(weights, seen)
    compared = tuple(
        _compare(first, other, enough=enough, fair=fair, comparisons=len(others))
        for other in others
    )
    return Outcome(name, goal, planned, tuple(arms), compared)


def _compare(first: Arm, other: Arm, *, enough: bool, fair: bool, comparisons: int) -> Comparison:
    a, b = first.reached, other.reached
    if a.share is None or b.share is None:
        return Comparison(other.name, None, None, None, None, Verdict.TOO_FEW)
    difference, p = b.share - a.share, two_proportions(a, b)
    low, high = _newcombe(a, b)
    if not fair:
        verdict = Verdict.BAD_SPLIT
    elif not enough:
        verdict = Verdict.TOO_FEW
    elif p >= ALPHA / comparisons:
        verdict = Verdict.NO_DIFFERENCE
    else:
        verdict = Verdict.BETTER if difference > 0 else Verdict.WORSE
    return Comparison(other.name, difference, low, high, p, verdict)


def two_proportions(a: Share, b: Share) -> float:
    """How likely so large a difference is where there is none (pooled z test, two-sided)."""
    pooled = (a.count + b.count) / (a.of + b.of)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / a.of + 1 / b.of))
    if not spread:
        return 1.0
    z = abs(b.count / b.of - a.count / a.of) / spread
    return 2 * (1 - _NORMAL.cdf(z))


def _newcombe(a: Share, b: Share) -> tuple[float, float]:
    """Interval of the difference from those of the shares (Newcombe 1998, method 10)."""
    (one, one_low, one_high), (other, other_low, other_high) = _interval(a), _interval(b)
    difference = other - one
    return (
        difference - math.hypot(other - other_low, one_high - one),
        difference + math.hypot(other_high - other, one - one_low),
    )


def _interval(of: Share) -> tuple[float, float, float]:
    return of.share or 0.0, of.low or 0.0, of.high or 0.0


def _split_is_off(weights: Mapping[str, int], seen: Mapping[str, int]) -> bool:
    """Whether people came to the variants unlike the weights say (chi-square)."""
    total, weight = sum(seen.values()), sum(weights.values())
    if not total:
        return False
    expected = {name: total * one / weight for name, one in weights.items()}
    square = sum((seen.get(name, 0) - due) ** 2 / due for name, due in expected.items())
    # Wilson and Hilferty: the cube root of a chi-square over its degrees is nearly normal
    k = len(weights) - 1
    z = ((square / k) ** (1 / 3) - (1 - 2 / (9 * k))) / math.sqrt(2 / (9 * k))
    return 1 - _NORMAL.cdf(z) < SPLIT_ALPHA


def arm_of(name: str, reached: int, of: int, waiting: int = 0) -> Arm:
    """A variant from plain counts."""
    return Arm(name, share_of(reached, of), waiting)
