"""Points are exchanged once, wherever the product is killed on the way."""

from pathlib import Path

import pytest

from tests.integration.crash.friends import FriendPlan
from tests.integration.crash.nursery import Nursery
from tests.integration.crash.points import run_points

DEEP = (
    FriendPlan("decided, not committed", (1, 1)),
    FriendPlan("committed, sender not woken", (1, 1)),
    FriendPlan("inside a transaction", (4, 7, 9)),
    FriendPlan("transaction durable, nobody told", (4, 7, 9)),
    FriendPlan("sent, result not stored", (1, 1)),
    FriendPlan("result stored", (1, 1)),
)


def _named(plan: FriendPlan) -> str:
    return plan.step.replace(" ", "-")


@pytest.mark.deep
@pytest.mark.parametrize("plan", DEEP, ids=_named)
async def test_kills_on_the_way_of_an_exchange_are_not_felt(
    plan: FriendPlan, nursery: Nursery, tmp_path: Path
) -> None:
    kills, problems = await run_points(plan, nursery, tmp_path)
    assert problems == []
    assert kills == len(plan.passes), "the script never came there: the test shows nothing"
