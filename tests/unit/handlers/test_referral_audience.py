"""A campaign is for whom it says; who takes part already stays."""

from typing import Any

import pytest

from bot.config import Campaign, CampaignAudience
from handlers.referral import store
from handlers.referral.audience import Joiner, is_meant
from tests.conftest import OpenChat
from tests.referrals import DAY_S, SPRING, Fair

NOT_MEANT = "这次活动只面向一部分客户，您暂时不能参加，谢谢您的支持。"


@pytest.mark.parametrize(
    ("audience", "is_for"),
    [
        ({}, True),
        ({"tags": ["会员：金卡", "会员：银卡"]}, True),
        ({"tags": ["会员：银卡"]}, False),
        ({"without": ["会员：金卡"]}, False),
        ({"channels": ["dy"]}, True),
        ({"channels": ["xhs"]}, False),
        ({"friends": "old"}, True),
        ({"friends": "old", "new_days": 41}, False),
        ({"friends": "new", "new_days": 41}, True),
        ({"friends": "new"}, False),
        ({"bought": "yes"}, True),
        ({"bought": "no"}, False),
        ({"bought": "yes", "channels": ["xhs"]}, False),
    ],
)
def test_every_condition_must_hold(audience: dict[str, Any], is_for: bool) -> None:
    who = Joiner(frozenset({"会员：金卡"}), "dy", 40 * DAY_S, has_bought=True)
    assert is_meant(CampaignAudience.model_validate(audience), who) is is_for


def test_who_never_was_a_friend_is_new() -> None:
    who = Joiner(frozenset(), "", None, has_bought=False)
    assert is_meant(CampaignAudience(friends="new"), who)
    assert not is_meant(CampaignAudience(friends="old"), who)


async def a_fair(open_chat: OpenChat, **audience: Any) -> Fair:
    described = SPRING | {"audience": audience}
    fair = Fair(await open_chat(), Campaign.model_validate(described))
    await fair.opens()
    return fair


async def test_who_is_not_meant_is_told_so_and_gets_no_code(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat, friends="old")
    await fair.chat.says("邀请好友")
    assert fair.chat.replies == [NOT_MEANT]
    assert await store.participant(fair.store, "spring", "wm_lan") is None


async def test_an_old_friend_may_join(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat, friends="old")
    await fair.adds("wm_lan", at=fair.clock.now() - 60 * DAY_S)
    await fair.chat.says("邀请好友")
    assert fair.chat.replies[0].startswith("您已参加")


async def test_a_buyer_may_join_where_buyers_are_meant(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat, bought="yes")
    await fair.chat.says("邀请好友")
    assert fair.chat.replies == [NOT_MEANT]
    sql = (
        "INSERT INTO sales (number, amount, refunded, paid_at, changed_at, received_at,"
        " external_userid) VALUES ('1', 900, ?, 1, 1, 1, 'wm_lan')"
    )
    await fair.store.database.execute(sql, 900)
    await fair.chat.says("邀请好友")
    assert fair.chat.replies == [NOT_MEANT]  # all of it was refunded
    await fair.store.database.execute("UPDATE sales SET refunded = 100")
    await fair.chat.says("邀请好友")
    assert fair.chat.replies[0].startswith("您已参加")


async def test_who_takes_part_stays_when_the_audience_narrows(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat)
    await fair.chat.says("邀请好友")
    fair.campaign = Campaign.model_validate(SPRING | {"audience": {"friends": "old"}})
    await fair.opens(ago=0)
    await fair.chat.says("邀请好友")
    assert NOT_MEANT not in fair.chat.replies
