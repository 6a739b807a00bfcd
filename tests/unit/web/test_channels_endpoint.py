"""Channels over a real HTTP server: who may touch them, and what becomes of what is sent."""

from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.app.channel_stats import channel_report
from bot.store import Store, Unit
from bot.web.channels import PATH, ChannelsEndpoint
from bot.wecom.code_pictures import read_code
from tests.builders import FRIDAY_MORNING as NOW
from tests.builders import a_config, home_of
from tests.talk import PlayedClock

Client = TestClient[web.Request, web.Application]
TOKEN = "a-token-of-some-length"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ZONE = ZoneInfo("Asia/Shanghai")
DOUYIN: dict[str, Any] = {
    "name": "抖音",
    "source": "paid",
    "receivers": [{"userid": "zhangsan", "hours": [{"from": "09:00", "to": "18:00"}]}],
    "spare": ["lisi"],
}


@pytest.fixture
async def pages(store: Store, clock: PlayedClock) -> AsyncIterator[Client]:
    config = a_config(home_of(store))
    app = web.Application()
    endpoint = ChannelsEndpoint(
        *(store, TOKEN, clock),
        zone=ZONE,
        count=lambda window, now, by: channel_report(config, store, window, ZONE, now, by=by),
    )
    app.add_routes(endpoint.routes())
    client = TestClient(TestServer(app), headers=BEARER)
    await client.start_server()
    yield client
    await client.close()


async def test_a_channel_is_made_once_changed_and_paused(pages: Client, store: Store) -> None:
    made = await pages.put(f"{PATH}/douyin", json=DOUYIN)
    assert made.status == 201
    told = await made.json()
    assert told["receivers"][0]["hours"] == [{"from": "09:00", "to": "18:00"}]
    assert (await pages.put(f"{PATH}/douyin", json=DOUYIN)).status in {200, 201}
    for action, paused in (("pause", NOW), ("resume", None)):
        answer = await pages.post(f"{PATH}/douyin/{action}")
        assert (await answer.json())["paused_at"] == paused
    (listed,) = (await (await pages.get(PATH)).json())["channels"]
    assert (listed["id"], listed["origin"], listed["code"]) == ("douyin", "hand", "")
    rows = store.database.read_sync("SELECT action FROM audit WHERE actor = 'api' ORDER BY id")
    assert [row["action"] for row in rows][-2:] == ["channels.pause", "channels.resume"]


async def test_what_is_wrong_is_said_and_not_written(pages: Client) -> None:
    for path, body, status in (
        ("a b", DOUYIN, 400),
        ("x", {"name": "x"}, 400),
        ("x", DOUYIN | {"id": "y"}, 400),
        ("x", DOUYIN | {"colour": "red"}, 400),
        ("x", [], 400),
    ):
        answer = await pages.put(f"{PATH}/{path}", json=body)
        assert answer.status == status, (path, await answer.text())
    assert (await pages.put(f"{PATH}/x", data=b"\xff")).status == 400
    assert (await pages.get(f"{PATH}/x")).status == 404
    assert (await pages.post(f"{PATH}/x/pause")).status == 404
    await pages.put(f"{PATH}/douyin", json=DOUYIN)
    taken = await pages.put(f"{PATH}/b", json=DOUYIN | {"states": ["douyin"]})
    assert taken.status == 409


async def test_a_code_is_drawn_once_it_is_there(pages: Client, store: Store) -> None:
    await pages.put(f"{PATH}/live", json={"name": "直播", "kind": "kf", "open_kfid": "wk"})
    assert (await pages.get(f"{PATH}/live/qr.png")).status == 409
    unit, url = Unit(), "https://work.weixin.qq.com/kf/kfc1?enc_scene=ENC2"
    store.ways.keep(unit, "live", ["wk"], NOW, url=url)
    await store.database.commit(unit)
    picture = await pages.get(f"{PATH}/live/qr.png", params={"caption": "SCAN"})
    assert read_code(await picture.read()) == url
    assert (await pages.get(f"{PATH}/live/qr.svg")).content_type == "image/svg+xml"
    assert (await pages.get(f"{PATH}/live/qr.svg", params={"caption": "x" * 41})).status == 400
    assert (await pages.get(f"{PATH}/live/qr.gif")).status == 404


async def test_costs_and_figures(pages: Client) -> None:
    await pages.put(f"{PATH}/douyin", json=DOUYIN)
    for day, body, status in (
        ("2026-11-20", {"amount": 35_000}, 200),
        ("2026-11-31", {"amount": 1}, 400),
        ("2026-11-20", {"amount": -1}, 400),
        ("2026-11-20", {"amount": "1"}, 400),
    ):
        answer = await pages.put(f"{PATH}/douyin/costs/{day}", json=body)
        assert answer.status == status, day
    window = {"from": "2026-11-20", "to": "2026-11-20"}
    (line,) = (await (await pages.get(f"{PATH}/stats", params=window)).json())["channels"]
    assert line["series"] is None
    week = {"from": "2026-11-20", "to": "2026-11-22", "by": "day"}
    (line_by_day,) = (await (await pages.get(f"{PATH}/stats", params=week)).json())["channels"]
    costs = {one["first"]: one["worth"]["cost"] for one in line_by_day["series"]}
    assert costs == {"2026-11-20": 35_000}  # the other days are still to come
    assert (line["id"], line["worth"]["cost"], line["worth"]["why"]) == (
        *("douyin", 35_000, "few_people"),
    )
    wrong = ({"days": "0"}, {"days": "nan"}, {"from": "2026-11-20"}, {"days": "x"}, {"by": "hour"})
    for query in wrong:
        assert (await pages.get(f"{PATH}/stats", params=query)).status == 400


async def test_nobody_comes_in_without_the_token(pages: Client) -> None:
    wrong = {"Authorization": "Bearer wrong"}
    for method, path in (("GET", ""), ("PUT", "/x"), ("POST", "/x/pause"), ("GET", "/stats")):
        answer = await pages.request(method, f"{PATH}{path}", headers=wrong)
        assert answer.status == 401
