"""Do encoders give the same vectors under load, and say so when they give none?"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from knowledge import EmbeddingError, EndpointEmbedder, OfflineEmbedder

QUESTIONS = [f"满{n}元包邮吗，第{n}次问" for n in range(24)]


async def test_two_threads_on_one_handle_give_the_vectors_of_one() -> None:
    """The engine's scratch memory belongs to the call; this fails the day it does not."""
    encoder = OfflineEmbedder.open(threads=2)
    if encoder is None:
        pytest.skip("no offline encoder on this platform")
    alone = [await encoder.embed([text], kind="query") for text in QUESTIONS]
    together = await asyncio.gather(*(encoder.embed([text], kind="query") for text in QUESTIONS))
    assert np.array_equal(np.concatenate(alone), np.concatenate(together))
    assert np.linalg.norm(together[0]) == pytest.approx(1.0, abs=1e-4)
    assert (await encoder.embed([], kind="passage")).shape == (0, encoder.dim)
    encoder.close()


Respond = Callable[[dict[str, object]], web.Response]


class FakeEndpoint:
    """An OpenAI-compatible server. Set `respond` to change what it says."""

    def __init__(self) -> None:
        self.asked: list[dict[str, object]] = []
        self.respond: Respond = self.vectors

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(json.loads(await request.text()))
        return self.respond(self.asked[-1])

    @staticmethod
    def vectors(asked: dict[str, object], dim: int = 2) -> web.Response:
        texts = asked["input"]
        assert isinstance(texts, list)
        rows = [
            {"object": "embedding", "index": i, "embedding": [float(len(t)), 1.0, 1.0][:dim]}
            for i, t in enumerate(texts)
        ]
        return web.json_response(
            {"object": "list", "model": "m", "data": rows[::-1],
             "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        )  # fmt: skip


@pytest.fixture
def fake() -> FakeEndpoint:
    return FakeEndpoint()


@pytest.fixture
async def endpoint(fake: FakeEndpoint) -> AsyncIterator[EndpointEmbedder]:
    app = web.Application()
    app.router.add_post("/v1/embeddings", fake.handle)
    async with TestServer(app) as server:
        embedder = EndpointEmbedder(
            base_url=str(server.make_url("/v1")), model="m", api_key="k", timeout_s=5
        )
        yield embedder
        await embedder.aclose()


async def test_an_endpoint_gives_normalised_rows_in_order(
    endpoint: EndpointEmbedder, fake: FakeEndpoint
) -> None:
    texts = ["字" * n for n in range(1, 101)]
    rows = await endpoint.embed(texts, kind="passage")
    assert rows.dtype == np.float32
    assert rows[:, 0] / rows[:, 1] == pytest.approx(range(1, 101), rel=1e-4)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(100), abs=1e-5)
    assert [len(str(asked["model"])) for asked in fake.asked] == [1, 1]
    assert endpoint.dim == 2


def zeros(_: dict[str, object]) -> web.Response:
    return web.json_response({"data": [{"index": 0, "embedding": [0.0, 0.0]}]})


@pytest.mark.parametrize(
    "respond",
    [
        lambda _: web.Response(status=500, text="broken"),
        lambda _: web.json_response({"error": {"message": "slow down"}}, status=429),
        lambda _: web.Response(text="<html>", content_type="text/html"),
        lambda _: web.Response(text="{", content_type="application/json"),
        lambda _: web.json_response({"data": []}),
        lambda _: web.json_response({"data": [{"index": 0, "embedding": ["a"]}]}),
        lambda asked: FakeEndpoint.vectors({**asked, "input": ["a", "b"]}),
        zeros,
    ],
)
async def test_whatever_an_endpoint_says_wrong_is_an_embedding_error(
    endpoint: EndpointEmbedder, fake: FakeEndpoint, respond: Respond
) -> None:
    fake.respond = respond
    with pytest.raises(EmbeddingError):
        await endpoint.embed(["多久发货"], kind="query")


async def test_an_endpoint_may_not_change_its_dimension(
    endpoint: EndpointEmbedder, fake: FakeEndpoint
) -> None:
    await endpoint.embed(["a"], kind="query")
    fake.respond = lambda asked: FakeEndpoint.vectors(asked, dim=3)
    with pytest.raises(EmbeddingError):
        await endpoint.embed(["b"], kind="query")


async def test_nobody_there_is_an_embedding_error(unused_tcp_port: int) -> None:
    embedder = EndpointEmbedder(
        base_url=f"http://127.0.0.1:{unused_tcp_port}/v1", model="m", api_key="k"
    )
    with pytest.raises(EmbeddingError):
        await embedder.embed(["a"], kind="query")
    await embedder.aclose()
