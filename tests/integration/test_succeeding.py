"""A member goes: codes, posters and tasks are his successor's."""

from collections.abc import AsyncIterator

import pytest

from bot.config import Channel
from bot.delivery.personal_ways import PersonalWayKeeping
from bot.model.tasks import StaffTask, task_id
from bot.store import PersonalWay, Unit
from tests.conftest import OpenChat
from tests.friends import Town, a_town
from tests.integration.test_channels_at_wecom import keeping_of, kept
from tests.successions import friends, hands_over, passing_on, waits
from tests.talk import PlayedClock

DAY_S = 86_400.0


@pytest.fixture
async def town(open_chat: OpenChat, clock: PlayedClock) -> AsyncIterator[Town]:
    async with a_town(open_chat, clock) as opened:
        yield opened


# ---------------------------------------------------------------------- codes


async def test_codes_and_posters_lead_to_the_successor_and_stay_the_same_codes(
    town: Town,
) -> None:
    about = {"id": "shop", "name": "门店", "receivers": [{"userid": "zhangsan", "daily_cap": 1}]}
    channel = Channel.model_validate(about | {"spare": ["wangwu"]})
    assert await town.store.channels.take([channel], "config", town.clock.now()) == []
    channels, ways = keeping_of(town), town.sim.world.ways
    await kept(town, channels)
    api = await town.parts.access.api()
    assert api is not None
    made = await api.ways.add("rf1", ["zhangsan", "wangwu"], remark="甲", skip_verify=True)
    await town.store.personal_ways.trying("rf1", town.clock.now())
    way = PersonalWay("rf1", made.config_id, made.qr_code)  # whom it was made for is not known
    await town.store.personal_ways.made(way, town.clock.now())
    posters = PersonalWayKeeping(town.store, town.parts.access, town.clock)
    assert await posters.look() == 0
    before = {one.config_id for one in ways.contact.values()}
    plan = await hands_over(town)
    assert (plan.codes, plan.posters, plan.unread) == (("shop",), 0, 1)
    await kept(town, channels)
    assert await posters.look() == 1
    assert ways.users_of("shop") == ["lisi"]
    assert ways.users_of("rf1") == ["lisi", "wangwu"]
    assert ways.of_state("rf1")[0].fields["remark"] == "甲"
    town.sim.world.add_customer(external_userid="wm_a")
    assert ways.scan("shop", "wm_a") == "lisi"
    await town.settles()
    await kept(town, channels)
    assert ways.users_of("shop") == ["wangwu"]  # the cap is his now
    unit = Unit()
    town.store.successions.end(unit, "zhangsan", town.clock.now())
    await town.store.database.commit(unit)
    await kept(town, channels)
    assert await posters.look() == 1
    assert ways.users_of("shop") == ["zhangsan"]
    assert ways.users_of("rf1") == ["zhangsan", "wangwu"]
    assert {one.config_id for one in ways.contact.values()} == before
    assert await posters.look() == 0


# ---------------------------------------------------------------------- what colleagues do


async def a_task(town: Town, name: str, customer: str = "", member: str = "zhangsan") -> None:
    now = town.clock.now()
    task = StaffTask(
        id=task_id(name),
        kind="lead",
        member=member,
        text=name,
        reason="test",
        due_at=now,
        on_time_s=DAY_S,
        expires_at=now + 30 * DAY_S,
        external_userid=customer,
    )
    unit = Unit([await town.store.tasks.added(task, now)])
    await town.store.database.commit(unit)


async def whose(town: Town) -> dict[str, str]:
    tasks = [one.task for one in await town.store.tasks.listed()]
    return {one.text: one.member for one in tasks if one.kind == "lead"}


async def test_a_task_about_a_customer_goes_with_him_and_the_others_at_once(town: Town) -> None:
    await friends(town, "wm_a", "wm_b")
    for name, customer in (("加好友", ""), ("问候甲", "wm_a"), ("问候乙", "wm_b")):
        await a_task(town, name, customer)
    plan = await hands_over(town)
    assert (plan.tasks, plan.later) == (5, 4)  # and to say hello to each
    assert await whose(town) == {"加好友": "lisi", "问候甲": "zhangsan", "问候乙": "zhangsan"}
    look = passing_on(town)
    await look.look()
    town.sim.world.transfers.refuse("wm_b")
    await waits(town, look, hours=25)
    assert await whose(town) == {"加好友": "lisi", "问候甲": "lisi", "问候乙": "zhangsan"}


async def test_nobody_asks_who_has_left(town: Town) -> None:
    await friends(town, "wm_a")
    await a_task(town, "问候甲", "wm_a")
    town.sim.world.transfers.leave("zhangsan")
    await hands_over(town, has_left=True)
    assert await whose(town) == {"问候甲": "lisi"}
    await a_task(town, "后来的事")
    assert (await whose(town))["后来的事"] == "lisi"
