"""Can somebody at a till redeem a coupon with a phone? A real browser.

``CONCIERGE_SCREENS=docs/images`` keeps the picture that the documentation shows.
"""

import os
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, async_playwright, expect

from bot.policy.roles import People
from bot.store import Store, Unit
from bot.store.coupons import taken
from bot.web.door import Door
from bot.web.headers import page_headers
from bot.web.signing_in import SigningIn
from bot.web.till.endpoint import TillEndpoint
from bot.wecom.oauth import SignIn
from tests.browser.test_demo import CHROMIUM, OFFLINE
from tests.builders import FRIDAY_MORNING, a_config
from tests.talk import PlayedClock

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]

SCREENS = os.environ.get("CONCIERGE_SCREENS")
CODE = "SPRING-7K2Q"
WIDTH = 390


async def a_till(store: Store, clock: PlayedClock, folder: Path) -> web.Application:
    """The page with one coupon of 5 元, valid to the end of the month."""
    await store.coupons.bring("five", [CODE], 0.0, FRIDAY_MORNING + 10 * 86_400 + 14 * 3600)
    whose = {"given_for": "g1", "external_userid": "wm_lan", "name": "5 元券"}
    await store.database.commit(Unit([taken("five", CODE, **whose, now=FRIDAY_MORNING)]))
    people = People(a_config(folder).staff)
    door = Door(store.web_sessions, people, clock, public_url=None, headers=page_headers())
    signing_in = SigningIn(door, cast("SignIn", None), clock, "")
    till = TillEndpoint(store, clock, signing_in, zone=ZoneInfo("Asia/Shanghai"), root="")
    app = web.Application()
    app.add_routes(till.routes())
    return app


async def fits(page: Page) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") == WIDTH


async def test_a_coupon_is_redeemed_on_a_phone(
    store: Store, clock: PlayedClock, tmp_path: Path
) -> None:
    app = await a_till(store, clock, tmp_path)
    token = await store.web_sessions.begin("zhangsan", clock.now())
    async with TestServer(app) as server, async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        page = await browser.new_page(viewport={"width": WIDTH, "height": 720})
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda one: faults.append(one.text) if one.type == "error" else None)
        address = str(server.make_url("/till"))
        await page.context.add_cookies([{"name": "concierge", "value": token, "url": address}])
        await page.goto(address)
        await fits(page)
        await page.get_by_label("兑换码").fill("SPRING-XXXX")
        await page.get_by_role("button", name="查询").click()
        await expect(page.get_by_role("heading", name="没有这张券")).to_be_visible()
        await page.get_by_label("兑换码").fill(CODE)
        await page.keyboard.press("Enter")  # as a scanner does
        button = page.get_by_role("button", name="核销这一张")
        await expect(button).to_be_visible()
        box = await button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        await fits(page)
        picture = Path(SCREENS or tmp_path) / "till.png"
        await page.screenshot(path=picture, animations="disabled")
        await button.click()
        await expect(page.get_by_text("已核销")).to_be_visible()
        await page.get_by_label("兑换码").press("Enter")
        await expect(page.get_by_text("已经用过了")).to_be_visible()
        await expect(button).to_have_count(0)
        await page.screenshot(path=tmp_path / "till-used.png", animations="disabled")
        await browser.close()
        assert faults == []
    (one,) = await store.coupons.called(CODE)
    assert one.redeemed_by == "staff:zhangsan"
