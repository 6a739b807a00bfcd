"""Can everybody use the pages? axe on each of them, and the keyboard alone."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Frame, FrameLocator, Page, expect

from tests.browser.test_demo import CHROMIUM, demo
from tests.browser.test_sidebar import ANSWER, page
from tests.browser.test_sidebar_offline import a_suggestion

__all__ = ["demo", "page"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]

VENDOR = Path(__file__).parent / "vendor"
AXE = (VENDOR / "axe.js").read_text("utf-8")
RUN = "axe.run(document, {iframes: false, resultTypes: ['violations']})"
GRAVE = {"serious", "critical"}


def side_frame(page: Page) -> Frame:
    return next(frame for frame in page.frames if "/sidebar" in frame.url)


async def faults(frame: Frame) -> list[str]:
    """Serious findings, each with the element. Evaluated, as no policy lets a foreign script in."""
    await frame.evaluate(AXE)
    found: dict[str, Any] = await frame.evaluate(RUN)
    return [
        f"{one['id']}: {node['html'][:160]}"
        for one in found["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


async def unfold(frame: Frame) -> None:
    await frame.evaluate(
        "document.querySelectorAll('details').forEach((one) => { one.open = true })"
    )
    await expect(frame.locator("#panel-timeline .lines").first).to_be_visible()


def test_what_others_wrote_is_as_it_was_published() -> None:
    table = (VENDOR / "README.md").read_text("utf-8")
    for name, digest in re.findall(r"\| `(\S+\.js)` .*`([0-9a-f]{64})` \|", table):
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


async def test_no_page_has_a_serious_fault(page: Page) -> None:
    """The desk, the customer with everything unfolded, a group, nobody, and a cut connection."""
    await a_suggestion(page)
    assert await faults(page.main_frame) == []
    frame = side_frame(page)
    assert await faults(frame) == []
    await unfold(frame)
    assert await faults(frame) == []
    await page.context.set_offline(True)
    await expect(frame.get_by_role("alert")).to_be_visible()
    assert await faults(frame) == []
    await page.context.set_offline(False)
    await page.locator("#side-where").select_option(label="客户群：云栖会员福利群")
    await expect(page.frame_locator("#side-frame").get_by_text("群主")).to_be_visible()
    assert await faults(side_frame(page)) == []
    await page.locator("#side-where").select_option("")
    await page.locator("#me-select").select_option("wangwu")
    await expect(page.frame_locator("#side-frame").get_by_text("看不到这位客户")).to_be_visible()
    assert await faults(side_frame(page)) == []


async def test_pages_outside_of_a_chat_have_no_serious_fault(page: Page) -> None:
    """Opened by themselves: without a chat, and after signing in has failed."""
    await a_suggestion(page)
    url = side_frame(page).url.partition("?")[0]
    assert page.context.browser is not None
    alone = await page.context.browser.new_page(viewport={"width": 360, "height": 700})
    await alone.goto(url)
    await expect(alone.get_by_role("heading", level=2)).to_be_visible(timeout=15_000)
    assert await faults(alone.main_frame) == []
    await alone.goto(f"{url}/signed-in?code=x&state=y")
    await expect(alone.get_by_text("没有登录成功")).to_be_visible()
    assert await faults(alone.main_frame) == []


async def focused(side: FrameLocator) -> str:
    one = side.locator(":focus")
    text = await one.inner_text() or await one.get_attribute("aria-label") or ""
    return text.strip()


async def test_a_suggestion_is_sent_by_the_keyboard_alone(page: Page) -> None:
    """Each step of the way is visible, and the focus does not get lost when a part is replaced."""
    side = await a_suggestion(page)
    await side.get_by_role("button", name="退出").focus()
    seen: list[str] = []
    while "发送" not in seen:
        assert len(seen) < 30, seen
        await page.keyboard.press("Tab")
        seen.append(await focused(side))
        outline = await side.locator(":focus").evaluate(
            "(one) => getComputedStyle(one).outlineStyle"
        )
        assert outline == "solid", seen[-1]
    for name in ("加标签", "接单", "转专家", "稍后处理", "结束", "为什么推荐", "发送"):
        assert name in seen, seen
    await page.keyboard.press("Enter")
    await expect(page.locator("#phone-log").get_by_text(ANSWER)).to_be_visible()
    await expect(side.locator(".suggestion").first.get_by_text("已发送")).to_be_visible()
    await expect(side.locator(":focus")).to_have_count(1)
    assert await focused(side), "the focus went to the whole page"


async def test_a_case_is_taken_by_the_keyboard_and_the_focus_stays_there(page: Page) -> None:
    side = await a_suggestion(page)
    await side.get_by_role("button", name="接单").focus()
    await page.keyboard.press("Enter")
    await expect(side.get_by_text("人工接待中")).to_be_visible()
    await expect(side.locator("#case:focus, #case :focus")).to_have_count(1)
