"""Can somebody who has seen only the page do a servicer's work? A demo for him to try it on.

    python -m tests.browser.six_tasks

Starts the demo on a free port, with a customer who waits for a person, and a browser on it that
anything which speaks DevTools can drive (``playwright.chromium.connect_over_cdp(address)``). Prints
both addresses and the six tasks, and ends with Ctrl+C. What was tried, where it went wrong and how
many steps it took is for whoever watches to write down.
"""

import asyncio
import contextlib
import socket

from playwright.async_api import async_playwright, expect

from tests.browser.test_demo import CHROMIUM, OFFLINE, say, started

TASKS = (
    "客户在等人回答。用一条现成的建议回复他。",
    "客户又问了一句。建议差一点，改对了再发。",
    "这位客户的事你办不了，交给专家。",
    "事情办完了，结束这次咨询，写明原因。",
    "机器人没听懂客户的说法。让它下次听得懂，再当一次客户试试。",
    "机器人对客户说过一句话，找出它为什么这么说。",
)


async def rehearse() -> None:
    """Keep demo and browser open until somebody ends it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with started() as demo, async_playwright() as player:
        browser = await player.chromium.launch(
            executable_path=CHROMIUM, args=[*OFFLINE, f"--remote-debugging-port={port}"]
        )
        # a page of the browser's own context: that is what others who connect see
        outside = await player.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        page = await outside.contexts[0].new_page()
        await page.set_viewport_size({"width": 1440, "height": 1000})
        await page.goto(demo)
        for text in ("运费多少钱", "我要人工"):
            await say(page, text)
            await asyncio.sleep(2)
        await expect(page.locator("#phone-log").get_by_text("已为您转接人工客服")).to_be_visible()
        await say(page, "请问邮费要多少钱啊")
        print(f"page: {demo}\nbrowser: http://127.0.0.1:{port}\n")
        print("\n".join(f"{number}. {task}" for number, task in enumerate(TASKS, 1)), flush=True)
        try:
            await asyncio.Event().wait()
        finally:
            await browser.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(rehearse())
