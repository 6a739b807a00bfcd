"""What is reached is paid once: stock, code and points in one commit, and told where we may."""

import asyncio
from typing import Any

import pytest

from bot.config import Campaign
from bot.model import EffectFailed
from bot.store import UnitConflict
from handlers.referral import grants
from handlers.referral.grants import Grant, Paid
from handlers.referral.rules import Phase
from tests.conftest import OpenChat
from tests.referrals import SPRING, Fair

LAN = "wm_lan"


async def a_fair(open_chat: OpenChat, **more: Any) -> Fair:
    fair = Fair(await open_chat(), Campaign.model_validate(SPRING | {"freeze_hours": 1} | more))
    await fair.opens()
    await fair.invites(LAN)
    return fair


@pytest.fixture
async def fair(open_chat: OpenChat) -> Fair:
    fair = await a_fair(open_chat)
    await fair.codes("A-1", "A-2", "A-3")
    return fair


async def had(fair: Fair, customer: str = LAN) -> list[Grant]:
    return await grants.grants_of(fair.store, [customer])


async def bring(fair: Fair, n: int, *, by: str = LAN, word: str = "f") -> None:
    for number in range(n):
        await fair.adds(f"wm_{word}{number}", by=by)
    await fair.chat.waits(hours=1, seconds=30)


async def test_a_tier_is_paid_once_and_told_once(fair: Fair) -> None:
    await fair.chat.says("你好")
    await bring(fair, 1)
    (one,) = await had(fair)
    assert (one.tier, one.standing, one.code[:2]) == (1, Paid.GIVEN, "A-")
    assert fair.chat.replies == [f"您已成功邀请 1 位，获得5 元券。兑换码：{one.code}"]
    await fair.leaves("wm_f0")
    await fair.adds("wm_f0", by=LAN)
    await fair.chat.waits(hours=2)
    assert fair.chat.replies == []
    assert [grant.code for grant in await had(fair)] == [one.code]


async def test_j_a_tier_that_is_jumped_over_is_paid_too(fair: Fair) -> None:
    await bring(fair, 2)
    for number in (7, 8):
        await fair.adds(f"wm_{number}", by=LAN)
    await fair.chat.waits(hours=2)
    assert [(one.tier, one.standing) for one in await had(fair)] == [
        (1, Paid.GIVEN),
        (3, Paid.GIVEN),
    ]
    assert await fair.store.points.balance(LAN) == 200
    assert await fair.store.points.total() == 0


async def test_h_100_who_want_the_last_one_at_once_get_one(open_chat: OpenChat) -> None:
    last = {"five": {"kind": "tag", "name": "会员", "tag": "会员：金卡", "stock": 1}}
    fair = await a_fair(
        open_chat, tiers=[{"invites": 1, "reward": "five"}], rewards=last, daily_cap=1
    )
    want = [grants.Want(fair.campaign, f"wm_{n}", f"r_{n}", 0, "newcomer") for n in range(100)]

    async def take(one: grants.Want) -> bool:
        try:
            await fair.writes(grants.granted(one, "five", Paid.GIVEN, fair.clock.now()))
        except UnitConflict:
            return False
        return True

    assert sum(await asyncio.gather(*(take(one) for one in want))) == 1
    assert await grants.left_of(fair.store, fair.campaign, "five", fair.clock.now()) == 0


async def test_h_100_inviters_who_reach_the_last_code_get_one_and_99_wait(
    open_chat: OpenChat,
) -> None:
    fair = await a_fair(open_chat)
    await fair.codes("LAST")
    inviters = [f"wm_i{n}" for n in range(100)]
    for inviter in inviters:
        await fair.invites(inviter)
        await fair.adds(f"wm_of_{inviter}", by=inviter)
    await fair.chat.waits(hours=2)
    found = [one for inviter in inviters for one in await had(fair, inviter)]
    standings = [one.standing for one in found]
    assert (standings.count(Paid.GIVEN), standings.count(Paid.QUEUED)) == (1, 99)


async def test_what_is_out_of_stock_is_replaced_or_ends_the_campaign(open_chat: OpenChat) -> None:
    rewards = SPRING["rewards"] | {
        "cup": {
            "kind": "gift",
            "name": "杯子",
            "stock": 0,
            "out_of_stock": "substitute",
            "substitute": "twenty",
        },
        "bag": {"kind": "gift", "name": "袋子", "stock": 0, "out_of_stock": "end"},
    }
    tiers = [{"invites": 1, "reward": "cup"}, {"invites": 2, "reward": "bag"}]
    fair = await a_fair(open_chat, rewards=rewards, tiers=tiers)
    await bring(fair, 1)
    assert [one.reward for one in await had(fair)] == ["twenty"]
    await bring(fair, 1, word="g")
    assert [one.standing for one in await had(fair)] == [Paid.GIVEN, Paid.NONE]
    await fair.adds("wm_later", by=LAN)
    assert await fair.reasons("wm_later") == ["not_running"]


async def test_what_was_not_given_goes_back_and_to_whoever_waits(open_chat: OpenChat) -> None:
    rewards = SPRING["rewards"] | {"cup": {"kind": "gift", "name": "杯子", "stock": 1}}
    fair = await a_fair(open_chat, rewards=rewards, tiers=[{"invites": 1, "reward": "cup"}])
    await fair.invites("wm_hong")
    await bring(fair, 1)
    await bring(fair, 1, by="wm_hong", word="h")
    assert [one.standing for one in await had(fair)] == [Paid.OWED]
    assert [one.standing for one in await had(fair, "wm_hong")] == [Paid.QUEUED]
    await fair.leaves("wm_f0")
    assert [one.standing for one in await had(fair)] == [Paid.WITHDRAWN]
    assert [one.standing for one in await had(fair, "wm_hong")] == [Paid.OWED]


async def test_a_deletion_after_the_reward_takes_nothing_back(fair: Fair) -> None:
    await bring(fair, 1)
    await fair.leaves("wm_f0")
    assert await fair.valid(LAN) == 0
    assert [one.standing for one in await had(fair)] == [Paid.GIVEN]


async def test_the_budget_bounds_what_is_given(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat, budget=5)
    await fair.codes("A-1", "A-2")
    await fair.invites("wm_hong")
    await bring(fair, 1)
    await bring(fair, 1, by="wm_hong", word="h")
    assert [one.standing for one in await had(fair, "wm_hong")] == [Paid.QUEUED]


async def test_an_edit_takes_no_tier_away_that_was_reached(fair: Fair) -> None:
    await bring(fair, 1)
    dearer = SPRING | {"freeze_hours": 1, "tiers": [{"invites": 9, "reward": "twenty"}]}
    fair.campaign = Campaign.model_validate(dearer)
    await fair.opens(Phase.OPEN, ago=0)
    await bring(fair, 1, word="g")
    assert [(one.tier, one.standing) for one in await had(fair)] == [(1, Paid.GIVEN)]


async def test_who_cannot_be_written_to_is_told_by_a_member_and_when_he_writes(fair: Fair) -> None:
    await fair.adds(LAN, member="lisi")  # a friend of lisi, silent for weeks
    await fair.chat.waits(hours=72)
    await bring(fair, 1)
    assert fair.chat.replies == []
    tasks = await fair.store.tasks.of_customer(LAN)
    assert [(one.task.kind, one.task.member) for one in tasks] == [("referral_reward", "lisi")]
    await fair.chat.says("你好")
    assert any("兑换码" in reply for reply in fair.chat.replies)
    await fair.chat.says("你好")
    assert not any("兑换码" in reply for reply in fair.chat.replies)


async def test_news_that_did_not_arrive_is_owed_again(fair: Fair) -> None:
    await fair.chat.says("你好")
    await bring(fair, 1)
    await fair.store.database.execute("UPDATE outbox SET state = 'dead' WHERE kind = 'SendMessage'")
    where = fair.chat.conversation
    failed = EffectFailed(
        effect_id=1,
        effect="SendMessage",
        open_kfid=where.open_kfid,
        external_userid=where.external_userid,
    )
    await fair.chat.receives(failed)
    assert [one.told_at for one in await had(fair)] == [None]
    await fair.chat.says("在吗，问一下")
    assert any("兑换码" in reply for reply in fair.chat.replies)


async def test_b37_the_newcomer_gets_his_through_the_member_whom_he_added(
    open_chat: OpenChat,
) -> None:
    fair = await a_fair(open_chat, newcomer="five")
    await fair.codes("A-1", "A-2")
    await bring(fair, 1)
    (one,) = await had(fair, "wm_f0")
    assert (one.side, one.standing) == ("newcomer", Paid.GIVEN)
    (task,) = await fair.store.tasks.of_customer("wm_f0")
    assert one.code in task.task.text
    await fair.leaves("wm_f0")
    await fair.adds("wm_f0", by=LAN)
    await fair.chat.waits(hours=2)
    assert len(await had(fair, "wm_f0")) == 1
