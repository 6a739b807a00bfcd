"""An invitation is counted and paid once, wherever the product is killed on its way."""

from pathlib import Path

import pytest

from tests.integration.crash.friends import FriendPlan
from tests.integration.crash.nursery import Nursery
from tests.integration.crash.referral import run_referral

DEEP = (
    FriendPlan("before a contact way is made", (1, 1)),
    FriendPlan("contact way made, not stored", (1, 1)),
    FriendPlan("contact way stored, not read", (1,)),
    FriendPlan("decided, not committed", (2, 4, 6)),
    FriendPlan("committed, sender not woken", (2, 4, 6)),
    FriendPlan("callback stored, not answered", (2, 3)),
    FriendPlan("result stored", (2, 4)),
    FriendPlan("inside a transaction", (12, 20, 30)),
    FriendPlan("transaction durable, nobody told", (12, 20, 30)),
    FriendPlan("sent, result not stored", (1, 2, 3)),
)


def _named(plan: FriendPlan) -> str:
    return plan.step.replace(" ", "-")


@pytest.mark.deep
@pytest.mark.parametrize("plan", DEEP, ids=_named)
async def test_kills_on_the_way_of_an_invitation_are_not_felt(
    plan: FriendPlan, nursery: Nursery, tmp_path: Path
) -> None:
    kills, problems = await run_referral(plan, nursery, tmp_path)
    assert problems == []
    assert kills == len(plan.passes), "the script never came there: the test shows nothing"
