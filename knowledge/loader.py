"""Which entries do these files hold, and what is wrong with the rest?

Nothing is guessed: an entry with a fault in what decides *what* is said, or *to whom*, is left
out and reported; unknown keys and unknown follow-ups are reported and ignored.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

from bot.model import Attachment
from knowledge.entries import FaqEntry
from knowledge.fields import (
    READERS,
    FaultError,
    dates_crossed,
    kind_of,
    plain,
    shape,
    unknown_variable,
)
from knowledge.wording import picture_of

SUFFIXES = (".yaml", ".yml", ".jsonl")

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class EntryProblem(msgspec.Struct, frozen=True):
    """What a person has to mend, and where."""

    file: str
    place: str
    found: str
    expected: str

    def __str__(self) -> str:
        place = f"{self.place}：" if self.place else ""
        return f"{self.file}: {place}{self.found}；应为：{self.expected}"


class _Raw(msgspec.Struct):
    """An entry as it stands in a file; values are strings, lists or what JSON knows."""

    file: str
    line: int
    values: dict[str, Any]

    @property
    def place(self) -> str:
        name = self.values.get("id")
        return f"第 {self.line} 行" + (f"，id {name}" if isinstance(name, str) and name else "")


def load_entries(
    sources: Sequence[Path], *, known: Collection[str] = ()
) -> tuple[list[FaqEntry], list[EntryProblem]]:
    """Read YAML and JSONL, files and folders. Content never raises: it becomes a problem.

    Args:
        known: ids of entries that are not in these files but may be follow-ups.
    """
    problems: list[EntryProblem] = []
    entries: dict[str, FaqEntry] = {}
    places: dict[str, _Raw] = {}
    for file in files_of(sources, problems):
        for raw in _read(file, problems):
            entry = _entry(raw, problems)
            if entry is None:
                continue
            if first := places.get(entry.id):
                expected = f"各不相同的 id（先用它的是 {first.file} 第 {first.line} 行）"
                problems.append(_problem(raw, f"id {entry.id} 重复", expected))
                continue
            entries[entry.id], places[entry.id] = entry, raw
    for entry in list(entries.values()):
        if unknown := [name for name in entry.menu if name not in entries and name not in known]:
            names = "、".join(unknown)
            problems.append(_problem(places[entry.id], f"menu：没有 id {names}", "已有条目的 id"))
            menu = tuple(name for name in entry.menu if name not in unknown)
            entries[entry.id] = msgspec.structs.replace(entry, menu=menu)
    return list(entries.values()), problems


def _with_pictures(
    raw: _Raw, attachments: Sequence[Attachment], problems: list[EntryProblem]
) -> Iterator[Attachment]:
    """Those whose picture is there; the others are reported and left out."""
    for one in attachments:
        place = picture_of(raw.file, one.media)
        if one.media and (place is None or not (place == one.media or Path(place).is_file())):
            expected = "同一文件夹（或其下）的图片文件，或图片的网址"
            problems.append(_problem(raw, f"attachments：找不到 {one.media}", expected))
        else:
            yield one


def _problem(raw: _Raw, found: str, expected: str) -> EntryProblem:
    return EntryProblem(raw.file, raw.place, found, expected)


def files_of(sources: Sequence[Path], problems: list[EntryProblem]) -> Iterator[Path]:
    """The files that these sources hold, in the order in which they are read."""
    for source in sources:
        if source.is_dir():
            inside = [p for p in sorted(source.rglob("*")) if p.suffix in SUFFIXES and p.is_file()]
            if not inside:
                problems.append(
                    EntryProblem(str(source), "", "没有知识文件", " 或 ".join(SUFFIXES))
                )
            yield from inside
        elif not source.is_file():
            problems.append(EntryProblem(str(source), "", "不存在", "文件或文件夹"))
        elif source.suffix not in SUFFIXES:
            problems.append(
                EntryProblem(str(source), "", f"后缀 {source.suffix}", " 或 ".join(SUFFIXES))
            )
        else:
            yield source


def _read(file: Path, problems: list[EntryProblem]) -> Iterator[_Raw]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        found = "不是 UTF-8" if isinstance(error, UnicodeDecodeError) else "打不开"
        problems.append(EntryProblem(str(file), "", found, "读得出的 UTF-8 文件"))
        return
    reader = _json_lines if file.suffix == ".jsonl" else _yaml_entries
    yield from reader(str(file), text, problems)


def _json_lines(file: str, text: str, problems: list[EntryProblem]) -> Iterator[_Raw]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            at = f"第 {error.colno} 个字起" if isinstance(error, json.JSONDecodeError) else ""
            problems.append(EntryProblem(file, f"第 {number} 行", f"{at}读不懂", "一个 JSON 对象"))
            continue
        if isinstance(values, dict):
            yield _Raw(file, number, values)
        else:
            found = kind_of(values)
            problems.append(EntryProblem(file, f"第 {number} 行", found, "一个 JSON 对象"))


def _yaml_entries(file: str, text: str, problems: list[EntryProblem]) -> Iterator[_Raw]:
    """Nodes are read as they are written: no guessed types (a plain 是, on or 007 stays text)."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        since = f"从第 {mark.line + 1} 行第 {mark.column + 1} 个字起" if mark else ""
        # No place: the whole file is unread, and what was read of it before stays.
        problems.append(EntryProblem(file, "", f"{since}读不懂", "YAML（看看缩进、冒号和引号）"))
        return
    if root is None:
        problems.append(EntryProblem(file, "", "没有内容", "条目的列表"))
        return
    if not isinstance(root, yaml.SequenceNode):
        problems.append(EntryProblem(file, "", shape(root), "条目的列表"))
        return
    for node in root.value:
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.MappingNode):
            problems.append(EntryProblem(file, f"第 {line} 行", shape(node), "一组键值"))
            continue
        raw = _Raw(file, line, {})
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in raw.values:
                problems.append(_problem(raw, f"{key} 写了两次", "每个键一次"))
            raw.values[key] = plain(value_node)
        yield raw


def _entry(raw: _Raw, problems: list[EntryProblem]) -> FaqEntry | None:
    """The entry, or ``None`` when one of its faults forbids to use it."""
    values: dict[str, Any] = {"source": raw.file}
    usable = True
    for key, value in raw.values.items():
        if key not in READERS:
            problems.append(_problem(raw, f"没有 {key} 这个键", "、".join(READERS)))
            continue
        try:
            values[key] = READERS[key](value)
        except FaultError as fault:
            problems.append(_problem(raw, f"{key}：{fault.found}", fault.expected))
            usable = False
    for key in ("id", "question", "answer"):
        if key not in raw.values:
            problems.append(_problem(raw, f"没有 {key}", "文字"))
            usable = False
    if usable and (crossed := dates_crossed(values)):
        problems.append(_problem(raw, crossed.found, crossed.expected))
        usable = False
    said = [values["answer"], *values.get("variants", ())] if usable else []
    if unnamed := unknown_variable(values.get("kind", ""), said):
        problems.append(_problem(raw, unnamed.found, unnamed.expected))
        usable = False
    if usable and "attachments" in values:
        values["attachments"] = tuple(_with_pictures(raw, values["attachments"], problems))
    if values.get("written_by") == "model":  # D44: said only after a person has looked at it
        values.setdefault("approved", False)
    return FaqEntry(**values) if usable else None
