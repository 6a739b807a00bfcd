"""Members' codes and the group are counted apart; what nobody can verify is said."""

from typing import Any

import pytest

from bot.commands.campaigns import wake_queue
from bot.config import Campaign
from bot.store import CHANNEL, Unit
from handlers.referral import grants, store
from handlers.referral.modes import Modes, modes
from tests.conftest import OpenChat
from tests.referrals import DAY_S, SPRING, Fair

ACCOUNT = {"name": "街角花店", "url": "https://mp.weixin.qq.com/s/abc"}


async def a_fair(open_chat: OpenChat, **more: Any) -> Fair:
    described = SPRING | {"freeze_hours": 0} | more
    fair = Fair(await open_chat(), Campaign.model_validate(described))
    await fair.opens()
    return fair


async def count(fair: Fair) -> Modes:
    known = await store.campaign(fair.store, "spring")
    assert known is not None
    return await modes(fair.store, known)


async def means(fair: Fair, state: str, channel: str) -> None:
    """A state is one of a channel's."""
    unit = Unit()
    fair.store.channels.claim(unit, state, CHANNEL, channel, fair.clock.now())
    await fair.store.database.commit(unit)


async def test_members_codes_count_newcomers_who_never_were_friends(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat, staff=["li_code"])
    await means(fair, "r_li", "li_code")
    await fair.adds("wm_old", at=fair.clock.now() - 90 * DAY_S, member="wangwu")
    for customer in ("wm_a", "wm_b", "wm_old"):
        await fair.adds(customer, by="li", member="lisi")
    await fair.adds("wm_a", by="li", member="zhangsan")
    await fair.chat.waits(minutes=1)
    await fair.leaves("wm_b", member="lisi")
    (one,) = (await count(fair)).staff
    assert (one.channel, one.came, one.stayed) == ("li_code", 2, 1)


async def a_gift(open_chat: OpenChat, **more: Any) -> Fair:
    fair = await a_fair(open_chat, staff=["li_code"], newcomer="five", freeze_hours=1, **more)
    await means(fair, "r_li", "li_code")
    await fair.codes("A-1", "A-2", "A-3")
    return fair


async def given_to(fair: Fair, customer: str) -> list[tuple[str, str]]:
    return [(one.side, one.standing) for one in await grants.grants_of(fair.store, [customer])]


async def test_who_comes_by_a_member_s_code_gets_the_newcomer_s_gift_once(
    open_chat: OpenChat,
) -> None:
    fair = await a_gift(open_chat)
    await fair.adds("wm_a", by="li", member="lisi", times=3)
    await fair.chat.waits(minutes=50)
    assert await given_to(fair, "wm_a") == [], "he may still leave"
    await fair.chat.waits(minutes=11)
    assert await given_to(fair, "wm_a") == [("newcomer", "given")]
    (task,) = await fair.store.tasks.of_customer("wm_a")
    assert (task.task.member, task.task.kind) == ("lisi", "referral_reward")
    await fair.adds("wm_a", by="li", member="zhangsan")
    await fair.chat.waits(hours=2)
    assert await given_to(fair, "wm_a") == [("newcomer", "given")]
    (one,) = (await count(fair)).staff
    assert (one.came, one.gifts) == (1, 1)


async def test_who_left_was_known_or_was_invited_gets_none_by_it(open_chat: OpenChat) -> None:
    fair = await a_gift(open_chat)
    await fair.adds("wm_old", member="wangwu")
    await fair.adds("wm_late", by="li", at=fair.clock.now() - 40 * DAY_S)
    await fair.chat.waits(minutes=1)
    for one in ("wm_left", "wm_old"):
        await fair.adds(one, by="li", member="lisi")
    await fair.leaves("wm_left", member="lisi")
    await fair.invites("wm_lan")
    await fair.adds("wm_friend", by="wm_lan")
    await fair.adds("wm_friend", by="li", member="lisi")
    await fair.chat.waits(hours=2)
    for one in ("wm_left", "wm_old", "wm_late"):
        assert await given_to(fair, one) == [], one
    assert await given_to(fair, "wm_friend") == [("newcomer", "given")], "as invited, once"
    assert (await count(fair)).staff[0].gifts == 0


async def test_who_waits_for_his_gift_gets_it_when_there_is_more(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat, staff=["li_code"], newcomer="five", freeze_hours=1)
    await means(fair, "r_li", "li_code")
    await fair.adds("wm_a", by="li", member="lisi")
    await fair.chat.waits(hours=2)
    assert await given_to(fair, "wm_a") == [("newcomer", "queued")]
    await fair.codes("A-1")
    assert await wake_queue(fair.store, "spring", fair.clock.now()) == 1
    await fair.chat.waits(seconds=1)
    assert await given_to(fair, "wm_a") == [("newcomer", "given")]


async def test_a_campaign_without_a_gift_for_newcomers_gives_none(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat, staff=["li_code"])
    await means(fair, "r_li", "li_code")
    await fair.adds("wm_a", by="li", member="lisi")
    await fair.chat.waits(hours=2)
    assert await given_to(fair, "wm_a") == []


async def test_who_came_into_the_group_is_counted_and_is_no_invitation(
    open_chat: OpenChat,
) -> None:
    group = {"name": "福利群", "url": "https://shop.example/l/fans", "channel": "fans"}
    fair = await a_fair(open_chat, group=group)
    await means(fair, "g_fans", "fans")
    await fair.invites("wm_lan")
    await fair.adds("wm_f", by="wm_lan")
    sql = "INSERT INTO group_joins (external_userid, chat_id, state, joined_at) VALUES (?, ?, ?, ?)"
    for customer in ("wm_f", "wm_stranger"):
        await fair.store.database.execute(sql, customer, "wr_fans", "g_fans", fair.clock.now())
    found = await count(fair)
    assert (found.credited, found.group, found.group_invited) == (1, 2, 1)


async def test_a_group_without_a_code_is_not_counted_as_nobody(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat, group={"name": "福利群", "url": "https://shop.example/g"})
    assert (await count(fair)).group is None


async def test_that_somebody_follows_is_counted_as_said_and_earns_nothing(
    open_chat: OpenChat,
) -> None:
    fair = await a_fair(open_chat, account=ACCOUNT)
    await fair.chat.says("活动规则")
    assert "关不关注都不影响奖励" in fair.chat.replies[0]
    for _ in range(2):
        await fair.chat.taps("我关注公众号了")
    assert fair.chat.replies == ["谢谢您的支持！关不关注都不影响您的奖励。"]
    found = await count(fair)
    assert (found.said_followed, found.credited) == (1, 0)


async def test_without_an_account_nobody_is_asked(open_chat: OpenChat) -> None:
    fair = await a_fair(open_chat)
    await fair.chat.says("活动规则")
    assert "我关注公众号了" not in fair.chat.menus[0]


@pytest.mark.parametrize("url", ["http://plain.example", "javascript:alert(1)", "https://a b"])
def test_a_place_is_led_to_by_an_address_that_is_safe(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        Campaign.model_validate(SPRING | {"account": ACCOUNT | {"url": url}})
