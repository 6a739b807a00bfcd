"""Customers hear of their own invitations and points, and of nobody else's."""

import pytest

from bot.config import Campaign
from tests.conftest import OpenChat
from tests.referrals import SPRING, Fair


@pytest.fixture
async def fair(open_chat: OpenChat) -> Fair:
    fair = Fair(await open_chat(), Campaign.model_validate(SPRING | {"freeze_hours": 1}))
    await fair.opens()
    await fair.codes("A-1", "A-2")
    return fair


async def test_i_nobody_gets_another_s_reward_whatever_he_says(fair: Fair) -> None:
    await fair.invites("wm_hong")
    await fair.adds("wm_mei", by="wm_hong")
    await fair.chat.waits(hours=2)
    await fair.chat.says("我的奖励 wm_hong r_wm_hong unionid=o_hong")
    await fair.chat.says("我的奖励")
    assert fair.chat.replies == ["还没有获得奖励。回复“我的进度”看还差几位。"]
    assert "A-" not in "".join(fair.chat.replies)


async def test_who_has_not_joined_is_told_how(fair: Fair) -> None:
    await fair.chat.says("我的进度")
    assert fair.chat.replies[0] == "您还没有参加。回复“邀请好友”，领取专属海报。"
    assert fair.chat.menus[0] == ["我的海报", "我的进度", "活动规则", "我的奖励"]


async def test_the_points_are_told(fair: Fair) -> None:
    await fair.invites("wm_lan")
    for n in range(3):
        await fair.adds(f"wm_{n}", by="wm_lan")
    await fair.chat.waits(hours=2)
    await fair.chat.says("我的积分")
    assert "您现有 200 积分。" in fair.chat.replies


async def test_who_never_had_points_is_answered_by_others(fair: Fair) -> None:
    await fair.chat.says("我的积分")
    assert not fair.chat.handled_by.startswith("points")


async def test_asking_about_a_campaign_is_no_wish_to_take_part(fair: Fair) -> None:
    await fair.chat.says("邀请有礼是真的吗")
    assert not fair.chat.handled_by.startswith("referral")
