"""A landing page leads to WeCom and nowhere else, asks without pressing, and remembers little."""

import re
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.config import Channel
from bot.store import Store, Unit, Visit
from bot.web.landing import endpoint
from bot.web.landing.endpoint import LandingEndpoint
from bot.web.visitors import Visitors
from bot.wecom.code_pictures import read_code
from tests.builders import FRIDAY_MORNING as NOW
from tests.talk import PlayedClock

Client = TestClient[web.Request, web.Application]
URL = "https://work.weixin.qq.com/kf/kfc1?enc_scene=ENC2"
CHANNELS: list[dict[str, Any]] = [
    {"id": "live", "name": "直播", "kind": "kf", "open_kfid": "wk_shop"},
    {"id": "shop", "name": "门店", "receivers": [{"userid": "zhangsan"}]},
    {
        "id": "ad",
        "name": "广告",
        "receivers": [{"userid": "zhangsan"}],
        "link": "https://work.weixin.qq.com/ca/cawc1",
    },
]


@pytest.fixture
async def pages(store: Store, clock: PlayedClock) -> AsyncIterator[Client]:
    channels = [Channel.model_validate(one) for one in CHANNELS]
    assert await store.channels.take(channels, "config", NOW) == []
    unit = Unit()
    store.ways.keep(unit, "live", ["wk_shop"], NOW, url=URL)
    store.ways.keep(unit, "shop", ["zhangsan"], NOW, config_id="cfg", url="https://x/p.png")
    way = await store.ways.get("shop")
    await store.database.commit(unit)
    way = await store.ways.get("shop")
    unit = Unit()
    store.ways.read_picture(unit, way, "https://u.wechat.com/cfg", NOW)
    await store.database.commit(unit)
    app = web.Application()
    landing = LandingEndpoint(
        *(store, clock, lambda key: f"<{key}>"),
        company="云栖<优选>",
        notice_version="7",
        visitors=Visitors(clock, 4, [ip_network("127.0.0.0/8")]),
    )
    app.add_routes(landing.routes())
    client = TestClient(TestServer(app))
    await client.start_server()
    yield client
    await client.close()


async def opens(pages: Client, channel: str = "live", query: str = "", **headers: str) -> str:
    """Open a page; returns the token of the visit."""
    answer = await pages.get(f"/l/{channel}{query}", headers=headers)
    assert answer.status == 200
    found = re.search(r'name="visit" value="([0-9a-f]{28})"', await answer.text())
    assert found is not None
    return found[1]


async def taps(pages: Client, channel: str = "live", **form: str) -> str:
    """Press the button; returns where it leads."""
    answer = await pages.post(f"/l/{channel}", data=form, allow_redirects=False)
    assert answer.status == 303
    return answer.headers["Location"]


async def visit_of(store: Store, token: str) -> Visit:
    visit = await store.visits.get(token)
    assert visit is not None
    return visit


async def test_one_tap_leads_to_wecom_without_anything_ticked(pages: Client, store: Store) -> None:
    query = "?utm_source=douyin&utm_medium=cpc&utm_campaign=11.11&from=secret"
    token = await opens(pages, "live", query, Referer="https://ad.example.com/path?user=1")
    assert await taps(pages, visit=token) == f"{URL}&scene_param={token}"
    visit = await visit_of(store, token)
    assert (visit.channel, visit.tapped_at) == ("live", NOW)
    assert (visit.came.utm_source, visit.came.utm_campaign) == ("douyin", "11.11")
    assert visit.came.referrer == "ad.example.com"
    assert visit.choices == {"marketing": False, "profiling_tags": False}
    (row,) = store.database.read_sync("SELECT * FROM landing_visits")
    assert "secret" not in str(tuple(row))
    assert "path" not in str(tuple(row))


async def test_choices_are_separate_and_never_ticked_beforehand(
    pages: Client, store: Store
) -> None:
    text = await (await pages.get("/l/live")).text()
    assert text.count('type="checkbox"') == 2
    assert "checked" not in text
    token = await opens(pages)
    await taps(pages, visit=token, marketing="yes", location="yes")
    visit = await visit_of(store, token)
    assert visit.choices == {"marketing": True, "profiling_tags": False}
    assert visit.notice_version == "7"


async def test_a_channel_of_friends_shows_its_code_or_opens_its_link(
    pages: Client, store: Store
) -> None:
    token = await opens(pages, "shop")
    assert await taps(pages, "shop", visit=token) == "/l/shop/code"
    assert "code.png" in await (await pages.get("/l/shop/code")).text()
    picture = await (await pages.get("/l/shop/code.png")).read()
    assert read_code(picture) == "https://u.wechat.com/cfg"
    token = await opens(pages, "ad")
    expected = f"https://work.weixin.qq.com/ca/cawc1?customer_channel={token}"
    assert await taps(pages, "ad", visit=token) == expected
    assert (await store.channels.channel_of(token)).id == "ad"


async def test_nothing_that_is_sent_leads_elsewhere(pages: Client, store: Store) -> None:
    for form in (
        {"visit": "https://evil.example"},
        {"visit": "x" * 28, "next": "https://evil.example"},
        {},
        {"visit": await opens(pages, "shop")},
    ):
        assert await taps(pages, "live", **form) == URL
    assert (await pages.get("/l/nobody")).status == 404
    assert (await pages.get("/l/live/../../etc")).status == 404
    assert (await pages.post("/l/live", data=b"x" * 5000)).status == 413
    strange = await pages.post("/l/live", json={"visit": "x"}, allow_redirects=False)
    assert strange.headers["Location"] == URL
    assert store.database.read_sync("SELECT 1 FROM landing_visits WHERE tapped_at > 0") == []


async def test_a_page_runs_nothing_and_is_framed_by_nobody(pages: Client) -> None:
    answer = await pages.get("/l/live", params={"utm_source": '"><script>alert(1)</script>'})
    text, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    assert "<script" not in text
    assert "style=" not in text
    assert "云栖&lt;优选&gt;" in text
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers


async def test_a_prefetch_is_no_visit_and_a_flood_is_kept_off(
    pages: Client, store: Store, clock: PlayedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await pages.get("/l/live", headers={"Sec-Purpose": "prefetch;prerender"})
    assert answer.status == 204
    assert store.database.read_sync("SELECT 1 FROM landing_visits") == []
    monkeypatch.setattr(endpoint, "PAGES_PER_MINUTE", 3)
    assert [(await pages.get("/l/live")).status for _ in range(4)] == [200, 200, 429, 429]
    clock.reach(NOW + 61)
    assert (await pages.get("/l/live")).status == 200


async def test_one_who_asks_too_often_sees_a_page_and_costs_nobody_else_anything(
    pages: Client, clock: PlayedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "PAGES_PER_MINUTE", 6)
    mine, another = {"X-Forwarded-For": "8.8.8.8"}, {"X-Forwarded-For": "8.8.4.4"}
    for _ in range(4):
        assert (await pages.get("/l/live", headers=mine)).status == 200
    for path in ("/l/live", "/l/shop/code.png"):
        for _ in range(9):
            refused = await pages.get(path, headers=mine)
            assert refused.status == 429
    text = await refused.text()
    assert "&lt;landing.busy_title&gt;" in text
    assert refused.headers["Retry-After"] == "60"
    assert "default-src 'none'" in refused.headers["Content-Security-Policy"]
    assert (await pages.post("/l/live", data={}, headers=mine)).status == 429
    assert (await pages.get("/l/live", headers=another)).status == 200
    clock.reach(NOW + 60)
    assert (await pages.get("/l/live", headers=mine)).status == 200


async def test_hops_are_counted_by_path(pages: Client, store: Store) -> None:
    for source, tapped in (("a", True), ("a", False), ("b", False)):
        token = await opens(pages, "live", f"?utm_source={source}")
        if tapped:
            await taps(pages, visit=token)
    hops = await store.visits.hops(NOW - 1, NOW + 1)
    assert [(one.utm_source, one.opened, one.tapped, one.arrived) for one in hops] == [
        ("a", 2, 1, 0),
        ("b", 1, 0, 0),
    ]
