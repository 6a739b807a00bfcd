"""Whatever gets lost on the way, a member is asked once, and nothing is called sent unseen."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.model.consents import Purpose
from bot.model.outreach import Reach
from tests.bombs import armed, every_step, until_nothing_is_left
from tests.conftest import OpenChat
from tests.friends import LAN, Town, a_town
from tests.mass_sends import ADD, flow, passes, sends, step, touches, withdraws, written
from tests.talk import PlayedClock


@pytest.fixture
async def town(open_chat: OpenChat, clock: PlayedClock, tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(open_chat, clock, flows=written(tmp_path, flow())) as town:
        await town.parts.access.api()
        await town.chat.agrees(Purpose.MARKETING)
        yield town


async def test_an_answer_that_gets_lost_makes_no_second_task(town: Town) -> None:
    """The list of tasks lags behind the call: it is believed only once it has had time."""
    sends(town).lists_after_s = 30.0
    town.sim.fault("reset_after_accept", path=ADD, times=1)
    town.friends.add("zhangsan", LAN)
    await town.settles()
    await passes(town, minutes=60)
    assert await step(town) == (Reach.PLANNED, "")
    for _ in range(20):
        town.clock.reach(town.clock.now() + 5)
        await town.works()
    assert len(sends(town).tasks) == 1
    assert town.sim.calls[ADD] == 1
    assert await step(town) == (Reach.CREATED, "")


async def test_a_call_that_never_arrived_is_made_again(town: Town) -> None:
    town.sim.fault("error", path=ADD, code=-1, times=1)
    town.friends.add("zhangsan", LAN)
    await town.settles()
    await passes(town, minutes=70)
    assert len(sends(town).tasks) == 1
    assert town.sim.calls[ADD] == 2


async def test_where_wecom_does_not_say_for_whom_a_task_is_nothing_more_is_made(
    town: Town,
) -> None:
    town.sim.fault("reset_after_accept", path=ADD, times=1)
    town.friends.add("zhangsan", LAN)
    await town.settles()
    await passes(town, minutes=60)
    (task,) = sends(town).tasks.values()
    task.results = {}
    await passes(town, hours=2)
    assert town.sim.calls[ADD] == 1
    (known,) = await town.store.mass_sends.of_customer(LAN)
    assert (known.state, known.why) == (Reach.PLANNED, "maybe_made")
    assert await touches(town) == 1, "it may have been one"


async def test_a_consent_withdrawn_after_a_lost_answer_cancels_what_was_made(town: Town) -> None:
    town.sim.fault("reset_after_accept", path=ADD, times=1)
    town.friends.add("zhangsan", LAN)
    await town.settles()
    await passes(town, minutes=60)
    (task,) = sends(town).tasks.values()
    assert await step(town) == (Reach.PLANNED, "")
    await withdraws(town)
    await passes(town, minutes=10)
    assert task.cancelled
    assert await step(town) == (Reach.IMPOSSIBLE, "no_consent")


@every_step
async def test_one_task_is_made_wherever_the_process_dies(
    open_chat: OpenChat, clock: PlayedClock, tmp_path: Path, stride: int
) -> None:
    flows = written(tmp_path, flow() | {"purpose": "service"})
    async with a_town(open_chat, clock, flows=flows) as town:
        await town.parts.access.api()

        async def story(number: int, step: int) -> bool:
            customer = await town.sim.customer(f"客户{number}")
            town.friends.add("zhangsan", customer)
            await town.settles()
            town.clock.reach(town.clock.now() + 3600)
            async with armed(town, step) as bomb:
                await town.works()
            await passes(town, minutes=20)
            (task,) = sends(town).waiting_for("zhangsan")
            assert task.results == {"zhangsan": {customer: 0}}, f"step {step}"
            (known,) = await town.store.mass_sends.of_customer(customer)
            assert (known.state, known.msgid) == (Reach.CREATED, task.msgid), f"step {step}"
            sends(town).confirm("zhangsan", task.msgid)
            return bomb.went_off

        assert await until_nothing_is_left(town, stride, story) > 8
