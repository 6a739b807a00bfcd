"""No message is lost, doubled or overtaken when the product is killed (issue 2, must show 4)."""

from pathlib import Path

import pytest

from tests.integration.crash import matrix
from tests.integration.crash.matrix import chaos_plan, random_plan, step_plan
from tests.integration.crash.nursery import Nursery
from tests.integration.crash.table import table
from tests.integration.crash.trial import Plan, run

SAMPLED_STEPS = (
    "callback stored, not answered",
    "decided, not committed",
    "sent, result not stored",
)


def _named(plan: Plan) -> str:
    return plan.name.replace(" ", "-")


async def _survives(plan: Plan, nursery: Nursery, folder: Path) -> None:
    outcome = await run(plan, nursery, folder)
    print(f"\n{table([outcome])}")
    outcome.check()


@pytest.mark.parametrize("step", SAMPLED_STEPS)
async def test_a_kill_at_a_step_costs_nobody_an_answer(
    step: str, nursery: Nursery, tmp_path: Path
) -> None:
    """The row that the step works on is still there, and its repeat is recognised."""
    await _survives(step_plan(step, messages=40, lives=1), nursery, tmp_path)


async def test_kills_amid_accidents_of_the_platform_cost_nobody_an_answer(
    nursery: Nursery, tmp_path: Path
) -> None:
    await _survives(chaos_plan(5, messages=40, kills=2), nursery, tmp_path)


@pytest.mark.deep
@pytest.mark.parametrize("plan", matrix.step_plans(), ids=_named)
async def test_three_kills_at_each_step_cost_nobody_an_answer(
    plan: Plan, nursery: Nursery, tmp_path: Path
) -> None:
    await _survives(plan, nursery, tmp_path)


@pytest.mark.deep
@pytest.mark.parametrize("plan", [random_plan(1), random_plan(2)], ids=_named)
async def test_kills_at_random_moments_cost_nobody_an_answer(
    plan: Plan, nursery: Nursery, tmp_path: Path
) -> None:
    await _survives(plan, nursery, tmp_path)


@pytest.mark.deep
@pytest.mark.parametrize("plan", matrix.condition_plans(), ids=_named)
async def test_kills_amid_one_kind_of_accident_cost_nobody_an_answer(
    plan: Plan, nursery: Nursery, tmp_path: Path
) -> None:
    await _survives(plan, nursery, tmp_path)


@pytest.mark.deep
@pytest.mark.parametrize("plan", matrix.chaos_plans(), ids=_named)
async def test_kills_amid_chaos_cost_nobody_an_answer(
    plan: Plan, nursery: Nursery, tmp_path: Path
) -> None:
    await _survives(plan, nursery, tmp_path)
