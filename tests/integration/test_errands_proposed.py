"""A model only proposes, for the customer who asks, what they or a tool have said."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.app import MODEL_PROMPTS, build_engine, open_store
from bot.llm.opening import open_agent
from bot.telemetry import Metrics
from knowledge import FaqEntry, Library, Retriever
from knowledge.fold import even_out
from tests.builders import a_config, a_customer
from tests.conftest import OpenChat
from tests.errand_shop import NUMBER, OTHERS, YES, FakeShop
from tests.model_cases import FORBIDS
from tests.model_server import FakeModelServer, calls, running_model, writes
from tests.order_server import running_orders
from tests.talk import Chat, PlayedClock


@pytest.fixture
async def shop() -> AsyncIterator[FakeShop]:
    async with running_orders() as server:
        yield FakeShop(server)


@pytest.fixture
async def chat(shop: FakeShop, open_chat: OpenChat) -> Chat:
    return await open_chat(tools=shop.tools())


# ---------------------------------------------------------------------- a model may only propose


@pytest.fixture
async def model() -> AsyncIterator[FakeModelServer]:
    async with running_model() as model:
        yield model


@pytest.fixture
async def advised(tmp_path: Path, model: FakeModelServer, shop: FakeShop) -> AsyncIterator[Chat]:
    llm = {"base_url": model.url, "model": "played", "agent": True, "timeout_s": 10.0}
    config, metrics = a_config(tmp_path, llm=llm, tools=shop.tools()), Metrics()
    clock = PlayedClock()
    entry = FaqEntry(id="fee", question="运费多少钱", answer="满 99 元包邮。")
    engine = build_engine(
        *(config, open_store(config), Library(Retriever([entry]))),
        clock=clock,
        metrics=metrics,
        agent=open_agent(config, MODEL_PROMPTS, metrics, even_out, FORBIDS),
    )
    chat = Chat(engine, a_customer(), clock)
    await chat.enters()
    yield chat
    await engine.aclose()


MOVES = "围巾那单我搬家啦，寄到杭州市西湖区文三路90号2幢吧"
ADDRESS = "杭州市西湖区文三路90号2幢"


async def test_a_model_proposes_and_the_customer_decides(
    advised: Chat, model: FakeModelServer, shop: FakeShop
) -> None:
    async def proposes(told: dict[str, Any]) -> web.StreamResponse:
        address = told["question"].split("寄到")[1].removesuffix("吧")
        asked = {"number": NUMBER, "address": address}
        return await calls(("propose_change_address", asked))(told)

    model.answers = [proposes, writes("已经帮您改好了！")]
    await advised.says(MOVES)
    assert shop.posts == []
    assert "已经帮您改好了" not in "".join(advised.replies)
    assert f"将把订单 {NUMBER} 的收货地址改为“{ADDRESS}”。" in advised.replies[0]
    await advised.taps(YES)
    [post] = shop.posts
    assert json.loads(post["body"]) == {"no": NUMBER, "to": ADDRESS}
    assert post["query"] == {"buyer": "wm_lan"}
    assert advised.replies == ["已经办好了。"]
    rows = await advised.store.tool_calls.last()
    assert ("change_address", "agent.proposes") in {(r["tool"], r["wanted_by"]) for r in rows}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("propose_cancel_order", {"number": OTHERS}),
        ("propose_cancel_order", {"number": NUMBER, "identity": "wm_other"}),
        ("propose_cancel_order", {"number": NUMBER, "confirmed": True}),
        ("propose_change_address", {"number": NUMBER, "address": "北京市朝阳区骗子路1号"}),
        ("propose_change_address", {"number": NUMBER}),
        ("cancel_order", {"number": NUMBER}),
    ],
)
async def test_a_model_proposes_nothing_that_is_not_the_customer_s(
    advised: Chat,
    model: FakeModelServer,
    shop: FakeShop,
    name: str,
    arguments: dict[str, Any],
) -> None:
    model.answers = [calls((name, arguments)), writes("NONE")]
    await advised.says(MOVES)
    assert not any(YES in menu for menu in advised.menus)
    assert shop.posts == []
    assert await advised.store.database.fetch("SELECT * FROM errands") == []


async def test_a_model_that_proposes_many_things_asks_about_one(
    advised: Chat, model: FakeModelServer, shop: FakeShop
) -> None:
    one = ("propose_cancel_order", {"number": NUMBER})
    model.answers = [calls(one, one, one), writes("NONE")]
    await advised.says("围巾不想要了呀，那一单别给我发啦")
    assert len(await advised.store.database.fetch("SELECT * FROM errands")) == 1
    assert shop.posts == []
