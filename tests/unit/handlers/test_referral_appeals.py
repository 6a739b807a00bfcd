"""Who is refused by a rule of risk is told, may ask for a person, and hears what he decides."""

from typing import Any

import pytest

from bot.commands import campaign_reviews
from bot.config import Campaign
from bot.errors import Misconfigured
from bot.store import Statement
from handlers.referral import grants, reviews, store
from handlers.referral.grants import Paid
from tests.conftest import OpenChat
from tests.referrals import SPRING, Fair

LAN, MEI = "wm_lan", "wm_mei"


async def a_fair(open_chat: OpenChat, **more: Any) -> Fair:
    chat = await open_chat(referral={"review_at": 10, "block_at": 1000})
    fair = Fair(chat, Campaign.model_validate(SPRING | {"freeze_hours": 1} | more))
    await fair.opens()
    await fair.invites(LAN)
    await fair.codes("A-1", "A-2", "A-3")
    return fair


async def suspected(fair: Fair, newcomer: str = MEI) -> str:
    """Somebody comes by whose code the inviter came: one waits for a person. Returns its id."""
    await fair.invites(newcomer)
    await fair.adds(newcomer, by=LAN)
    await fair.adds(LAN, by=newcomer)
    await fair.chat.waits(hours=1, seconds=10)
    (one,) = await store.invites_of(fair.store, [newcomer])
    assert one.standing == "review"
    return one.id


async def judges(fair: Fair, invite: str, *, counts: bool) -> None:
    now = fair.clock.now()
    await campaign_reviews.judge(fair.store, invite, counts=counts, why="看过", now=now)
    await fair.chat.waits(seconds=1)


async def test_what_waits_for_a_person_is_a_task_once_a_day(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat)
    for newcomer in (MEI, "wm_fang"):
        await suspected(fair, newcomer)
    (task,) = [one for one in await fair.store.tasks.listed() if one.task.kind == reviews.QUEUE]
    assert task.task.member == "zhangsan"
    assert "concierge campaign review spring" in task.task.text


async def test_an_appeal_is_looked_at_by_a_person_and_answered(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat)
    invite = await suspected(fair)
    await fair.chat.says("为什么没算")
    assert fair.chat.replies == [
        "没有算进去的：\n1 位由系统判断有异常\n其中 1 位已请同事人工核对，15 个工作日内告诉您结果。"
    ]
    await fair.chat.says("为什么没算")
    assert "正在核对" in fair.chat.replies[0]
    (task,) = await fair.store.tasks.of_customer(LAN)
    assert task.task.kind == "referral_appeal"
    await judges(fair, invite, counts=True)
    assert "1 位算进去，0 位不算" in "".join(fair.chat.replies)
    assert await fair.valid(LAN) == 1
    assert [one.standing for one in await grants.grants_of(fair.store, [LAN])] == [Paid.GIVEN]
    assert await reviews.waits_since(fair.store, f"r_{LAN}") is None
    sql = "SELECT action, why FROM audit WHERE action LIKE 'campaign%'"
    rows = await fair.store.database.fetch(sql)
    assert [tuple(row) for row in rows] == [("campaign.accepted", "看过")]


async def test_a_no_of_a_person_is_told_once_and_holds(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat)
    invite = await suspected(fair)
    await fair.chat.says("你好")
    await judges(fair, invite, counts=False)
    assert "0 位算进去，1 位不算" in "".join(fair.chat.replies)
    await fair.chat.says("邀请没算")
    assert "这些按活动规则不算" in fair.chat.replies[0]
    assert await reviews.waits_since(fair.store, f"r_{LAN}") is None
    await fair.chat.waits(hours=30)
    assert await fair.valid(LAN) == 0


async def test_whom_we_may_not_write_to_hears_when_he_writes(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat)
    invite = await suspected(fair)
    await fair.chat.waits(hours=72)
    await judges(fair, invite, counts=False)
    assert fair.chat.replies == []
    await fair.chat.says("你好")
    assert "0 位算进去，1 位不算" in "".join(fair.chat.replies)
    await fair.chat.says("你好")
    assert "位不算" not in "".join(fair.chat.replies)


async def test_the_newcomer_gets_his_when_a_person_says_yes(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat, newcomer="five")
    invite = await suspected(fair)
    assert await grants.grants_of(fair.store, [MEI]) == []
    await judges(fair, invite, counts=True)
    assert [one.side for one in await grants.grants_of(fair.store, [MEI])] == ["newcomer"]


async def test_a_yes_before_the_end_of_the_freeze_waits_for_it(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat, daily_cap=1)
    await fair.adds("wm_first", by=LAN)
    await fair.adds(MEI, by=LAN)
    (one,) = await store.invites_of(fair.store, [MEI])
    assert one.reason == "over_cap"
    await judges(fair, one.id, counts=True)
    assert (await fair.counts(LAN))["pending"] == 2
    await fair.chat.waits(hours=1, seconds=10)
    assert await fair.valid(LAN) == 2


async def test_facts_are_not_decided_and_nobody_is_credited_twice(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat)
    await fair.adds("wm_old")
    await fair.chat.waits(minutes=1)
    await fair.adds("wm_old", by=LAN, member="lisi")
    (one,) = await store.invites_of(fair.store, ["wm_old"])
    with pytest.raises(Misconfigured, match="not_new"):
        await judges(fair, one.id, counts=True)
    await fair.invites("wm_hong")
    await fair.adds(MEI, by=LAN)
    await fair.adds(MEI, by="wm_hong", member="lisi")
    refused = (await store.invites_of(fair.store, [MEI]))[1]
    sql = "UPDATE referral_invites SET reason = 'risk' WHERE id = ?"
    await fair.writes(Statement(sql, (refused.id,)))
    with pytest.raises(Misconfigured, match="已经算给别人"):
        await judges(fair, refused.id, counts=True)


async def test_who_takes_part_in_nothing_is_answered_by_others(open_chat: OpenChat) -> None:
    chat = await open_chat()
    await chat.says("为什么没算")
    assert not chat.handled_by.startswith("referral")
