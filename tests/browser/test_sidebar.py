"""Does a servicer work with the sidebar as with WeCom's own? A real browser on the demo.

``CONCIERGE_SCREENS=docs/images`` keeps the pictures that the documentation shows.
"""

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import FrameLocator, Locator, Page, async_playwright, expect

from tests.browser.test_demo import CHROMIUM, OFFLINE, demo, say

__all__ = ["demo"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]

SCREENS = os.environ.get("CONCIERGE_SCREENS")
ASKED = "请问邮费要多少钱啊"
ANSWER = "满 99 元包邮，不满 99 元运费 8 元"
WITHIN_S = 1.0
"""From the customer's message to the suggestion on the servicer's page, without a model."""


@pytest.fixture
async def page(demo: str) -> AsyncIterator[Page]:
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        page = await browser.new_page(
            viewport={"width": 1440, "height": 1000}, timezone_id="Asia/Shanghai"
        )
        await page.goto(demo)
        yield page
        await browser.close()


async def kept(page: Page, what: str, name: str, folder: Path) -> None:
    picture = Path(SCREENS or folder) / f"sidebar-{name}.png"
    await page.locator(what).screenshot(path=picture, animations="disabled")
    assert picture.stat().st_size > 5_000


async def opened(page: Page) -> FrameLocator:
    await page.locator("#side-toggle").click()
    side = page.frame_locator("#side-frame")
    await expect(side.get_by_role("heading", level=1)).to_be_visible()
    return side


async def told(side: FrameLocator, text: str) -> None:
    await expect(side.locator("#toast").get_by_text(text)).to_be_visible()


async def test_a_case_from_the_first_suggestion_to_what_the_bot_learned(
    page: Page, tmp_path: Path
) -> None:
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda line: faults.append(line.text) if "Content Security" in line.text else None,
    )
    phone = page.locator("#phone-log")
    await say(page, "我要人工")
    await expect(phone.get_by_text("已为您转接人工客服")).to_be_visible()
    side = await opened(page)
    await expect(side.get_by_role("heading", name="林小满")).to_be_visible()
    await expect(side.get_by_text("客户还没说是什么事")).to_be_visible()
    await a_suggestion_follows(page, side, tmp_path)
    await it_is_sent_and_another_rejected(side, phone)
    await the_bot_is_taught(side)
    await a_reply_of_one_s_own(page, side, tmp_path)
    await a_material_is_sent_and_opened(page, side, tmp_path)
    await side.get_by_role("button", name="结束", exact=True).click()
    await side.get_by_label("结束原因").select_option("solved")
    await side.get_by_role("button", name="确定结束").click()
    await expect(page.locator(".talk-head").get_by_text("已结束")).to_be_visible()
    before = await phone.get_by_text(ANSWER).count()
    await say(page, ASKED)
    await expect(phone.get_by_text(ANSWER)).to_have_count(before + 1)
    await expect(page.get_by_text("无违规").first).to_be_visible()
    assert faults == []


async def a_suggestion_follows(page: Page, side: FrameLocator, folder: Path) -> None:
    """By itself, soon after the customer has asked."""
    began = time.monotonic()
    await say(page, ASKED)
    await expect(side.locator(".suggestion").first).to_contain_text(ANSWER)
    took = time.monotonic() - began
    print(f"a suggestion after {took:.2f} s")
    assert took < 3 * WITHIN_S, "with a browser, a simulator and a product on the same cores"
    await side.get_by_text("为什么推荐").first.click()
    await kept(page, "#side-frame", "suggestion", folder)


async def it_is_sent_and_another_rejected(side: FrameLocator, phone: Locator) -> None:
    first, second = side.locator(".suggestion").first, side.locator(".suggestion").nth(1)
    await side.get_by_role("button", name="接单").click()
    await told(side, "已接单")
    await expect(side.get_by_text("人工接待中")).to_be_visible()
    await first.get_by_role("button", name="发送", exact=True).click()
    await expect(phone.get_by_text(ANSWER)).to_be_visible()
    await expect(first.get_by_text("已发送")).to_be_visible()
    await second.get_by_text("不合适", exact=True).click()
    await second.get_by_role("button", name="答非所问").click()
    await expect(second.get_by_text("已标记不合适")).to_be_visible()


async def the_bot_is_taught(side: FrameLocator) -> None:
    """And a tag needs the customer's consent."""
    await side.get_by_text("加标签").click()
    await side.get_by_placeholder("分组：标签").fill("关注：运费")
    await side.get_by_role("button", name="加上").click()
    await told(side, "客户还没有同意打这类标签")
    await side.get_by_role("button", name="请客户同意").click()
    await told(side, "已请客户选择")
    await expect(side.get_by_placeholder("分组：标签")).to_have_value("关注：运费")
    await side.get_by_text("为什么推荐").first.click()
    await side.get_by_role("button", name="这么问就该这么答").first.click()
    await told(side, "学会了")


async def a_reply_of_one_s_own(page: Page, side: FrameLocator, folder: Path) -> None:
    await side.get_by_text("存一条话术").click()
    await side.get_by_placeholder("名称，如").fill("再见")
    await side.get_by_placeholder("内容；").fill("感谢{客户}的咨询，祝您生活愉快。")
    await side.get_by_role("button", name="存下").click()
    await side.get_by_label("搜话术").press_sequentially("qqqq")
    await expect(side.get_by_text("没有找到这样的话术")).to_be_visible()
    await side.get_by_label("搜话术").fill("zj")
    reply = side.locator(".reply").first
    await expect(reply).to_contain_text("感谢林小满的咨询")
    await kept(page, ".desk", "desk", folder)
    await reply.get_by_role("button", name="发送").click()
    await expect(page.locator("#phone-log").get_by_text("感谢林小满的咨询")).to_be_visible()


async def a_material_is_sent_and_opened(page: Page, side: FrameLocator, folder: Path) -> None:
    """Found by first letters; its link is one of ours, and its opening is seen at once."""
    phone = page.locator("#phone-log")
    await side.get_by_label("搜素材").fill("cmdz")
    await expect(side.locator(".material")).to_have_count(1)
    sizes = side.locator(".material").filter(has_text="尺码对照表")
    await sizes.get_by_role("button", name="发送").click()
    await expect(phone.locator(".picture")).to_be_visible()
    await side.get_by_label("搜素材").fill("退换货")
    guide = side.locator(".material").filter(has_text="退换货图文说明")
    await expect(side.locator(".material").first).to_contain_text("退换货图文说明")
    found = await side.locator(".material").count()
    assert found < 5, "the search stays while it is used"
    await guide.get_by_role("button", name="发送").click()
    card = phone.locator("a.link").filter(has_text="退换货图文说明")
    await expect(card).to_be_visible()
    link = await card.get_attribute("href")
    assert link is not None
    assert "/t/" in link
    await expect(guide.get_by_text("发给过他")).to_be_visible()
    await expect(side.locator(".material")).to_have_count(found)
    answer = await page.request.get(link, max_redirects=0)
    assert answer.status == 302
    assert answer.headers["location"] == "https://shop.example.com/help/returns"
    await kept(page, "#side-frame", "materials", folder)


async def test_who_agrees_is_tagged_and_is_seen_opening_what_he_was_sent(
    page: Page, tmp_path: Path
) -> None:
    phone = page.locator("#phone-log")
    await say(page, ASKED)
    await phone.get_by_role("button", name="同意打标签", exact=True).click()
    await expect(phone.get_by_text("已记下您同意打标签")).to_be_visible()
    await say(page, "我要人工")
    await expect(phone.get_by_text("已为您转接人工客服")).to_be_visible()
    side = await opened(page)
    await side.get_by_role("button", name="接单").click()
    await expect(side.get_by_text("人工接待中")).to_be_visible()
    await side.get_by_text("加标签").click()
    await side.get_by_placeholder("分组：标签").fill("关注：退货")
    await side.get_by_role("button", name="加上").click()
    await told(side, "已加上“关注：退货”")
    tag = side.locator(".tags li").filter(has_text="关注：退货")
    await expect(tag).to_be_visible()
    await kept(page, "#side-frame", "tagged", tmp_path)
    guide = side.locator(".material").filter(has_text="退换货图文说明")
    await guide.get_by_role("button", name="发送").click()
    link = await phone.locator("a.link").filter(has_text="退换货图文说明").get_attribute("href")
    assert link is not None
    await page.request.get(link, max_redirects=0)
    await told(side, "客户打开了《退换货图文说明》")
    await expect(guide.get_by_text("客户打开过")).to_be_visible()
    await expect(page.locator("#app-log")).to_contain_text(
        "林小满刚刚打开了您发的《退换货图文说明》"
    )
    await tag.click()
    await (
        side.locator(".tags li")
        .filter(has_text="关注：退货")
        .get_by_role("button", name="去掉")
        .click()
    )
    await told(side, "已去掉“关注：退货”")
    await side.get_by_text("交还", exact=True).click()
    await side.get_by_role("button", name="交还机器人").click()
    await expect(phone.get_by_text("同事已请我继续为您服务")).to_be_visible()
    await expect(page.get_by_text("无违规").first).to_be_visible()


@pytest.mark.deep
async def test_an_expert_takes_over_and_the_first_one_is_told(page: Page, tmp_path: Path) -> None:
    await say(page, "我要人工")
    await expect(page.locator("#phone-log").get_by_text("已为您转接人工客服")).to_be_visible()
    side = await opened(page)
    await side.get_by_role("button", name="转专家").click()
    await side.get_by_role("button", name="确定转专家").click()
    await expect(page.locator(".talk-head").get_by_text("人工 · 李航")).to_be_visible()
    await expect(side.locator("#case").get_by_text("李航")).to_be_visible()
    # another member, another client
    await page.locator("#me-select").select_option("lisi")
    side = page.frame_locator("#side-frame")
    await expect(side.locator(".me")).to_have_text("李航")
    await side.get_by_role("button", name="接单").click()
    await expect(side.get_by_text("人工接待中")).to_be_visible()
    # who is no servicer of this account sees nothing of the customer
    await page.locator("#me-select").select_option("wangwu")
    side = page.frame_locator("#side-frame")
    await expect(side.get_by_text("看不到这位客户")).to_be_visible()
    await kept(page, "#side-frame", "nobody", tmp_path)
