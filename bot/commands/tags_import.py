"""How do the rows of a table become rules that tag? Shown first, and written once."""

import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import yaml

from bot.app.sensitive import refuse_names
from bot.app.tag_following import group_names
from bot.app.tag_rules import files_in, rulebook_in
from bot.config import Config
from bot.errors import Misconfigured
from knowledge.ingest.sheets import WORKBOOKS, Sheet, read_csv, read_workbook
from knowledge.ingest.skips import Skip, UnreadableFile
from knowledge.ingest.texts import stable_id

_HEADINGS = {
    "id": "编号 id 规则编号 规则id 规则",
    "tag": "标签 标签名 标签名称 tag 打什么标签",
    "group": "标签组 组 分组 标签分组 group",
    "contains": "关键词 包含 触发词 关键字 包含任一 命中词 词 keywords contains",
    "none": "排除 排除词 不含 不包含 none exclude",
    "exact": "整句 完全匹配 全等 exact",
    "regex": "正则 正则表达式 regex",
    "mood": "语气 mood",
    "hits": "次数 命中次数 最少次数 hits",
    "within_days": "天数 窗口 窗口天数 多少天内 within_days",
    "means": "例句 意思 means",
    "note": "备注 说明 note",
}
_FIELDS = {name: field for field, names in _HEADINGS.items() for name in names.split()}
_LISTS = ("contains", "none", "exact", "means")
_NUMBERS = ("hits", "within_days")
_PARTS = re.compile(r"[，,、；;|｜\n/]+")
_MOODS = {"想要": "wants", "在问": "asks", "有了": "has", "不要": "refuses", "任意": "any"}
_HEADER_ROWS = 10
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Options:
    """How to import.

    Args:
        to: the file of rules that is written.
        yes: ask nothing.
        dry_run: write nothing.
        columns: as on the command line, ``tag=画像,contains=触发语``; wins over what headings tell.
    """

    to: Path
    yes: bool = False
    dry_run: bool = False
    columns: str = ""


def import_rules(config: Config, file: Path, options: Options, out: TextIO) -> int:
    """Write the rules of a table; a second time changes nothing.

    Raises:
        Misconfigured: the table cannot be read, has no such columns, a tag is one that nobody was
            asked about, or a rule has a problem.
    """
    rules = list(_rules(_read(file), _named(options.columns), out))
    refuse_names(config, [rule["tag"] for rule in rules])
    old = options.to.read_text("utf-8") if options.to.is_file() else ""
    text = _written(rules, file.name)
    print(f"\n{_difference(old, rules)}，写到 {options.to}", file=out)
    if text == old:
        print("没有要写的。", file=out)
        return 0
    _refuse_problems(config, options.to, text)
    if options.dry_run:
        print("只是看看，没有写入。", file=out)
        return 0
    if not options.yes and not _said_yes(out):
        print("没有写入。", file=out)
        return 1
    options.to.parent.mkdir(parents=True, exist_ok=True)
    part = options.to.with_suffix(".part")
    part.write_text(text, "utf-8")
    part.replace(options.to)
    if options.to.resolve() in {one.resolve() for one in files_in(config.tagging.rules)}:
        print("已写入，运行中的服务几秒内换上。", file=out)
    else:
        print("已写入；config.yaml 的 tagging.rules 里还没有它，写上才生效。", file=out)
    return 0


def _read(file: Path) -> list[Sheet]:
    skips: list[Skip] = []
    try:
        if file.suffix.lower() in WORKBOOKS:
            return read_workbook(file, file.name, skips)
        return read_csv(file.read_bytes())
    except (UnreadableFile, OSError) as error:
        raise Misconfigured(f"{file}: {error}") from error


def _named(columns: str) -> dict[str, str]:
    """Headings, or letters of columns, by the field that they are."""
    named: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in re.split("[,，]", columns))):
        field, _, heading = (one.strip() for one in part.partition("="))
        if field not in _HEADINGS or not heading:
            known = "、".join(_HEADINGS)
            raise Misconfigured(f"--columns：{part} 不成；写成 字段=表头或列号，字段有 {known}")
        named[heading] = field
    return named


def _rules(
    sheets: Sequence[Sheet], named: Mapping[str, str], out: TextIO
) -> Iterator[dict[str, Any]]:
    found = False
    seen: set[str] = set()
    for sheet in sheets:
        header, columns = _columns(sheet, named)
        if "tag" not in columns or not {"contains", "exact", "regex", "means"} & columns.keys():
            continue
        found = True
        heads = sheet.rows[header]
        shown = "，".join(f"{field} = {heads[at]}" for field, at in columns.items())
        print(f"{f'工作表“{sheet.name}”' if sheet.name else '表格'}：{shown}", file=out)
        for number, row in enumerate(sheet.rows[header + 1 :]):
            if rule := _rule({field: row[at].strip() for field, at in columns.items()}):
                rule["id"] = _unique(rule["id"], seen)
                if number < _SHOWN:
                    print(f"  例　{rule['tag']}：{'、'.join(rule.get('contains', []))}", file=out)
                yield rule
    if not found:
        raise Misconfigured("没有认出“标签”和“关键词”两列：第一行写上这样的表头")


def _columns(sheet: Sheet, named: Mapping[str, str]) -> tuple[int, dict[str, int]]:
    """The row of headings, and which column is which field."""
    best: tuple[int, dict[str, int]] = (0, {})
    for at, row in enumerate(sheet.rows[:_HEADER_ROWS]):
        said: dict[str, int] = {}
        told: dict[str, int] = {}
        for column, cell in enumerate(row):
            if field := named.get(cell.strip()) or named.get(_letter(column)):
                told.setdefault(field, column)
            elif field := _FIELDS.get("".join(cell.split()).lower()):
                said.setdefault(field, column)
        found = said | told
        if len(found) > len(best[1]):
            best = (at, found)
    return best


def _letter(column: int) -> str:
    """As spreadsheets name it; nobody writes rules beyond Z."""
    return chr(ord("A") + column) if column < 26 else ""


def _rule(cells: Mapping[str, str]) -> dict[str, Any] | None:
    tag = cells.get("tag", "").replace(":", "：")
    if not tag:
        return None
    if "：" not in tag and cells.get("group"):
        tag = f"{cells['group']}：{tag}"
    rule: dict[str, Any] = {"id": cells.get("id") or stable_id("tag", tag), "tag": tag}
    for field in _LISTS:
        if parts := [part.strip() for part in _PARTS.split(cells.get(field, "")) if part.strip()]:
            rule[field] = parts
    if cells.get("regex"):
        rule["regex"] = cells["regex"]
    if mood := cells.get("mood"):
        rule["mood"] = _MOODS.get(mood, mood)
    for field in _NUMBERS:
        if number := cells.get(field):
            rule[field] = int(number) if number.isdigit() else number
    return rule if len(rule) > 2 else None


def _unique(name: str, seen: set[str]) -> str:
    unique, n = name, 2
    while unique in seen:
        unique, n = f"{name}-{n}", n + 1
    seen.add(unique)
    return unique


def _written(rules: Sequence[dict[str, Any]], name: str) -> str:
    body = yaml.safe_dump({"rules": list(rules)}, allow_unicode=True, sort_keys=False, width=100)
    return f"# 从 {name} 导入；再导入会整个换掉，要改请改表格。\n{body}"


def _difference(old: str, rules: Sequence[dict[str, Any]]) -> str:
    known = yaml.safe_load(old) if old else None
    before = {one["id"]: one for one in (known or {}).get("rules", [])}
    now = {one["id"]: one for one in rules}
    added = len(now.keys() - before.keys())
    changed = sum(before[one] != now[one] for one in now.keys() & before.keys())
    removed = len(before.keys() - now.keys())
    same = len(now) - added - changed
    return f"新增 {added}，修改 {changed}，不变 {same}，移除 {removed}"


def _refuse_problems(config: Config, to: Path, text: str) -> None:
    """Read what would be written as the service will."""
    with tempfile.TemporaryDirectory(prefix="concierge-") as folder:
        trial = Path(folder) / to.name
        trial.write_text(text, "utf-8")
        others = [one for one in files_in(config.tagging.rules) if one.resolve() != to.resolve()]
        _, problems = rulebook_in([*others, trial], group_names(config.tagging))
    if problems:
        listed = "\n".join(f"  · {problem}" for problem in problems[:20])
        raise Misconfigured(f"这样的规则有 {len(problems)} 个问题，没有写入：\n{listed}")


def _said_yes(out: TextIO) -> bool:
    if not sys.stdin.isatty():
        raise Misconfigured("看过上面的例子后加 --yes 才写")
    print("写入吗？[y/N] ", end="", file=out, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes", "是")
