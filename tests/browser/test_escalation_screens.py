"""What do customer and servicer see of an escalated case? A real browser on the simulator's page.

``CONCIERGE_SCREENS=docs/images`` keeps the pictures that the documentation shows.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from bot.model import Case, Conversation, Step
from bot.store import CaseChange, Store, Unit
from simulator.records import HUMAN, QUEUED
from simulator.scenery import PRESALE
from tests.browser.test_demo import CHROMIUM, OFFLINE, say
from tests.scenarios.test_the_life_of_a_case import Shop, opened

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]

ONE_SEAT = [{"userid": "zhangsan", "name": "张敏", "level": "junior", "capacity": 1}]
ZHE = "wmYunqi_customer_0000000000000002"
SCREENS = os.environ.get("CONCIERGE_SCREENS")


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A browser window as tall as a desk's."""
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        yield await browser.new_page(
            viewport={"width": 1440, "height": 1320}, timezone_id="Asia/Shanghai"
        )
        await browser.close()


async def served_before(store: Store, now: float) -> None:
    """Cases of this morning that queued for three minutes: the usual wait is known."""
    unit = Unit()
    for number in range(5):
        case = Case(
            id=f"before{number}",
            conversation=Conversation(PRESALE, f"wm_before_{number}"),
            opened_at=now - 4000,
            active_at=now - 3000,
            status="closed",
            wanted_at=now - 3900,
            answered_at=now - 3810,
            closed_at=now - 3000,
            outcome="ended",
        )
        queued = Step(name="queued", at=now - 3990)
        given = Step(name="assigned", at=now - 3810, servicer="zhangsan")
        await store.cases.save(unit, CaseChange(case, case, (queued, given)))
    await store.database.commit(unit)


async def kept(page: Page, what: str, name: str, folder: Path) -> None:
    """Take a picture of a part of the page."""
    picture = Path(SCREENS or folder) / f"escalation-{name}.png"
    await page.locator(what).screenshot(path=picture, animations="disabled")
    assert picture.stat().st_size > 10_000


async def comes_to(shop: Shop, customer: str, state: int) -> None:
    session = shop.sim.conversation(PRESALE, customer)
    await shop.sim.wait_for(lambda: session.state == state, description=f"state {state}")


async def test_the_card_the_desk_and_the_place_in_the_queue(page: Page, tmp_path: Path) -> None:
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    async with opened(tmp_path, staff=ONE_SEAT) as shop:
        engine = shop.product.engine
        await served_before(engine.store, engine.clock.now())
        await page.goto(shop.sim.url)
        for text, answer in (
            ("多久发货", "现货每天 16:00 前付款的当天发出"),
            ("我的订单怎么还没到", "您想了解的是下面哪一个"),
            ("我要人工", "已为您转接人工客服"),
        ):
            await say(page, text)
            await expect(page.get_by_text(answer).first).to_be_visible()
        log = page.locator("#app-log")
        await expect(log.get_by_text("客户需要人工：客户要求人工")).to_be_visible()
        await expect(log.get_by_text("【交接说明】")).to_be_visible()
        for name in ("接单", "转专家", "稍后处理", "结束并交还"):
            await expect(log.get_by_role("button", name=name, exact=True)).to_be_visible()
        await expect(log.locator("select[data-question=why]")).to_be_visible()
        await expect(page.locator(".toast")).to_have_count(0, timeout=15_000)
        await kept(page, "#pane-desk", "card", tmp_path)
        # a second and a third customer wait for the one seat
        await shop.sim.say(PRESALE, ZHE, "转人工")
        await comes_to(shop, ZHE, QUEUED)
        await page.get_by_role("button", name="周周的").first.click()
        await expect(page.locator("#phone-log").get_by_text("欢迎光临")).to_be_visible()
        await say(page, "充值的钱没到账，我要人工")
        place = page.locator("#phone-log").get_by_text(
            "前面还有 1 位。最近排队的一般等 3 分钟左右。"
        )
        await expect(place).to_be_visible()
        await kept(page, ".phone", "queue", tmp_path)
        # pressed, it says for everybody who has it
        await log.get_by_role("button", name="接单", exact=True).click()
        await expect(log.get_by_text("已由张敏接待")).to_be_visible()
        states = [one.state for one in shop.sim.world.conversations.values()]
        assert sorted(states) == [QUEUED, QUEUED, HUMAN]
        assert (faults, shop.sim.violations) == ([], [])
