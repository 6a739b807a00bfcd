"""SIGTERM with a backlog: what is in hand is finished, the rest waits for the next start."""

from pathlib import Path

from tests.integration.crash.nursery import Nursery
from tests.integration.crash.product import STOP_WITHIN_S
from tests.integration.crash.trial import Plan, staged

SEND = "/cgi-bin/kf/send_msg"


async def test_a_stop_finishes_what_is_in_hand_and_leaves_the_rest_for_the_next_start(
    nursery: Nursery,
    tmp_path: Path,
) -> None:
    one_at_a_time = {"CONCIERGE_DELIVERY__SEND_CONCURRENCY": "1"}
    async with staged(Plan("stop", messages=60), nursery, tmp_path, one_at_a_time) as (
        sim,
        product,
        watch,
    ):
        sim.fault("delay", path=SEND, seconds=0.4, probability=1.0)
        await watch.ask(60)
        await watch.until(lambda: watch.answered, "the first answers")

        assert await product.stop() < STOP_WITHIN_S

        assert watch.answered < 60
        assert not [row for row in product.leftovers() if "claimed" in row], "a send was cut short"
        sim.clear_faults()
        await product.start()
        await watch.all_answered()
        await watch.all_settled()
        assert watch.verdict().is_clean
        assert not sim.violations


async def test_a_stop_does_not_wait_for_a_platform_that_hangs(
    nursery: Nursery, tmp_path: Path
) -> None:
    async with staged(Plan("hang", messages=20), nursery, tmp_path) as (sim, product, watch):
        sim.fault("hang", path=SEND, seconds=60.0, probability=1.0)
        await watch.ask(20)
        await watch.until(lambda: sim.calls.get(SEND, 0), "a send that hangs")

        assert await product.stop() < STOP_WITHIN_S

        sim.clear_faults()
        await product.start()
        await watch.all_answered()
        await watch.all_settled()
        assert watch.verdict().is_clean
