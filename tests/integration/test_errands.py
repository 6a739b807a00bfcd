"""What a customer wants done is done once, after they have read and confirmed it."""

import json
from collections.abc import AsyncIterator

import pytest

from bot.model import MessageRecalled
from tests.conftest import OpenChat
from tests.errand_shop import (
    CANCELLED,
    DONE,
    NO,
    NUMBER,
    OFFER,
    YES,
    FakeShop,
    reads_and_confirms,
    state_of,
)
from tests.order_server import an_order, running_orders
from tests.talk import Chat


@pytest.fixture
async def shop() -> AsyncIterator[FakeShop]:
    async with running_orders() as server:
        yield FakeShop(server)


@pytest.fixture
async def chat(shop: FakeShop, open_chat: OpenChat) -> Chat:
    return await open_chat(tools=shop.tools())


# ---------------------------------------------------------------------- offered, then done


async def test_nothing_is_done_before_the_customer_confirms_and_then_once(
    chat: Chat, shop: FakeShop
) -> None:
    await chat.says("帮我取消订单")
    assert chat.replies == [OFFER]
    assert chat.menus == [[YES, NO]]
    assert shop.posts == []
    await chat.taps(YES)
    assert chat.replies == [DONE]
    [post] = shop.posts
    assert post["query"] == {"buyer": "wm_lan"}
    assert json.loads(post["body"]) == {"no": NUMBER}
    assert len(post["headers"]["Idempotency-Key"]) == 16
    assert await state_of(chat) == "done"
    rows = await chat.store.tool_calls.last()
    assert ("cancel_order", "ok") in {(row["tool"], row["outcome"]) for row in rows}


async def test_of_several_orders_the_customer_picks_one(chat: Chat, shop: FakeShop) -> None:
    shop.server.orders["wm_lan"].append(an_order("2026111500007", items=[{"name": "茶杯"}]))
    await chat.says("我要取消订单")
    assert chat.menus == [["…0015 羊毛围巾 灰色 运输中", "…0007 茶杯 运输中"]]
    await chat.taps("…0007 茶杯 运输中")
    assert chat.replies[0].startswith("将为您取消订单 2026111500007，")
    assert shop.posts == []


async def test_a_number_that_was_said_picks_it(chat: Chat, shop: FakeShop) -> None:
    shop.server.orders["wm_lan"].append(an_order("2026111500007"))
    await chat.says("帮我取消订单2026111500007")
    assert chat.replies[0].startswith("将为您取消订单 2026111500007，")


async def test_a_question_about_it_is_no_wish(chat: Chat) -> None:
    for text in ("取消订单要扣钱吗", "怎么取消订单", "取消订单多久退款"):
        await chat.says(text)
        assert not chat.handled_by.startswith("errand"), text


async def test_clear_words_confirm(chat: Chat, shop: FakeShop) -> None:
    for count, word in enumerate(("确认", "好的", "是的", "确认办理", "可以"), 1):
        await chat.says("帮我取消订单")
        await reads_and_confirms(chat, word)
        assert (len(shop.posts), chat.replies) == (count, [DONE]), word


async def test_other_words_do_not_confirm(chat: Chat, shop: FakeShop) -> None:
    for word in ("确认吗？", "可以吗", "取消", "确定？", "好的，那邮费谁出", "嗯…", "取消订单"):
        await chat.says("帮我取消订单")
        await reads_and_confirms(chat, word)
        assert shop.posts == [], word


async def test_an_unclear_word_is_asked_about(chat: Chat, shop: FakeShop) -> None:
    await chat.says("帮我取消订单")
    await chat.waits(seconds=5)
    await chat.says("取消")
    assert chat.replies == [f"我怕理解错了，要办的话请点下面的“确认办理”：\n{OFFER}"]
    await chat.taps(YES)
    assert chat.replies == [DONE]
    assert len(shop.posts) == 1


# ---------------------------------------------------------------------- another mind


@pytest.mark.parametrize("word", ["不用了", "算了", "别取消", "我再想想"])
async def test_who_gives_up_is_left_alone(chat: Chat, shop: FakeShop, word: str) -> None:
    await chat.says("帮我取消订单")
    offered = dict(chat._tappable)
    await reads_and_confirms(chat, word)
    assert chat.replies == [CANCELLED]
    chat._tappable = offered
    await chat.taps(YES)
    assert shop.posts == []
    assert await state_of(chat) == "cancelled"


async def test_a_tap_against_it_ends_it(chat: Chat, shop: FakeShop) -> None:
    await chat.says("帮我取消订单")
    offered = dict(chat._tappable)
    await chat.taps(NO)
    assert chat.replies == [CANCELLED]
    chat._tappable = offered
    await chat.taps(YES)
    assert chat.replies == ["这一项已经失效，没有提交。还需要的话，请再说一次您要办什么。"]
    assert shop.posts == []


async def test_yes_and_no_in_one_burst_is_no(chat: Chat, shop: FakeShop) -> None:
    await chat.says("帮我取消订单")
    await chat.waits(seconds=5)
    await chat.says_at_once("确认", "算了")
    assert shop.posts == []
    assert await state_of(chat) == "cancelled"


async def test_after_another_message_a_mere_yes_means_something_else(
    chat: Chat, shop: FakeShop
) -> None:
    await chat.says("帮我取消订单")
    await chat.waits(seconds=5)
    await chat.says("运费多少钱")
    await chat.waits(seconds=5)
    await chat.says("好的")
    assert shop.posts == []
    assert chat.handled_by == "greeting.okay"
    await chat.says("确认")
    assert chat.replies[0].endswith(OFFER)  # shown once more, as it is not the next message
    assert shop.posts == []
    await reads_and_confirms(chat)
    assert len(shop.posts) == 1


async def test_a_yes_that_was_written_before_the_offer_arrived_does_not_count(
    chat: Chat, shop: FakeShop
) -> None:
    await chat.says("帮我取消订单")
    await chat.says("确认")  # in the same second
    assert shop.posts == []


async def test_a_yes_beside_the_wish_does_not_count(chat: Chat, shop: FakeShop) -> None:
    await chat.says_at_once("帮我取消订单", "确认")
    assert shop.posts == []


async def test_a_late_tap_does_nothing_and_is_asked_again(chat: Chat, shop: FakeShop) -> None:
    await chat.says("帮我取消订单")
    await chat.waits(minutes=11)
    await chat.taps(YES)
    assert shop.posts == []
    assert chat.replies == [
        f"刚才那一次已经过了时间，没有提交。还需要的话，请再确认一次：\n{OFFER}"
    ]
    await chat.taps(YES)
    assert len(shop.posts) == 1


async def test_a_second_offer_replaces_the_first(chat: Chat, shop: FakeShop) -> None:
    shop.server.orders["wm_lan"].append(an_order("2026111500007"))
    await chat.says(f"帮我取消订单{NUMBER}")
    first = dict(chat._tappable)
    await chat.says("帮我取消订单2026111500007")
    chat._tappable = first
    await chat.taps(YES)
    assert shop.posts == []


async def test_tapped_twice_it_is_done_once(chat: Chat, shop: FakeShop) -> None:
    await chat.says("帮我取消订单")
    tap = {"content": YES, "menu_id": chat._tappable[YES]}
    one, other = (chat.dialogue.message("text", tap) for _ in range(2))
    await chat.receives(one, other)
    assert len(shop.posts) == 1
    await chat.sends("text", tap)
    assert chat.replies == ["这件事已经办好了，不用再点。"]
    assert len(shop.posts) == 1


async def test_a_confirmation_that_is_recalled_before_it_is_acted_on_does_nothing(
    chat: Chat, shop: FakeShop
) -> None:
    await chat.says("帮我取消订单")
    tap = {"content": YES, "menu_id": chat._tappable[YES]}
    message = chat.dialogue.message("text", tap)
    await chat.decides_on(message)
    recall = MessageRecalled(
        open_kfid=message.open_kfid,
        external_userid=message.external_userid,
        recall_msgid=message.msgid,
    )
    await chat.receives(recall)
    await chat.waits(minutes=2)
    assert shop.posts == []
    assert await state_of(chat) == "recalled"


# ---------------------------------------------------------------------- people


async def test_who_asks_for_a_person_has_confirmed_nothing(chat: Chat, shop: FakeShop) -> None:
    await chat.says("帮我取消订单")
    offered = dict(chat._tappable)
    await chat.says("转人工")
    chat._tappable = offered
    await chat.taps(YES)
    assert shop.posts == []
    assert await state_of(chat) == "withdrawn"


async def test_while_a_person_has_the_conversation_a_tap_does_nothing(
    chat: Chat, shop: FakeShop
) -> None:
    await chat.says("帮我取消订单")
    await chat.take_over()
    chat._tappable[YES] = chat._tappable.get(YES, "")
    await chat.taps(YES)
    await chat.end()
    await chat.waits(minutes=2)
    assert shop.posts == []
    assert await state_of(chat) == "withdrawn"


async def test_a_person_who_comes_between_yes_and_doing_withholds_it(
    chat: Chat, shop: FakeShop
) -> None:
    await chat.says("帮我取消订单")
    tap = {"content": YES, "menu_id": chat._tappable[YES]}
    await chat.decides_on(chat.dialogue.message("text", tap))
    await chat.take_over()
    await chat.waits(seconds=1)
    assert shop.posts == []
    assert await state_of(chat) == "withheld"
    assert any("机器人没有提交" in text for text in chat.staff_messages) or chat.cards


async def test_a_switch_that_is_thrown_between_yes_and_doing_withholds_it(
    chat: Chat, shop: FakeShop
) -> None:
    await chat.says("帮我取消订单")
    tap = {"content": YES, "menu_id": chat._tappable[YES]}
    await chat.decides_on(chat.dialogue.message("text", tap))
    await chat.store.switches.turn_on(
        "silence", "customer", "wm_lan", by="test", reason="", now=chat.clock.now()
    )
    await chat.waits(seconds=1)
    assert shop.posts == []
