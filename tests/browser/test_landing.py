"""Does the landing page fit a phone, and lead on with one tap? A real browser."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import async_playwright, expect

from bot.app import PROMPTS
from bot.config import Channel
from bot.routing.phrases import Phrases
from bot.store import Store
from bot.web.landing.endpoint import LandingEndpoint
from bot.web.visitors import Visitors
from tests.browser.test_demo import CHROMIUM, OFFLINE
from tests.talk import PlayedClock

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]


async def test_one_tap_on_a_phone_leads_on_with_nothing_ticked(
    store: Store, clock: PlayedClock
) -> None:
    channel = {"id": "shop", "name": "门店", "receivers": [{"userid": "zhangsan"}]}
    await store.channels.take([Channel.model_validate(channel)], "config", clock.now())
    phrases = Phrases.load(PROMPTS)
    landing = LandingEndpoint(
        *(store, clock, lambda key: phrases.say(key, who="云栖优选")),
        company="云栖优选",
        notice_version="1",
        visitors=Visitors(clock, 60),
    )
    app = web.Application()
    app.add_routes(landing.routes())
    async with TestServer(app) as server, async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        page, faults = await browser.new_page(viewport={"width": 360, "height": 740}), []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "request",
            lambda request: faults.append(request.url) if "127" not in request.url else None,
        )
        await page.goto(str(server.make_url("/l/shop?utm_source=douyin")))
        assert await page.evaluate("document.documentElement.scrollWidth") == 360
        boxes = page.get_by_role("checkbox")
        await expect(boxes).to_have_count(2)
        await expect(boxes.first).not_to_be_checked()
        button = page.get_by_role("button", name="去微信里聊聊")
        box = await button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["y"] + box["height"] < 740  # seen without scrolling
        await button.click()
        await page.wait_for_url("**/l/shop/code")
        await browser.close()
        assert faults == []
    (visit,) = store.database.read_sync("SELECT tapped_at, utm_source FROM landing_visits")
    assert tuple(visit) == (clock.now(), "douyin")
