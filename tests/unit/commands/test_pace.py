"""How does the process keep its event loop quick?"""

import asyncio
import gc
import sys

from bot.commands.pace import SWITCH_S, quick_loop


async def test_no_full_collection_while_getting_ready_and_little_to_look_at_afterwards() -> None:
    usual, interval = gc.get_threshold(), sys.getswitchinterval()
    warm = asyncio.Event()
    warming = asyncio.create_task(_until(warm))
    with quick_loop() as settle:
        assert sys.getswitchinterval() <= SWITCH_S
        settling = asyncio.create_task(settle(warming))
        await asyncio.sleep(0)
        assert gc.get_threshold()[:2] == usual[:2]
        assert gc.get_threshold()[2] > 10_000 * usual[2]
        assert gc.get_freeze_count() == 0
        warm.set()
        await settling
        assert gc.get_threshold() == usual
        assert gc.get_freeze_count() > 10_000
    assert gc.get_freeze_count() == 0
    assert sys.getswitchinterval() == interval


async def test_a_process_that_stops_before_it_is_warm_leaves_everything_as_it_was() -> None:
    usual, interval = gc.get_threshold(), sys.getswitchinterval()
    with quick_loop():
        pass
    assert (gc.get_threshold(), sys.getswitchinterval()) == (usual, interval)


async def _until(event: asyncio.Event) -> None:
    await event.wait()
