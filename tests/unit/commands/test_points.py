"""Points are corrected on a terminal, with who and why; coupons are redeemed there."""

import asyncio
import re

import pytest

from bot.app import open_store
from bot.store import Unit
from bot.store.coupons import taken
from tests.builders import KEY, a_config
from tests.unit.commands.conftest import Shop

LAN = "wm_lan"


@pytest.fixture
def shop(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("CONCIERGE_SECURITY__ENCRYPTION_KEY", KEY)
    return shop


def books(shop: Shop) -> None:
    """A customer, and a coupon that is his."""

    async def write() -> None:
        store = open_store(a_config(shop.folder, storage=shop.storage))
        try:
            await store.coupons.bring("five", ["A-1"], 1.0)
            unit = Unit()
            unit.add("INSERT INTO persons (person_id, created_at) VALUES ('p', 1)")
            unit.add("INSERT INTO customers VALUES (?, 'p', 1)", LAN)
            whose = {"given_for": "g1", "external_userid": LAN, "name": "5 元券"}
            unit.statements.append(taken("five", "A-1", **whose, now=1.0))
            await store.database.commit(unit)
        finally:
            store.close()

    asyncio.run(write())


def test_points_are_booked_by_hand_with_a_reason_and_back(shop: Shop) -> None:
    books(shop)
    assert shop.run("points", "adjust", LAN, "50", "--why", "漏记") == 0
    assert shop.said == f"{LAN}：+50，现有 50 积分。\n"
    assert shop.run("points", "adjust", LAN, "-60", "--why", "多记") == 1
    assert "没有这么多积分可减" in shop.complained
    assert shop.run("points", "show", LAN) == 0
    (txn,) = re.findall(r"\+50 .*(p[0-9a-f]{20})", shop.said)
    assert shop.run("points", "reverse", LAN, txn, "--why", "记错人") == 0
    assert "现有 0 积分" in shop.said
    assert shop.run("points", "reverse", LAN, txn, "--why", "再来") == 1
    assert shop.run("audit", "search") == 0
    assert "漏记" in shop.said
    assert shop.run("points", "adjust", "wm_nobody", "5", "--why", "x") == 1
    assert shop.run("points", "items") == 0
    assert "还没有可换的" in shop.said


def test_a_coupon_is_redeemed_once(shop: Shop) -> None:
    books(shop)
    assert shop.run("coupon", "show", "A-1") == 0
    assert "可以使用" in shop.said
    assert shop.run("coupon", "redeem", "A-1") == 0
    assert "核销成功" in shop.said
    assert shop.run("coupon", "redeem", "A-1") == 1
    assert "已经核销" in shop.said
    assert shop.run("coupon", "show", "B-1") == 1
