"""Answers name the customer and their last order, as far as anybody knows; no one reads a hole."""

from bot.errors import Unreachable
from bot.model import Order, Shipment
from knowledge import FaqEntry
from tests.conftest import OpenChat
from tests.talk import Chat

GREET = FaqEntry(id="hi", question="怎么称呼我呢", answer="{profile.name|您}好。")
NEED = FaqEntry(id="need", question="我叫什么名字", answer="您是{profile.name}。")
LATE = FaqEntry(
    id="late",
    question="多久发货",
    answer="48 小时内。您的订单 {order.last.number}：{order.last.status}。",
)
SOFT = FaqEntry(id="soft", question="催一下快一点", answer="已看到{order.last.title|您的订单}。")
ORDER = Order(
    number="2026112000015",
    status="待发货",
    title="羊毛围巾",
    shipments=(Shipment(carrier="顺丰", number="SF1"),),
)


async def with_an_order(chat: Chat) -> Chat:
    await chat.store.orders.write([("wm_lan", ORDER)], chat.clock.now())
    return chat


async def test_a_nickname_is_fetched_when_an_answer_names_it_and_then_kept_sealed(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(entries=[GREET])
    chat.wecom.nickname = "小兰"
    await chat.says("怎么称呼我呢")
    assert chat.replies == ["小兰好。"]
    assert chat.wecom.profiles_read == 1
    await chat.says("怎么称呼我呢")
    assert chat.replies == ["小兰好。"]
    assert chat.wecom.profiles_read == 1
    [row] = await chat.store.database.fetch("SELECT * FROM attributes WHERE name = 'nickname'")
    assert row["value"] == ""
    assert "小兰".encode() not in row["body"]


async def test_a_nickname_is_asked_for_again_after_a_week(open_chat: OpenChat) -> None:
    chat = await open_chat(entries=[GREET])
    chat.wecom.nickname = "小兰"
    await chat.says("怎么称呼我呢")
    chat.wecom.nickname = "大兰"
    await chat.waits(hours=8 * 24)
    await chat.says("怎么称呼我呢")
    assert chat.replies[0].endswith("大兰好。")
    assert chat.wecom.profiles_read == 2


async def test_who_has_no_nickname_is_greeted_by_the_default_and_not_asked_about_again(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(entries=[GREET])
    for _ in range(3):
        await chat.says("怎么称呼我呢")
        assert chat.replies == ["您好。"]
    assert chat.wecom.profiles_read == 1


async def test_without_value_and_default_a_person_answers(open_chat: OpenChat) -> None:
    chat = await open_chat(entries=[NEED])
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("我叫什么名字")
    assert chat.outcome == "handed_off"
    assert not any("您是" in text for text in chat.replies)


async def test_wecom_s_failure_is_no_hole(open_chat: OpenChat) -> None:
    chat = await open_chat(entries=[GREET])
    chat.wecom.failures = [Unreachable("batchget", None, "down")]
    await chat.says("怎么称呼我呢")
    assert chat.replies == ["您好。"]


async def test_a_system_s_failure_is_no_hole(open_chat: OpenChat) -> None:
    dead = {
        "description": "订单",
        "url": "http://127.0.0.1:9/orders?buyer={identity}",
        "identity": "external_userid",
        "orders": {"path": "list", "number": "no"},
    }
    chat = await open_chat(entries=[SOFT, LATE], tools={"shop": dead})
    await chat.says("催一下快一点")
    assert chat.replies == ["已看到您的订单。"]
    await chat.says("多久发货")
    assert chat.outcome == "handed_off"


async def test_the_last_order_stands_in_an_answer(open_chat: OpenChat) -> None:
    chat = await with_an_order(await open_chat(entries=[LATE]))
    await chat.says("多久发货")
    assert chat.replies == ["48 小时内。您的订单 2026112000015：待发货。"]
    assert (chat.handled_by, chat.outcome) == ("faq.answer", "answered")


async def test_what_became_of_an_order_is_not_told_from_memory(open_chat: OpenChat) -> None:
    chat = await with_an_order(await open_chat(entries=[LATE]))
    await chat.says("多久发货")
    sent = Order(number=ORDER.number, status="运输中")
    await chat.store.orders.write([("wm_lan", sent)], chat.clock.now())
    await chat.waits(minutes=2)
    await chat.says("多久发货")
    assert chat.replies == ["48 小时内。您的订单 2026112000015：运输中。"]


async def test_another_s_order_is_never_told(open_chat: OpenChat) -> None:
    chat = await open_chat(entries=[LATE, SOFT])
    await chat.store.orders.write([("wm_other", ORDER)], chat.clock.now())
    await chat.says("催一下快一点")
    assert chat.replies == ["已看到您的订单。"]
    await chat.says("多久发货")
    assert chat.outcome == "handed_off"


async def test_two_questions_wait_once_and_are_answered_together(open_chat: OpenChat) -> None:
    chat = await with_an_order(await open_chat(entries=[LATE, GREET]))
    chat.wecom.nickname = "小兰"
    await chat.says("多久发货？怎么称呼我呢？")
    assert len(chat.replies) == 1
    assert "2026112000015：待发货" in chat.replies[0]
    assert "小兰好。" in chat.replies[0]


async def test_where_orders_are_not_spoken_of_their_values_are_not_fetched(
    open_chat: OpenChat,
) -> None:
    chat = await with_an_order(
        await open_chat(entries=[SOFT], autonomy={"categories": {"订单": "off"}})
    )
    await chat.says("催一下快一点")
    assert chat.replies == ["已看到您的订单。"]
    assert await chat.store.tool_calls.last() == []
