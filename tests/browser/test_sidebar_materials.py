"""Is what somebody taps what is sent, once, however fast he taps? A real browser on the demo."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.test_demo import CHROMIUM, demo, say
from tests.browser.test_sidebar import opened, page

__all__ = ["demo", "page"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]


async def test_a_double_click_sends_a_material_once_and_none_changes_its_place(page: Page) -> None:
    phone = page.locator("#phone-log")
    await say(page, "我要人工")
    await expect(phone.get_by_text("已为您转接人工客服")).to_be_visible()
    side = await opened(page)
    await side.get_by_role("button", name="接单").click()
    materials = side.locator(".material")
    send = materials.filter(has_text="尺码对照表").get_by_role("button", name="发送")
    await expect(send).to_be_enabled()
    before = await materials.locator("b").all_inner_texts()
    await send.dblclick()
    await expect(materials.filter(has_text="尺码对照表").get_by_text("发过 1 次")).to_be_visible()
    assert await materials.locator("b").all_inner_texts() == before
    assert before[0] != "尺码对照表", "by its uses it would come first"
    await expect(phone.locator(".picture")).to_have_count(1)
