"""A member goes: codes, posters, cases, tasks and customers come to whoever takes his place."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from bot.app.channels import build_passing_on
from bot.commands.successions import Plan, Request, begin, customers_of, planned
from bot.config import Channel
from bot.delivery.passing_on import PassingOn
from bot.delivery.personal_ways import PersonalWayKeeping
from bot.model.tasks import StaffTask, task_id
from bot.store import PassedCustomer, Passing, PersonalWay, Unit
from simulator.transfers import DONE, WAITING, Transfer
from tests.bombs import armed, every_step, until_nothing_is_left
from tests.conftest import OpenChat
from tests.friends import Town, a_town
from tests.integration.test_channels_at_wecom import keeping_of, kept
from tests.talk import PlayedClock

TRANSFER = "/cgi-bin/externalcontact/transfer_customer"
STAFF = [{"userid": "zhaoliu", "name": "赵磊", "level": "leader"}]
DAY_S = 86_400.0


@pytest.fixture
async def town(open_chat: OpenChat, clock: PlayedClock) -> AsyncIterator[Town]:
    async with a_town(open_chat, clock, staff=STAFF) as opened:
        yield opened


async def friends(town: Town, *customers: str, of: str = "zhangsan") -> None:
    for one in customers:
        if one not in town.sim.world.customers:
            town.sim.world.add_customer(external_userid=one)
        town.friends.add(of, one)
    await town.settles()


def passing_on(town: Town) -> PassingOn:
    dialogue = town.chat.dialogue
    return build_passing_on(
        town.chat.engine, town.parts.access, lambda _queue, _lane: None, dialogue.wake
    )


async def hands_over(town: Town, *, to: str = "lisi", has_left: bool = False) -> Plan:
    """What the command does once WeCom has told it whose customers there are."""
    request = Request("ZhangSan", to, has_left)
    api = await town.parts.access.api()
    assert api is not None
    now = town.clock.now()
    plan = await planned(town.store, request, await customers_of(api, request), now)
    await begin(town.chat.engine.config, town.store, request, plan, now)
    await town.works()
    return plan


async def waits(town: Town, look: PassingOn, *, hours: float) -> list[str]:
    """Time goes by, with a look now and then; returns what the leader was told."""
    told: list[str] = []
    for _ in range(int(hours * 2)):
        await town.chat.waits(minutes=30)
        await look.look()
        await town.settles()
        told += [text for who, text in town.chat.staff.sent if who == ("zhaoliu",)]
    return told


async def customers(town: Town) -> dict[str, PassedCustomer]:
    rows: dict[str, PassedCustomer] = {}
    for one in await town.store.successions.open():
        rows |= {row.external_userid: row for row in await town.store.successions.customers(one.id)}
    return rows


async def states(town: Town) -> dict[str, str]:
    return {one: row.state.value for one, row in (await customers(town)).items()}


async def friend_of(town: Town, customer: str) -> list[str]:
    return [one.userid for one in await town.store.contacts.friends_of(customer)]


# ---------------------------------------------------------------------- customers


async def test_customers_come_over_after_a_day_unless_they_refuse(town: Town) -> None:
    await friends(town, "wm_a", "wm_b", "wm_c")
    await hands_over(town)
    look = passing_on(town)
    await look.look()
    assert await states(town) == dict.fromkeys(("wm_a", "wm_b", "wm_c"), "waiting")
    town.sim.world.transfers.refuse("wm_b")
    await waits(town, look, hours=23)
    assert await states(town) == {"wm_a": "waiting", "wm_b": "refused", "wm_c": "waiting"}
    assert await friend_of(town, "wm_a") == ["zhangsan"]
    told = await waits(town, look, hours=2)
    assert await states(town) == {"wm_a": "taken_over", "wm_b": "refused", "wm_c": "taken_over"}
    assert await friend_of(town, "wm_a") == ["lisi"]
    assert await friend_of(town, "wm_b") == ["zhangsan"]
    assert [text.splitlines()[1] for text in told] == [
        "已接替 2 位，客户不愿意换 1 位，没转成 0 位。"
    ]
    calls = town.sim.calls[TRANSFER]
    await waits(town, look, hours=24)
    assert town.sim.calls[TRANSFER] == calls == 1


async def test_a_friendship_that_no_callback_told_of_moves_in_our_books_too(town: Town) -> None:
    await friends(town, "wm_a")
    await hands_over(town)
    look = passing_on(town)
    await look.look()
    town.clock.reach(town.clock.now() + 25 * 3600)
    await look.look()
    town.told.clear()  # every callback is lost
    await town.works()
    assert await friend_of(town, "wm_a") == ["lisi"]
    (old,) = [one for one in await town.store.contacts.of("wm_a") if one.userid == "zhangsan"]
    assert old.deleted_by == "staff"
    before = await town.store.tasks.of_customer("wm_a")
    await town.compares()
    assert await town.store.tasks.of_customer("wm_a") == before  # nobody says hello once more


async def test_more_than_a_hundred_are_asked_for_a_hundred_at_a_time(town: Town) -> None:
    await friends(town, *(f"wm_{number}" for number in range(205)))
    await hands_over(town)
    await passing_on(town).look()
    assert Counter((await states(town)).values()) == {"waiting": 205}
    assert town.sim.calls[TRANSFER] == 3


async def test_those_of_whom_has_left_are_passed_on_without_a_message(town: Town) -> None:
    await friends(town, "wm_a", "wm_b")
    town.sim.world.transfers.leave("zhangsan")
    await hands_over(town, has_left=True)
    look = passing_on(town)
    await waits(town, look, hours=25)
    assert await states(town) == {"wm_a": "taken_over", "wm_b": "taken_over"}
    assert await friend_of(town, "wm_b") == ["lisi"]
    assert TRANSFER not in town.sim.calls


async def test_whom_wecom_lists_later_is_passed_on_too(town: Town) -> None:
    await friends(town, "wm_a")
    town.sim.world.transfers.leave("zhangsan")
    listed = town.friends.friendships.pop(("zhangsan", "wm_a"))
    await hands_over(town, has_left=True)
    look = passing_on(town)
    await look.look()
    assert await states(town) == {}
    town.friends.friendships[listed.key] = listed
    await waits(town, look, hours=1)
    assert await states(town) == {"wm_a": "waiting"}


def a_transfer(town: Town, status: int) -> Transfer:
    """One that somebody else has asked for."""
    return Transfer(
        handover="zhangsan",
        takeover="zhaoliu",
        external_userid="wm_a",
        has_left=False,
        asked_at=town.clock.now() - 3600,
        status=status,
    )


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        ("full", {"wm_a": ("full", 40099)}),
        ("often", {"wm_a": ("limited", 40128)}),
        ("stranger", {"wm_a": ("failed", 40096)}),
        ("console", {"wm_a": ("waiting", 40100)}),
    ],
)
async def test_what_wecom_says_of_one_customer_is_kept(
    town: Town, spoil: str, expected: dict[str, tuple[str, int]]
) -> None:
    await friends(town, "wm_a")
    transfers = town.sim.world.transfers
    if spoil == "full":
        transfers.room["lisi"] = 0
    elif spoil == "often":
        for _ in range(2):
            transfers.all.append(a_transfer(town, DONE))
    elif spoil == "console":  # an admin was quicker
        transfers.all.append(a_transfer(town, WAITING))
    await hands_over(town)
    if spoil == "stranger":
        town.friends.delete("zhangsan", "wm_a", by="staff")
    await passing_on(town).look()
    found = await customers(town)
    assert {one: (row.state.value, row.errcode) for one, row in found.items()} == expected


async def test_a_successor_who_cannot_take_over_stops_nothing_else_and_is_tried_again(
    town: Town,
) -> None:
    await friends(town, "wm_a")
    town.sim.world.transfers.unverified.add("lisi")
    await hands_over(town)
    look = passing_on(town)
    await look.look()
    (one,) = await town.store.successions.open()
    assert "40098" in one.error
    assert await states(town) == {"wm_a": "planned"}
    await look.look()
    assert town.sim.calls[TRANSFER] == 1
    town.sim.world.transfers.unverified.clear()
    await waits(town, look, hours=0.5)
    assert await states(town) == {"wm_a": "waiting"}
    assert (await town.store.successions.open())[0].error == ""


async def test_an_answer_that_is_lost_is_looked_up_not_guessed(town: Town) -> None:
    await friends(town, "wm_a")
    await hands_over(town)
    town.sim.fault("reset_after_accept", path=TRANSFER, times=1)
    await passing_on(town).look()
    assert await states(town) == {"wm_a": "asking"}
    await town.chat.waits(minutes=2)
    await passing_on(town).look()  # a new life: it remembers nothing but the database
    assert await states(town) == {"wm_a": "waiting"}
    assert town.sim.calls[TRANSFER] == 1


async def test_a_call_that_never_arrived_is_made_again(town: Town) -> None:
    await friends(town, "wm_a")
    await hands_over(town)
    town.sim.fault("error", path=TRANSFER, code=-1, times=1)
    look = passing_on(town)
    await look.look()
    assert await states(town) == {"wm_a": "asking"}
    await town.chat.waits(minutes=2)
    await look.look()
    assert await states(town) == {"wm_a": "waiting"}


async def test_the_same_again_asks_for_nobody_twice_and_for_newcomers_too(town: Town) -> None:
    await friends(town, "wm_a", "wm_b")
    await hands_over(town)
    look = passing_on(town)
    await look.look()
    town.sim.world.transfers.refuse("wm_b")
    await waits(town, look, hours=1)
    await friends(town, "wm_c")
    plan = await hands_over(town)
    assert (len(plan.customers), plan.underway, plan.refused) == (3, 1, 1)
    assert len(await town.store.successions.open()) == 1
    await look.look()
    assert await states(town) == {"wm_a": "waiting", "wm_b": "refused", "wm_c": "waiting"}
    assert sorted(one.external_userid for one in town.sim.world.transfers.all) == [
        "wm_a",
        "wm_b",
        "wm_c",
    ]


async def test_one_who_comes_back_keeps_whom_nobody_has_asked(town: Town) -> None:
    await friends(town, "wm_a", "wm_b")
    await hands_over(town)
    await passing_on(town).look()
    await friends(town, "wm_c")
    await hands_over(town)
    unit = Unit()
    town.store.successions.end(unit, "ZhangSan", town.clock.now())
    await town.store.database.commit(unit)
    await passing_on(town).look()
    (one,) = await town.store.successions.all("zhangsan")
    rows = await town.store.successions.customers(one.id)
    assert {row.external_userid: row.state for row in rows} == {
        "wm_a": Passing.WAITING,
        "wm_b": Passing.WAITING,
        "wm_c": Passing.WITHDRAWN,
    }
    assert await town.store.successions.stand_ins() == {}


@every_step
async def test_every_customer_is_passed_on_once_wherever_the_process_dies(
    town: Town, stride: int
) -> None:
    """The command, the asking, the looking and what follows are cut off at each step in turn."""

    async def story(number: int, step: int) -> bool:
        mine = [f"wm_{number}_{one}" for one in "ab"]
        await friends(town, *mine)
        async with armed(town, step) as bomb:
            await hands_over(town)
            await passing_on(town).look()
            town.clock.reach(town.clock.now() + 25 * 3600)
            await passing_on(town).look()
            await town.works()
        if await town.store.successions.open() == [] or bomb.went_off:
            await hands_over(town)  # whoever saw the command fail runs it again
        for _ in range(4):
            await passing_on(town).look()
            town.clock.reach(town.clock.now() + 26 * 3600)
        await town.settles()
        asked = [one.external_userid for one in town.sim.world.transfers.all]
        for one in mine:
            assert asked.count(one) == 1, f"step {step}"
            assert (await states(town))[one] == "taken_over", f"step {step}"
            assert await friend_of(town, one) == ["lisi"], f"step {step}"
        return bomb.went_off

    assert await until_nothing_is_left(town, stride, story) > 15


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
