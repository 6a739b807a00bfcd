"""Does a card on the simulator's desk work like one? A real browser, the product's own client."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import async_playwright, expect

from bot.model import CardPressed
from bot.web.callback import PATH, CallbackEndpoint
from bot.wecom.cipher import CallbackCipher
from bot.wecom.staff import StaffMessages
from simulator.server import running
from tests.browser.test_demo import CHROMIUM, OFFLINE
from tests.card_router import CARD, FALLBACK
from tests.contract.test_client_against_simulator import IDENTITY, FakeIntake, client_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]


def presses(intake: FakeIntake) -> list[CardPressed]:
    events = [event for delivery in intake.deliveries for event in delivery.events]
    return [event for event in events if isinstance(event, CardPressed)]


async def test_a_card_is_pressed_and_goes_grey() -> None:
    intake, app = FakeIntake(), web.Application()
    cipher = CallbackCipher(IDENTITY.token, IDENTITY.aes_key, IDENTITY.corp_id)
    app.add_routes(CallbackEndpoint(cipher, intake).routes())
    async with (
        TestServer(app) as server,
        running(callback_url=str(server.make_url(PATH))) as simulator,
        client_of(simulator, IDENTITY.secret) as client,
        async_playwright() as player,
    ):
        staff = StaffMessages(client, IDENTITY.agent_id)
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        page, faults = await browser.new_page(viewport={"width": 1440, "height": 900}), []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(simulator.url)
        await staff.send_text(["zhangsan"], FALLBACK, key="k1")
        await staff.send_card(["zhangsan", "lisi"], CARD, task_id="t1", key="k2")
        log = page.locator("#app-log")
        for text in (FALLBACK, CARD.title, CARD.quote, "2 分钟"):
            await expect(log.get_by_text(text, exact=True)).to_be_visible()
        await log.get_by_role("button", name="我来接").click()
        await simulator.wait_for(lambda: presses(intake), description="the press is delivered")
        (press,) = presses(intake)
        await staff.update_card(press.response_code, replace_name="已由张敏接入")
        await expect(log.get_by_role("button", name="已由张敏接入")).to_be_disabled()
        await expect(log.get_by_role("button", name="我来接")).to_have_count(0)
        await browser.close()
        assert (faults, simulator.violations) == ([], [])
