"""Whatever the shop's system does, and whenever we are killed, the customer is told the truth."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from bot.config import Tool
from bot.errors import Misconfigured
from tests.conftest import OpenChat
from tests.errand_shop import (
    DONE,
    NOT_MADE,
    NUMBER,
    OFFER,
    OTHERS,
    REFUSED,
    UNKNOWN,
    YES,
    FakeShop,
    proposed,
    state_of,
)
from tests.order_server import Behaviour, hangs, running_orders
from tests.talk import Chat


@pytest.fixture
async def shop() -> AsyncIterator[FakeShop]:
    async with running_orders() as server:
        yield FakeShop(server)


@pytest.fixture
async def chat(shop: FakeShop, open_chat: OpenChat) -> Chat:
    return await open_chat(tools=shop.tools())


async def audit(chat: Chat, tool: str = "cancel_order") -> list[str]:
    rows = await chat.store.tool_calls.last()
    return [row["outcome"] for row in reversed(rows) if row["tool"] == tool]


def status(code: int) -> Behaviour:
    async def behave(_: web.Request) -> web.Response:
        return web.json_response({"code": 0}, status=code)

    return behave


def says(answer: Any) -> Behaviour:
    async def behave(_: web.Request) -> web.Response:
        return web.json_response(answer)

    return behave


# ---------------------------------------------------------------------- what the system does


@pytest.mark.parametrize(
    ("acts", "told", "audited"),
    [
        (says({"code": 7}), REFUSED, "refused"),
        (status(422), REFUSED, "status"),
        (status(404), REFUSED, "status"),
        (status(500), UNKNOWN, "status"),
        (status(409), UNKNOWN, "status"),
        (status(302), UNKNOWN, "redirect"),
        (says("good"), REFUSED, "refused"),
        (hangs, UNKNOWN, "timeout"),
    ],
)
async def test_what_came_of_it_is_told_as_it_is(
    chat: Chat, shop: FakeShop, acts: Behaviour, told: str, audited: str
) -> None:
    shop.acts = acts
    await chat.says("帮我取消订单")
    await chat.taps(YES)
    await chat.waits(minutes=3)
    assert len(shop.posts) == 1, "not made twice: nothing says that this is safe"
    said = [row["because"] for row in await chat.store.database.fetch("SELECT because FROM outbox")]
    outcome = "unknown" if told == UNKNOWN else "refused"
    assert sum(f":{outcome}" in (one or "") for one in said) == 1
    assert await state_of(chat) == outcome
    assert await audit(chat) == [audited]


async def test_what_is_not_known_goes_to_people(chat: Chat, shop: FakeShop) -> None:
    chat.wecom.receiving = ["zhangsan"]
    shop.acts = status(500)
    await chat.says("帮我取消订单")
    await chat.taps(YES)
    assert chat.replies[0] == UNKNOWN
    assert any("请核实办成了没有" in text for text in chat.staff_messages)


async def test_a_system_that_cannot_be_reached_has_done_nothing(
    shop: FakeShop, open_chat: OpenChat
) -> None:
    tools = shop.tools()
    tools["cancel_order"]["url"] = "http://127.0.0.1:9/cancel?buyer={identity}"
    chat = await open_chat(tools=tools)
    await chat.says("帮我取消订单")
    await chat.taps(YES)
    assert chat.replies == [NOT_MADE]
    assert await state_of(chat) == "not_made"


async def test_where_it_is_declared_safe_it_is_tried_again_under_the_same_key(
    shop: FakeShop, open_chat: OpenChat
) -> None:
    chat = await open_chat(tools=shop.tools(repeats="safe"))
    shop.acts = status(503)
    await chat.says("帮我取消订单")
    await chat.taps(YES)
    assert chat.replies == []
    shop.acts = shop.does
    await chat.waits(seconds=10)
    assert chat.replies == [DONE]
    assert len(shop.posts) == 2
    assert len(set(shop.keys)) == 1
    assert await audit(chat) == ["status", "ok"]


async def test_tried_in_vain_until_its_time_is_over_nobody_knows(
    shop: FakeShop, open_chat: OpenChat
) -> None:
    chat = await open_chat(tools=shop.tools(repeats="safe", try_for_s=20))
    shop.acts = status(503)
    await chat.says("帮我取消订单")
    await chat.taps(YES)
    await chat.waits(minutes=2)
    assert await state_of(chat) == "unknown"
    tries = len(shop.posts)
    assert tries > 2
    await chat.waits(hours=1)
    assert len(shop.posts) == tries


# ---------------------------------------------------------------------- killed in between


async def _killed_in_the_request(chat: Chat, shop: FakeShop) -> None:
    shop.acts = hangs
    await chat.says("帮我取消订单")
    life = asyncio.create_task(chat.taps(YES))
    await shop.reached.wait()
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)
    shop.acts = shop.does


async def test_killed_before_the_offer_is_sent_it_is_sent_later_and_nothing_is_done(
    chat: Chat, shop: FakeShop
) -> None:
    await chat.says("你好")
    await chat.decides_on(proposed("cancel_order", {"number": NUMBER}))
    await chat.waits(seconds=1)
    assert chat.replies == [OFFER]
    assert shop.posts == []


async def test_killed_between_yes_and_doing_it_is_done_once(chat: Chat, shop: FakeShop) -> None:
    await chat.says("帮我取消订单")
    tap = {"content": YES, "menu_id": chat._tappable[YES]}
    await chat.decides_on(chat.dialogue.message("text", tap))
    assert shop.posts == []
    await chat.waits(seconds=1)
    assert chat.replies == [DONE]
    assert len(shop.posts) == 1


async def test_killed_after_yes_and_started_too_late_nothing_is_done(
    chat: Chat, shop: FakeShop
) -> None:
    await chat.says("帮我取消订单")
    tap = {"content": YES, "menu_id": chat._tappable[YES]}
    await chat.decides_on(chat.dialogue.message("text", tap))
    chat.clock.reach(chat.clock.now() + 3600)
    await chat.waits(seconds=1)
    assert chat.replies == [NOT_MADE]
    assert shop.posts == []


async def test_killed_in_the_request_it_is_not_made_again_and_nobody_says_done(
    chat: Chat, shop: FakeShop
) -> None:
    await _killed_in_the_request(chat, shop)
    await chat.waits(seconds=1)
    assert chat.replies[0] == UNKNOWN
    assert len(shop.posts) == 1
    assert await state_of(chat) == "unknown"


async def test_killed_in_the_request_it_is_made_again_where_that_is_safe(
    shop: FakeShop, open_chat: OpenChat
) -> None:
    chat = await open_chat(tools=shop.tools(repeats="safe"))
    await _killed_in_the_request(chat, shop)
    await chat.waits(seconds=1)
    assert chat.replies == [DONE]
    assert len(shop.posts) == 2
    assert len(set(shop.keys)) == 1


# ---------------------------------------------------------------------- who may propose what


async def test_what_does_not_fit_is_not_offered(chat: Chat, shop: FakeShop) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("refund", {}),
        ("shop", {}),
        ("cancel_order", {}),
        ("cancel_order", {"number": NUMBER, "buyer": "wm_other"}),
        ("cancel_order", {"number": "1" * 65}),
        ("change_address", {"number": NUMBER, "address": "一\n二"}),
    ]
    await chat.says("你好")
    for tool, arguments in wrong:
        await chat.receives(proposed(tool, arguments))
        assert not any(YES in menu for menu in chat.menus), (tool, arguments)
    assert await chat.store.database.fetch("SELECT * FROM errands") == []


async def test_nothing_is_done_to_an_order_of_somebody_else(chat: Chat, shop: FakeShop) -> None:
    await chat.says("你好")
    await chat.receives(proposed("cancel_order", {"number": OTHERS}))
    await chat.taps(YES)
    assert shop.posts == []
    assert await state_of(chat) == "not_made"


async def test_arguments_are_sealed(chat: Chat) -> None:
    await chat.says("帮我取消订单")
    [row] = await chat.store.database.fetch("SELECT arguments FROM errands")
    assert NUMBER.encode() not in row["arguments"]


async def test_where_the_bot_may_not_do_it_by_itself_it_is_not_offered(
    shop: FakeShop, open_chat: OpenChat
) -> None:
    chat = await open_chat(tools=shop.tools(), autonomy={"categories": {"办理": "suggest"}})
    await chat.says("帮我取消订单")
    assert not any(YES in menu for menu in chat.menus)


async def test_a_tool_without_a_text_of_its_own_stops_the_start(
    shop: FakeShop, open_chat: OpenChat
) -> None:
    tools = shop.tools()
    tools["close_account"] = tools.pop("cancel_order")
    with pytest.raises(Misconfigured, match=r"errands\.offer_close_account"):
        await open_chat(tools=tools)


def test_a_tool_that_writes_is_bound_and_posted(shop: FakeShop) -> None:
    good = shop.tools()["cancel_order"]
    Tool.model_validate(good)
    for wrong in (
        {"method": "GET", "body": None, "url": "https://a.example/{number}?buyer={identity}"},
        {"identity": None, "url": "https://a.example/x"},
        {"headers": {"idempotency-key": "x"}},
        {"writes": None},
    ):
        with pytest.raises(ValueError, match=r"writes|headers|own_order"):
            Tool.model_validate(good | wrong)
