"""Where a group is joined, a join by an inviter's code is an invitation; leaving ends it."""

from typing import Any

import pytest

from bot.app import build_eraser
from bot.config import Campaign
from handlers.referral import grants, groups
from tests.conftest import OpenChat
from tests.referrals import CLUB, DAY_S, SPRING, Fair

LAN, MEI = "wm_lan", "wm_mei"


async def a_fair(open_chat: OpenChat, **more: Any) -> Fair:
    fair = Fair(await open_chat(), Campaign.model_validate(CLUB | {"freeze_hours": 1} | more))
    await fair.opens()
    await fair.invites(LAN)
    await fair.codes("A-1", "A-2", "A-3")
    return fair


async def test_a_join_by_his_code_counts_once_when_it_has_lasted(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat)
    at = fair.clock.now()
    for _ in range(3):
        await fair.joins(MEI, by=LAN, at=at)
    assert await fair.counts(LAN) == {"pending": 1}
    await fair.chat.waits(hours=1, seconds=10)
    assert await fair.counts(LAN) == {"valid": 1}
    (one,) = await grants.grants_of(fair.store, [LAN])
    assert one.code.startswith("A-")


async def test_who_was_a_friend_or_in_a_group_before_is_not_new(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat)
    await fair.adds("wm_friend", at=fair.clock.now() - DAY_S)
    await fair.joins("wm_member", chat="wr_b", at=fair.clock.now() - DAY_S)
    await fair.quits("wm_left", at=fair.clock.now() - DAY_S)
    for newcomer in ("wm_friend", "wm_member", "wm_left"):
        await fair.joins(newcomer, by=LAN)
        assert (await fair.reasons(newcomer))[-1] == "not_new", newcomer


async def test_a_campaign_may_ask_for_people_new_to_its_groups_alone(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat, new_to="members")
    await fair.adds("wm_friend", at=fair.clock.now() - DAY_S)
    await fair.joins("wm_friend", by=LAN)
    assert await fair.counts(LAN) == {"pending": 1}


@pytest.mark.parametrize(("by", "left"), [("customer", 0), ("staff", 1), ("unknown", 1)])
async def test_only_who_leaves_by_himself_is_taken_back(
    open_chat: OpenChat, by: str, left: int
) -> None:
    fair = await a_fair(open_chat)
    await fair.joins(MEI, by=LAN)
    await fair.chat.waits(hours=2)
    await fair.quits(MEI, by=by)
    assert await fair.valid(LAN) == left


async def test_who_is_still_in_another_group_of_the_campaign_stays(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat)
    await fair.joins(MEI, by=LAN)
    await fair.chat.waits(hours=2)
    await fair.joins(MEI, chat="wr_b")
    await fair.quits(MEI, chat="wr_a")
    assert await fair.valid(LAN) == 1
    await fair.quits(MEI, chat="wr_b")
    assert await fair.valid(LAN) == 0
    await fair.chat.waits(minutes=1)
    await fair.joins(MEI, by=LAN)
    assert await fair.counts(LAN) == {"pending": 1}


async def test_an_end_that_is_told_before_the_join_ends_it(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat)
    at = fair.clock.now()
    await fair.quits(MEI, at=at + 60)
    await fair.joins(MEI, by=LAN, at=at)
    assert await fair.counts(LAN) == {"revoked": 1}


async def test_adding_a_member_is_no_invitation_there(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat)
    await fair.adds("wm_f", by=LAN)
    assert await fair.reasons("wm_f") == []


async def test_where_members_are_added_a_group_is_no_invitation(open_chat: OpenChat) -> None:
    spring = Fair(await open_chat(), Campaign.model_validate(SPRING))
    await spring.opens()
    await spring.invites(LAN)
    await spring.joins(MEI, by=LAN)
    assert await spring.reasons(MEI) == []
    await spring.adds(MEI, by=LAN)
    assert await spring.counts(LAN) == {"pending": 1}, "a group is no acquaintance there"


async def test_the_newcomer_s_gift_is_said_when_he_writes(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat, newcomer="five")
    newcomer = fair.chat.conversation.external_userid
    await fair.invites("wm_hong")
    await fair.joins(newcomer, by="wm_hong")
    await fair.chat.waits(hours=1, seconds=10)
    assert await fair.store.tasks.of_customer(newcomer) == [], "no member of us can reach him"
    await fair.chat.says("你好")
    assert "送您的新人礼是5 元券" in "".join(fair.chat.replies)


async def test_the_customer_reads_what_counts(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat)
    await fair.chat.says("活动规则")
    assert "朋友第一次扫您的码进「会员福利群」、满 1 小时还在群里，算一位" in fair.chat.replies[0]
    assert "进不进群" not in fair.chat.replies[0]


async def test_erasing_somebody_forgets_where_he_was(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat)
    await fair.joins(MEI, by=LAN)
    await fair.joins("wm_other")
    engine = fair.chat.engine
    eraser = build_eraser(engine.config, fair.store, engine.routers)
    await eraser.carry_out(await eraser.ask(MEI, by="test", now=fair.clock.now()))
    assert await groups.ties_of(fair.store, MEI) == []
    assert len(await groups.ties_of(fair.store, "wm_other")) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"group": None},
        {"group": {"name": "群"}},
        {"mode": "friend"},
        {"group": {"name": "群", "chats": [f"wr{n}" for n in range(6)]}},
    ],
)
def test_the_groups_are_named_with_the_mode_and_only_then(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"group|chats"):
        Campaign.model_validate(CLUB | wrong)
