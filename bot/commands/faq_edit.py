"""How does an operator look at the knowledge, change an entry, and take a change back?

What is shown is what the next start will say; what is written reaches the running service within a
second.
"""

import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import msgspec
import yaml

from bot.app import FILE, bases_of, entries_of, opened_contents, preview, take_files
from bot.config import Config
from bot.errors import Misconfigured
from bot.store import ContentRow, Contents, Statement, UnitConflict
from knowledge import FaqEntry, body_of, entry_of, load_entries
from knowledge.fields import READERS, FaultError, unknown_variable
from knowledge.wording import picture_of

BY = "operator"

_LIST = "similar"


async def list_entries(config: Config, base: str, text: str, out: TextIO) -> int:
    """Print one line for each entry whose id, question or category holds the text."""
    known_base(config, base)
    async with preview(config) as contents:
        rows = await contents.entries(base)
    shown = 0
    for row in rows:
        for entry in entries_of([row]):
            if not any(text in part for part in (entry.id, entry.category, *entry.questions)):
                continue
            shown += 1
            marks = "".join(f"（{mark}）" for mark in _marks(row, entry))
            category = f"[{entry.category}] " if entry.category else ""
            print(f"{entry.id:<24} {category}{entry.question}{marks}", file=out)
    print(f"共 {shown} 条。" if shown else "没有这样的条目。", file=out)
    return 0 if shown else 1


async def show(config: Config, base: str, entry_id: str, out: TextIO) -> int:
    """Print an entry as YAML, where it came from, and what contradicts it."""
    known_base(config, base)
    async with preview(config) as contents:
        row = await _row(contents, base, entry_id)
    print(as_yaml(entries_of([row])), end="", file=out)
    print(
        f"# {_origin(row)}；版本 {row.version}，{_when(config, row.updated_at)}，{row.by}", file=out
    )
    if row.removed:
        print("# 已移除", file=out)
    if row.offered == "":
        print("# 冲突：文件里已经没有它", file=out)
    elif row.offered is not None:
        theirs = as_yaml(entries_of([replace(row, body=row.offered)]))
        print("# 冲突：有人改过，文件里也改了。文件里现在是：", file=out)
        print("".join(f"#   {line}\n" for line in theirs.splitlines()), end="", file=out)
    return 0


async def export(config: Config, base: str, out: TextIO) -> int:
    """Print every entry as YAML that can be read again."""
    known_base(config, base)
    async with preview(config) as contents:
        print(as_yaml(entries_of(await contents.entries(base))), end="", file=out)
    return 0


async def put(config: Config, base: str, file: Path, out: TextIO) -> int:
    """Write the entries of a YAML or JSONL file; one with a mistake keeps all of them out."""
    async with writing(config, base) as contents:
        rows = {row.id: row for row in await contents.entries(base)}
        entries, problems = load_entries([file], known=rows)
        faults = [*map(str, problems), *_homeless_pictures(entries, rows)]
        if faults or not entries:
            for problem in faults:
                print(f"  · {problem}", file=sys.stderr)
            print("没有写入：请先改好上面的问题。", file=sys.stderr)
            return 2
        statements: list[Statement] = []
        for entry in entries:
            origin = rows[entry.id].origin if entry.id in rows else ""
            body = body_of(msgspec.structs.replace(entry, source=""))
            statements += contents.put(
                *(base, entry.id, body),
                by=BY,
                why=f"faq put {file.name}",
                now=_now(),
                origin=origin,
            )
        await contents.commit(statements)
    fresh = sum(entry.id not in rows for entry in entries)
    print(f"已写入：新增 {fresh} 条，修改 {len(entries) - fresh} 条。", file=out)
    return 0


def _homeless_pictures(
    entries: Sequence[FaqEntry], rows: Mapping[str, ContentRow]
) -> Iterator[str]:
    """Pictures named by file in entries that belong to no file: nobody could find them later."""
    for entry in entries:
        if entry.id in rows and rows[entry.id].origin:
            continue
        for one in entry.attachments:
            if one.media and picture_of("", one.media) is None:
                yield f"id {entry.id}：attachments：{one.media}；应为：图片的网址"


async def change(
    config: Config, base: str, entry_id: str, given: Mapping[str, Any], out: TextIO
) -> int:
    """Change some fields of an entry.

    Args:
        given: field → text; ``similar`` → phrasings to add.

    Raises:
        Misconfigured: no such entry, or a value that may not stand there.
    """
    async with writing(config, base) as contents:
        row = await _row(contents, base, entry_id)
        [entry] = entries_of([row])
        values: dict[str, Any] = {}
        for key, value in given.items():
            try:
                values[key] = READERS[key](value)
            except FaultError as fault:
                raise Misconfigured(f"{key}：{fault.found}；应为：{fault.expected}") from None
        if added := values.pop(_LIST, ()):
            values[_LIST] = tuple(dict.fromkeys((*entry.similar, *added)))
        changed = msgspec.structs.replace(entry, **values, source="")
        if unnamed := unknown_variable(changed.kind, (changed.answer, *changed.variants)):
            raise Misconfigured(f"{unnamed.found}；应为：{unnamed.expected}")
        await contents.commit(
            contents.put(
                *(base, entry_id, body_of(changed)),
                by=BY,
                why="faq set",
                now=_now(),
                expected_version=row.version,
            )
        )
    print(as_yaml([changed]), end="", file=out)
    return 0


async def remove(config: Config, base: str, ids: Sequence[str], out: TextIO) -> int:
    """Remove entries; files that still hold them do not bring them back."""
    async with writing(config, base) as contents:
        statements: list[Statement] = []
        for entry_id in ids:
            row = await _row(contents, base, entry_id)
            if row.removed:
                raise Misconfigured(f"{entry_id} 已经移除了")
            statements += contents.remove(
                *(base, entry_id), by=BY, why="faq remove", now=_now(), expected_version=row.version
            )
        await contents.commit(statements)
    print(f"已移除 {len(ids)} 条；撤销：concierge faq undo {' '.join(ids)}", file=out)
    return 0


async def take(config: Config, base: str, ids: Sequence[str], out: TextIO) -> int:
    """Settle conflicts in favour of the file."""
    async with writing(config, base) as contents:
        await take_files(config, contents, now=_now())
        statements: list[Statement] = []
        for entry_id in ids:
            row = await _row(contents, base, entry_id)
            if row.offered is None:
                raise Misconfigured(f"{entry_id} 没有冲突")
            statements += contents.settle(row, by=BY, why="faq take", now=_now())
        await contents.commit(statements)
    print(f"{len(ids)} 条已改用文件里的。", file=out)
    return 0


async def undo(config: Config, base: str, ids: Sequence[str], out: TextIO) -> int:
    """Take back the last change of entries."""
    async with writing(config, base) as contents:
        statements: list[Statement] = []
        for entry_id in ids:
            await _row(contents, base, entry_id)
            statements += await contents.undo(base, entry_id, by=BY, now=_now())
        await contents.commit(statements)
    print(f"已撤销 {len(ids)} 条的最后一次修改；再撤销一次就恢复。", file=out)
    return 0


async def undo_change(config: Config, version: int, out: TextIO) -> int:
    """Take back everything that one change did, such as an import."""
    async with writing(config, "") as contents:
        statements, undone, kept = await contents.undo_change(version, by=BY, now=_now())
        if not undone and not kept:
            raise Misconfigured(f"没有第 {version} 次修改，见 concierge faq history")
        await contents.commit(statements)
    print(f"第 {version} 次修改已撤销：{len(undone)} 条。", file=out)
    if kept:
        names = "、".join(change.id for change in kept[:10]) + ("……" if len(kept) > 10 else "")
        print(f"{len(kept)} 条后来又改过，没有动：{names}", file=out)
    return 0


async def history(config: Config, base: str, entry_id: str, out: TextIO) -> int:
    """Print the latest changes, or those of one entry."""
    async with writing(config, base) as contents:
        if not entry_id:
            for row in await contents.latest():
                what = row["id"] if row["entries"] == 1 else f"{row['entries']} 条"
                when = _when(config, row["changed_at"])
                print(
                    f"{row['version']:>6}  {when}  {row['changed_by']}  {row['why']}：{what}",
                    file=out,
                )
            return 0
        await _row(contents, base, entry_id)
        for state in await contents.history(base, entry_id):
            said = "移除" if state.removed else entry_of(state.body).answer
            print(
                f"{state.version:>6}  {_when(config, state.at)}  {state.by}  {state.why}", file=out
            )
            print(f"        {said}", file=out)
    return 0


def as_yaml(entries: Sequence[FaqEntry]) -> str:
    """Entries as a file of knowledge holds them."""
    values = [msgspec.to_builtins(msgspec.structs.replace(one, source="")) for one in entries]
    return str(yaml.safe_dump(values, allow_unicode=True, sort_keys=False, width=1_000_000))


@asynccontextmanager
async def writing(config: Config, base: str) -> AsyncIterator[Contents]:
    """The content of the real database; the first time, with what the files hold.

    Raises:
        Misconfigured: no such base, or somebody changed an entry at the same moment.
    """
    known_base(config, base)
    with opened_contents(config) as contents:
        if not await contents.bases():
            await take_files(config, contents, now=_now())
        try:
            yield contents
        except UnitConflict as error:
            raise Misconfigured("刚刚有人改了知识，没有写入；请看过再试") from error


def known_base(config: Config, base: str) -> None:
    """Insist that this account has knowledge of its own.

    Raises:
        Misconfigured: it has not.
    """
    if base not in bases_of(config):
        raise Misconfigured(
            f"账号 {base} 没有自己的知识（accounts.{base}.knowledge），它用共用的，不必写 --account"
        )


async def _row(contents: Contents, base: str, entry_id: str) -> ContentRow:
    row = await contents.get(base, entry_id)
    if row is None:
        raise Misconfigured(f"没有条目 {entry_id}，见 concierge faq list")
    return row


def _marks(row: ContentRow, entry: FaqEntry) -> list[str]:
    marks = ["有人改过"] if row.edited else []
    if row.offered is not None:
        marks.append("与文件冲突")
    if not entry.approved:
        marks.append("待批准")
    return marks


def _origin(row: ContentRow) -> str:
    origin = row.origin.removeprefix(FILE) or "手写"
    place = "" if row.removed else entry_of(row.body).place
    origin = f"{origin} {place}" if place else origin
    return f"来自 {origin}" + ("，有人改过" if row.edited and row.origin else "")


def _head(config: Config, version: int, at: float, by: str) -> str:
    return f"{version:>6}  {_when(config, at)}  {by}"


def _when(config: Config, moment: float) -> str:
    return datetime.fromtimestamp(moment, ZoneInfo(config.timezone)).strftime("%Y-%m-%d %H:%M")


def _now() -> float:
    return time.time()
