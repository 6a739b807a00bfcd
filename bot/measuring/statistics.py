"""How sure is a share, and where does a quantile lie? Pure."""

import math
from array import array

import msgspec

Z = 1.959964
"""Of a two-sided interval of 95 %."""


class Share(msgspec.Struct, frozen=True):
    """So many of so many.

    Args:
        share: ``None`` when there are none.
        low: lower bound of Wilson's interval of 95 %.
        high: its upper bound.
    """

    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None


class Waits(msgspec.Struct, frozen=True):
    """How long something took, in seconds; what never came counts as infinite.

    Args:
        p50: ``None`` = infinite, or nobody waited.
        quick: those of at most `QUICK_S`.
    """

    n: int
    never: int
    p50: float | None
    p90: float | None
    quick: Share


QUICK_S = 30.0
"""Goal of the first response (R-11.8)."""


def share_of(count: int, of: int) -> Share:
    """A share with its interval."""
    if not of:
        return Share(count, of, None, None, None)
    share, square = count / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    low = max(0.0, middle - half) if count else 0.0
    return Share(count, of, share, low, min(1.0, middle + half))


def waits_of(values: "array[float]") -> Waits:
    """Quantiles of a sample in which `math.inf` is what never came."""
    ordered = sorted(values)
    return Waits(
        n=len(ordered),
        never=sum(1 for value in ordered if math.isinf(value)),
        p50=quantile(ordered, 0.5),
        p90=quantile(ordered, 0.9),
        quick=share_of(sum(1 for value in ordered if value <= QUICK_S), len(ordered)),
    )


def quantile(ordered: list[float], share: float) -> float | None:
    """The smallest value that so large a share does not exceed; ``None`` = infinite, or no value.

    Args:
        ordered: ascending.
    """
    if not ordered:
        return None
    # the product of a share and a count may come out a hair above a whole number
    found = ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)]
    return None if math.isinf(found) else found
