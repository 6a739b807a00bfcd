"""A flow goes on where it was, and says nothing twice, when the product is killed at any step."""

from pathlib import Path

import pytest

from tests.integration.crash.flows import run_flows, run_opt_out
from tests.integration.crash.friends import FriendPlan
from tests.integration.crash.nursery import Nursery

SAMPLED = (FriendPlan("sent, result not stored", (2,)),)
EACH = (1, 2, 3, 4, 5, 6, 7, 8)
DEEP = (
    FriendPlan("decided, not committed", EACH),
    FriendPlan("committed, sender not woken", EACH),
    FriendPlan("claimed, not sent", (1, 2, 3, 4)),
    FriendPlan("sent, result not stored", (1, 2, 3, 4)),
    FriendPlan("result stored", (1, 2, 3, 4)),
    FriendPlan("inside a transaction", (10, 17, 24, 31, 38)),
    FriendPlan("transaction durable, nobody told", (10, 17, 24, 31, 38)),
)


def _named(plan: FriendPlan) -> str:
    return plan.step.replace(" ", "-")


async def _survives(plan: FriendPlan, nursery: Nursery, folder: Path) -> None:
    kills, problems = await run_flows(plan, nursery, folder)
    assert problems == []
    assert kills == len(plan.passes), "the script never came there: the test shows nothing"


@pytest.mark.parametrize("plan", SAMPLED, ids=_named)
async def test_a_kill_in_the_middle_of_a_flow_is_not_felt(
    plan: FriendPlan, nursery: Nursery, tmp_path: Path
) -> None:
    await _survives(plan, nursery, tmp_path)


@pytest.mark.deep
@pytest.mark.parametrize("plan", DEEP, ids=_named)
async def test_kills_at_every_step_of_a_flow_are_not_felt(
    plan: FriendPlan, nursery: Nursery, tmp_path: Path
) -> None:
    await _survives(plan, nursery, tmp_path)


@pytest.mark.deep
async def test_who_wants_nothing_more_hears_nothing_more_after_a_kill(
    nursery: Nursery, tmp_path: Path
) -> None:
    state, why, said = await run_opt_out(nursery, tmp_path)
    assert (state, why) == ("refused", "consent ended")
    assert said == [1, 0, 0, 0]
