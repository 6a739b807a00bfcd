"""What are members of staff asked to do, how much of it is done, and how is it noted by hand?"""

import time
from datetime import datetime
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import msgspec

from bot.app import PROMPTS, open_store
from bot.commands.consent import operator
from bot.config import Config
from bot.errors import Conflict, Misconfigured
from bot.model.tasks import TaskState
from bot.routing.phrases import Phrases
from bot.routing.task_cards import kind_named
from bot.store import Executed, KnownTask, Unit
from bot.store.tasks import ended, told_of_end

_DAY_S = 86_400
_GOALS = {"group_welcome": 0.98}
"""Share of tasks that is to be done in time (D76)."""

_STATES = {
    TaskState.DUE: "未提醒",
    TaskState.REMINDED: "已提醒",
    TaskState.SENT: "按时完成",
    TaskState.DONE_LATE: "超时完成",
    TaskState.SKIPPED: "不做了",
    TaskState.EXPIRED: "过期",
}


async def listed(
    config: Config,
    out: TextIO,
    *,
    member: str = "",
    everything: bool = False,
    as_json: bool = False,
) -> int:
    """Print tasks: the open ones, or all."""
    store = open_store(config)
    try:
        tasks = await store.tasks.listed(member=member, all_of_them=everything)
    finally:
        store.close()
    if as_json:
        print(
            msgspec.json.format(msgspec.json.encode([_told(one) for one in tasks])).decode(),
            file=out,
        )
        return 0
    phrases, zone = Phrases.load(PROMPTS), ZoneInfo(config.timezone)
    for one in tasks:
        print(_line(one, phrases, zone), file=out)
    print(f"共 {len(tasks)} 件。" if tasks else "没有待办。", file=out)
    return 0


async def end(config: Config, task_id: str, state: TaskState, out: TextIO, *, why: str = "") -> int:
    """Note by hand that a task is done, or will not be.

    Raises:
        Misconfigured: no such task, or it is over.
    """
    store, now, by = open_store(config), time.time(), operator()
    try:
        known = await store.tasks.get(task_id)
        if known is None or not known.is_open:
            raise Misconfigured(
                f"没有编号为 {task_id} 的待办，或者已经结束；concierge tasks list 列出现在的"
            )
        unit = Unit()
        unit.statements.append(ended(task_id, state, by, now, why=why, expect=1))
        if known.task.external_userid:
            told = _late(known, state, now)
            await store.mailbox.deliver(unit, [told_of_end(known, told, by, now)], now)
        try:
            await store.database.commit(unit)
        except Conflict as error:
            raise Misconfigured(f"{task_id} 刚刚结束了") from error
    finally:
        store.close()
    print(f"已记下 {task_id}：{_STATES[_late(known, state, now)]}。", file=out)
    return 0


async def rate(config: Config, days: int, out: TextIO, *, as_json: bool = False) -> int:
    """Print how many of the tasks that were due are done, and how many in time (R-9.6)."""
    store, now = open_store(config), time.time()
    try:
        found = await store.tasks.rates(now - days * _DAY_S, now, now)
    finally:
        store.close()
    if as_json:
        rows = [
            {"kind": one.kind, "due": one.due, "done": one.done, "on_time": one.on_time}
            for one in found
        ]
        print(msgspec.json.format(msgspec.json.encode(rows)).decode(), file=out)
        return 0
    phrases = Phrases.load(PROMPTS)
    for one in found:
        print(_rate_line(one, kind_named(phrases, one.kind)), file=out)
    if not found:
        print(f"最近 {days} 天没有到期的待办。", file=out)
    return 0


def _late(known: KnownTask, state: TaskState, now: float) -> TaskState:
    is_late = now > known.task.due_at + known.task.on_time_s
    return TaskState.DONE_LATE if state is TaskState.SENT and is_late else state


def _rate_line(one: Executed, kind: str) -> str:
    goal = f"，目标按时 {_GOALS[one.kind]:.0%}" if one.kind in _GOALS else ""
    return (
        f"{kind}：应做 {one.due}，做了 {one.done}（{one.rate or 0:.1%}），"
        f"按时 {one.on_time}（{one.on_time_rate or 0:.1%}）{goal}"
    )


def _line(one: KnownTask, phrases: Phrases, zone: ZoneInfo) -> str:
    due = datetime.fromtimestamp(one.task.due_at, zone).strftime("%m-%d %H:%M")
    what = kind_named(phrases, one.task.kind)
    text = " ".join(one.task.text.split())
    return f"{one.task.id}  {due}  {one.task.member}  {what}  {_STATES[one.state]}  {text}"


def _told(one: KnownTask) -> dict[str, Any]:
    task = one.task
    return {
        "id": task.id,
        "kind": task.kind,
        "member": task.member,
        "external_userid": task.external_userid,
        "chat_id": task.chat_id,
        "text": task.text,
        "reason": task.reason,
        "due_at": task.due_at,
        "state": one.state.value,
        "reminded_at": one.reminded_at,
        "ended_at": one.ended_at,
        "ended_by": one.ended_by,
    }
