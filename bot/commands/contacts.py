"""Whose friend is a customer, and does WeCom agree with our books? `concierge contacts`."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app import open_store
from bot.app.contacts import build_contacts, contact_apis
from bot.config import Config
from bot.delivery.lanes import SystemClock
from bot.delivery.reconciling import Reconciler
from bot.store import Relation, RelationEvent, Store, SyncState
from bot.telemetry import Metrics
from bot.wecom.client import WeComClient
from bot.wecom.kf import Kf
from bot.wecom.tokens import AccessTokens
from bot.wecom.transport import Transport, new_session

_AT_ONCE = 20
_COUNTS = {
    "members": "成员",
    "seen": "好友关系",
    "restored": "补上的好友",
    "welcome_missed": "错过欢迎语的",
    "gone": "已不是好友的",
    "differing": "标签要核对的",
    "failed": "没读成的成员",
}
_KINDS = {
    "added": "成为好友",
    "half": "加了成员，成员还没确认",
    "deleted": "不再是好友",
    "transfer_failed": "没能转给别的成员",
    "welcome_missed": "回调丢了，错过欢迎语",
}
_BY = {"customer": "客户删的", "staff": "成员删的", "unknown": "核对时发现"}
_STATUS = {"adding": "（正在加）", "removing": "（正在去掉）"}


async def sync(config: Config, out: TextIO) -> int:
    """Compare now, to the end; a comparison that was cut off goes on.

    Returns:
        The exit code: 0 when every member was read.
    """
    clock, metrics = SystemClock(), Metrics()
    store = open_store(config)
    try:
        async with new_session() as session:
            transport = Transport(session, config.wecom.api_base)
            secret = config.wecom.secret.get_secret_value()
            tokens = AccessTokens(transport, config.wecom.corp_id, secret)
            client = WeComClient(transport, tokens, metrics=metrics)
            apis = contact_apis(config, client, transport, clock, metrics)
            parts = build_contacts(
                config,
                store,
                apis,
                Kf(client),
                clock=clock,
                metrics=metrics,
                wake_queue=_nobody,
                wake_subject=_nobody,
                may_tag=lambda _name: False,  # who compares takes no tag over
            )
            if await parts.access.api() is None:
                return await _refused(config, store, out)
            return await _compare(store, parts.reconciler, out, time.time, asyncio.sleep)
    finally:
        store.close()


async def _compare(
    store: Store,
    reconciler: Reconciler,
    out: TextIO,
    now: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
) -> int:
    began = now()
    told: dict[str, int] = {}
    while await reconciler.step(_AT_ONCE):
        state = await store.contact_sync.state()
        if state.counts != told:
            told = dict(state.counts)
            print(f"… {_said(told)}", file=out)
        await sleep(max(0.0, reconciler.waits_until - now()))
    state = await store.contact_sync.state()
    if state.ended_at is None or state.ended_at < began or state.last_counts.get("failed"):
        print(f"✗ 没有核对完：{_said(state.last_counts)}", file=out)
        return 1
    print(f"✓ 核对完了：{_said(state.last_counts)}", file=out)
    print("标签的改动由运行中的 serve 去做；没有在运行，下次启动时做", file=out)
    return 0


async def _refused(config: Config, store: Store, out: TextIO) -> int:
    if config.contacts.enabled is False:
        print("contacts.enabled 是 false，不问企业微信", file=out)
        return 1
    print(
        "企业微信不许可：在「客户联系 → 客户 → API → 可调用接口的应用」里加入该应用，"
        "见 docs/how-to/connect-wecom.md",
        file=out,
    )
    return 1


async def show(config: Config, external_userid: str, out: TextIO) -> int:
    """Print whose friend a customer is, with tags, and what happened.

    Returns:
        The exit code: 0 when the customer is known.
    """
    store = open_store(config)
    zone = ZoneInfo(config.timezone)
    try:
        relations = await store.contacts.of(external_userid)
        if not relations:
            print("没有这位客户的好友关系", file=out)
            _print_state(await store.contact_sync.state(), zone, out)
            return 1
        for relation in relations:
            print(_relation(relation, zone), file=out)
            print(f"  标签：{await _tags(store, relation)}", file=out)
        print("经过：", file=out)
        for event in await store.contacts.history(external_userid):
            print(f"  {_event(event, zone)}", file=out)
        return 0
    finally:
        store.close()


def _print_state(state: SyncState, zone: ZoneInfo, out: TextIO) -> None:
    last = "从来没有" if state.succeeded_at is None else _when(state.succeeded_at, zone)
    print(f"上次与企业微信核对完：{last}", file=out)


async def _tags(store: Store, relation: Relation) -> str:
    if relation.is_friend and relation.tags_known_at is None:
        return "还没读过"
    marks = await store.marks.of(relation.userid, relation.external_userid)
    known = await store.corp_tags.get(marks)
    named = sorted(
        f"{known[one].full_name}{_STATUS.get(mark.status, '')}"
        for one, mark in marks.items()
        if mark.status != "gone" and one in known
    )
    return "、".join(named) or "没有"


def _relation(relation: Relation, zone: ZoneInfo) -> str:
    since = "不知几时" if relation.added_at is None else _when(relation.added_at, zone)
    state = f"，来自 {relation.state}" if relation.state else ""
    if not relation.is_friend:
        ended = _when(relation.deleted_at or 0.0, zone)
        by = _BY.get(relation.deleted_by, relation.deleted_by)
        return f"{relation.userid}：{since} 成为好友{state}，{ended} 不再是（{by}）"
    half = "，还没确认" if relation.half else ""
    return f"{relation.userid}：{since} 成为好友{state}{half}"


def _event(event: RelationEvent, zone: ZoneInfo) -> str:
    said = _KINDS.get(event.kind, event.kind)
    by = _BY.get(event.detail.split(" ")[0], event.detail)
    more = "，".join(part for part in (event.state, by) if part)
    return f"{_when(event.at, zone)}  {event.userid}  {said}{f'（{more}）' if more else ''}"


def _said(counts: Mapping[str, int]) -> str:
    parts = [f"{text} {counts[name]}" for name, text in _COUNTS.items() if counts.get(name)]
    return "，".join(parts) or "什么也没有"


def _when(at: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M}"


def _nobody(_key: str, _lane: object) -> None:
    """The running service, if there is one, notices by itself."""
