"""How do people whom we only have a phone number of become friends? By tasks, evenly dealt (C20).

A server cannot add anybody: a member has to. Each number is asked for once, whoever imports it
again, and nobody who is a customer already.
"""

import csv
import io
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app import PROMPTS, open_store
from bot.commands.customers import note
from bot.commands.orders import text_of_file
from bot.config import Config
from bot.errors import Misconfigured
from bot.model.people import IdentityKind, normal_phone
from bot.model.tasks import StaffTask, task_id
from bot.routing.phrases import Phrases
from bot.store import Store, Unit
from bot.tools.answers import text_of

KIND = "lead"
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "phone": ("手机号", "电话", "手机", "phone"),
    "name": ("称呼", "姓名", "名字", "name"),
    "note": ("备注", "来源", "note"),
}
_MOST = 20_000
_SHOWN = 20
_BEGINS = timedelta(hours=9, minutes=30)
_DAY_S = 86_400.0
_EXPIRES_S = 14 * _DAY_S


@dataclass(frozen=True, slots=True)
class Lead:
    """Somebody to be added."""

    phone: str
    name: str = ""
    note: str = ""


@dataclass(slots=True)
class Leads:
    """What a file holds, by phone, and what is wrong, by line."""

    found: dict[str, Lead] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


def read_leads(text: str) -> Leads:
    """Read a table; a number that stands in it twice is one lead.

    Raises:
        Misconfigured: it has no column of phone numbers.
    """
    rows, leads = csv.reader(io.StringIO(text, newline="")), Leads()
    try:
        header = [text_of(cell.strip("\ufeff")) for cell in next(rows, [])]
        at = {
            key: next(header.index(name) for name in names if name in header)
            for key, names in _COLUMNS.items()
            if any(name in header for name in names)
        }
        if "phone" not in at:
            raise Misconfigured("第一行（表头）缺列：手机号")
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            cells = {key: text_of(row[n]) if n < len(row) else "" for key, n in at.items()}
            if not (phone := normal_phone(cells["phone"].strip("'"))):
                leads.skipped.append(f"第 {rows.line_num} 行：不是手机号")
                continue
            leads.found.setdefault(phone, Lead(phone, cells.get("name", ""), cells.get("note", "")))
    except csv.Error as error:
        raise Misconfigured(f"第 {rows.line_num} 行不是 CSV：{error}") from error
    if len(leads.found) > _MOST:
        raise Misconfigured(f"一个文件最多 {_MOST} 人，请分开导入")
    return leads


def dealt(leads: Sequence[str], members: Sequence[str], has: Mapping[str, int]) -> dict[str, str]:
    """Who is asked to add whom: always whoever has the fewest open ones, in the order given.

    Args:
        has: open tasks of this kind, by lower-cased userid.
    """
    load = {member: has.get(member.lower(), 0) for member in members}
    given = {}
    for lead in leads:
        member = min(members, key=lambda one: load[one])
        given[lead] = member
        load[member] += 1
    return given


async def import_leads(
    config: Config, file: Path, members: Sequence[str], out: TextIO, *, per_day: int
) -> int:
    """Make a task for each number that is nobody's yet.

    Args:
        members: userids who are asked.
        per_day: how many a member is asked to add a day: adding too many is punished by WeCom.

    Raises:
        Misconfigured: the file cannot be read, or nobody is named.
    """
    if not members or len({one.lower() for one in members}) != len(members):
        raise Misconfigured("--members 写至少一位成员，各不相同")
    leads, now = read_leads(text_of_file(file)), time.time()
    store = open_store(config)
    try:
        ids, customers, known = await _new(store, leads)
        has = Counter(
            one.task.member
            for one in await store.tasks.listed(limit=_MOST)
            if one.task.kind == KIND
        )
        given = dealt(list(ids), members, has)
        tasks = _tasks(config, leads, ids, given, now, per_day)
        unit = Unit()
        for task in tasks:
            unit.statements.append(await store.tasks.added(task, now))
        await store.database.commit(unit)
        await note(store, "leads.import", "leads", now, result=f"tasks={len(tasks)}")
    finally:
        store.close()
    _print_dealt(file.name, len(leads.found), Counter(given.values()), (customers, known), out)
    for line in leads.skipped[:_SHOWN]:
        print(f"  · {line}", file=out)
    if len(leads.skipped) > _SHOWN:
        print(f"  · ……另有 {len(leads.skipped) - _SHOWN} 行", file=out)
    return 1 if leads.skipped else 0


def _print_dealt(
    name: str, people: int, given: Counter[str], left: tuple[int, int], out: TextIO
) -> None:
    shares = "，".join(f"{member} {count}" for member, count in given.items())
    whom = f"（{shares}）" if shares else ""
    print(
        f"{name}：{people} 人，分给同事 {given.total()} 人{whom}，"
        f"已经是客户的 {left[0]}，以前导入过的 {left[1]}。",
        file=out,
    )


async def _new(store: Store, leads: Leads) -> tuple[dict[str, str], int, int]:
    """Phone → id of its task, of whom nobody knows; how many are customers, and asked for."""
    ids: dict[str, str] = {}
    customers = known = 0
    for phone in leads.found:
        key = await store.vault.look_up_key(IdentityKind.PHONE, phone)
        name = task_id(KIND, key)
        if await store.people.find(IdentityKind.PHONE, phone):
            customers += 1
        elif await store.tasks.get(name) is not None:
            known += 1
        else:
            ids[phone] = name
    return ids, customers, known


def _tasks(  # noqa: PLR0917 (what one task is made of)
    config: Config,
    leads: Leads,
    ids: Mapping[str, str],
    given: Mapping[str, str],
    now: float,
    per_day: int,
) -> list[StaffTask]:
    phrases, zone = Phrases.load(PROMPTS), ZoneInfo(config.timezone)
    today = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    number: Counter[str] = Counter()
    tasks = []
    for phone, member in given.items():
        lead, day = leads.found[phone], number[member] // per_day
        number[member] += 1
        begins = (today + timedelta(days=day) + _BEGINS).timestamp()
        due_at = max(now, begins)
        text = phrases.say("tasks.lead", name=lead.name, phone=phone, note=lead.note)
        tasks.append(
            StaffTask(
                id=ids[phone],
                kind=KIND,
                member=member,
                text=" ".join(text.split()),
                reason="leads.import",
                due_at=due_at,
                on_time_s=_DAY_S,
                expires_at=due_at + _EXPIRES_S,
            )
        )
    return tasks
