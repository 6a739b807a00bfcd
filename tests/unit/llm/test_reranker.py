"""Does a reranker read what it should, and never hold anybody up?"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.config import Reranker
from bot.errors import ModelUnavailable
from bot.llm.breaker import CircuitBreaker
from bot.llm.reranker import EndpointReader
from bot.ports import Reader

TEXTS = [("发出后两三天到。", "多久能到货"), ("七天内可以退。", "怎么申请退货", "不想要了能退吗")]

Respond = Callable[[Mapping[str, Any]], Awaitable[web.Response]]


class FakeEndpoint:
    """A server of the common form; the second text answers better."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.respond: Respond = self.results

    async def handle(self, request: web.Request) -> web.Response:
        self.keys.append(request.headers.get("Authorization", ""))
        self.asked.append(json.loads(await request.text()))
        return await self.respond(self.asked[-1])

    @staticmethod
    async def results(asked: Mapping[str, Any]) -> web.Response:
        rows = [
            {"index": i, "relevance_score": 0.1 + 0.8 * i, "document": {"text": text}}
            for i, text in enumerate(asked["documents"])
        ]
        return web.json_response({"model": "m", "results": rows[::-1]})


@pytest.fixture
def fake() -> FakeEndpoint:
    return FakeEndpoint()


@pytest.fixture
async def endpoint(fake: FakeEndpoint) -> AsyncIterator[EndpointReader]:
    app = web.Application()
    app.router.add_post("/v1/rerank", fake.handle)
    async with TestServer(app) as server:
        reader = EndpointReader(
            Reranker(
                base_url=str(server.make_url("/v1")),
                model="m",
                api_key=SecretStr("k"),
                timeout_ms=5000,
            ),
            CircuitBreaker(failures=2, rest_s=1000),
        )
        yield reader
        await reader.aclose()


async def test_scores_come_in_the_order_of_the_texts(endpoint: EndpointReader) -> None:
    reader: Reader = endpoint
    assert reader.name
    assert reader.most == 5
    asked = "买的东西不想要了，怎么退货"
    scores = await reader.read(asked, TEXTS)
    assert len(scores) == 2
    assert list(scores) == pytest.approx([0.1, 0.9])
    assert list(await reader.read("买的东西不想要了，怎么退货", TEXTS)) == pytest.approx(
        list(scores)
    )
    assert list(await reader.read("怎么退", [])) == []


async def test_personal_data_stays_here_and_the_entry_is_whole(
    endpoint: EndpointReader, fake: FakeEndpoint
) -> None:
    await endpoint.read("我电话13812345678，怎么退货", TEXTS)
    (asked,) = fake.asked
    assert "13812345678" not in asked["query"]
    assert "怎么退货" in asked["query"]
    assert asked["documents"][1] == "怎么申请退货\n不想要了能退吗\n七天内可以退。"
    assert (asked["model"], asked["top_n"]) == ("m", 2)
    assert fake.keys == ["Bearer k"]


def results(*rows: object) -> Respond:
    async def respond(_: Mapping[str, Any]) -> web.Response:
        return web.json_response({"results": list(rows)})

    return respond


async def broken(_: Mapping[str, Any]) -> web.Response:
    return web.Response(status=500, text="broken")


async def no_json(_: Mapping[str, Any]) -> web.Response:
    return web.Response(text="<html>", content_type="text/html")


async def a_list(_: Mapping[str, Any]) -> web.Response:
    return web.json_response([1, 2])


async def no_number(_: Mapping[str, Any]) -> web.Response:
    text = '{"results": [{"index": 0, "relevance_score": NaN}, {"index": 1, "relevance_score": 1}]}'
    return web.Response(text=text, content_type="application/json")


async def test_whatever_it_says_wrong_is_no_answer(
    endpoint: EndpointReader, fake: FakeEndpoint
) -> None:
    one = {"index": 0, "relevance_score": 0.5}
    wrong: list[Respond] = [
        *(broken, no_json, a_list, no_number),
        results(),
        results(one),
        results(one, {"index": 2, "relevance_score": 0.5}),
        results(one, {"index": True, "relevance_score": 0.5}),
        results(one, {"index": 1, "relevance_score": "high"}),
        results(one, "text"),
    ]
    for respond in wrong:
        fake.respond = respond
        reader = EndpointReader(endpoint.settings)
        with pytest.raises(ModelUnavailable):
            await reader.read("怎么退", TEXTS)
        await reader.aclose()


async def test_nobody_waits_longer_than_the_deadline(
    endpoint: EndpointReader, fake: FakeEndpoint
) -> None:
    released = asyncio.Event()

    async def hangs(asked: Mapping[str, Any]) -> web.Response:
        await released.wait()
        return await fake.results(asked)

    fake.respond = hangs
    short = EndpointReader(endpoint.settings.model_copy(update={"timeout_ms": 50}))
    with pytest.raises(ModelUnavailable, match="in time"):
        await short.read("怎么退", TEXTS)
    released.set()
    await short.aclose()


async def test_after_failures_in_a_row_it_is_not_asked(
    endpoint: EndpointReader, fake: FakeEndpoint
) -> None:
    fake.respond = broken
    for _ in range(3):
        with pytest.raises(ModelUnavailable):
            await endpoint.read("怎么退", TEXTS)
    assert len(fake.asked) == 2
