"""The story of a group campaign with WeCom: a code into the group, who came by it, who left."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.config import Campaign
from handlers.referral import store as ledger
from simulator.contact_news import join_group, leave_group
from simulator.faults import Fault
from tests.conftest import OpenChat
from tests.friends import LAN, Town, a_town
from tests.referrals import CLUB, Fair
from tests.talk import PlayedClock

GET = "/cgi-bin/externalcontact/groupchat/get_join_way"


@pytest.fixture
async def town(open_chat: OpenChat, clock: PlayedClock) -> AsyncIterator[Town]:
    async with a_town(open_chat, clock) as opened:
        for chat in ("wr_a", "wr_b", "wr_other"):
            opened.sim.world.ways.new_group(chat, "zhangsan")
        yield opened


async def opened(town: Town, **more: Any) -> Fair:
    fair = Fair(town.chat, Campaign.model_validate(CLUB | {"freeze_hours": 1} | more))
    await fair.opens()
    await fair.codes("A-1", "A-2")
    return fair


async def takes_part(town: Town) -> str:
    await town.chat.says("我要邀请好友")
    await town.works()
    who = await ledger.participant(town.store, "spring", LAN)
    assert who is not None
    return who.state


async def come(town: Town, state: str, *newcomers: str) -> None:
    for one in newcomers:
        town.sim.world.ways.scan_group(state, one)
    join_group(town.friends, "wr_a", *newcomers)
    await town.settles(times=4)


def ways(town: Town, state: str) -> list[Any]:
    return [one for one in town.sim.world.ways.join.values() if one.fields["state"] == state]


async def test_who_came_by_his_code_counts_and_who_left_does_not(town: Town) -> None:
    fair = await opened(town)
    state = await takes_part(town)
    (way,) = ways(town, state)
    assert way.fields["chat_id_list"] == ["wr_a", "wr_b"]
    assert way.fields["auto_create_room"] == 0
    known = await town.store.personal_ways.get(state)
    assert known.content == f"https://u.wechat.com/{way.config_id}"
    await come(town, state, "wm_mei", "wm_fang")
    join_group(town.friends, "wr_a", "wm_walked_in")  # WeCom knows no code of his
    await town.settles(times=4)
    found = {one.external_userid for one in await ledger.through(town.store, state)}
    assert found == {"wm_fang", "wm_mei"}
    await town.chat.waits(hours=1, seconds=10)
    leave_group(town.friends, "wr_a", "wm_mei")
    leave_group(town.friends, "wr_a", "wm_fang", removed=True)
    await town.settles(times=3)
    counts = await ledger.counts(fair.store, state)
    assert {str(one): n for one, n in counts.items() if n} == {"valid": 1, "revoked": 1}


async def test_a_join_whose_callback_was_lost_is_found_with_the_next(town: Town) -> None:
    await opened(town)
    state = await takes_part(town)
    town.sim.world.ways.scan_group(state, "wm_lost")
    await come(town, state, "wm_mei")
    found = {one.external_userid for one in await ledger.through(town.store, state)}
    assert found == {"wm_lost", "wm_mei"}


async def test_of_a_group_that_no_campaign_leads_into_nothing_is_asked(town: Town) -> None:
    await opened(town)
    join_group(town.friends, "wr_other", "wm_mei")
    leave_group(town.friends, "wr_other", "wm_mei")
    await town.settles(times=3)
    assert "/cgi-bin/externalcontact/groupchat/get" not in town.sim.calls
    assert await town.store.database.fetch("SELECT * FROM referral_group_ties") == []


async def test_a_code_whose_picture_was_not_told_is_not_made_twice(town: Town) -> None:
    await opened(town)
    town.sim.world.faults.add(Fault(kind="reset_after_accept", path=GET, times=1))
    state = await takes_part(town)
    town.begins_again()  # killed here
    await town.chat.waits(minutes=2)
    await town.works()
    assert len(ways(town, state)) == 1
    assert (await town.store.personal_ways.get(state)).is_usable


async def test_the_code_dies_with_the_campaign_and_its_grace(town: Town) -> None:
    await opened(town, end="2026-11-21 00:00", grace_days=1)
    state = await takes_part(town)
    await town.chat.waits(hours=24)
    assert len(ways(town, state)) == 1
    await town.chat.waits(hours=24)
    await town.works()
    assert ways(town, state) == []
