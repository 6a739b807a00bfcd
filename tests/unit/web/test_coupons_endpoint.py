"""A till's system redeems a coupon once, with a signature; the same request is answered alike."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.store import Store, Unit
from bot.store.coupons import taken
from bot.tools.webhooks import signature
from bot.web.coupons import PATH, CouponsEndpoint
from tests.builders import FRIDAY_MORNING
from tests.talk import PlayedClock

Client = TestClient[web.Request, web.Application]
SECRET = "a-secret-of-some-length"
NOW = FRIDAY_MORNING


@pytest.fixture
async def pages(store: Store, clock: PlayedClock) -> AsyncIterator[Client]:
    await store.coupons.bring("five", ["A-1"], NOW, NOW + 60)
    whose = {"given_for": "g1", "external_userid": "wm_lan", "name": "5 元券"}
    await store.database.commit(Unit([taken("five", "A-1", **whose, now=NOW)]))
    app = web.Application()
    app.add_routes(CouponsEndpoint(store, SECRET, clock).routes())
    client = TestClient(TestServer(app))
    await client.start_server()
    yield client
    await client.close()


async def ask(
    pages: Client, what: str, *, secret: str = SECRET, at: float = NOW, **body: Any
) -> tuple[int, dict[str, Any]]:
    raw = json.dumps(body).encode()
    signed = {
        "X-Concierge-Timestamp": str(int(at)),
        "X-Concierge-Signature": signature(secret, int(at), raw),
    }
    answer = await pages.post(f"{PATH}/{what}", data=raw, headers=signed)
    return answer.status, await answer.json()


async def test_a_coupon_is_looked_at_and_redeemed_once(pages: Client, store: Store) -> None:
    status, told = await ask(pages, "look", code="A-1")
    assert (status, told["state"], told["name"]) == (200, "done", "5 元券")
    assert "wm_lan" not in str(told)
    for _ in range(2):  # an answer that was lost is asked for again
        status, told = await ask(pages, "redeem", code=" A-1 ", ref="t1")
        assert (status, told["state"]) == (200, "done")
    _, told = await ask(pages, "redeem", code="A-1", ref="t2")
    assert told["state"] == "already"
    rows = await store.database.fetch("SELECT actor, result FROM audit ORDER BY id")
    assert [tuple(row) for row in rows] == [("api", "done"), ("api", "done"), ("api", "already")]


async def test_of_many_tills_at_once_one_hears_yes(pages: Client) -> None:
    asked = (ask(pages, "redeem", code="A-1", ref=f"t{n}") for n in range(20))
    said = [told["state"] for _, told in await asyncio.gather(*asked)]
    assert (said.count("done"), said.count("already")) == (1, 19)


async def test_what_is_not_signed_not_named_or_not_known_is_refused(pages: Client) -> None:
    assert (await ask(pages, "redeem", secret="another", code="A-1", ref="t"))[0] == 401
    assert (await ask(pages, "redeem", at=NOW - 400, code="A-1", ref="t"))[0] == 401
    assert (await ask(pages, "redeem", code="A-1"))[0] == 400
    assert (await ask(pages, "look", code=""))[0] == 400
    assert (await ask(pages, "look", code="A-1", more=1))[0] == 400
    assert (await ask(pages, "look", code="x" * 5000))[0] == 413
    assert (await ask(pages, "look", code="Z"))[1] == {"state": "unknown"}


async def test_what_is_over_is_not_redeemed(pages: Client, clock: PlayedClock) -> None:
    clock.reach(NOW + 60)
    assert (await ask(pages, "redeem", at=NOW + 60, code="A-1", ref="t"))[1]["state"] == "expired"


async def test_without_a_secret_there_is_no_such_address(store: Store, clock: PlayedClock) -> None:
    app = web.Application()
    app.add_routes(CouponsEndpoint(store, "", clock).routes())
    async with TestClient(TestServer(app)) as client:
        assert (await client.post(f"{PATH}/redeem", data=b"{}")).status == 404
