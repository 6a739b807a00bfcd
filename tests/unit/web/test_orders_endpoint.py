"""Orders over a real HTTP server: only what is signed, fresh and whole, and each once."""

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.store import Store
from bot.tools.webhooks import signature
from bot.web.sales import PATH, SalesEndpoint
from bot.web.signed import SKEW_S
from tests.builders import FRIDAY_MORNING
from tests.talk import PlayedClock

Client = TestClient[web.Request, web.Application]
SECRET = "a-secret-of-some-length"
NOW = FRIDAY_MORNING
ORDER = {"number": "T1", "amount": 100, "changed_at": NOW - 5, "paid_at": NOW - 9, "phone": "1"}


@pytest.fixture
async def pages(store: Store, clock: PlayedClock) -> AsyncIterator[Client]:
    app = web.Application(client_max_size=64 * 1024)
    app.add_routes(SalesEndpoint(store, SECRET, clock).routes())
    client = TestClient(TestServer(app))
    await client.start_server()
    yield client
    await client.close()


async def post(
    pages: Client,
    body: Any,
    *,
    secret: str = SECRET,
    at: float = NOW,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, Any]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = {
        "X-Concierge-Timestamp": str(int(at)),
        "X-Concierge-Signature": signature(secret, int(at), raw),
    }
    answer = await pages.post(PATH, data=io.BytesIO(raw), headers=signed | (headers or {}))
    return answer.status, await answer.json()


async def test_an_order_is_taken_once(pages: Client, store: Store) -> None:
    assert await post(pages, {"orders": [ORDER]}) == (200, {"orders": 1, "new": 1})
    assert await post(pages, {"orders": [ORDER]}) == (200, {"orders": 1, "same": 1})
    refund = ORDER | {"refunded": 100, "changed_at": NOW - 1}
    assert await post(pages, {"orders": [refund, ORDER]}) == (
        200,
        {"orders": 2, "changed": 1, "older": 1},
    )
    rows = store.database.read_sync("SELECT refunded FROM sales")
    assert [row["refunded"] for row in rows] == [100]
    assert "13800" not in str(
        [tuple(row) for row in store.database.read_sync("SELECT * FROM sales")]
    )


async def test_many_orders_fit_one_request(pages: Client) -> None:
    orders = [ORDER | {"number": f"T{n}", "title": "面" * 100} for n in range(400)]
    status, told = await post(pages, json.dumps({"orders": orders}, ensure_ascii=False).encode())
    assert (status, told["new"]) == (200, 400)


async def test_what_is_not_signed_or_not_fresh_is_refused(pages: Client, store: Store) -> None:
    body = {"orders": [ORDER]}
    for status, _ in (
        await post(pages, body, secret="another-secret-of-length"),
        await post(pages, body, at=NOW - SKEW_S - 1),
        await post(pages, body, at=NOW + SKEW_S + 2),
        await post(pages, body, headers={"X-Concierge-Timestamp": "1e9"}),
        await post(pages, body, headers={"X-Concierge-Signature": "v1=é"}),
    ):
        assert status == 401
    assert (await pages.post(PATH, json=body)).status == 401
    assert store.database.read_sync("SELECT 1 FROM sales") == []


async def test_what_is_not_whole_is_refused_as_a_whole(pages: Client, store: Store) -> None:
    for wrong in (
        {"refunded": 101},
        {"amount": -1},
        {"amount": 10**12},
        {"number": " "},
        {"number": "x" * 201},
        {"paid_at": NOW + 1e6},
        {"changed_at": 0},
        {"colour": "red"},
        {"amount": "1"},
        {"categories": ["x"] * 21},
    ):
        status, _ = await post(pages, {"orders": [ORDER | {"number": "ok"}, ORDER | wrong]})
        assert status == 400, wrong
    for body in (b"", b"[]", b"{", b'{"orders": []}', b"\xff"):
        assert (await post(pages, body))[0] == 400
    assert (await post(pages, b" " * (1 << 20) + b"{}"))[0] == 413
    assert store.database.read_sync("SELECT 1 FROM sales") == []


async def test_without_a_secret_there_is_no_such_address(store: Store, clock: PlayedClock) -> None:
    app = web.Application()
    app.add_routes(SalesEndpoint(store, "", clock).routes())
    async with TestClient(TestServer(app)) as client:
        assert (await client.post(PATH, json={})).status == 404
