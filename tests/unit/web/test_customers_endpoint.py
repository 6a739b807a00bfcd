"""Customers over a real HTTP server: who may read them, how many at once, and what of them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.config import Channel
from bot.model.people import Attribute
from bot.model.tags import TagChange
from bot.store import Store, Unit
from bot.web.customers import PAGES_PER_MINUTE, PATH, CustomersEndpoint
from tests.builders import FRIDAY_MORNING
from tests.talk import PlayedClock

Client = TestClient[web.Request, web.Application]
TOKEN = "a-token-of-some-length"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
NOW = FRIDAY_MORNING


@pytest.fixture
async def pages(store: Store, clock: PlayedClock) -> AsyncIterator[Client]:
    """Five customers; one has a tag, a name and a city."""
    store.tags.consented = "1 = 1"
    await store.vault.ready(f"customer:wm_{n}" for n in range(5))
    await store.database.execute("UPDATE customers SET created_at = ?", NOW - 9e6)
    unit = Unit()
    store.tags.assign(unit, "wm_1", [TagChange(name="关注：运费", add=True, at=NOW - 60)])
    for name, value in (("name", "王兰"), ("city", "杭州")):
        one = Attribute(external_userid="wm_1", name=name, value=value, source="", by="", at=NOW)
        await store.profiles.set(unit, one)
    store.profiles.touch(unit, "wm_2", "poster", NOW)
    await store.database.commit(unit)
    app = web.Application()
    app.add_routes(CustomersEndpoint(store, TOKEN, clock).routes())
    client = TestClient(TestServer(app))
    await client.start_server()
    yield client
    await client.close()


async def read(pages: Client, **query: Any) -> Any:
    answer = await pages.get(PATH, params=query, headers=BEARER)
    assert answer.status == 200, await answer.text()
    return await answer.json()


def ids(page: Any) -> list[str]:
    return [one["external_userid"] for one in page["customers"]]


async def test_nobody_reads_without_the_token(pages: Client) -> None:
    for header in ("", "Bearer wrong", f"Basic {TOKEN}"):
        assert (await pages.get(PATH, headers={"Authorization": header})).status == 401


async def test_every_customer_comes_once_page_by_page(pages: Client) -> None:
    first = await read(pages, limit=2)
    second = await read(pages, limit=2, after=first["next"])
    third = await read(pages, limit=2, after=second["next"])
    assert ids(first) + ids(second) + ids(third) == [f"wm_{n}" for n in range(5)]
    assert third["next"] is None


async def test_only_what_is_asked_for_and_only_what_may_leave(pages: Client) -> None:
    page = await read(pages, tag="关注：运费")
    (one,) = page["customers"]
    assert one["tags"] == [
        {"name": "关注：运费", "source": "rule", "at": NOW - 60, "expires_at": None}
    ]
    assert one["attributes"] == {"city": "杭州"}, "the name is personal"
    assert ids(await read(pages, channel="poster")) == ["wm_2"]
    assert ids(await read(pages, updated_since=NOW - 61)) == ["wm_1"]
    assert ids(await read(pages, updated_since=NOW)) == []


async def test_what_cannot_be_understood_is_said(pages: Client) -> None:
    for query in ({"limit": "0"}, {"limit": "201"}, {"updated_since": "nan"}, {"phone": "1"}):
        assert (await pages.get(PATH, params=query, headers=BEARER)).status == 400, query


async def test_nobody_reads_everybody_in_a_minute(pages: Client, clock: PlayedClock) -> None:
    for _ in range(PAGES_PER_MINUTE):
        await read(pages, limit=1)
    answer = await pages.get(PATH, headers=BEARER)
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) == 61
    clock.reach(NOW + 60)
    await read(pages, limit=1)


async def test_every_page_is_in_the_audit(pages: Client, store: Store) -> None:
    await read(pages, tag="关注：运费")
    (row,) = await store.audit.search()
    assert (row["actor"], row["action"], row["result"]) == ("api", "customers.read", "1")


async def test_a_channel_has_whoever_came_by_any_of_its_codes(pages: Client, store: Store) -> None:
    about = {"id": "shop", "name": "门店", "receivers": [{"userid": "zhangsan"}]}
    channel = Channel.model_validate(about | {"states": ["poster"]})
    await store.channels.take([channel], "config", NOW)
    assert ids(await read(pages, channel="shop")) == ["wm_2"]
    assert ids(await read(pages, channel="poster")) == ["wm_2"]
    assert ids(await read(pages, channel="nowhere")) == []
