"""How does an operator have a person erased, and show afterwards that it was done?"""

import time
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

import handlers
from bot.app import build_eraser, open_store
from bot.commands.consent import known, operator
from bot.config import Config
from bot.errors import Misconfigured
from bot.model.consents import ConsentDecision, Purpose, Standing
from bot.routing.discovery import discover
from bot.store import AuditEntry, Store, Unit
from bot.store.consent_ending import decide_all
from bot.store.erasures import Receipt


async def erase(
    config: Config, customer: str, out: TextIO, *, sure: bool, now: float | None = None
) -> int:
    """Erase everything that is held of a person: at once, or by the service where it runs.

    Raises:
        Misconfigured: nobody knows the customer, or it was not confirmed.
    """
    at = time.time() if now is None else now
    store = open_store(config)
    try:
        if not await known(store, customer):
            raise Misconfigured(f"没有这位客户：{customer}")
        same = await store.people.same_person(customer)
        if not sure:
            raise Misconfigured(
                f"将删除 {'、'.join(same)} 的全部数据，不能恢复。确定的话加上 --yes"
            )
        eraser = build_eraser(config, store, discover(handlers))
        receipt = await eraser.ask(customer, by=operator(), now=at)
        await _end_consents(store, customer, receipt, at)
        if _service_runs(store):
            print(f"回执 {receipt}：服务正在运行，会在几分钟内删除。", file=out)
            print(f"看结果：concierge erased {receipt}", file=out)
            return 0
        done = await eraser.carry_out(receipt)
    finally:
        store.close()
    _print(done, ZoneInfo(config.timezone), out)
    print(
        "服务没有在运行：已经同步到企业微信的标签、同事还没发的群发任务，请到后台去掉。", file=out
    )
    return 0


async def erased(config: Config, receipt: str, out: TextIO) -> int:
    """Print receipts; they say nothing of whom."""
    store = open_store(config)
    try:
        eraser = build_eraser(config, store, discover(handlers))
        found = [one for one in await eraser.receipts() if receipt in ("", one.id)]
    finally:
        store.close()
    for one in found:
        _print(one, ZoneInfo(config.timezone), out)
    if not found:
        print("没有这张回执。" if receipt else "还没有删除过任何人。", file=out)
    return 0 if found or not receipt else 1


async def _end_consents(store: Store, customer: str, receipt: str, at: float) -> None:
    """Tags go at WeCom before nobody knows any more that they were there."""
    unit = Unit()
    ended = [
        ConsentDecision(
            purpose=purpose, decision=Standing.WITHDRAWN, channel="command", by=operator()
        )
        for purpose in (Purpose.MARKETING, Purpose.PROFILING_TAGS)
    ]
    await decide_all(store, unit, customer, ended, at)
    entry = AuditEntry(at=at, actor=operator(), action="erase", subject=receipt, result="asked")
    store.audit.note(unit, entry)
    await store.database.commit(unit)


def _service_runs(store: Store) -> bool:
    try:
        store.database.claim()
    except Misconfigured:
        return True
    return False


def _print(receipt: Receipt, zone: ZoneInfo, out: TextIO) -> None:
    asked = datetime.fromtimestamp(receipt.asked_at, zone)
    line = f"{receipt.id}  {asked:%Y-%m-%d %H:%M} 由 {receipt.asked_by} 提出"
    if receipt.erased_at is None:
        print(f"{line}，还没有删除。", file=out)
        return
    done = datetime.fromtimestamp(receipt.erased_at, zone)
    counts = "、".join(f"{name} {count}" for name, count in sorted(receipt.counts.items()))
    print(f"{line}，{done:%Y-%m-%d %H:%M} 已全部删除：{counts or '没有数据'}。", file=out)
