"""Does a campaign go as it is told, from the wish to the reward? Product, simulator and a phone.

``CONCIERGE_SCREENS=docs/images`` keeps the pictures that the documentation shows.
"""

import asyncio
import io
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
import zxingcpp
from PIL import Image
from playwright.async_api import Page, ViewportSize, async_playwright, expect

from simulator.scenery import shop
from simulator.server import Simulator, running
from tests.browser.test_demo import CHROMIUM, OFFLINE, ROOT, say
from tests.integration.crash.friends import PATIENT
from tests.integration.crash.nursery import Nursery
from tests.integration.crash.product import Product, started
from tests.integration.crash.referral import ReferralTrial
from tests.referrals import SPRING

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt install chromium"),
]

SCREENS = os.environ.get("CONCIERGE_SCREENS")
ALWAYS = {"start": "2020-01-01 00:00", "end": "2099-01-01 00:00", "freeze_hours": 0}


@asynccontextmanager
async def a_shop(folder: Path) -> AsyncIterator[tuple[ReferralTrial, Page]]:
    """The product beside a simulator, and a browser on the simulator's page."""
    with Nursery() as nursery:
        async with (
            running(shop(accounts=1, options=PATIENT)) as sim,
            started(nursery, folder, sim) as product,
            async_playwright() as player,
        ):
            browser = await player.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
            size = ViewportSize(width=1280, height=900)
            page = await browser.new_page(viewport=size, device_scale_factor=3)
            await page.goto(sim.url)
            yield ReferralTrial(sim, product), page
            await browser.close()
            assert [one for one in sim.violations if one.kind != "slow_ack"] == []


async def runs(product: Product, *line: str) -> str:
    """A command of the operator, beside the running product."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *line, "--config", str(product.config)),
        cwd=ROOT,
        env={**os.environ, **product.environment, "PYTHONPATH": str(ROOT)},
        stdout=PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


async def kept(page: Page, name: str, folder: Path) -> bytes:
    """A picture of the phone."""
    await page.wait_for_timeout(300)  # the log has scrolled to its end
    picture = Path(SCREENS or folder) / f"referral-{name}.png"
    await page.locator("#phone-screen").screenshot(path=picture, animations="disabled")
    return picture.read_bytes()


def scanned(sim: Simulator, picture: bytes) -> str:
    """The state of the code that somebody sees on the phone of a friend and scans."""
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    config_id = code.text.removeprefix("https://u.wechat.com/")
    return str(sim.world.ways.contact[config_id].fields["state"])


async def test_the_whole_story_of_a_campaign(tmp_path: Path) -> None:
    async with a_shop(tmp_path) as (trial, page):
        sim, product = trial.sim, trial.product
        (tmp_path / "spring.yaml").write_text(yaml.safe_dump(SPRING | ALWAYS, allow_unicode=True))
        (tmp_path / "codes.txt").write_text("SPRING-7K2Q\n")
        await runs(product, "campaign", "create", "--file", str(tmp_path / "spring.yaml"))
        await runs(product, "campaign", "codes", "five", str(tmp_path / "codes.txt"))
        await runs(product, "campaign", "open", "spring")

        await say(page, "我要邀请好友")
        log = page.locator("#phone-log")
        poster = log.get_by_role("img", name="图片")
        await expect(poster).to_be_visible(timeout=30_000)
        await page.wait_for_function("document.querySelector('#phone-log img').naturalWidth > 0")
        await poster.scroll_into_view_if_needed()
        state = scanned(sim, await kept(page, "poster", tmp_path))

        friends = ["wm_mei", "wm_fang", "wm_xia"]
        for friend in friends:
            await sim.customer(external_userid=friend)
            sim.world.ways.scan(state, friend)
        await expect(log.get_by_text("兑换码：SPRING-7K2Q")).to_be_visible(timeout=30_000)
        # the last of five messages is kept back: what is left to say is said when he writes
        await trial.until(lambda: given(trial) == 2, "the second tier is paid")
        await say(page, "我的进度")
        await expect(log.get_by_text("200 积分已记到您的账上")).to_be_visible(timeout=30_000)
        await expect(log.get_by_text("您已成功邀请 3 位，另有 0 位待确认")).to_be_visible(
            timeout=30_000
        )
        await kept(page, "paid", tmp_path)
        assert await figures(product) == {"k_gross": 3.0, "k_net": 3.0, "still_valid": 3}

        member = next(one for one, who in sim.friends.friendships if who == friends[0])
        sim.friends.delete(member, friends[0], by="customer")
        await trial.until(lambda: revoked(trial) == 1, "one is taken back")
        await say(page, "邀请进度")
        await expect(log.get_by_text("您已成功邀请 2 位，另有 0 位待确认")).to_be_visible(
            timeout=30_000
        )
        assert await figures(product) == {"k_gross": 3.0, "k_net": 2.0, "still_valid": 2}
        shown = await runs(product, "campaign", "stats", "spring")
        assert "K 毛 3.00，净 2.00" in shown
        assert given(trial) == 2  # what was given stays given


async def figures(product: Product) -> dict[str, Any]:
    told = json.loads(await runs(product, "campaign", "stats", "spring", "--json"))["to_date"]
    return {name: told[name] for name in ("k_gross", "k_net", "still_valid")}


def given(trial: ReferralTrial) -> int:
    sql = "SELECT COUNT(*) FROM referral_grants WHERE standing = 'given'"
    return int(trial.rows(sql)[0][0])


def revoked(trial: ReferralTrial) -> int:
    sql = "SELECT COUNT(*) FROM referral_invites WHERE standing = 'revoked'"
    return int(trial.rows(sql)[0][0])
