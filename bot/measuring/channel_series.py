"""What does each channel bring in each stretch of a time, one after another? Pure.

The same count as `figures_of`, for every stretch in one pass: whoever is new, is so in the one in
which he came first, and what he pays within 30 d belongs to it (R-3.4).
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from bot.measuring.channels import (
    DAY_S,
    Bounds,
    Episode,
    Facts,
    Family,
    Worth,
    first_of,
    revenue_of,
    worth_of,
)
from bot.measuring.window import Stretch

SETTLED_S = 30 * DAY_S
"""So long after a stretch everybody who came in it has had his 30 days to pay."""


class Brought(msgspec.Struct):
    """What one stretch says of one channel; see `ChannelFigures`.

    Args:
        revenue: in 分.
    """

    adds: int = 0
    new_people: int = 0
    revenue: int = 0


Series = dict[tuple[Family, str], list[Brought]]


def series_of(facts: Facts, edges: Sequence[float]) -> Series:
    """What every channel by which anybody came brought from each edge to the next.

    Args:
        edges: Unix seconds, ascending; one more than there are stretches.
    """
    found: defaultdict[tuple[Family, str], list[Brought]] = defaultdict(
        lambda: [Brought() for _ in edges[1:]]
    )
    of_person: defaultdict[tuple[Family, str], list[Episode]] = defaultdict(list)
    for one in facts.episodes:
        of_person[one.family, one.person].append(one)
        if (n := _place(one, edges)) is not None:
            found[one.family, one.channel][n].adds += 1
    for mine in of_person.values():
        first = first_of(mine)
        if (n := _place(first, edges)) is not None:
            line = found[first.family, first.channel][n]
            line.new_people += 1
            line.revenue += revenue_of(first, facts)
    return dict(found)


def _place(one: Episode, edges: Sequence[float]) -> int | None:
    """In which stretch somebody came; ``None`` = in none, or by a colleague."""
    n = bisect_right(edges, one.at) - 1
    return n if 0 <= n < len(edges) - 1 and not one.brought else None


class PeriodLine(msgspec.Struct, frozen=True, kw_only=True):
    """One channel in one day, week or month.

    Args:
        first, last: days, both included.
        revenue: what those who were new in it paid within 30 d and did not get back, in 分.
        settled: all of them have had their 30 days: the revenue grows no more.
        worth: ``None`` where there is nothing to be judged.
    """

    first: str
    last: str
    adds: int
    new_people: int
    revenue: int
    settled: bool
    worth: Worth | None


def lines_of(
    parts: Sequence[Stretch],
    brought: Sequence[Brought],
    costs: Mapping[str, int] | None,
    judged: tuple[Sequence[str], Bounds],
    now: float,
) -> list[PeriodLine]:
    """The lines of one channel.

    Args:
        brought: of each stretch; empty = nobody came in any.
        costs: day → 分; ``None`` = of what has no cost, such as the unattributed.
        judged: the days on which the channel was there, and by which bounds it is judged.
        now: Unix seconds.
    """
    days, bounds = frozenset(judged[0]), judged[1]
    lines = []
    for one, found in zip(parts, brought or [Brought() for _ in parts], strict=True):
        worth = None
        if costs is not None:
            mine = [day for day in one.days if day in days]
            worth = worth_of(costs, mine, found.new_people, bounds, revenue=found.revenue)
        lines.append(
            PeriodLine(
                first=one.days[0],
                last=one.days[-1],
                adds=found.adds,
                new_people=found.new_people,
                revenue=found.revenue,
                settled=one.window.until + SETTLED_S <= now,
                worth=worth,
            )
        )
    return lines
