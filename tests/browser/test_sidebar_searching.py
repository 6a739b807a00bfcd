"""Is what somebody searches for what the list shows, however slow the answers are?"""

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.test_demo import CHROMIUM, demo, say
from tests.browser.test_sidebar import opened, page

__all__ = ["demo", "page"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]


async def test_the_last_of_several_questions_is_answered(page: Page) -> None:
    """Typed on while the first answer is still on its way, and the list is drawn anew meanwhile."""
    await say(page, "我要人工")
    await expect(page.locator("#phone-log").get_by_text("已为您转接人工客服")).to_be_visible()
    side = await opened(page)
    await side.get_by_text("存一条话术").click()
    await side.get_by_placeholder("名称，如").fill("再见")
    await side.get_by_placeholder("内容；").fill("感谢咨询，再见。")
    await side.get_by_role("button", name="存下").click()
    await expect(side.locator("#replies .reply")).to_be_visible()
    is_asked, go_on = asyncio.Event(), asyncio.Event()

    async def slow(route: Route) -> None:
        is_asked.set()
        await go_on.wait()
        await route.continue_()

    await page.route("**/sidebar/replies?**q=qqqq**", slow)
    search = side.get_by_label("搜话术")
    await search.fill("qqqq")
    await is_asked.wait()
    for text in ("h", "zj"):
        async with page.expect_request("**/sidebar/replies?**", timeout=2_000):
            await search.fill(text)
    go_on.set()
    await expect(side.locator("#replies .reply")).to_contain_text("再见")
    # a list that is drawn anew shows what is searched for
    await side.locator("#replies .reply").get_by_role("button", name="删除").click()
    await expect(side.get_by_text("没有找到这样的话术")).to_be_visible()
    await expect(search).to_have_value("zj")
