"""Members redeem coupons at the till: once each, who may, and without trying codes out."""

import re
from collections.abc import AsyncIterator

import pytest

from bot.store import Store, Unit
from bot.store.coupons import taken
from bot.web.till.endpoint import MOST_MISSES
from tests.conftest import OpenChat
from tests.sidebar import STAFF, Browser, Office, opened_office


@pytest.fixture
async def office(open_chat: OpenChat) -> AsyncIterator[Office]:
    async with opened_office(await open_chat(staff=STAFF)) as office:
        await give(office.chat.store, "five", "5 元券")
        yield office


async def give(store: Store, pool: str, name: str) -> None:
    await store.coupons.bring(pool, ["A-1"], 0.0)
    whose = {"given_for": f"g-{pool}", "external_userid": "wm_lan", "name": name}
    await store.database.commit(Unit([taken(pool, "A-1", **whose, now=1.0)]))


async def look(browser: Browser, code: str = "A-1") -> str:
    return await (await browser.post("/till/look", {"code": code})).text()


def offers(page: str) -> list[dict[str, str]]:
    """What the page would send if its buttons were pressed."""
    forms = re.findall(r'<form class="redeem">(.*?)</form>', page, re.DOTALL)
    return [dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) for form in forms]


async def test_a_member_looks_and_redeems_once(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    (offer,) = offers(await look(browser))
    for _ in range(2):  # pressed twice
        page = await (await browser.post("/till/redeem", offer)).text()
        assert "已核销" in page
        assert "5 元券" in page
    page = await look(browser)
    assert "已经用过了" in page
    assert offers(page) == []
    other = offer | {"ref": "another-press"}
    assert "已经用过了" in await (await browser.post("/till/redeem", other)).text()
    rows = await office.chat.store.database.fetch(
        "SELECT actor, result FROM audit WHERE action = 'coupon.redeem' ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [
        ("staff:zhangsan", "done"),
        ("staff:zhangsan", "done"),
        ("staff:zhangsan", "already"),
    ]


async def test_who_only_oversees_looks_and_redeems_nothing(office: Office) -> None:
    browser = await office.signed_in("audit")
    assert offers(await look(browser)) == []
    wish = {"code": "A-1", "ref": "12345678"}
    assert (await browser.post("/till/redeem", wish)).status == 403


async def test_of_two_with_one_code_the_member_chooses(office: Office) -> None:
    await give(office.chat.store, "ten", "10 元券")
    browser = await office.signed_in("zhangsan")
    some = offers(await look(browser))
    assert [one["pool"] for one in some] == ["five", "ten"]
    assert "10 元券" in await (await browser.post("/till/redeem", some[1])).text()
    (left,) = offers(await look(browser))
    assert left["pool"] == "five"


async def test_codes_cannot_be_tried_out(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    for n in range(MOST_MISSES):
        assert "没有这张券" in await look(browser, f"X-{n}")
    assert (await browser.post("/till/look", {"code": "A-1"})).status == 429
    assert len(offers(await look(await office.signed_in("lisi")))) == 1


async def test_nor_in_another_process(office: Office) -> None:
    first = await office.signed_in("zhangsan")
    async with opened_office(office.chat) as other:
        second = await other.signed_in("zhangsan")
        for n in range(MOST_MISSES):
            await look(first if n % 2 else second, f"X-{n}")
        for browser in (first, second):
            assert (await browser.post("/till/look", {"code": "A-1"})).status == 429


async def test_a_code_of_a_welcome_is_redeemed_too(office: Office) -> None:
    store = office.chat.store
    await store.benefits.bring("hello", ["W-1"], 0.0)
    await store.benefits.reserve("hello", "wm_lan", 1.0)
    browser = await office.signed_in("zhangsan")
    (offer,) = offers(await look(browser, "W-1"))
    page = await (await browser.post("/till/redeem", offer)).text()
    assert "已核销" in page
    assert "hello" in page
    assert "已经用过了" in await look(browser, "W-1")


async def test_nor_by_redeeming_them_at_once(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    for n in range(MOST_MISSES):
        wish = {"code": f"X-{n}", "pool": "five", "ref": f"{n:08d}"}
        assert "没有这张券" in await (await browser.post("/till/redeem", wish)).text()
    wish = {"code": "A-1", "pool": "five", "ref": "99999999"}
    assert (await browser.post("/till/redeem", wish)).status == 429
    assert len(offers(await look(await office.signed_in("lisi")))) == 1, "it is still to be used"


async def test_whoever_signs_in_for_the_till_comes_back_to_it(office: Office) -> None:
    assert (await office.browser().signs_in("zhangsan", "/till")).endswith("/till")


async def test_the_page_shows_no_code_of_anybody_and_runs_nothing_of_others(
    office: Office,
) -> None:
    browser = await office.signed_in("zhangsan")
    answer = await browser.get("/till")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    page = await answer.text()
    assert "A-1" not in page
    for name in re.findall(r'(?:href|src)="[^"]*(/till/static/[^"]+)"', page):
        assert (await browser.get(name)).status == 200
    assert "<script>" not in page
    assert "&lt;b&gt;" in await look(browser, "A-1") or "<b>" not in await look(browser, "<b>")
