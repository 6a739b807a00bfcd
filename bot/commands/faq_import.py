"""How does an operator bring a company's own files in, and see beforehand what that changes?"""

import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from bot.app import preview
from bot.app.importing import ImportPlan, plan_import
from bot.commands.faq_edit import BY, known_base, writing
from bot.commands.faq_paraphrase import Wish, paraphrase
from bot.config import Config
from bot.errors import Misconfigured
from bot.store import Contents
from knowledge import FaqEntry
from knowledge.ingest import (
    ORIGIN,
    ColumnsError,
    Origin,
    Skip,
    Table,
    UnreadableFile,
    find_sources,
    parse_columns,
    read_source,
)

_SHOWN = 30
_WIDTH = 40


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import.

    Args:
        columns: as on the command line, ``question=问题,answer=答案``.
        yes: ask nothing.
        dry_run: write nothing.
        keep_missing: what the files hold no more stays.
        everything: print every line, not the first ones.
        paraphrase: let the model propose phrasings of what is new or has changed.
    """

    columns: str = ""
    yes: bool = False
    dry_run: bool = False
    keep_missing: bool = False
    everything: bool = False
    paraphrase: bool = False


async def import_files(
    config: Config, base: str, paths: Sequence[Path], options: ImportOptions, out: TextIO
) -> int:
    """Read, show, ask, write.

    Raises:
        Misconfigured: nothing can be read, or somebody has to say which columns are which.
    """
    known_base(config, base)
    try:
        origins, skips = _read(paths, options, out)
    except (UnreadableFile, ColumnsError) as error:
        raise Misconfigured(str(error)) from error
    tables = [table for origin in origins for table in origin.tables]
    _show_tables(tables, out)
    if not _agreed_columns(tables, options, out):
        return 1
    fresh: list[str] = []
    folders = [f"{ORIGIN}{path.resolve().name}/" for path in paths if path.is_dir()]
    opened: AbstractAsyncContextManager[Contents] = (
        preview(config) if options.dry_run else writing(config, base)
    )
    async with opened as contents:
        version = await contents.version()
        plan = plan_import(await contents.all_of(base), origins, folders)
        _show_skips([*skips, *plan.skips], options, out)
        remove = not options.keep_missing and (options.yes or sys.stdin.isatty())
        _show_plan(plan, options, out, removing=remove or options.dry_run)
        why = f"导入 {'、'.join(path.name or str(path) for path in paths)}"
        statements = plan.statements(
            contents, base, remove=remove, by=BY, why=why[:200], now=time.time()
        )
        if options.dry_run:
            print("只是看看，没有写入。", file=out)
        elif not statements:
            print("没有要写的。", file=out)
        elif not options.yes and sys.stdin.isatty() and not _said_yes("写入这些改动吗？", out):
            print("没有写入。", file=out)
            return 1
        else:
            _say_done(await contents.commit([contents.insist(version), *statements]), out)
            fresh = [one.id for one in (*plan.added, *(new for _, new in plan.changed))]
    if options.paraphrase and fresh:
        wish = Wish(ids=fresh, limit=len(fresh), yes=options.yes)
        await paraphrase(config, base, wish, out)
    return 1 if any(origin.unread for origin in origins) else 0


def _say_done(version: int | None, out: TextIO) -> None:
    if version is None:
        print("知识没有变；文件里改了而没有用上的，concierge check 会列出来。", file=out)
    else:
        undo = f"concierge faq undo --import {version}"
        print(f"已写入，运行中的服务一秒内生效。撤销这次导入：{undo}", file=out)


def _read(
    paths: Sequence[Path], options: ImportOptions, out: TextIO
) -> tuple[list[Origin], list[Skip]]:
    named = parse_columns(options.columns) if options.columns else None
    skips: list[Skip] = []
    sources = find_sources(paths, skips)
    if not sources:
        raise UnreadableFile("这里没有能读的文件")
    origins: list[Origin] = []
    for number, source in enumerate(sources, 1):
        if sys.stderr.isatty():
            print(f"\r\033[K读取 {number}/{len(sources)} {source.file}", end="", file=sys.stderr)
        origins.append(read_source(source, named))
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    if all(origin.unread for origin in origins):
        raise UnreadableFile("；".join(f"{one.source.file}：{one.unread}" for one in origins[:5]))
    for origin in origins:
        if origin.unread:
            skips.append(Skip(origin.source.file, "", f"没有读：{origin.unread}"))
        skips += origin.skips
    count = sum(len(origin.found) for origin in origins)
    print(f"读了 {len(sources)} 个文件，得到 {count} 条。", file=out)
    return origins, skips


def _show_tables(tables: Sequence[Table], out: TextIO) -> None:
    for table in tables:
        name = f"{table.file} 工作表“{table.sheet.name}”" if table.sheet.name else table.file
        header = table.columns.header
        said = f"第 {header + 1} 行是表头" if header >= 0 else "没有表头，按内容猜的列"
        print(f"\n{name}：{said}", file=out)
        print(f"  {'，'.join(_headings(table))}", file=out)
        for number, row in enumerate(table.sample(), 1):
            cells = "　".join(f"{label}：{_short(cell)}" for label, cell in row.items() if cell)
            print(f"  例 {number}　{cells}", file=out)


def _headings(table: Table) -> list[str]:
    columns = table.columns
    heads = table.sheet.rows[columns.header] if columns.header >= 0 else []
    return [
        f"{label} = {'、'.join(_letter(c) + (f' {heads[c]}' if heads else '') for c in places)}"
        for label, places in table.labelled()
    ]


def _agreed_columns(tables: Sequence[Table], options: ImportOptions, out: TextIO) -> bool:
    if options.yes or all(table.columns.certain for table in tables):
        return True
    if sys.stdin.isatty():
        return _said_yes("列这样理解对吗？", out)
    if options.dry_run:
        return True
    raise Misconfigured(
        "没有表头，拿不准哪一列是问题、哪一列是回答；用 --columns question=A,answer=B 写明，"
        "或看过上面的例子后加 --yes"
    )


def _show_skips(skips: Sequence[Skip], options: ImportOptions, out: TextIO) -> None:
    if skips:
        print(f"\n跳过 {len(skips)} 处：", file=out)
        _list((f"  · {skip}" for skip in skips), len(skips), options, out)


def _show_plan(plan: ImportPlan, options: ImportOptions, out: TextIO, *, removing: bool) -> None:
    print(
        f"\n新增 {len(plan.added)}，修改 {len(plan.changed)}，不变 {plan.unchanged}，"
        f"移除 {len(plan.removed) if removing else 0}，保留 {len(plan.kept)}（有人改过）",
        file=out,
    )
    _list((f"  + {_named(entry)}" for entry in plan.added), len(plan.added), options, out)
    changed = (f"  ~ {_named(new)}：{_difference(old, new)}" for old, new in plan.changed)
    _list(changed, len(plan.changed), options, out)
    kept = (
        f"  ! {_named(old)}：{'文件里已经没有它' if new is None else '文件里也改了'}，照旧用人改的"
        for old, new in plan.kept
    )
    _list(kept, len(plan.kept), options, out)
    mark = "-" if removing else "="
    gone = (f"  {mark} {_named(entry)}" for entry in plan.removed)
    _list(gone, len(plan.removed), options, out)
    if plan.removed and not removing:
        said = "照 --keep-missing 留着" if options.keep_missing else "没有移除，加 --yes 才移除"
        print(f"  （标 = 的 {len(plan.removed)} 条文件里已经没有了，{said}）", file=out)


def _list(lines: Iterable[str], count: int, options: ImportOptions, out: TextIO) -> None:
    for number, line in enumerate(lines):
        if number >= _SHOWN and not options.everything:
            print(f"  ……还有 {count - _SHOWN} 行，加 --all 全部列出", file=out)
            return
        print(line, file=out)


def _named(entry: FaqEntry) -> str:
    more = f"（另 {len(entry.similar)} 个问法）" if entry.similar else ""
    return f"[{entry.id}] {_short(entry.question)}{more}"


def _difference(old: FaqEntry, new: FaqEntry) -> str:
    if old.question != new.question:
        return f"问题原为“{_short(old.question)}”"
    if old.answer != new.answer:
        return f"回答 {_short(old.answer)} → {_short(new.answer)}"
    if old.similar != new.similar:
        return f"问法 {len(old.questions)} → {len(new.questions)} 个"
    return "分类、有效期等"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else line[:_WIDTH] + "…"


def _letter(column: int) -> str:
    return (chr(64 + column // 26) if column >= 26 else "") + chr(65 + column % 26)


def _said_yes(question: str, out: TextIO) -> bool:
    print(f"{question}[y/N] ", end="", file=out, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes", "是")
