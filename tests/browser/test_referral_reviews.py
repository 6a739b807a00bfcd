"""Does a leader find what waits for him, and decide it? A real browser on the sidebar.

``CONCIERGE_SCREENS=docs/images`` keeps the picture that the documentation shows.
"""

import json
import os
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, async_playwright, expect

from bot.config import Campaign
from handlers.referral import store
from tests.browser.test_demo import CHROMIUM, OFFLINE
from tests.conftest import OpenChat
from tests.referrals import SPRING, Fair
from tests.sidebar import PUBLIC, STAFF, Office, opened_office

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]

SCREENS = os.environ.get("CONCIERGE_SCREENS")
LAN, MEI = "wm_lan", "wm_mei"
CLIENT = """
window.ww = {{ register() {{}}, getContext: async () => ({{ entry: "contact_profile" }}),
  getCurExternalContact: async () => ({{ userId: {customer} }}) }};
"""


async def beside(page: Page, office: Office, userid: str, customer: str) -> None:
    """The page in a client of WeCom that shows a customer; its live stream is silent."""
    member = await office.signed_in(userid)
    cookies = [{"name": k, "value": v, "url": PUBLIC} for k, v in member.cookies.items()]
    await page.context.add_cookies(cookies)  # type: ignore[arg-type]
    root = str(office.client.make_url("")).rstrip("/")

    async def forward(route: Route) -> None:
        path = route.request.url.removeprefix(PUBLIC)
        if path.endswith("/wecom-jssdk.js"):
            script = CLIENT.format(customer=json.dumps(customer))
            await route.fulfill(body=script, content_type="text/javascript")
        elif not path.startswith("/sidebar/events"):
            await route.fulfill(response=await route.fetch(url=root + path))

    await page.route(f"{PUBLIC}/**", forward)
    await page.goto(f"{PUBLIC}/sidebar")


async def a_held_one(office: Office) -> Fair:
    fair = Fair(office.chat, Campaign.model_validate(SPRING | {"freeze_hours": 1}))
    await fair.opens()
    await fair.codes("A-1")
    for one in (LAN, MEI):
        await fair.invites(one)
    await fair.adds(MEI, by=LAN)
    await fair.adds(LAN, by=MEI)
    await fair.adds("wm_other")
    await fair.chat.waits(hours=1, seconds=10)
    return fair


async def test_what_waits_is_found_beside_any_customer_and_decided(
    open_chat: OpenChat, tmp_path: Path
) -> None:
    chat = await open_chat(staff=STAFF, referral={"review_at": 10, "block_at": 1000})
    async with opened_office(chat) as office, async_playwright() as player:
        fair = await a_held_one(office)
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        page = await browser.new_page(viewport={"width": 360, "height": 760}, device_scale_factor=2)
        await beside(page, office, "boss", "wm_other")
        waits = page.locator("#waits")
        await waits.locator("> summary").click()
        await waits.locator("#waits-1 > summary").click()
        await expect(waits).to_contain_text("两人互相邀请（20 分）；设备看不到")
        await waits.get_by_label("理由").fill("同一个班的同学")
        picture = Path(SCREENS or tmp_path) / "referral-review.png"
        await page.screenshot(path=picture, animations="disabled")
        await waits.get_by_role("button", name="放行").click()
        await expect(page.locator("#toast")).to_contain_text("已放行")
        await expect(page.locator("#waits")).to_have_count(0)
        await browser.close()
        (one,) = await store.invites_of(fair.store, [MEI])
        assert (one.standing, one.reviewed_by) == ("valid", "staff:boss")


async def test_in_the_panel_of_the_inviter_it_is_decided_too(open_chat: OpenChat) -> None:
    chat = await open_chat(staff=STAFF, referral={"review_at": 10, "block_at": 1000})
    async with opened_office(chat) as office, async_playwright() as player:
        fair = await a_held_one(office)
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        page = await browser.new_page(viewport={"width": 360, "height": 760})
        await beside(page, office, "boss", LAN)
        panel = page.locator("#panel-referral")
        await panel.locator("> summary").click()
        await panel.get_by_label("理由").fill("十二个号互相邀请")
        await panel.get_by_role("button", name="驳回").click()
        await expect(page.locator("#toast")).to_contain_text("已驳回")
        await expect(panel.get_by_label("理由")).to_have_count(0)
        await browser.close()
        assert await fair.reasons(MEI) == ["fraud"]
