"""What does a person get who asks for all that is held of them? One file that people can read."""

import json
import secrets
import time
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import handlers
from bot.app import declared_tables, open_store
from bot.commands.consent import known, operator
from bot.config import Config
from bot.errors import Misconfigured, Unreadable
from bot.routing.discovery import discover
from bot.store import AuditEntry, Store, Table, Unit

Rows = list[dict[str, Any]]

_TITLES = {
    "attributes": "资料",
    "identities": "身份",
    "customer_tags": "标签",
    "consents": "同意、拒绝、撤回",
    "requests": "您提出的请求",
    "messages": "您和同事写的消息",
    "outbox": "机器人发出的消息和动作",
    "orders": "订单",
    "cases": "咨询",
    "ratings": "评分",
    "media": "图片、语音和文件",
    "tickets": "待跟进",
    "relations": "添加了您的同事",
    "tag_history": "标签的来历",
    "questions": "没有直接答上的问题",
    "sales": "付过款的订单",
    "entrances": "您从哪里打开过会话",
    "group_joins": "您扫码进过的群",
    "landing_visits": "您打开过的落地页",
}
_HIDDEN = ("mailbox", "erasure_wishes")
"""What only waits to be worked on; it holds nothing that the others do not."""


async def export(
    config: Config, customer: str, out: TextIO, *, to: Path | None = None, now: float | None = None
) -> int:
    """Write everything that is held of a person into one file; it is registered, and erased with
    the person.

    Raises:
        Misconfigured: nobody knows the customer.
    """
    at, zone = time.time() if now is None else now, ZoneInfo(config.timezone)
    store = open_store(config)
    try:
        if not await known(store, customer):
            raise Misconfigured(f"没有这位客户：{customer}")
        customers = await store.people.same_person(customer)
        held = await _held(store, declared_tables(discover(handlers)), customers)
        name = f"x_{secrets.token_hex(6)}"
        folder = to or config.storage.files / "exports"
        path = (folder / f"{name}.zip").resolve()
        folder.mkdir(parents=True, exist_ok=True)
        await _write(store, path, held, zone, at)
        await _register(store, name, path, customers, at)
    finally:
        store.close()
    print(f"{path}：{sum(map(len, held.values()))} 条。核实是本人之后交给他。", file=out)
    print("这个文件已登记，删除这位客户时一起删除；交出去之后请不要另存。", file=out)
    return 0


async def _held(store: Store, tables: Sequence[Table], customers: Sequence[str]) -> dict[str, Rows]:
    subjects = [f"customer:{customer}" for customer in customers]
    await store.vault.ready(subjects)
    held: dict[str, Rows] = {}
    for table in tables:
        if not table.person or table.name in _HIDDEN:
            continue
        marks = ",".join("?" * 2 * len(customers))
        rows = await store.database.scan(
            f"SELECT * FROM {table.name} WHERE {table.person} IN ({marks})", *customers, *subjects
        )
        if rows:
            held[table.name] = [_opened(store, table, dict(row)) for row in rows]
    return held


def _opened(store: Store, table: Table, row: dict[str, Any]) -> dict[str, Any]:
    subject = str(row[table.person])
    subject = subject if subject.startswith("customer:") else f"customer:{subject}"
    for name in table.sealed:
        row[name] = _told(store, subject, row[name]) if row[name] else None
    return {name: value for name, value in row.items() if not isinstance(value, bytes)}


def _told(store: Store, subject: str, sealed: bytes) -> Any:
    try:
        text = store.vault.open(subject, sealed).decode()
    except (Unreadable, UnicodeDecodeError):  # a vector is no text
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


async def _write(
    store: Store, path: Path, held: Mapping[str, Rows], zone: ZoneInfo, at: float
) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("information.json", json.dumps(held, ensure_ascii=False, indent=1))
        bundle.writestr("我的信息.md", readable(held, zone, at))
        for row in await store.database.scan("SELECT * FROM media"):
            if any(row["media_id"] == one["media_id"] for one in held.get("media", [])):
                suffix = row["content_type"].rpartition("/")[2] or "bin"
                bundle.writestr(f"files/{row['path']}.{suffix}", store.media.read(row))


def readable(held: Mapping[str, Rows], zone: ZoneInfo, at: float) -> str:
    """All of it as a page that people can read."""
    made = datetime.fromtimestamp(at, zone)
    lines = ["# 我们保存的您的信息", "", f"整理于 {made:%Y-%m-%d %H:%M}。"]
    known_first = [*(name for name in _TITLES if name in held), *(held.keys() - _TITLES.keys())]
    for name in known_first:
        lines += ["", f"## {_TITLES.get(name, name)}", ""]
        lines += [f"- {_line(row, zone)}" for row in held[name]]
    return "\n".join(lines) + "\n"


def _line(row: Mapping[str, Any], zone: ZoneInfo) -> str:
    said = ((name, _said(name, value, zone)) for name, value in row.items())
    return "；".join(f"{name}：{text}" for name, text in said if text)


def _said(name: str, value: Any, zone: ZoneInfo) -> str:
    if value in (None, "", 0, 0.0):
        return ""
    if name == "at" or name.endswith("_at"):
        return f"{datetime.fromtimestamp(value, zone):%Y-%m-%d %H:%M:%S}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


async def _register(
    store: Store, name: str, path: Path, customers: Sequence[str], at: float
) -> None:
    unit = Unit()
    unit.add(
        "INSERT INTO exports (id, at, by, kind, path, lines) VALUES (?, ?, ?, 'person', ?, ?)",
        *(name, at, operator(), str(path), len(customers)),
    )
    for customer in customers:
        unit.add("INSERT INTO export_lines (export, external_userid) VALUES (?, ?)", name, customer)
    entry = AuditEntry(
        at=at,
        actor=operator(),
        action="export",
        subject=f"customer:{customers[0]}",
        result=name,
    )
    store.audit.note(unit, entry)
    await store.database.commit(unit)
