"""How far are the customers, and is every code looked after? `concierge staff handovers`."""

from datetime import datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.commands.channels import named_on, opened
from bot.config import Channel, Config
from bot.policy.receiving import stood_in
from bot.store import PassedCustomer, Passing, Store, Succession
from bot.store.handovers import handover_of

_STATES = {
    Passing.PLANNED: "还没提出",
    Passing.ASKING: "正在提出",
    Passing.WAITING: "等客户（24 小时内可拒绝）",
    Passing.TAKEN_OVER: "已接替",
    Passing.REFUSED: "客户不愿意换",
    Passing.FULL: "接替的人客户满了",
    Passing.LIMITED: "90 天内转过两次，还不能转",
    Passing.FAILED: "没转成",
    Passing.WITHDRAWN: "撤回，没有提出",
}
_SHOWN = 50


async def show(config: Config, member: str, out: TextIO, *, as_json: bool = False) -> int:
    """Print every succession, or a member's with each customer who has not been taken over.

    Returns:
        The exit code: of a member, 1 while a code leads to nobody else or a customer has nobody.
    """
    zone = ZoneInfo(config.timezone)
    async with opened(config) as store:
        found = await store.successions.all(member)
        if as_json:
            told = [await _told(store, one) for one in found]
            print(msgspec.json.format(msgspec.json.encode(told)).decode(), file=out)
            return 0
        for one in found:
            await _print(store, one, zone, out, each=bool(member))
        if member:
            return await _print_covered(store, member, out)
    if not found:
        print("没有成员在交接。", file=out)
    return 0


async def _print(store: Store, one: Succession, zone: ZoneInfo, out: TextIO, *, each: bool) -> None:
    how, since = "离职" if one.has_left else "调岗", datetime.fromtimestamp(one.at, zone)
    ended = "，已撤回" if one.ended_at is not None else ""
    print(f"{one.member} → {one.successor}（{how}，{since:%Y-%m-%d %H:%M}{ended}）", file=out)
    counts = await store.successions.counts(one.id)
    parts = [f"{text} {counts[state]}" for state, text in _STATES.items() if counts[state]]
    print(f"  客户 {counts.total()} 位{'：' + '，'.join(parts) if parts else ''}", file=out)
    if one.error:
        print(f"  企业微信上次没让：{one.error}（十分钟后再试）", file=out)
    if not each:
        return
    wanted = [state for state in Passing if state is not Passing.TAKEN_OVER]
    rows = await store.successions.customers(one.id, wanted)
    for row in rows[:_SHOWN]:
        code = f"，错误码 {row.errcode}" if row.errcode else ""
        print(f"  · {row.external_userid}  {_STATES[row.state]}{code}", file=out)
    if len(rows) > _SHOWN:
        print(f"  · ……另有 {len(rows) - _SHOWN} 位，--json 列出全部", file=out)


async def _print_covered(store: Store, userid: str, out: TextIO) -> int:
    """Whether every code of a member leads to somebody, and every customer has one (C07)."""
    found = await handover_of(store.database, userid)
    away = {*await store.ways.away(), userid.lower()}
    stand_ins = await store.successions.stand_ins()
    mine = [
        row.channel for row in await store.channels.all() if userid.lower() in named_on(row.channel)
    ]
    alone = [one for one in mine if named_on(stood_in(one, stand_ins)) <= away]
    for channel in mine:
        print(f"码 {channel.id}（{channel.name}）：{_looked_after(channel, alone)}", file=out)
    covered, of = found.covered
    share = f"{covered / of:.1%}" if of else "—"
    print(
        f"客户：有别的同事接的 {covered}/{of}（{share}），还没有人接 {found.waiting}，"
        f"客户不愿意换 {found.refused}，没转成 {found.failed}；"
        f"早已不是好友的 {found.left + found.ended}。",
        file=out,
    )
    return 1 if alone or covered < of else 0


def _looked_after(channel: Channel, alone: list[Channel]) -> str:
    return "只有他，请换人" if channel in alone else "有别人接待"


async def _told(store: Store, one: Succession) -> dict[str, Any]:
    return {
        "member": one.member,
        "successor": one.successor,
        "has_left": one.has_left,
        "at": one.at,
        "ended_at": one.ended_at,
        "error": one.error,
        "customers": [_customer(row) for row in await store.successions.customers(one.id)],
    }


def _customer(row: PassedCustomer) -> dict[str, Any]:
    return {
        "external_userid": row.external_userid,
        "state": row.state.value,
        "errcode": row.errcode,
        "asked_at": row.asked_at,
        "taken_at": row.taken_at,
    }
