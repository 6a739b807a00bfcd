"""A case is given once, told once and never forgotten when the product is killed (issue 4)."""

from pathlib import Path

import pytest

from tests.integration.crash.cases import CasePlan, run_cases
from tests.integration.crash.nursery import Nursery

SAMPLED = (
    CasePlan("seat taken, nobody asked", (1,)),
    CasePlan("transferred, result not stored", (1,)),
    CasePlan("card sent, result not stored", (1,)),
)

_RARE = (
    *("seat taken, nobody asked", "before the transfer", "transferred, result not stored"),
    *("before the card", "card sent, result not stored"),
    *("welcome claimed, not sent", "welcome sent, result not stored"),
)
_ARRIVALS = (
    *("callback read, nothing stored", "callback stored, not answered"),
    *("page fetched, not stored", "page stored, nobody woken"),
)
_OFTEN = (
    *("inside a transaction", "transaction durable, nobody told", "decided, not committed"),
    *("committed, sender not woken", "result stored"),
)
DEEP = (
    *(CasePlan(step, (1, 1, 1)) for step in _RARE),
    *(CasePlan(step, passes) for step in _ARRIVALS for passes in ((1, 3, 5), (2, 4, 6))),
    *(CasePlan(step, passes) for step in _OFTEN for passes in ((1, 3, 5), (2, 4, 6), (7, 9, 11))),
)
"""Passes of one life: a customer's case comes to a step of arrivals some six times."""


def _named(plan: CasePlan) -> str:
    return plan.name.replace(" ", "-")


async def _survives(plan: CasePlan, nursery: Nursery, folder: Path) -> None:
    kills, problems = await run_cases(plan, nursery, folder)
    assert problems == []
    assert kills == len(plan.passes), "the script never came there: the test shows nothing"


@pytest.mark.parametrize("plan", SAMPLED, ids=_named)
async def test_a_kill_in_the_life_of_a_case_is_not_felt(
    plan: CasePlan, nursery: Nursery, tmp_path: Path
) -> None:
    await _survives(plan, nursery, tmp_path)


@pytest.mark.deep
@pytest.mark.parametrize("plan", DEEP, ids=_named)
async def test_three_kills_in_the_lives_of_cases_are_not_felt(
    plan: CasePlan, nursery: Nursery, tmp_path: Path
) -> None:
    await _survives(plan, nursery, tmp_path)
