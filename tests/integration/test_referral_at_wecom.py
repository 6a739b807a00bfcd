"""The story of a campaign with WeCom: join, poster, friends who add, what is paid and shown."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from bot.app.referral import posters
from bot.config import Campaign
from bot.web.code_images import FONTS
from handlers.referral import store as ledger
from handlers.referral.rules import Phase
from simulator.faults import Fault
from tests.conftest import OpenChat
from tests.friends import LAN, Town, a_town
from tests.referrals import SPRING, Fair
from tests.talk import PlayedClock

ADD = "/cgi-bin/externalcontact/add_contact_way"


@pytest.fixture
async def town(open_chat: OpenChat, clock: PlayedClock) -> AsyncIterator[Town]:
    async with a_town(open_chat, clock) as opened:
        yield opened


async def opened(town: Town, **more: Any) -> Fair:
    fair = Fair(town.chat, Campaign.model_validate(SPRING | {"freeze_hours": 1} | more))
    await fair.opens()
    await fair.codes("A-1", "A-2")
    return fair


async def joined(town: Town) -> str:
    """The customer takes part; returns the state of the code."""
    await town.chat.says("我要邀请好友")
    await town.works()
    who = await ledger.participant(town.store, "spring", LAN)
    assert who is not None
    return who.state


async def come(town: Town, state: str, *friends: str) -> None:
    for friend in friends:
        town.sim.world.add_customer(external_userid=friend)
        town.sim.world.ways.scan(state, friend)
    await town.settles(times=3)


@pytest.mark.skipif(
    not any(Path(one).is_file() for one in FONTS),
    reason="needs a Chinese font: apt install fonts-noto-cjk",
)
async def test_the_whole_story(town: Town) -> None:
    await opened(town)
    state = await joined(town)
    assert town.chat.wecom.sent[-1]["msgtype"] == "image"
    poster = Image.open(io.BytesIO(await posters(town.chat.engine)(state)))
    (code,) = zxingcpp.read_barcodes(poster)
    (way,) = town.sim.world.ways.of_state(state)
    assert code.text == f"https://u.wechat.com/{way.config_id}"
    assert sorted(way.fields["user"]) == ["lisi", "zhangsan"]

    await come(town, state, "wm_mei", "wm_fang", "wm_xia")
    await town.chat.says("我的进度")
    assert town.chat.replies[0].splitlines()[:2] == [
        "「春日邀请」您已成功邀请 0 位，另有 3 位待确认。",
        "再邀请 1 位，可得5 元券。",
    ]
    assert "wm_mei" not in town.chat.replies[0]
    await town.chat.waits(hours=1, seconds=10)
    assert len([one for one in town.chat.replies if "兑换码：A-" in one]) == 1
    assert await town.store.points.balance(LAN) == 200  # the third friend's tier
    gone = town.friends.followers("wm_mei")[0]
    town.friends.delete(gone.userid, "wm_mei", by="customer")
    await town.settles(times=2)
    await town.chat.says("我的进度")
    assert "已成功邀请 2 位" in town.chat.replies[0]
    await town.chat.says("活动规则")
    assert "累计邀请 1 位：5 元券（还剩 1 份）" in town.chat.replies[0]


async def test_a_code_whose_making_was_not_answered_is_found(town: Town) -> None:
    await opened(town)
    town.sim.world.faults.add(Fault(kind="reset_after_accept", path=ADD, times=1))
    state = await joined(town)
    town.begins_again()  # killed here
    await town.chat.waits(minutes=2)
    await town.works()
    assert len(town.sim.world.ways.of_state(state)) == 1
    assert (await town.store.personal_ways.get(state)).is_usable


async def test_a_second_wish_gives_the_same_poster(town: Town) -> None:
    await opened(town)
    state = await joined(town)
    assert await joined(town) == state
    assert len(town.sim.world.ways.of_state(state)) == 1


async def test_the_code_dies_with_the_campaign_and_its_grace(town: Town) -> None:
    fair = await opened(town, end="2026-11-21 00:00", grace_days=1)
    state = await joined(town)
    await town.chat.waits(hours=24)
    assert len(town.sim.world.ways.of_state(state)) == 1
    await town.chat.waits(hours=24)
    await town.works()
    assert town.sim.world.ways.of_state(state) == []
    await fair.turns(Phase.ENDED)
    await town.chat.says("我要邀请好友")
    assert "海报" not in "".join(town.chat.replies)


async def test_where_nothing_runs_nobody_is_invited(town: Town) -> None:
    await town.chat.says("我要邀请好友")
    assert not town.chat.handled_by.startswith("referral")
