"""Tags come to WeCom once and whole when the product is killed on their way (issue 5)."""

from pathlib import Path

import pytest

from tests.integration.crash.friends import FriendPlan, run_friends
from tests.integration.crash.nursery import Nursery

SAMPLED = (FriendPlan("friend marked, result not stored", (1,)),)
DEEP = (
    FriendPlan("friend read, nothing followed", (1, 2, 3)),
    FriendPlan("before a friend's tag is made", (1,)),
    FriendPlan("friend's tag made, not stored", (1,)),
    FriendPlan("friend to be marked, nobody asked", (1, 2, 2)),
    FriendPlan("friend marked, result not stored", (1, 2, 2)),
    FriendPlan("what people did to a friend, not followed", (1, 1)),
    FriendPlan("callback stored, not answered", (2, 4, 6)),
    FriendPlan("result stored", (2, 4, 6)),
    FriendPlan("inside a transaction", (20, 30, 45)),
    FriendPlan("transaction durable, nobody told", (20, 30, 45)),
)


def _named(plan: FriendPlan) -> str:
    return plan.step.replace(" ", "-")


async def _survives(plan: FriendPlan, nursery: Nursery, folder: Path) -> None:
    kills, problems = await run_friends(plan, nursery, folder)
    assert problems == []
    assert kills == len(plan.passes), "the script never came there: the test shows nothing"


@pytest.mark.parametrize("plan", SAMPLED, ids=_named)
async def test_a_kill_on_the_way_of_a_tag_is_not_felt(
    plan: FriendPlan, nursery: Nursery, tmp_path: Path
) -> None:
    await _survives(plan, nursery, tmp_path)


@pytest.mark.deep
@pytest.mark.parametrize("plan", DEEP, ids=_named)
async def test_kills_on_the_way_of_tags_are_not_felt(
    plan: FriendPlan, nursery: Nursery, tmp_path: Path
) -> None:
    await _survives(plan, nursery, tmp_path)
