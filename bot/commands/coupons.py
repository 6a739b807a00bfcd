"""What is a coupon code, and how is it redeemed where there is no page? `concierge coupon`."""

import secrets
import time
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app import open_store
from bot.commands.consent import operator
from bot.commands.customers import when
from bot.config import Config
from bot.store import Coupon, Redeemed
from bot.web.coupons import redeem as redeem_noted

_SAID = {
    Redeemed.DONE: "可以使用",
    Redeemed.ALREADY: "已经核销",
    Redeemed.EXPIRED: "已经过期",
    Redeemed.NOT_GIVEN: "还没有发给客户",
    Redeemed.UNKNOWN: "没有这张券",
    Redeemed.AMBIGUOUS: "有几张同号的券，用 --pool 说明是哪一张",
}


async def show(config: Config, code: str, out: TextIO) -> int:
    """Print what a code is; 1 when nobody knows it."""
    now = time.time()
    store = open_store(config)
    try:
        found = await store.coupons.called(code)
    finally:
        store.close()
    for one in found:
        print(_line(one, _SAID[one.standing(now)], ZoneInfo(config.timezone)), file=out)
    if not found:
        print(_SAID[Redeemed.UNKNOWN], file=out)
    return 0 if found else 1


async def redeem(config: Config, code: str, pool: str, out: TextIO) -> int:
    """Redeem a code; 1 when that is not possible."""
    now, ref = time.time(), secrets.token_hex(8)
    store = open_store(config)
    try:
        whose = {"by": operator(), "ref": ref, "pool": pool}
        became, one = await redeem_noted(store, code, **whose, now=now)
    finally:
        store.close()
    said = "核销成功" if became is Redeemed.DONE else f"没有核销：{_SAID[became]}"
    print(_line(one, said, ZoneInfo(config.timezone)) if one else said, file=out)
    return 0 if became is Redeemed.DONE else 1


def _line(one: Coupon, said: str, zone: ZoneInfo) -> str:
    parts = [f"{one.pool}  {one.code}  {one.name or one.pool}  {said}"]
    if one.expires_at is not None:
        parts.append(f"{when(one.expires_at, zone)} 到期")
    if one.redeemed_at is not None:
        parts.append(f"{when(one.redeemed_at, zone)} 由 {one.redeemed_by} 核销")
    return "  ".join(parts)
