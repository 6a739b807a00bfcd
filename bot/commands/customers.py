"""What is known of customers, and what happened to them? Masked, unless somebody asks to see."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app import open_store
from bot.commands.consent import DECISIONS, PURPOSES, operator
from bot.config import Config
from bot.errors import Misconfigured
from bot.llm.masking import Masker
from bot.model.people import Attribute, masked
from bot.store import AuditEntry, Merge, Moment, Store, Unit
from bot.store.listing import Listing, Wanted

KINDS = {
    "message": "消息",
    "sent": "发出",
    "case": "咨询",
    "tag": "标签",
    "consent": "同意",
    "contact": "好友",
    "order": "订单",
    "rating": "评分",
    "link": "链接",
    "opened": "打开",
    "merge": "合并",
    "unmerge": "拆开",
}


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Store]:
    """The store, closed afterwards."""
    store = open_store(config)
    try:
        yield store
    finally:
        store.close()


async def list_customers(
    config: Config, wanted: Wanted, out: TextIO, *, reveal: bool = False, now: float | None = None
) -> int:
    """Print customers in the order of their ids, one a line."""
    at = time.time() if now is None else now
    async with opened(config) as store:
        found = await Listing(store.database).page(wanted, at)
        if reveal and found:
            await note(store, "customers.reveal", "customers", at, result=str(len(found)))
        for one in found:
            print(await _line(store, one.external_userid, at, reveal=reveal), file=out)
    if not found:
        print("没有这样的客户。", file=out)
    elif len(found) == wanted.limit:
        print(f"还有：加上 --after {found[-1].external_userid}", file=out)
    return 0


async def _line(store: Store, customer: str, now: float, *, reveal: bool) -> str:
    known = {one.name: one.value for one in await store.profiles.of(customer)}
    shown = [
        value if reveal else masked(name, value)
        for name in ("name", "phone")
        if (value := known.get(name))
    ]
    touch = await store.profiles.touched(customer)
    counts = await store.profiles.counts(customer)
    came = f"来自 {touch.first_channel}" if touch else ""
    tags = "、".join(sorted(await store.tags.names_of(customer, now)))
    parts = [customer, *shown, came, f"{counts.messages} 条消息", tags]
    return "  ".join(part for part in parts if part)


async def show(
    config: Config, customer: str, out: TextIO, *, reveal: bool = False, now: float | None = None
) -> int:
    """Print everything that is known of the person a customer is.

    Raises:
        Misconfigured: nobody knows the customer.
    """
    at, zone = time.time() if now is None else now, ZoneInfo(config.timezone)
    async with opened(config) as store:
        await known_customer(store, customer)
        if reveal:
            await note(store, "customers.reveal", f"customer:{customer}", at)
        everyone = await store.people.same_person(customer)
        print(f"人 {await store.people.person_of(customer)}：{'、'.join(everyone)}", file=out)
        for whose, kind, value in await store.people.identities(customer):
            shown = value if reveal else masked("phone", value)
            print(f"  身份  {kind.value}  {shown}  （{whose}）", file=out)
        for attribute in await store.profiles.of(customer):
            print(f"  {_attribute(attribute, zone, reveal=reveal)}", file=out)
        await _print_history(store, customer, zone, out)
        await _print_tags(store, customer, at, zone, out)
        for merge in await store.people.merges(customer):
            print(f"  合并  {_merge(merge, zone)}", file=out)
    return 0


async def _print_history(store: Store, customer: str, zone: ZoneInfo, out: TextIO) -> None:
    counts = await store.profiles.counts(customer)
    if touch := await store.profiles.touched(customer):
        first = f"{touch.first_channel}（{when(touch.first_at, zone)}）"
        last = f"{touch.last_channel}（{when(touch.last_at, zone)}）"
        print(f"  渠道  首次 {first}，最近 {last}", file=out)
    spent = f"，共 {counts.spent / 100:.2f} 元" if counts.spent else ""
    wrote = f"，最近 {when(counts.wrote_at, zone)}" if counts.wrote_at else ""
    print(
        f"  次数  消息 {counts.messages}{wrote}；咨询 {counts.cases}；订单 {counts.orders}{spent}",
        file=out,
    )
    standings = await store.consents.standings(customer)
    for purpose, standing in standings.items():
        print(f"  同意  {PURPOSES[purpose]}：{DECISIONS[standing]}", file=out)


async def _print_tags(store: Store, customer: str, now: float, zone: ZoneInfo, out: TextIO) -> None:
    for one in await store.tags.of(customer, now):
        rule = f"{one.rule}@{one.version}" if one.version else one.rule
        until = f"，到 {when(one.expires_at, zone)}" if one.expires_at else ""
        from_ = f"，消息 {one.msgid}" if one.msgid else ""
        by = f"，{one.by}" if one.by else ""
        about = f"{one.source.value} {rule}".strip()
        print(f"  标签  {one.name}  （{about}{by}{from_}，{when(one.at, zone)}{until}）", file=out)


async def timeline(
    config: Config,
    customer: str,
    out: TextIO,
    *,
    limit: int = 50,
    after: str = "",
    reveal: bool = False,
    now: float | None = None,
) -> int:
    """Print what happened to the person, newest first, each line with its reason.

    Raises:
        Misconfigured: nobody knows the customer, or there is no such place to go on from.
    """
    zone = ZoneInfo(config.timezone)
    async with opened(config) as store:
        await known_customer(store, customer)
        if reveal:
            at = time.time() if now is None else now
            await note(store, "customers.reveal", f"customer:{customer}", at, result="timeline")
        names = [one.value for one in await store.profiles.of(customer) if one.name == "name"]
        try:
            found = await store.timeline.page(customer, limit=limit, after=after)
        except ValueError as error:
            raise Misconfigured(f"--after 写上一页最后给出的那一段：{after!r} 不是") from error
    masker = Masker(names)
    for one in found:
        print(_moment(one, masker, zone, reveal=reveal), file=out)
    if len(found) == limit:
        print(f"更早的：加上 --after '{found[-1].place}'", file=out)
    elif not found:
        print("没有更早的了。" if after else "什么都还没有发生。", file=out)
    return 0


def _moment(one: Moment, masker: Masker, zone: ZoneInfo, *, reveal: bool) -> str:
    text = one.text if reveal else masker.mask(one.text).text
    said = f"  “{' '.join(text.split())}”" if text else ""
    why = f"  （{one.why}）" if one.why else ""
    return f"{when(one.at, zone)}  {KINDS[one.kind]}  {one.what}{said}{why}"


def _attribute(one: Attribute, zone: ZoneInfo, *, reveal: bool) -> str:
    value = one.value if reveal else masked(one.name, one.value)
    by = f"，{one.by}" if one.by else ""
    about = f"{one.kind.value}，{one.source}{by}，{when(one.at, zone)}"
    return f"属性  {one.name}: {value}  （{about}）"


def _merge(one: Merge, zone: ZoneInfo) -> str:
    who = one.by or "自动"
    why = f"，{one.why}" if one.why else ""
    about = f"{one.evidence}，{who}{why}，{when(one.at, zone)}"
    line = f"{one.id}  {one.merged} 并入 {one.kept}  （{about}）"
    if one.undone_at is not None:
        undone = f"{one.undone_by or '自动'} {one.undone_why}".strip()
        line += f"；已拆开（{undone}，{when(one.undone_at, zone)}）"
    return line


async def known_customer(store: Store, customer: str) -> None:
    """Go on only with a customer of whom something was heard.

    Raises:
        Misconfigured: nobody knows the customer.
    """
    if not await store.people.known(customer):
        raise Misconfigured(f"没有这位客户：{customer}")


async def note(
    store: Store, action: str, subject: str, at: float, *, why: str = "", result: str = ""
) -> None:
    """Write down in the audit what somebody did with a command."""
    unit = Unit()
    store.audit.note(
        unit,
        AuditEntry(at=at, actor=operator(), action=action, subject=subject, why=why, result=result),
    )
    await store.database.commit(unit)


def when(at: float, zone: ZoneInfo) -> str:
    """A moment as people read it."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M")
