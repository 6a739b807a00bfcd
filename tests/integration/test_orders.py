"""Customers ask where their orders are; whatever the shop's system does, they hear the truth."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from bot.model import MessageRecalled, Order, Shipment
from bot.store.tool_calls import masked
from tests import order_server
from tests.conftest import OpenChat
from tests.order_server import FakeOrderServer, an_order, running_orders
from tests.talk import Chat

STORY = (
    "订单 2026112000015\n状态：运输中\n商品：羊毛围巾 灰色\n金额：129 元\n"
    "付款时间：2026-11-18 09:30\n快递：顺丰 SF1234567890 运输中\n最新进展：已到达杭州转运中心"
)
FAILED = "抱歉，订单系统暂时没有回应，这次没能查到。请过一会儿再试，或者请同事帮您查。"
NOT_FOUND = (
    "在您名下没有查到这个单号，请核对一下。如果是用别的微信或账号下的单，这里看不到；"
    "需要的话，可以请同事帮您查。"
)
NONE = (
    "没有查到您名下的订单。如果是用别的微信或账号下的单，这里看不到；需要的话，可以请同事帮您查。"
)
WIDE = "".join(chr(ord(digit) + 0xFEE0) for digit in "2026112000015")
"""As some keyboards type it."""
HUMAN = ["转人工客服"]
OTHERS = "2026112099999"


@pytest.fixture
async def server() -> AsyncIterator[FakeOrderServer]:
    async with running_orders() as server:
        server.orders["wm_lan"] = [
            an_order(),
            an_order("2026111500007", state="WAIT", items=[{"name": "茶杯"}], packages=[]),
        ]
        server.orders["wm_other"] = [an_order(OTHERS)]
        yield server


@pytest.fixture
async def shop(server: FakeOrderServer, open_chat: OpenChat) -> Chat:
    return await open_chat(tools={"shop": server.tool()})


async def outcomes(chat: Chat) -> list[tuple[str, str, str]]:
    rows = await chat.store.tool_calls.last()
    return [(row["tool"], row["wanted_by"], row["outcome"]) for row in rows]


class TestConnector:
    @pytest.mark.parametrize(
        "text", ["我的快递到哪了", "查订单", "我的订单", "帮我查一下物流", "订单", "怎么查物流"]
    )
    async def test_the_last_orders_are_a_menu_and_a_tap_tells_how_one_stands(
        self, shop: Chat, text: str
    ) -> None:
        await shop.says(text)
        assert shop.replies == [
            "这是您最近的订单，想看哪一个，点一下就好。\n要查更早的，请直接发订单号给我。"
        ]
        assert shop.menus == [["…0015 羊毛围巾 灰色 运输中", "…0007 茶杯 待发货"]]
        await shop.taps("…0015 羊毛围巾 灰色 运输中")
        assert shop.replies == [STORY]

    async def test_a_lone_order_needs_no_menu(self, shop: Chat, server: FakeOrderServer) -> None:
        server.orders["wm_lan"] = [an_order()]
        await shop.says("我的快递到哪了")
        assert shop.replies == [STORY]
        assert (shop.handled_by, shop.outcome) == ("orders.mine", "answered")

    async def test_no_more_than_five_are_shown(self, shop: Chat, server: FakeOrderServer) -> None:
        server.orders["wm_lan"] = [an_order(f"20261120{n:05}") for n in range(9)]
        await shop.says("我的订单")
        assert len(shop.menus[0]) == 5
        await shop.says("2026112000008")
        assert shop.replies[0].startswith("订单 2026112000008\n")

    async def test_a_tap_asks_anew(self, shop: Chat, server: FakeOrderServer) -> None:
        await shop.says("我的订单")
        server.orders["wm_lan"][0]["state"] = "已签收"
        await shop.taps("…0015 羊毛围巾 灰色 运输中")
        assert "状态：已签收" in shop.replies[0]

    @pytest.mark.parametrize(
        "text",
        [
            "2026112000015",
            WIDE,
            "订单号：2026112000015",
            "查一下订单2026112000015到哪了",
            "SF1234567890",
            "sf1234567890 这个快递呢",
        ],
    )
    async def test_a_number_that_was_typed_is_found(self, shop: Chat, text: str) -> None:
        await shop.says(text)
        assert shop.replies == [STORY]
        assert shop.handled_by == "orders.numbered"

    async def test_somebody_else_s_number_is_as_unknown_as_one_that_is_none(
        self, shop: Chat, server: FakeOrderServer
    ) -> None:
        await shop.says(OTHERS)
        other = (shop.replies, shop.menus)
        await shop.says("2026112012345")
        assert (shop.replies, shop.menus) == other == ([NOT_FOUND], [HUMAN])
        assert {one["query"]["buyer"] for one in server.asked} == {"wm_lan"}

    async def test_a_menu_id_of_somebody_else_s_order_leads_nowhere(self, shop: Chat) -> None:
        await shop.sends("text", {"content": "x", "menu_id": "order:0123456789abcdef"})
        assert shop.replies == [NOT_FOUND]

    async def test_what_the_customer_says_never_becomes_the_identity(
        self, shop: Chat, server: FakeOrderServer
    ) -> None:
        await shop.says("我是 wm_other，查订单 buyer=wm_other")
        assert {one["query"]["buyer"] for one in server.asked} == {"wm_lan"}

    @pytest.mark.parametrize(
        "text",
        [
            "多久发货",
            "订单 2026112000015 我要退款",
            "13800138000",
            "怎么退货",
            "12345",
            "运费 100 元",
        ],
    )
    async def test_other_matters_go_to_the_others(self, shop: Chat, text: str) -> None:
        await shop.says(text)
        assert not shop.handled_by.startswith("orders.")

    async def test_a_tap_on_a_question_of_the_knowledge_is_answered_by_it(
        self, shop: Chat, server: FakeOrderServer
    ) -> None:
        await shop.sends("text", {"content": "查订单", "menu_id": "faq:ship-fee"})
        assert shop.handled_by == "faq.tapped"
        assert server.asked == []

    async def test_no_orders_is_said_and_a_person_offered(
        self, shop: Chat, server: FakeOrderServer
    ) -> None:
        server.orders.clear()
        await shop.says("我的订单")
        assert (shop.replies, shop.menus) == ([NONE], [HUMAN])
        shop.wecom.receiving = ["zhangsan"]
        await shop.taps("转人工客服")
        assert shop.handled_by == "escalation.tapped"

    async def test_two_questions_at_once_are_answered_once(self, shop: Chat) -> None:
        await shop.says_at_once("我的订单", "我的快递到哪了")
        assert len(shop.replies) == 1

    async def test_while_a_person_has_the_conversation_nothing_is_asked(
        self, shop: Chat, server: FakeOrderServer
    ) -> None:
        await shop.take_over()
        await shop.says("我的订单")
        assert (shop.replies, server.asked) == ([], [])

    async def test_where_the_bot_may_not_speak_of_orders_nothing_is_asked(
        self, server: FakeOrderServer, open_chat: OpenChat
    ) -> None:
        autonomy = {"categories": {"订单": "off"}}
        chat = await open_chat(tools={"shop": server.tool()}, autonomy=autonomy)
        await chat.says("我的订单")
        assert server.asked == []
        assert not chat.handled_by.startswith("orders.")

    async def test_a_secret_goes_into_the_header(
        self, server: FakeOrderServer, open_chat: OpenChat
    ) -> None:
        headers = {"X-Api-Key": "k {secret}"}
        tool = server.tool(secret="s3cret", headers=headers)
        chat = await open_chat(tools={"shop": tool})
        await chat.says("我的订单")
        assert server.asked[0]["headers"]["X-Api-Key"] == "k s3cret"

    async def test_an_order_of_somebody_else_in_the_answer_is_left_out(
        self, server: FakeOrderServer, open_chat: OpenChat
    ) -> None:
        tool = server.tool()
        tool["orders"] |= {"owner": "uid"}
        server.orders["wm_lan"] = [an_order(uid="wm_lan"), an_order(OTHERS, uid="wm_other")]
        chat = await open_chat(tools={"shop": tool})
        await chat.says("我的订单")
        assert chat.replies == [STORY]

    async def test_the_unionid_comes_from_wecom(
        self, server: FakeOrderServer, open_chat: OpenChat
    ) -> None:
        server.orders["o_union"] = [an_order()]
        chat = await open_chat(tools={"shop": server.tool(identity="unionid")})
        await chat.says("我的订单")
        assert chat.replies == [
            "我还认不出您的购物账号，所以查不了订单。需要的话，可以请同事帮您查。"
        ]
        assert server.asked == []
        chat.wecom.unionid = "o_union"
        await chat.says("我的订单")
        assert chat.replies == [STORY]


class TestTrouble:
    @pytest.mark.parametrize(
        ("behaviour", "outcome"),
        [
            (order_server.hangs, "timeout"),
            (order_server.fails(500), "status"),
            (order_server.fails(404), "status"),
            (order_server.sends(b"<html>busy</html>", "text/html"), "unreadable"),
            (order_server.sends(b"\xff\xfe{"), "unreadable"),
            (order_server.sends(b'{"code": 0, "data": {"list": "x"}}'), "unreadable"),
            (order_server.sends(b'{"code": 0, "data": {"list": [{}, 1]}}'), "unreadable"),
            (order_server.sends(b"[" * 60_000), "unreadable"),
            (order_server.sends(b'{"code": 500, "data": null}'), "refused"),
            (order_server.sends(b'{"code": 0}' + b" " * 70_000), "too_large"),
            (order_server.pours, "too_large"),
            (order_server.redirects("http://127.0.0.1:9/elsewhere"), "redirect"),
        ],
    )
    async def test_a_system_that_gives_no_answer_is_told_of_honestly(
        self,
        server: FakeOrderServer,
        open_chat: OpenChat,
        behaviour: order_server.Behaviour,
        outcome: str,
    ) -> None:
        server.behaviour = behaviour
        chat = await open_chat(tools={"shop": server.tool(timeout_s=0.3)})
        await chat.says("我的快递到哪了")
        assert (chat.replies, chat.menus) == ([FAILED], [HUMAN])
        assert chat.outcome == "missed"
        assert await outcomes(chat) == [("shop", "orders.mine", outcome)]

    async def test_a_system_that_is_gone_is_told_of_honestly(self, open_chat: OpenChat) -> None:
        server = FakeOrderServer()
        server.url = "http://127.0.0.1:9"
        chat = await open_chat(tools={"shop": server.tool()})
        await chat.says("我的快递到哪了")
        assert chat.replies == [FAILED]

    async def test_a_redirect_is_not_followed_even_to_the_same_host(
        self, server: FakeOrderServer, shop: Chat
    ) -> None:
        server.behaviour = order_server.redirects(f"{server.url}/other")
        await shop.says("我的订单")
        assert len(server.asked) == 1

    async def test_cookies_of_one_customer_s_answer_are_not_sent_with_the_next(
        self, server: FakeOrderServer, shop: Chat
    ) -> None:
        async def sets(request: web.Request) -> web.Response:
            response = await server.serves(request)
            response.set_cookie("sid", "of wm_lan")
            return response

        server.behaviour = sets
        await shop.says("我的订单")
        await shop.says("我的订单")
        assert "Cookie" not in server.asked[1]["headers"]

    async def test_an_order_with_odd_fields_is_shown_as_far_as_it_can_be(
        self, server: FakeOrderServer, shop: Chat
    ) -> None:
        odd: dict[str, Any] = {
            "items": "x",
            "paid": "NaN",
            "time": 1e30,
            "packages": [1, None, {"no": True}],
        }
        server.orders["wm_lan"] = [an_order(state=None, **odd)]
        await shop.says("我的订单")
        assert shop.replies == ["订单 2026112000015\n状态：暂时没有进度信息"]

    async def test_a_later_message_does_not_wait(self, server: FakeOrderServer, shop: Chat) -> None:
        async def meanwhile(request: web.Request) -> web.Response:
            server.behaviour = server.serves
            await shop.dialogue.say("运费多少钱")
            return await server.serves(request)

        server.orders["wm_lan"] = [an_order()]
        server.behaviour = meanwhile
        await shop.says("我的快递到哪了")
        assert shop.replies == [
            "满 99 元包邮，不满 99 元运费 8 元。",
            f"「我的快递到哪了」\n{STORY}",
        ]

    async def test_a_person_who_took_over_meanwhile_is_not_talked_over(
        self, server: FakeOrderServer, shop: Chat
    ) -> None:
        async def meanwhile(request: web.Request) -> web.Response:
            await shop.dialogue.take_over("zhangsan")
            return await server.serves(request)

        server.behaviour = meanwhile
        await shop.says("我的订单")
        assert shop.replies == []

    async def test_a_system_nobody_got_to_ask_in_time_is_told_of_honestly(
        self, server: FakeOrderServer, shop: Chat
    ) -> None:
        await shop.decides_on(shop.text("我的订单"))
        shop.clock.reach(shop.clock.now() + 60)
        await shop.waits(seconds=1)
        assert server.asked == []
        assert shop.replies == [FAILED]

    async def test_a_message_that_was_recalled_meanwhile_is_not_answered(
        self, server: FakeOrderServer, shop: Chat
    ) -> None:
        message = shop.text("我的订单")

        async def meanwhile(request: web.Request) -> web.Response:
            recalled = MessageRecalled(
                open_kfid="wk_shop", external_userid="wm_lan", recall_msgid=message.msgid
            )
            await shop.dialogue.happen(recalled)
            return await server.serves(request)

        server.behaviour = meanwhile
        await shop.receives(message)
        assert shop.replies == []


class TestTable:
    async def test_without_tool_and_rows_the_knowledge_answers(self, chat: Chat) -> None:
        await chat.says("我的快递到哪了")
        assert not chat.handled_by.startswith("orders.")

    async def test_imported_orders_are_found_by_their_own_customer_only(self, chat: Chat) -> None:
        shipment = Shipment(carrier="中通", number="ZT0001112223", last_event="派送中")
        mine = Order(number="A-1000001", status="已发货", amount=9950, shipments=(shipment,))
        theirs = Order(number="A-1000002", status="已发货")
        await chat.store.orders.write([("wm_lan", mine), ("wm_other", theirs)], chat.clock.now())
        await chat.says("我的快递到哪了")
        assert chat.replies == [
            "订单 A-1000001\n状态：已发货\n金额：99.50 元\n"
            "快递：中通 ZT0001112223\n最新进展：派送中"
        ]
        await chat.says("订单 A-1000002")
        assert chat.replies == [NOT_FOUND]
        assert await outcomes(chat) == [
            ("orders", "orders.numbered", "ok"),
            ("orders", "orders.mine", "ok"),
        ]

    async def test_what_was_bought_is_sealed(self, chat: Chat) -> None:
        order = Order(number="A-1000001", title="羊毛围巾", shipments=(Shipment(number="ZT1"),))
        await chat.store.orders.write([("wm_lan", order)], chat.clock.now())
        [row] = await chat.store.database.fetch("SELECT body FROM orders")
        assert "羊毛围巾".encode() not in row["body"]
        assert b"ZT1" not in row["body"]


def test_the_audit_quotes_nothing() -> None:
    made_up = masked({"我叫王小明": "x", "sku": "A1", "number": "2026112000015"})
    assert json.loads(made_up) == {"?": "(1)", "sku": "(2)", "number": "…0015"}


async def test_the_audit_names_nobody(shop: Chat) -> None:
    await shop.says("我的订单")
    [row] = await shop.store.tool_calls.last()
    assert row["person_id"].startswith("p_")
    assert "wm_lan" not in str(dict(row))
    assert b'concierge_tool_calls_total{result="ok",tool="shop"} 1.0' in (
        shop.engine.metrics.render()
    )
