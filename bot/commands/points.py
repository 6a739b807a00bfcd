"""Whose points are how many, and what does a person decide about them? `concierge points`."""

import secrets
import time
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app import open_store
from bot.commands.consent import operator
from bot.commands.customers import note, when
from bot.config import Config
from bot.errors import Misconfigured
from bot.store import Store, Unit, UnitConflict
from bot.store.points import booked_back, by_hand, lots
from handlers.points import redeeming
from handlers.points.store import Exchange, get, left_of, listed

_STANDS = {Exchange.RESERVED: "待寄出", Exchange.GIVEN: "已给", Exchange.CANCELLED: "已取消"}


async def show(config: Config, customer: str, out: TextIO) -> int:
    """Print a customer's balance, what ends when, every booking and what was exchanged."""
    zone = ZoneInfo(config.timezone)
    store = open_store(config)
    try:
        postings = await store.points.of(customer)
        exchanged = await listed(store, customer=customer)
    finally:
        store.close()
    print(f"{customer}：{sum(one.amount for one in postings)} 积分", file=out)
    for lot in lots(postings):
        ends = "不过期" if lot.expires_at is None else f"{when(lot.expires_at, zone)} 到期"
        print(f"  {lot.left} 分，{ends}", file=out)
    for one in postings:
        what = f"{one.source}  {one.source_id}"
        print(f"  {when(one.at, zone)}  {one.amount:+d}  {what}  {one.txn}", file=out)
    for row in exchanged:
        print(f"  {row.id}  {row.name}  {row.points} 分  {_STANDS[row.standing]}", file=out)
    return 0


async def items(config: Config, out: TextIO) -> int:
    """Print the catalogue with what is left, and what somebody has still to send."""
    now, zone = time.time(), ZoneInfo(config.timezone)
    store = open_store(config)
    try:
        for key, item in config.points.items.items():
            left = await left_of(store, key, item, now)
            said = "不限" if left is None else f"还剩 {left}"
            print(f"{key}  {item.name}  {item.points} 分（{said}）", file=out)
        for one in await listed(store):
            print(f"待寄出  {one.id}  {one.name}  {when(one.at, zone)}", file=out)
    finally:
        store.close()
    if not config.points.items:
        print("还没有可换的：写在 config.yaml 的 points.items。", file=out)
    return 0


async def adjust(config: Config, customer: str, points: int, out: TextIO, *, why: str) -> int:
    """Book points by hand, with who and why (R-8.1).

    Raises:
        Misconfigured: nothing to book, or more than there is to take.
    """
    now = time.time()
    store = open_store(config)
    try:
        if points == 0 or not await store.people.known(customer):
            raise Misconfigured("没有这位客户" if points else "加减几分？")
        named = secrets.token_hex(8)
        by = operator()
        one = by_hand(customer, points, source_id=named, at=now, by=by, why=why)
        await _commit(store, Unit([one]), "没有这么多积分可减")
        await note(store, "points.adjusted", f"customer:{customer}", now, why=why)
        left = await store.points.balance(customer)
    finally:
        store.close()
    print(f"{customer}：{points:+d}，现有 {left} 积分。", file=out)
    return 0


async def reverse(config: Config, customer: str, txn: str, out: TextIO, *, why: str) -> int:
    """Book a booking back, once.

    Raises:
        Misconfigured: there is none, it was booked back before, or the points are spent.
    """
    now = time.time()
    store = open_store(config)
    try:
        found = [one for one in await store.points.of(customer) if one.txn == txn]
        if not found:
            raise Misconfigured(f"{customer} 没有 {txn} 这一笔")
        back = booked_back(customer, found[0], at=now, by=operator(), why=why, expect=2)
        await _commit(store, Unit([back]), "已经冲回过，或积分已经用掉")
        await note(store, "points.reversed", f"customer:{customer}", now, why=why)
        left = await store.points.balance(customer)
    finally:
        store.close()
    print(f"已冲回 {txn}，现有 {left} 积分。", file=out)
    return 0


async def cancel(config: Config, redemption: str, out: TextIO, *, why: str) -> int:
    """Give points and stock of what was not sent back.

    Raises:
        Misconfigured: there is none of this id, or it is over.
    """
    now = time.time()
    store = open_store(config)
    try:
        one = await get(store, redemption)
        if one is None or one.standing is not Exchange.RESERVED:
            raise Misconfigured(f"{redemption} 不是待寄出的兑换")
        back = await redeeming.cancelled(store, one, now, operator(), why)
        await _commit(store, Unit(back), "已经处理过了")
        await note(store, "points.cancelled", redemption, now, why=why)
    finally:
        store.close()
    print(f"{redemption}：已取消，退回 {one.points} 积分。", file=out)
    return 0


async def _commit(store: Store, unit: Unit, refused: str) -> None:
    try:
        await store.database.commit(unit)
    except UnitConflict as error:
        raise Misconfigured(refused) from error
