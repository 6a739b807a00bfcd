"""Does the demo work as a person uses it? A real browser on the real page."""

import os
import shutil
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium")
OFFLINE = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]


@asynccontextmanager
async def started() -> AsyncIterator[str]:
    """The demo as the README starts it; yields the page's address."""
    process = await create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--no-browser", "--port", "0"),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=PIPE,
    )
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        yield line.partition("：")[2].strip()
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
async def demo() -> AsyncIterator[str]:
    """A demo of this test's own."""
    async with started() as address:
        yield address


@pytest.fixture
async def page(demo: str) -> AsyncIterator[Page]:
    """A wide browser window on the demo."""
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await page.goto(demo)
        yield page
        await browser.close()


async def say(page: Page, text: str) -> None:
    field = page.get_by_placeholder("发消息").first
    await field.fill(text)
    await field.press("Enter")


async def test_a_question_a_tap_and_a_person(page: Page) -> None:
    """Type 多久发货, tap a menu item, ask 我要人工, take the case from its card, reply."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    await expect(page.get_by_text("欢迎光临").first).to_be_visible()
    await say(page, "多久发货")
    await expect(page.get_by_text("现货每天 16:00 前付款的当天发出").first).to_be_visible()
    await page.get_by_role("button", name="发货后几天能到").last.click()
    await expect(page.get_by_text("发出后江浙沪皖一般 1–2 天到").first).to_be_visible()
    await say(page, "我要人工")
    await expect(page.get_by_text("已为您转接人工客服").first).to_be_visible()
    await page.get_by_role("button", name="接单").click()
    await expect(page.get_by_text("已由张敏接待").first).to_be_visible()
    reply = page.get_by_placeholder("输入回复，回车发送").first
    await reply.fill("您好，我是张敏")
    await reply.press("Enter")
    await expect(page.get_by_text("您好，我是张敏").first).to_be_visible()
    await expect(page.get_by_text("无违规").first).to_be_visible()
    assert faults == []
