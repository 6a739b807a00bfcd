"""Which customers wait for an answer about their own data, until when, and what was answered?"""

import time
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app import open_store
from bot.commands.consent import operator
from bot.config import Config
from bot.errors import Conflict, Misconfigured
from bot.store import AuditEntry, Unit
from handlers.consent import requests as kept
from handlers.consent.rules import Wish

_KINDS = {Wish.ERASE: "删除", Wish.EXPORT: "要一份", Wish.CORRECT: "更正"}
_STATES = {
    kept.ASKED: "等客户确认",
    kept.OPEN: "待办",
    kept.DONE: "已办",
    kept.DROPPED: "客户不要了",
}


async def list_requests(
    config: Config, out: TextIO, *, all_of_them: bool = False, now: float | None = None
) -> int:
    """Print the requests that somebody has to answer, the most urgent first."""
    at, zone = time.time() if now is None else now, ZoneInfo(config.timezone)
    store = open_store(config)
    try:
        found = await kept.listed(store, all_of_them=all_of_them)
    finally:
        store.close()
    for one in found:
        due = datetime.fromtimestamp(one.due_at, zone)
        late = "（已过期）" if one.state == kept.OPEN and one.due_at < at else ""
        who = f"{one.conversation.external_userid}  {_KINDS[one.kind]}  {_STATES[one.state]}"
        note = f"  {one.ended_by} {one.note}" if one.note else ""
        print(f"{one.id}  {who}  最晚 {due:%Y-%m-%d}{late}{note}", file=out)
    if not found:
        print("没有待办的请求。", file=out)
    return 0


async def done(
    config: Config, request: str, note: str, out: TextIO, *, now: float | None = None
) -> int:
    """Write down that a request was answered, and how.

    Raises:
        Misconfigured: there is no such open request, or no word about what was done.
    """
    if not note.strip():
        raise Misconfigured("--note 写明怎么答复的")
    at = time.time() if now is None else now
    store = open_store(config)
    try:
        found = [one for one in await kept.listed(store) if one.id == request]
        if not found:
            raise Misconfigured(f"没有这个待办的请求：{request}")
        unit = Unit()
        await kept.end(store, unit, found[0], by=operator(), note=note.strip(), at=at)
        entry = AuditEntry(
            at=at,
            actor=operator(),
            action=f"request.{found[0].kind}",
            subject=found[0].conversation.subject,
            result="done",
        )
        store.audit.note(unit, entry)
        await store.database.commit(unit)
    except Conflict as error:
        raise Misconfigured(f"{request} 刚被别人办了") from error
    finally:
        store.close()
    print("已记下。", file=out)
    return 0
