"""The process dies between any two steps of bringing tags to WeCom; the next one finishes."""

from collections.abc import AsyncIterator

import pytest

from bot.store import TagRuns
from tests.bombs import armed, every_step, until_nothing_is_left
from tests.conftest import OpenChat
from tests.friends import Town, a_town
from tests.talk import PlayedClock


@pytest.fixture
async def town(open_chat: OpenChat, clock: PlayedClock) -> AsyncIterator[Town]:
    async with a_town(open_chat, clock) as made:
        yield made


async def a_friend(town: Town, number: int) -> str:
    customer = await town.sim.customer(f"客户{number}")
    for member in ("zhangsan", "lisi"):
        town.friends.add(member, customer)
    await town.settles()
    return customer


@every_step
async def test_tags_are_brought_whole_wherever_the_process_dies(town: Town, stride: int) -> None:
    async def story(number: int, step: int) -> bool:
        customer, mine = await a_friend(town, number), f"关注：词{number}"
        await town.tags("阶段：新客", of=customer)
        async with armed(town, step) as bomb:
            await town.tags(mine, "阶段：老客", of=customer)
        await town.works()
        local = await town.local(customer)
        if not local >= {mine}:  # died before our own books had it
            await town.tags(mine, "阶段：老客", of=customer)
        for member in ("zhangsan", "lisi"):
            assert town.at(member, customer) == {mine, "阶段：老客"}, f"step {step}"
        assert await town.by_people(customer) == [], f"step {step}"
        return bomb.went_off

    assert await until_nothing_is_left(town, stride, story) > 15
    names = [name for names in town.friends.library().values() for name in names]
    assert len(names) == len(set(names))


@every_step
async def test_what_a_dead_process_began_is_not_taken_for_people(town: Town, stride: int) -> None:
    """The rules have changed their mind before the next life looks."""

    async def story(number: int, step: int) -> bool:
        customer, mine = await a_friend(town, number), f"关注：词{number}"
        await town.tags("关注：发票", of=customer)
        async with armed(town, step) as bomb:
            await town.tags(mine, of=customer)
        town.clock.reach(town.clock.now() + 60)
        town.friends.edit_remark("zhangsan", customer, "x")
        await town.tags(off=[mine], of=customer)
        await town.settles()
        for member in ("zhangsan", "lisi"):
            assert town.at(member, customer) == {"关注：发票"}, f"step {step}"
        assert await town.local(customer) == {"关注：发票"}, f"step {step}"
        assert await town.by_people(customer) == [], f"step {step}"
        return bomb.went_off

    assert await until_nothing_is_left(town, stride, story) > 10


@every_step
async def test_what_people_change_is_taken_in_once_wherever_the_process_dies(
    town: Town, stride: int
) -> None:
    async def story(number: int, step: int) -> bool:
        customer = await a_friend(town, number)
        await town.tags("关注：运费", "关注：发票", of=customer)
        town.clock.reach(town.clock.now() + 60)
        town.friends.edit_tags("zhangsan", customer, remove=["关注：运费"])
        async with armed(town, step) as bomb:
            await town.settles()
        await town.works()
        if await town.local(customer) != {"关注：发票"}:  # died before the callback was kept
            town.friends.edit_remark("zhangsan", customer, "x")
            await town.settles()
        assert await town.local(customer) == {"关注：发票"}, f"step {step}"
        assert town.at("lisi", customer) == {"关注：发票"}, f"step {step}"
        assert await town.by_people(customer) == [("关注：运费", False)], f"step {step}"
        return bomb.went_off

    assert await until_nothing_is_left(town, stride, story) > 10


@every_step
async def test_a_tag_deleted_by_people_is_followed_wherever_the_process_dies(
    town: Town, stride: int
) -> None:
    async def story(number: int, step: int) -> bool:
        customer, mine = await a_friend(town, number), f"关注：词{number}"
        await town.tags(mine, "关注：发票", of=customer)
        town.clock.reach(town.clock.now() + 60)
        town.friends.delete_tag(town.friends.tag_named(mine))
        async with armed(town, step) as bomb:
            await town.settles()
        await town.works()
        if await town.local(customer) != {"关注：发票"}:  # died before the callback was kept
            await town.compares()
        assert await town.local(customer) == {"关注：发票"}, f"step {step}"
        assert town.at("zhangsan", customer) == {"关注：发票"}, f"step {step}"
        return bomb.went_off

    assert await until_nothing_is_left(town, stride, story) > 10


@every_step
async def test_a_rename_is_followed_wherever_the_process_dies(town: Town, stride: int) -> None:
    async def story(number: int, step: int) -> bool:
        customer, old, new = await a_friend(town, number), f"关注：旧{number}", f"关注：新{number}"
        await town.tags(old, of=customer)
        runs, now = TagRuns(town.store), town.clock.now()
        async with armed(town, step) as bomb:
            run = await runs.begin("rename", {"from": old, "to": new}, by="x", at=now)
            await runs.rename(old, new, run, now)
            await runs.finish(run, now)
            await town.works()
        await town.works()
        local = await town.local(customer)
        assert local in ({old}, {new}), f"step {step}"
        for member in ("zhangsan", "lisi"):
            assert town.at(member, customer) == local, f"step {step}"
        assert await town.by_people(customer) == [], f"step {step}"
        return bomb.went_off

    assert await until_nothing_is_left(town, stride, story) > 8
