"""Nothing breaks when everything breaks at once: a small run of `benchmarks.chaos`."""

from pathlib import Path

import pytest

from benchmarks.chaos.run import Plan, run
from benchmarks.chaos.stands import embedded


@pytest.mark.deep
@pytest.mark.parametrize("seed", [1, 2])
async def test_kills_cuts_faults_and_a_clock_that_jumps_cost_nobody_anything(
    seed: int, tmp_path: Path
) -> None:
    outcome = await run(Plan(seed, messages=200), embedded, tmp_path)
    assert outcome.problems == [], outcome.log[-20_000:]
    assert outcome.counts["kills"] >= 2
    assert outcome.counts["faults"] >= 50
