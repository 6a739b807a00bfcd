"""What lies ready for members to send: brought in from files, listed with its figures, removed?"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TextIO

from bot.app import open_store
from bot.app.material_file import read_materials, take_materials
from bot.commands.arguments import Actions, Command, Run, action
from bot.commands.check_said import lexicon_of
from bot.commands.consent import operator
from bot.config import Config
from bot.config.problems import ConfigErrors
from bot.errors import Misconfigured
from bot.policy.lexicon import Decision
from bot.store import AuditEntry, Material, Unit

_PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
_KINDS = {"image": "图片", "link": "链接", "miniprogram": "小程序", "file": "文件"}


def add(command: Command, run: Run) -> None:
    """Add every command; each sets `work` to what it runs."""
    one = command("materials", run, "素材库：同事在侧边栏里一点就发的图片、链接、小程序和文件")
    _add_actions(one.add_subparsers(metavar="动作", required=True))


def _add_actions(actions: Actions) -> None:
    one = action(actions, "import", _import, "从文件导入；编号已有的就更新，用过几次照旧")
    one.add_argument("file", type=Path, help="YAML，写法见 docs/how-to/sidebar.md")
    one = action(actions, "list", _list, "列出素材：发过几次，链接被打开过几次")
    one.add_argument("--json", action="store_true", help="打印 JSON")
    action(actions, "remove", _remove, "删掉一条；发出去的链接照样能打开").add_argument(
        "id", help="素材的编号"
    )


async def _import(config: Config, arguments: argparse.Namespace) -> int:
    return await bring(config, arguments.file, sys.stdout)


async def _list(config: Config, arguments: argparse.Namespace) -> int:
    return await listed(config, sys.stdout, as_json=arguments.json)


async def _remove(config: Config, arguments: argparse.Namespace) -> int:
    return await remove(config, arguments.id, sys.stdout)


async def bring(config: Config, file: Path, out: TextIO) -> int:
    """Import the materials of a file; the same file again changes nothing.

    Raises:
        Misconfigured: the file cannot be read, or one of them is not as it must be; then none is
            imported.
    """
    try:
        found, problems = read_materials(file)
    except ConfigErrors as error:
        found, problems = [], list(error.problems)
    told = [*map(str, problems), *_watched(config, found)]
    if told:
        raise Misconfigured("\n".join([f"{file}，没有导入：", *(f"  · {one}" for one in told)]))
    store = open_store(config)
    try:
        added, changed = await take_materials(store, found, operator(), time.time())
    finally:
        store.close()
    same = len(found) - added - changed
    print(f"新增 {added} 条，更新 {changed} 条，没有变化 {same} 条。", file=out)
    return 0


def _watched(config: Config, found: list[Material]) -> list[str]:
    """What the lexicon would not let be sent."""
    lexicon, _ = lexicon_of(config, _PROMPTS)
    told = []
    for one in found:
        for text in (one.title, one.attachment.title, one.attachment.desc):
            verdict = lexicon.check(text)
            if verdict.decision in (Decision.REVIEW, Decision.BLOCK):
                words = "、".join(dict.fromkeys(hit.text for hit in verdict.found))
                told.append(f"{one.id}：有要当心的词 {words}；应为：换个说法")
    return list(dict.fromkeys(told))


async def listed(config: Config, out: TextIO, *, as_json: bool = False) -> int:
    """Print every material with how often it was sent and opened."""
    store = open_store(config)
    try:
        found = await store.materials.all()
    finally:
        store.close()
    if as_json:
        names = ("id", "category", "title", "uses", "opens")
        told = [
            {name: getattr(one, name) for name in names} | {"kind": one.attachment.kind}
            for one in found
        ]
        print(json.dumps(told, ensure_ascii=False), file=out)
        return 0
    for one in found:
        kind = _KINDS.get(one.attachment.kind, one.attachment.kind)
        place = f"{one.category} · {kind}" if one.category else kind
        opens = f"，打开 {one.opens} 次" if one.attachment.kind == "link" else ""
        print(f"{one.id}：{one.title}（{place}），发过 {one.uses} 次{opens}", file=out)
    if not found:
        print("还没有素材；concierge materials import 文件.yaml", file=out)
    return 0


async def remove(config: Config, material_id: str, out: TextIO) -> int:
    """Take one away.

    Raises:
        Misconfigured: there is no such material.
    """
    store = open_store(config)
    try:
        if await store.materials.get(material_id) is None:
            raise Misconfigured(
                f"没有编号是 {material_id} 的素材；concierge materials list 列出全部"
            )
        unit, now = Unit(), time.time()
        store.materials.remove(unit, material_id)
        note = AuditEntry(
            at=now, actor=operator(), action="materials.remove", subject=f"material:{material_id}"
        )
        store.audit.note(unit, note)
        await store.database.commit(unit)
    finally:
        store.close()
    print(f"已删除 {material_id}。", file=out)
    return 0
