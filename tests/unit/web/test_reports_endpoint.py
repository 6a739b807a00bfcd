"""The report over a real HTTP server: who may read it, and what may be asked."""

from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.measuring import Reporter
from bot.store import Store
from bot.web.reports import KEPT_S, PATH, ReportEndpoint
from tests.talk import PlayedClock

Client = TestClient[web.Request, web.Application]
TOKEN = "a-token-of-some-length"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
DAY = 86_400.0


async def served(store: Store, clock: PlayedClock, token: str) -> Client:
    reporter = Reporter(store.measured, lambda begin, end, _where: end - begin, 50)
    app = web.Application()
    app.add_routes(ReportEndpoint(reporter, token, ZoneInfo("Asia/Shanghai"), clock).routes())
    client = TestClient(TestServer(app))
    await client.start_server()
    return client


@pytest.fixture
async def pages(store: Store, clock: PlayedClock) -> AsyncIterator[Client]:
    client = await served(store, clock, TOKEN)
    yield client
    await client.close()


async def closed_case(store: Store, clock: PlayedClock, name: str) -> None:
    at = clock.now() - DAY
    await store.database.execute(
        "INSERT INTO cases (id, open_kfid, external_userid, opened_at, active_at, status, level,"
        " reason, servicer, served_level, priority, closed_at, outcome, steps)"
        " VALUES (?, 'wk', ?, ?, ?, 'closed', 1, '', '', 0, 0, ?, 'gap', 2)",
        *(name, name, at - DAY, at - DAY, at),
    )


async def test_without_a_token_in_the_configuration_there_is_no_such_address(
    store: Store, clock: PlayedClock
) -> None:
    client = await served(store, clock, "")
    for headers in ({}, {"Authorization": "Bearer "}, BEARER):
        assert (await client.get(PATH, headers=headers)).status == 404
    await client.close()


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer 口令"]
)
async def test_who_does_not_show_it_is_refused(pages: Client, header: str) -> None:
    answer = await pages.get(PATH, headers={"Authorization": header} if header else {})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_the_report_is_json(pages: Client, store: Store, clock: PlayedClock) -> None:
    await closed_case(store, clock, "one")
    answer = await pages.get(PATH, headers=BEARER)
    report = await answer.json()
    assert (answer.status, report["n"], report["minimum"]) == (200, 1, 50)
    assert report["until"] - report["since"] == 7 * DAY
    low = pytest.approx(0.2065, abs=1e-4)
    assert report["classes"][0] == {
        "kind": "L1",
        "share": {
            "count": 1,
            "of": 1,
            "share": 1.0,
            "low": low,
            "high": 1.0,
        },
        "target": 0.7,
        "verdict": "too_few",
    }


async def test_a_window_may_be_named(pages: Client, store: Store, clock: PlayedClock) -> None:
    await closed_case(store, clock, "one")
    closed_at = clock.now() - DAY
    for since, until, n in ((closed_at, closed_at + 1, 1), (closed_at - 9, closed_at, 0)):
        query = {"from": repr(since), "to": repr(until)}
        assert (await (await pages.get(PATH, params=query, headers=BEARER)).json())["n"] == n
    other = {"days": "2", "account": "wk_other"}
    assert (await (await pages.get(PATH, params=other, headers=BEARER)).json())["n"] == 0


@pytest.mark.parametrize(
    "query",
    [
        {"days": "0"},
        {"days": "1.5"},
        {"days": "many"},
        {"days": "nan"},
        {"days": "367"},
        {"from": "5"},
        {"from": "5", "to": "5"},
        {"from": "0", "to": "1e12"},
        {"from": "x", "to": "9"},
    ],
)
async def test_what_makes_no_sense_is_told(pages: Client, query: dict[str, str]) -> None:
    answer = await pages.get(PATH, params=query, headers=BEARER)
    assert answer.status == 400
    assert (await answer.json())["error"]


async def test_an_answer_is_given_again_for_a_minute(
    pages: Client, store: Store, clock: PlayedClock
) -> None:
    assert (await (await pages.get(PATH, headers=BEARER)).json())["n"] == 0
    await closed_case(store, clock, "one")
    assert (await (await pages.get(PATH, headers=BEARER)).json())["n"] == 0
    clock.reach(clock.now() + KEPT_S + 1)
    assert (await (await pages.get(PATH, headers=BEARER)).json())["n"] == 1
