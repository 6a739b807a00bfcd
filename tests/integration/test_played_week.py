"""Does the report of 7-2-1 say what happened? A played week, counted a second time from the log of
what WeCom saw, before and after the cases were made anew.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.week.log import Log
from benchmarks.week.oracle import DAY, Story, stories
from benchmarks.week.played import LEVELS, Line, Week, compared, played

MINUTE = 60.0


def differing(lines: Sequence[Line]) -> list[str]:
    return [f"{one.when} {one.name}: {one.product} ≠ {one.oracle}" for one in lines if not one.same]


def pauses(told: Sequence[Story]) -> Counter[float]:
    """Pauses within cases, and from a case's end to the next (negative), in whole minutes."""
    found = Counter[float]()
    for story in told:
        moments = [at for at, _ in story.said]
        found.update(round((b - a) / MINUTE) for a, b in pairwise(moments))
        if story.next_at is not None and story.closed_at is not None:
            found[-round((story.next_at - story.closed_at) / MINUTE)] += 1
    return found


def check_that_it_was_a_week(week: Week) -> None:
    """Everything that the report must get right has happened."""
    told = stories(week.log, week.town.clock.now())
    kinds = Counter(story.kind(LEVELS) for story in told)
    assert min(kinds[kind] for kind in ("L1", "L2", "L3", "unserved", "reopened")) > 2
    between = pauses(told)
    assert between[24 * 60 - 1] > 0, "23:59 within a case"
    assert between[-48 * 60 + 1] > 0, "reopened at 47:59"
    assert between[-48 * 60 - 1] > 0, "not reopened at 48:01"
    ends = {round(story.closed_at - story.said[-1][0]) for story in told if story.closed_at}
    assert {round(DAY), 1800} <= ends, "ended by a day, and by half an hour, of silence"


async def test_the_report_says_what_happened(tmp_path: Path) -> None:
    async with played(tmp_path, 300, seed=721) as week:
        assert differing(await compared(week)) == []
        check_that_it_was_a_week(week)

        at = next(n for n, one in enumerate(week.log.seen) if one.kind == "servicer")
        week.log = Log([*week.log.seen[:at], *week.log.seen[at + 1 :]])
        assert differing(await compared(week)) != [], "one message fewer makes a difference"


@pytest.mark.deep
async def test_the_report_says_what_happened_in_5000_cases(tmp_path: Path) -> None:
    async with played(tmp_path, 5_000, seed=48) as week:
        assert differing(await compared(week)) == []
        assert week.visits > 4_500
