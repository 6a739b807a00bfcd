"""Is anything lost of what a servicer writes, and does he see why he cannot send it?"""

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import FrameLocator, Page, Route, expect

from tests.browser.test_demo import CHROMIUM, demo, say
from tests.browser.test_sidebar import kept, page, told
from tests.browser.test_sidebar_offline import a_suggestion

__all__ = ["demo", "page"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]

MINE = "您好，运费满 99 元就免了。"


async def leave(side: FrameLocator) -> None:
    """Click where nothing is written."""
    await side.get_by_role("heading", level=1).click()


async def test_what_is_written_outlives_the_customer_s_next_words_and_a_new_page(
    page: Page, tmp_path: Path
) -> None:
    side = await a_suggestion(page)
    await side.get_by_text("应进知识库", exact=True).click()
    await side.get_by_label("回答").fill("满 99 元包邮。")
    first = side.locator(".suggestion").first
    await first.get_by_role("button", name="修改").click()
    await first.get_by_role("textbox").fill(MINE)
    await leave(side)
    await say(page, "你们什么时候发货")
    await expect(side.locator("#said .bubble")).to_contain_text("什么时候发货")
    await expect(side.get_by_label("回答")).to_have_value("满 99 元包邮。")
    unsent = side.locator(".unsent")
    await expect(unsent).to_contain_text("没发出的草稿")
    await expect(unsent.get_by_role("textbox")).to_have_value(MINE)
    await kept(page, "#side-frame", "unsent", tmp_path)
    await page.reload()
    await page.locator("#side-toggle").click()
    side = page.frame_locator("#side-frame")
    await expect(side.get_by_label("回答")).to_have_value("满 99 元包邮。")
    unsent = side.locator(".unsent")
    await expect(unsent.get_by_role("textbox")).to_have_value(MINE)
    await unsent.get_by_role("button", name="发送", exact=True).click()
    await expect(page.locator("#phone-log").get_by_text(MINE)).to_be_visible()
    await expect(unsent).to_have_count(0)


async def test_a_form_that_is_refused_keeps_its_text_and_folds_stay_where_they_are(
    page: Page, tmp_path: Path
) -> None:
    side = await a_suggestion(page)
    await side.get_by_text("加标签").click()
    await side.get_by_placeholder("分组：标签").fill("关注：运费")
    await side.get_by_role("button", name="加上").click()
    await told(side, "客户还没有同意打这类标签")
    await expect(side.get_by_placeholder("分组：标签")).to_have_value("关注：运费")
    end = side.get_by_role("button", name="结束", exact=True)
    before = await end.bounding_box()
    await end.click()
    await expect(side.get_by_label("结束原因")).to_be_visible()
    assert await end.bounding_box() == before
    await side.get_by_label("备注", exact=True).fill("说了运费")
    await say(page, "人呢")
    await say(page, "还有别的优惠吗")
    await expect(side.locator("#said .bubble")).to_contain_text("别的优惠")
    await expect(side.get_by_label("备注", exact=True)).to_have_value("说了运费")
    await kept(page, "#side-frame", "ending", tmp_path)
    await side.get_by_role("button", name="交还", exact=True).click()
    await expect(side.get_by_label("结束原因")).to_be_hidden()
    await expect(side.get_by_role("button", name="交还机器人")).to_be_visible()


def refusing(why: dict[str, str]) -> Callable[[Route], Awaitable[None]]:
    async def refuse(route: Route) -> None:
        await route.fulfill(status=409, body=json.dumps(why))

    return refuse


async def its_refusal_is_in_words(page: Page, side: FrameLocator) -> None:
    """Where the page does not know yet, the client says so: without ids, as here, or in English."""
    send = side.locator(".suggestion").first.get_by_role("button", name="发送", exact=True)
    refusals = {
        "现在不是你在接待": {"error": "zhangsan does not have this session", "kind": "not_yours"},
        "现在做不了这一步": {"error": "sendChatMessage:fail 1", "kind": ""},
    }
    for words, why in refusals.items():
        await page.route("**/sim/host/send", refusing(why))
        await send.click()
        await told(side, f"没能发出去：{words}")
        await expect(side.locator("#toast")).not_to_contain_text(re.compile("[A-Za-z_]"))
        await page.unroute("**/sim/host/send")


async def test_where_a_colleague_has_the_session_nothing_can_be_sent_but_written_and_copied(
    page: Page, tmp_path: Path
) -> None:
    """The first servicer passes it on with a word to the expert, who reads it on the case."""
    side = await a_suggestion(page)
    await its_refusal_is_in_words(page, side)
    await side.get_by_role("button", name="转专家").click()
    await side.get_by_placeholder("客户要什么").fill("客户问运费能不能免")
    await side.get_by_role("button", name="确定转专家").click()
    await expect(side.locator("#case")).to_contain_text("由 李航 接待，你现在发不了")
    first = side.locator(".suggestion").first
    send = first.get_by_role("button", name="发送", exact=True)
    await expect(send).to_be_disabled()
    for one in await side.get_by_role("button", name="发送", exact=True).all():
        await expect(one).to_be_disabled()
    await first.get_by_role("button", name="修改").click()
    await first.get_by_role("textbox").fill(MINE)
    await first.get_by_role("button", name="复制").click()
    await told(side, "已复制")
    await kept(page, "#side-frame", "held", tmp_path)
    await page.locator("#me-select").select_option("lisi")
    side = page.frame_locator("#side-frame")
    await expect(side.locator(".me")).to_have_text("李航")
    await expect(side.locator("#case")).to_contain_text("张敏留言 客户问运费能不能免")
    await expect(side.locator("[data-holds]")).to_have_count(0)
    await expect(
        side.locator(".suggestion").first.get_by_role("button", name="发送", exact=True)
    ).to_be_enabled()
    await expect(side.locator(".suggestion textarea")).to_have_count(0)
