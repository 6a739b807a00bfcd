"""Can a person play the console of customer contact on the simulator's page? A real browser."""

import pytest
from playwright.async_api import async_playwright, expect

from simulator.server import running
from tests.browser.test_demo import CHROMIUM, OFFLINE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]


async def test_friends_and_tags_are_changed_by_hand() -> None:
    async with running() as simulator, async_playwright() as player:
        friends = simulator.friends
        customer = next(iter(simulator.world.customers))
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        page, faults = await browser.new_page(viewport={"width": 1440, "height": 900}), []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(simulator.url)
        await page.locator("#platform-toggle").click()
        await page.locator("#tag-name").fill("关注：运费")
        await page.locator("#tag-save").click()
        member = page.locator(".friend", has=page.get_by_text("张敏", exact=True))
        await member.get_by_role("button", name="加为好友").click()
        await member.get_by_role("button", name="关注：运费").click()
        await expect(member.locator(".tag-on")).to_have_text("关注：运费")
        assert friends.tags_on("zhangsan", customer) == {"关注：运费"}
        library = page.locator("#tag-library")
        await library.get_by_role("button", name="关注：运费").click()
        await page.locator("#tag-name").fill("关注：邮费")
        await page.locator("#tag-save").click()
        await expect(member.locator(".tag-on")).to_have_text("关注：邮费")
        await library.get_by_role("button", name="关注：邮费").click()
        await page.locator("#tag-delete").click()
        await page.locator("dialog").get_by_role("button", name="删除").click()
        await expect(library.get_by_role("button")).to_have_count(0)
        await member.get_by_role("button", name="客户删除").click()
        await expect(member.get_by_text("客户已删除这位成员")).to_be_visible()
        await browser.close()
        assert friends.friendships["zhangsan", customer].one_way
        assert faults == []


async def test_a_member_sends_a_mass_send_task_by_hand() -> None:
    async with running() as simulator, async_playwright() as player:
        customer = next(iter(simulator.world.customers))
        simulator.friends.add("zhangsan", customer)
        sends = simulator.world.mass_sends
        sends.create({"text": {"content": "新品到店"}}, {"zhangsan": [customer]})
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await page.goto(simulator.url)
        await page.locator("#platform-toggle").click()
        button = page.get_by_role("button", name="发送群发：新品到店")
        await button.click()
        await expect(button).to_have_count(0)
        await browser.close()
        assert sends.received(customer) == ["新品到店"]
