"""Every call about mass-send tasks, in front of the strict simulator."""

import time
from collections.abc import AsyncIterator

import pytest

from bot.errors import Rejected, RetryLater, SendCancelled
from bot.wecom.contacts import ContactCalls
from bot.wecom.mass_sends import MassSendTasks, SendResult
from simulator.server import Simulator, running
from tests.contract.test_client_against_simulator import IDENTITY, client_of

LAN = "wmYunqi_customer_0000000000000001"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with running() as started:
        started.friends.add("zhangsan", LAN)
        yield started
        assert started.violations == []


@pytest.fixture
async def tasks(simulator: Simulator) -> AsyncIterator[MassSendTasks]:
    async with client_of(simulator, IDENTITY.secret) as client:
        yield MassSendTasks(ContactCalls(client))


async def status(tasks: MassSendTasks, msgid: str, customer: str = LAN) -> int | None:
    found = (await tasks.results_of(msgid, "ZhangSan")).get(customer)
    return found.status if found else None


async def test_a_task_reaches_nobody_until_its_member_confirms(
    simulator: Simulator, tasks: MassSendTasks
) -> None:
    made = await tasks.create("zhangsan", [LAN], "周年庆")
    assert made.fail_list == ()
    assert await tasks.confirmed_at(made.msgid, "zhangsan") is None
    assert await status(tasks, made.msgid) == SendResult.NOT_SENT
    await tasks.remind(made.msgid)
    simulator.world.mass_sends.confirm("zhangsan", made.msgid)
    assert await tasks.confirmed_at(made.msgid, "ZHANGSAN")
    assert await status(tasks, made.msgid) == SendResult.SENT
    assert await status(tasks, made.msgid, "wm_nobody") is None
    assert simulator.world.mass_sends.received(LAN) == ["周年庆"]


async def test_whom_it_will_not_reach_is_told_at_once(
    simulator: Simulator, tasks: MassSendTasks
) -> None:
    stranger = await simulator.customer("客人")
    made = await tasks.create("zhangsan", [LAN, stranger], "周年庆")
    assert made.fail_list == (stranger,)
    with pytest.raises(Rejected) as refused:
        await tasks.create("zhangsan", [stranger], "周年庆")
    assert refused.value.errcode == 41048
    simulator.world.mass_sends.silent_when_nobody = True  # the other reading
    made = await tasks.create("zhangsan", [stranger], "周年庆")
    assert (made.msgid, made.fail_list) == ("", (stranger,))


async def test_who_left_and_who_has_heard_enough_are_told_apart(
    simulator: Simulator, tasks: MassSendTasks
) -> None:
    sends = simulator.world.mass_sends
    made = await tasks.create("zhangsan", [LAN], "一")
    simulator.friends.delete("zhangsan", LAN, by="customer")
    sends.confirm("zhangsan", made.msgid)
    assert await status(tasks, made.msgid) == SendResult.NOT_FRIENDS
    simulator.friends.add("zhangsan", LAN)
    sends.rule = "day"
    sends.others_send(LAN)
    made = await tasks.create("zhangsan", [LAN], "二")
    sends.confirm("zhangsan", made.msgid)
    assert await status(tasks, made.msgid) == SendResult.TOO_MANY


async def test_a_customer_is_reached_as_often_as_the_month_has_days(
    simulator: Simulator, tasks: MassSendTasks
) -> None:
    sends = simulator.world.mass_sends
    sends.others_send(LAN, times=27)
    found = []
    for number in range(5):
        made = await tasks.create("zhangsan", [LAN], f"第 {number} 次")
        found.append(sends.confirm("zhangsan", made.msgid)[LAN])
    assert found[0] == SendResult.SENT
    assert found[-1] == SendResult.TOO_MANY


@pytest.mark.parametrize("hides", [False, True])
async def test_a_cancelled_task_is_sent_by_nobody(
    simulator: Simulator, tasks: MassSendTasks, hides: bool
) -> None:
    simulator.world.mass_sends.hides_cancelled = hides
    made = await tasks.create("zhangsan", [LAN], "周年庆")
    await tasks.cancel(made.msgid)
    assert simulator.world.mass_sends.waiting_for("zhangsan") == []
    for again in (tasks.cancel, tasks.remind):
        with pytest.raises(SendCancelled):
            await again(made.msgid)
    if hides:
        with pytest.raises(SendCancelled):
            await tasks.confirmed_at(made.msgid, "zhangsan")
    else:
        assert await tasks.confirmed_at(made.msgid, "zhangsan") is None


async def test_what_is_still_being_dispatched_is_asked_later(
    simulator: Simulator, tasks: MassSendTasks
) -> None:
    simulator.world.mass_sends.dispatch_s = 60.0
    made = await tasks.create("zhangsan", [LAN], "周年庆")
    with pytest.raises(RetryLater):
        await tasks.confirmed_at(made.msgid, "zhangsan")


async def test_the_list_of_tasks_is_read_to_its_end(
    simulator: Simulator, tasks: MassSendTasks
) -> None:
    for number in range(103):
        await tasks.create("zhangsan", [LAN], f"第 {number} 次")
    now = time.time()
    found = [one async for one in tasks.made_between(now - 60, now + 60)]
    assert [one.text for one in found] == [f"第 {number} 次" for number in range(103)]
    assert all(abs(one.create_time - now) < 60 for one in found)
    assert [one async for one in tasks.made_between(now - 600, now - 300)] == []
