"""What stands beside a customer and a group: a real browser on the demo."""

import re
from pathlib import Path

import pytest
from playwright.async_api import FrameLocator, Page, expect

from tests.browser.test_demo import CHROMIUM, demo, say
from tests.browser.test_sidebar import ANSWER, kept, opened, page
from tests.browser.test_sidebar_offline import a_suggestion

__all__ = ["demo", "page"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]


async def test_why_the_bot_said_something_is_found_in_the_timeline(
    page: Page, tmp_path: Path
) -> None:
    """Read when it is opened; what is unfolded stays so while the conversation goes on."""
    await say(page, "运费多少钱")
    await expect(page.locator("#phone-log").get_by_text(ANSWER)).to_be_visible()
    await say(page, "我要人工")
    await expect(page.locator("#phone-log").get_by_text("已为您转接人工客服")).to_be_visible()
    side = await opened(page)
    timeline = side.locator("#panel-timeline")
    await side.get_by_role("button", name="时间线").click()
    await expect(timeline).to_be_in_viewport()
    answered = timeline.locator(".lines > div").filter(has_text=ANSWER)
    await expect(answered).to_contain_text(re.compile(r"机器人.*知识库“[^”]+” \d+%", re.DOTALL))
    await expect(timeline).to_contain_text("客户要求人工")
    await side.locator("#panel-orders > summary").click()
    await expect(side.locator("#panel-orders")).to_contain_text("没有查到他的订单")
    await side.locator("#panels").evaluate("(one) => one.scrollIntoView()")
    await kept(page, "#side-frame", "timeline", tmp_path)
    await say(page, "我想退货")
    await expect(side.locator("#said .bubble")).to_contain_text("我想退货")
    await expect(answered).to_be_visible()
    # it goes on with the conversation, and is read anew when it is unfolded again
    await expect(timeline.locator(".lines")).to_contain_text("我想退货")
    await timeline.locator("> summary").click()
    await say(page, "怎么开发票")
    await expect(side.locator("#said .bubble")).to_contain_text("怎么开发票")
    await expect(timeline.locator(".lines")).not_to_contain_text("怎么开发票")
    await timeline.locator("> summary").click()
    await expect(timeline.locator(".lines")).to_contain_text("怎么开发票")
    for name, part in (("素材", "#stuff"), ("客户", "#person"), ("话术", "#shelf")):
        await side.get_by_role("button", name=name, exact=True).click()
        await expect(side.locator(part).locator("h1, h2").first).to_be_in_viewport()


async def test_a_customer_who_could_not_be_seen_yet_appears_by_himself(page: Page) -> None:
    """The panel was opened before he had said anything."""
    await page.locator("#side-toggle").click()
    side = page.frame_locator("#side-frame")
    refused = side.get_by_role("heading", name="看不到这位客户")
    await expect(refused).to_be_visible()
    await side.get_by_role("button", name="再看一次").click()
    await expect(side.locator("#toast")).to_contain_text("现在还看不到他")
    await say(page, "我要人工")
    await expect(side.get_by_role("button", name="接单")).to_be_visible(timeout=20_000)
    await expect(refused).to_have_count(0)


async def test_beside_a_group_only_one_s_own_customers_are_named(
    page: Page, tmp_path: Path
) -> None:
    """And what is sent there is said in the group."""
    await a_suggestion(page)
    await kept(page, "body", "demo", tmp_path)
    await page.locator("#side-where").select_option(label="客户群：云栖会员福利群")
    side = page.frame_locator("#side-frame")
    await expect(side.get_by_role("heading", name="云栖会员福利群")).to_be_visible()
    await expect(side.locator(".member")).to_have_count(1)
    await expect(side.locator(".member")).to_contain_text("林小满")
    await expect(side.get_by_text("另有 5 位")).to_be_visible()
    await side.get_by_text("存一条话术").click()
    await side.get_by_placeholder("名称，如").fill("福利日")
    await side.get_by_placeholder("内容；").fill("今天会员福利日，满 99 元包邮。")
    await side.get_by_role("button", name="存下").click()
    await side.locator(".reply").get_by_role("button", name="发送").click()
    await expect(page.locator("#side-last")).to_contain_text("今天会员福利日")
    await expect(side.locator("#toast p")).to_have_count(0, timeout=8_000)
    await kept(page, "#side-frame", "group", tmp_path)
    await expect(page.get_by_text("无违规").first).to_be_visible()
    await he_has_left_the_group(page, side)


async def he_has_left_the_group(page: Page, side: FrameLocator) -> None:
    """An open page asks again by itself, and shows nothing of it any more."""
    gone = '<div class="state"><h2>看不到这个群</h2></div>'
    await page.route(
        "**/sidebar/group?*",
        lambda route: route.fulfill(status=404, body=gone, content_type="text/html"),
    )
    await side.locator("#group").evaluate("(one) => htmx.trigger(one, 'again', {})")
    await expect(side.get_by_role("heading", name="看不到这个群")).to_be_visible()
    await expect(side.get_by_text("林小满")).to_have_count(0)
