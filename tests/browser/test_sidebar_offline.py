"""What becomes of an open sidebar whose connection is cut? A real browser on the demo."""

from typing import Any

import aiohttp
import pytest
from playwright.async_api import FrameLocator, Page, expect

from tests.browser.test_demo import CHROMIUM, demo, say
from tests.browser.test_sidebar import ANSWER, ASKED, opened, page

__all__ = ["demo", "page"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]

BACK_MS = 15_000


async def a_suggestion(page: Page) -> FrameLocator:
    await say(page, "我要人工")
    await expect(page.locator("#phone-log").get_by_text("已为您转接人工客服")).to_be_visible()
    side = await opened(page)
    await say(page, ASKED)
    await expect(side.locator(".suggestion").first).to_contain_text(ANSWER)
    return side


async def says_elsewhere(page: Page, text: str) -> None:
    """The customer writes while this browser hears nothing."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{page.url}sim/state") as answer:
            state: dict[str, Any] = await answer.json()
        where = state["conversations"][0]
        said = {key: where[key] for key in ("open_kfid", "external_userid")} | {"text": text}
        async with session.post(f"{page.url}sim/say", json=said) as answer:
            assert answer.status == 200


async def test_a_cut_connection_is_shown_and_comes_back_by_itself(page: Page) -> None:
    """Nothing that needs the server can be tapped; what is being written stays; then all is new."""
    side = await a_suggestion(page)
    first = side.locator(".suggestion").first
    await first.get_by_role("button", name="修改").click()
    await first.get_by_role("textbox").fill("我自己写的回答")
    await page.context.set_offline(True)
    await expect(side.get_by_role("alert")).to_contain_text("连接断开")
    await side.get_by_role("button", name="转专家").click()
    for name in ("接单", "稍后处理", "确定转专家"):
        await expect(side.get_by_role("button", name=name)).to_be_disabled()
    await first.get_by_role("textbox").focus()
    await expect(first.get_by_role("button", name="发送", exact=True)).to_be_disabled()
    await expect(first.get_by_role("textbox")).to_have_value("我自己写的回答")
    await says_elsewhere(page, "你们什么时候发货")
    await page.context.set_offline(False)
    await expect(side.get_by_role("alert")).to_be_hidden(timeout=BACK_MS)
    await expect(side.get_by_role("button", name="接单")).to_be_enabled()
    await expect(first.get_by_role("textbox")).to_have_value("我自己写的回答")
    await first.get_by_role("button", name="发送", exact=True).click()
    await expect(page.locator("#phone-log").get_by_text("我自己写的回答")).to_be_visible()
    await expect(side.locator("#said .bubble")).to_contain_text("什么时候发货")


async def test_what_was_sent_while_nothing_could_be_told_is_told_later(page: Page) -> None:
    """The customer has it; that it was a suggestion is written down once the server is there."""
    side = await a_suggestion(page)
    await page.route("**/sidebar/sent", lambda route: route.abort())
    first = side.locator(".suggestion").first
    await first.get_by_role("button", name="发送", exact=True).click()
    await expect(side.locator("#toast")).to_contain_text("等连上后再记下")
    await expect(page.locator("#phone-log").get_by_text(ANSWER)).to_be_visible()
    await page.unroute("**/sidebar/sent")
    await expect(first.get_by_text("已发送")).to_be_visible(timeout=BACK_MS)


async def test_an_action_that_never_arrived_is_named(page: Page) -> None:
    """It is not repeated by itself: meanwhile a colleague may have the case."""
    side = await a_suggestion(page)
    await page.route("**/sidebar/act", lambda route: route.abort())
    await side.get_by_role("button", name="接单").click()
    await expect(side.locator("#toast")).to_contain_text("不知道做成没有")
    await page.unroute("**/sidebar/act")
    await expect(side.locator("#toast")).to_contain_text("没有做成", timeout=BACK_MS)
    await side.get_by_role("button", name="接单").click()
    await expect(side.get_by_text("人工接待中")).to_be_visible()
