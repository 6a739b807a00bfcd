"""The very first start: what is history, and what was written while we were not fully up?"""

from pathlib import Path

from simulator.scenery import shop
from simulator.server import running
from tests.integration.crash.catalogue import questions
from tests.integration.crash.matrix import FIRST_CALLBACK
from tests.integration.crash.nursery import Nursery
from tests.integration.crash.product import started
from tests.integration.crash.trial import OPTIONS, Watch

ACCOUNTS = "/cgi-bin/kf/account/list"


async def test_a_message_acknowledged_just_before_the_first_crash_is_no_history(
    nursery: Nursery,
    tmp_path: Path,
) -> None:
    """The hint is durable; its time, not that of the next start, is where history ends."""
    asked = questions(4, seed=1, customers=4)
    async with running(shop(accounts=1, options=OPTIONS)) as sim:
        sim.fault("error", path=ACCOUNTS, code=-1, probability=1.0)
        async with started(
            nursery, tmp_path, sim, FIRST_CALLBACK, passes=(1,), until_it_pulls=False
        ) as product:
            watch = Watch(sim, product, asked)
            await watch.ask(4)
            await watch.until(lambda: product.lives == 2, "a crash before the account is known")
            await watch.all_answered()
            await watch.all_settled()
            assert product.kills == 1
            assert watch.verdict().is_clean
            assert not sim.violations
