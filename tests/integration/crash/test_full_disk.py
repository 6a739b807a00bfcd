"""A disk that is full: callbacks are refused, nothing is lost, and all goes on when there is room.

The limit on file sizes (RLIMIT_FSIZE) is what one process can be given without being root: every
write to the database fails from one moment to the next, in the middle of its work.
"""

import sys
from pathlib import Path

import pytest

from tests.integration.crash.nursery import Nursery
from tests.integration.crash.trial import Plan, staged

if sys.platform != "linux":
    pytest.skip("a limit of another process is Linux only", allow_module_level=True)

import resource

SYNC = "/cgi-bin/kf/sync_msg"


async def test_a_full_disk_refuses_callbacks_and_loses_nothing(
    nursery: Nursery, tmp_path: Path
) -> None:
    async with staged(Plan("full disk", messages=60), nursery, tmp_path) as (sim, product, watch):
        await watch.ask(20)
        await watch.until(lambda: watch.answered == 20, "answers while there is room")
        before = resource.prlimit(product.pid, resource.RLIMIT_FSIZE)

        resource.prlimit(product.pid, resource.RLIMIT_FSIZE, (0, before[1]))
        pulls = sim.calls[SYNC]
        for _ in range(4):
            await watch.ask(5)
        await watch.until(
            lambda: sim.world.violation_counts["bad_ack"] and not sim.pending_callbacks,
            "callbacks that are refused until the platform gives up",
        )
        await watch.until(lambda: sim.calls[SYNC] > pulls, "a pull whose page cannot be stored")
        assert watch.answered == 20

        resource.prlimit(product.pid, resource.RLIMIT_FSIZE, before)
        await watch.ask(20)
        await watch.all_answered()
        await watch.all_settled()
        assert product.lives == 1
        assert watch.verdict().is_clean
        assert {(one.kind, one.detail) for one in sim.violations} == {("bad_ack", "status 503")}
