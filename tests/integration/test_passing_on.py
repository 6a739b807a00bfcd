"""The customers of a member who goes come to whoever takes his place, each once."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from bot.store import Passing, Unit
from simulator.transfers import DONE, WAITING, Transfer
from tests.bombs import armed, every_step, until_nothing_is_left
from tests.conftest import OpenChat
from tests.friends import Town, a_town
from tests.successions import (
    customers,
    friend_of,
    friends,
    hands_over,
    passing_on,
    states,
    waits,
)
from tests.talk import PlayedClock

TRANSFER = "/cgi-bin/externalcontact/transfer_customer"
STAFF = [{"userid": "zhaoliu", "name": "赵磊", "level": "leader"}]


@pytest.fixture
async def town(open_chat: OpenChat, clock: PlayedClock) -> AsyncIterator[Town]:
    async with a_town(open_chat, clock, staff=STAFF) as opened:
        yield opened


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
    look = passing_on(town)
    await look.look()
    await friends(town, "wm_c")
    await hands_over(town)
    unit = Unit()
    town.store.successions.end(unit, "ZhangSan", town.clock.now())
    await town.store.database.commit(unit)
    await look.look()
    (one,) = await town.store.successions.all("zhangsan")

    async def now() -> dict[str, Passing]:
        rows = await town.store.successions.customers(one.id)
        return {row.external_userid: row.state for row in rows}

    assert await now() == {
        "wm_a": Passing.WAITING,
        "wm_b": Passing.WAITING,
        "wm_c": Passing.WITHDRAWN,
    }
    assert await town.store.successions.stand_ins() == {}
    await waits(town, look, hours=25)  # what was asked for cannot be taken back, and is followed
    assert (await now())["wm_a"] is Passing.TAKEN_OVER
    assert await friend_of(town, "wm_a") == ["lisi"]


async def test_another_successor_gets_whom_the_first_has_not_been_asked_for(town: Town) -> None:
    await friends(town, "wm_a")
    await hands_over(town)
    await passing_on(town).look()
    await friends(town, "wm_b")
    await hands_over(town)
    await hands_over(town, to="wangwu")
    await passing_on(town).look()
    to_lisi, to_wangwu = await town.store.successions.open()
    assert await town.store.successions.counts(to_lisi.id) == {
        Passing.WAITING: 1,
        Passing.WITHDRAWN: 1,
    }
    assert await town.store.successions.counts(to_wangwu.id) == {Passing.WAITING: 1}
    assert await town.store.successions.stand_ins() == {"zhangsan": "wangwu"}


async def test_how_an_earlier_transfer_ended_says_nothing_of_this_one(town: Town) -> None:
    await friends(town, "wm_a")
    await hands_over(town)
    look = passing_on(town)
    await look.look()
    town.sim.world.transfers.all[0].status = DONE  # of last year, and WeCom shows no other yet
    town.sim.world.transfers.all[0].takeover_time = town.clock.now() - 365 * 86_400
    await waits(town, look, hours=1)
    assert await states(town) == {"wm_a": "waiting"}


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
