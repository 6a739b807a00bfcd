"""How does an operator see and change what the running service holds? Through the same units."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

import handlers
from bot.app import PROMPTS, SUPPLIED, open_store
from bot.commands.consent import operator
from bot.config import Config
from bot.errors import Misconfigured
from bot.model import StaffAction
from bot.routing.discovery import check_needs, discover
from bot.routing.filters import Filter, Says, Tapped
from bot.routing.phrases import Phrases
from bot.store import AuditEntry, Store, Unit


def routes(out: TextIO) -> int:
    """Print every behaviour in the order in which it is asked.

    Raises:
        Misconfigured: a behaviour is not as it must be.
    """
    routers = discover(handlers)
    check_needs(routers, SUPPLIED, Phrases.load(PROMPTS))
    for router in routers:
        print(f"{router.stage.name:<9} {router.name}", file=out)
        for one in router.messages:
            filters = "、".join(_filter(part) for part in one.filters) or "任何消息"
            print(f"            消息  {one.name:<28} {filters}", file=out)
        for one in router.observers:
            print(f"            旁听  {one.name}", file=out)
        for one in router.events:
            if one.event is StaffAction:
                print(f"            操作  {one.name:<28} {one.tag or '任何操作'}", file=out)
                continue
            event = one.event.__name__ if one.event else ""
            tag = f"（{one.tag}）" if one.tag else ""
            print(f"            事件  {one.name:<28} {event}{tag}", file=out)
    return 0


def migrate_now(config: Config, out: TextIO) -> int:
    """Bring the database to this version's tables."""
    store = open_store(config)
    rows = store.database.read_sync("SELECT name FROM schema_migrations ORDER BY applied_at, name")
    store.close()
    print(f"数据库已是最新，共 {len(rows)} 个版本：", file=out)
    for row in rows:
        print(f"  · {row['name']}", file=out)
    return 0


async def dead_list(config: Config, out: TextIO) -> int:
    """Print what could not be handled (m…) or delivered (o…)."""
    async with _opened(config) as store:
        parked, dead = await store.mailbox.parked(), await store.outbox.dead()
    if not parked and not dead:
        print("没有死信。", file=out)
        return 0
    zone = ZoneInfo(config.timezone)
    for row in parked:
        when = _time(row["parked_at"], zone)
        what = f"{row['kind']} {row['subject']} 试了 {row['attempts']} 次：{row['error']}"
        print(f"m{row['id']}  {when}  {what}", file=out)
    for row in dead:
        when = _time(row["ended_at"], zone)
        what = f"{row['kind']} {row['subject']} 试了 {row['attempts']} 次：{row['error']}"
        late = "（已过时限，不能再发）" if row["expires_at"] <= time.time() else ""
        print(f"o{row['id']}  {when}  {what}{late}", file=out)
    return 0


async def dead_retry(config: Config, ids: Sequence[str], out: TextIO) -> int:
    """Let dead letters be tried again; the running service takes them up within a second.

    Raises:
        Misconfigured: an id is not one of `dead list`.
    """
    async with _opened(config) as store:
        if list(ids) == ["all"]:
            parked = [row["id"] for row in await store.mailbox.parked()]
            dead = [row["id"] for row in await store.outbox.dead()]
        else:
            parked, dead = _numbers(ids, "m"), _numbers(ids, "o")
        done = await store.mailbox.unpark(parked) + await store.outbox.revive(dead, time.time())
        await note(store, "dead.retry", "letters", result=str(done))
    asked = len(parked) + len(dead)
    print(f"{done} 条将重新尝试。", file=out)
    if done < asked:
        print(f"{asked - done} 条没有重试：已过时限、已处理，或编号不存在。", file=out)
    return 0 if done == asked else 1


async def switch(
    config: Config, kind: str, scope: str, key: str, *, on: bool, reason: str, out: TextIO
) -> int:
    """Silence the bot, or let it speak again.

    Raises:
        Misconfigured: the scope needs a key, or must have none.
    """
    if (scope == "all") != (key == ""):
        raise Misconfigured("all 不带编号；account 与 customer 要写编号")
    async with _opened(config) as store:
        if on:
            await store.switches.turn_on(
                kind, scope, key, by="operator", reason=reason, now=time.time()
            )
            await note(store, kind, _subject(scope, key))
            print("已生效：还没有发出的回复也不再发。", file=out)
            return 0
        was_on = await store.switches.turn_off(kind, scope, key)
        await note(store, f"{kind}.end", _subject(scope, key))
    print("已恢复。" if was_on else "本来就没有打开。", file=out)
    return 0 if was_on else 1


async def switches(config: Config, out: TextIO) -> int:
    """Print every switch that is on."""
    async with _opened(config) as store:
        rows = await store.switches.all()
    if not rows:
        print("没有静音，也没有拉黑。", file=out)
    zone = ZoneInfo(config.timezone)
    for row in rows:
        when = _time(row["set_at"], zone)
        print(
            f"{row['kind']:<8} {row['scope']:<9} {row['key'] or '—'}  {when}  {row['set_by']}"
            f"  {row['reason']}",
            file=out,
        )
    return 0


async def rotate_keys(config: Config, out: TextIO) -> int:
    """Wrap every data key with the current master key."""
    async with _opened(config) as store:
        count = await store.vault.rotate()
        await note(store, "keys.rotate", "keys", result=str(count))
    print(
        f"{count} 个数据密钥已用当前主密钥重新包裹；previous_encryption_keys 可以清空了。", file=out
    )
    return 0


async def note(store: Store, action: str, subject: str, *, result: str = "done") -> None:
    """Write down what an operator did (R-15.11)."""
    unit = Unit()
    entry = AuditEntry(
        at=time.time(), actor=operator(), action=action, subject=subject, result=result
    )
    store.audit.note(unit, entry)
    await store.database.commit(unit)


def _subject(scope: str, key: str) -> str:
    return f"{scope}:{key}" if key else scope


@asynccontextmanager
async def _opened(config: Config) -> AsyncIterator[Store]:
    store = open_store(config)
    try:
        yield store
    finally:
        store.close()


def _numbers(ids: Sequence[str], prefix: str) -> list[int]:
    for one in ids:
        if one[:1] not in ("m", "o") or not one[1:].isdigit():
            raise Misconfigured(f"{one} 不是 dead list 列出的编号")
    return [int(one[1:]) for one in ids if one[0] == prefix]


def _time(moment: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d %H:%M:%S")


def _filter(part: Filter) -> str:
    match part:
        case Says(key=key):
            return f"说了 {key}"
        case Tapped(prefix=prefix):
            return f"点了 {prefix}"
        case _:
            return type(part).__name__
