"""Which entries do these files hold, and what is wrong with the rest?

Nothing is guessed: an entry with a fault in what decides *what* is said, or *to whom*, is left
out and reported; unknown keys and unknown follow-ups are reported and ignored.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import yaml

from knowledge.entries import FaqEntry

MAX_ANSWER_BYTES = 2048  # one WeCom text message (wecom-api §3.10)
MAX_ID_BYTES = 48  # an id travels in a menu item's id, of at most 64 bytes (wecom-api §3.10)
SUFFIXES = (".yaml", ".yml", ".jsonl")

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class EntryProblem(msgspec.Struct, frozen=True):
    """What a person has to mend, and where."""

    file: str
    place: str
    found: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.place}" if self.place else self.file
        return f"{where}: found {self.found}, expected {self.expected}"


class _FaultError(Exception):
    """One fault inside one entry."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found, self.expected = found, expected


class _Raw(msgspec.Struct):
    """An entry as it stands in a file; values are strings, lists or what JSON knows."""

    file: str
    line: int
    values: dict[str, Any]

    @property
    def place(self) -> str:
        name = self.values.get("id")
        return f"line {self.line}" + (f", id {name}" if isinstance(name, str) and name else "")


def load_entries(sources: Sequence[Path]) -> tuple[list[FaqEntry], list[EntryProblem]]:
    """Read YAML and JSONL, files and folders. Content never raises: it becomes a problem."""
    problems: list[EntryProblem] = []
    entries: dict[str, FaqEntry] = {}
    places: dict[str, _Raw] = {}
    for file in _files(sources, problems):
        for raw in _read(file, problems):
            entry = _entry(raw, problems)
            if entry is None:
                continue
            if first := places.get(entry.id):
                expected = f"an id of its own (first used in {first.file}, line {first.line})"
                problems.append(_problem(raw, f"duplicate id {entry.id}", expected))
                continue
            entries[entry.id], places[entry.id] = entry, raw
    for entry in list(entries.values()):
        if unknown := [name for name in entry.menu if name not in entries]:
            names = ", ".join(unknown)
            problems.append(
                _problem(places[entry.id], f"menu: unknown id {names}", "ids of entries")
            )
            known = tuple(name for name in entry.menu if name in entries)
            entries[entry.id] = msgspec.structs.replace(entry, menu=known)
    return list(entries.values()), problems


def _problem(raw: _Raw, found: str, expected: str) -> EntryProblem:
    return EntryProblem(raw.file, raw.place, found, expected)


def _files(sources: Sequence[Path], problems: list[EntryProblem]) -> Iterator[Path]:
    for source in sources:
        if source.is_dir():
            inside = [p for p in sorted(source.rglob("*")) if p.suffix in SUFFIXES and p.is_file()]
            if not inside:
                problems.append(EntryProblem(str(source), "", "no file", " or ".join(SUFFIXES)))
            yield from inside
        elif not source.is_file():
            problems.append(EntryProblem(str(source), "", "nothing", "a file or a folder"))
        elif source.suffix not in SUFFIXES:
            problems.append(
                EntryProblem(str(source), "", f"suffix {source.suffix!r}", " or ".join(SUFFIXES))
            )
        else:
            yield source


def _read(file: Path, problems: list[EntryProblem]) -> Iterator[_Raw]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(EntryProblem(str(file), "", str(error), "a readable file in UTF-8"))
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
            problems.append(EntryProblem(file, f"line {number}", str(error), "one JSON object"))
            continue
        if isinstance(values, dict):
            yield _Raw(file, number, values)
        else:
            found = type(values).__name__
            problems.append(EntryProblem(file, f"line {number}", found, "one JSON object"))


def _yaml_entries(file: str, text: str, problems: list[EntryProblem]) -> Iterator[_Raw]:
    """Nodes are read as they are written: no guessed types (a plain 是, on or 007 stays text)."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        problems.append(EntryProblem(file, "", " ".join(str(error).split()), "YAML"))
        return
    if root is None:
        problems.append(EntryProblem(file, "", "nothing", "a list of entries"))
        return
    if not isinstance(root, yaml.SequenceNode):
        problems.append(EntryProblem(file, "line 1", _shape(root), "a list of entries"))
        return
    for node in root.value:
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.MappingNode):
            problems.append(EntryProblem(file, f"line {line}", _shape(node), "keys and values"))
            continue
        raw = _Raw(file, line, {})
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in raw.values:
                problems.append(_problem(raw, f"{key} twice", "each key once"))
            raw.values[key] = _plain(value_node)
        yield raw


def _shape(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return "text"
    return "a list" if isinstance(node, yaml.SequenceNode) else "keys and values"


def _plain(node: yaml.Node) -> Any:
    """A scalar as text, a list of scalars as list of text, anything else as its node."""
    if isinstance(node, yaml.ScalarNode):
        return None if node.tag.endswith(":null") else str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [str(n.value) if isinstance(n, yaml.ScalarNode) else n for n in node.value]
    return node


def _entry(raw: _Raw, problems: list[EntryProblem]) -> FaqEntry | None:
    """The entry, or ``None`` when one of its faults forbids to use it."""
    values: dict[str, Any] = {"source": raw.file}
    usable = True
    for key, value in raw.values.items():
        if key not in _READERS:
            problems.append(_problem(raw, f"unknown key {key}", f"one of {', '.join(_READERS)}"))
            continue
        try:
            values[key] = _READERS[key](value)
        except _FaultError as fault:
            problems.append(_problem(raw, f"{key}: {fault.found}", fault.expected))
            usable = False
    for key in ("id", "question", "answer"):
        if key not in raw.values:
            problems.append(_problem(raw, f"no {key}", f"{key}: text"))
            usable = False
    if usable and (crossed := _dates_crossed(values)):
        problems.append(_problem(raw, crossed.found, crossed.expected))
        usable = False
    return FaqEntry(**values) if usable else None


def _dates_crossed(values: dict[str, Any]) -> _FaultError | None:
    first, last = values.get("valid_from"), values.get("valid_until")
    if first and last and first > last:
        return _FaultError(f"valid_from {first} after valid_until {last}", "from before until")
    return None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _FaultError(_kind(value), "text")
    if not value.strip():
        raise _FaultError("nothing", "text")
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise _FaultError(ascii(value), "text that UTF-8 can hold")
    return value.strip()


def _optional_text(value: Any) -> str:
    return "" if value is None or value == "" else _text(value)


def _id(value: Any) -> str:
    text = _text(value)
    if len(text.encode()) > MAX_ID_BYTES or any(c.isspace() for c in text):
        raise _FaultError(repr(text), f"at most {MAX_ID_BYTES} bytes without spaces")
    return text


def _answer(value: Any) -> str:
    text = _text(value)
    if (size := len(text.encode())) > MAX_ANSWER_BYTES:
        raise _FaultError(f"{size} bytes", f"at most {MAX_ANSWER_BYTES} bytes of UTF-8")
    return text


def _texts(value: Any) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    if not isinstance(value, list):
        raise _FaultError(_kind(value), "a list of texts")
    return tuple(_text(item) for item in value)


def _day(value: Any) -> date | None:
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(_text(value))
    except ValueError:
        raise _FaultError(repr(value), "a day like 2026-12-31") from None


def _flag(value: Any) -> bool:
    if value in (True, False):
        return bool(value)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _FaultError(repr(value), "true or false")


def _kind(value: Any) -> str:
    names = {type(None): "nothing", str: "text", list: "a list", dict: "keys and values"}
    if isinstance(value, yaml.Node):
        return _shape(value)
    return names.get(type(value), repr(value))


_READERS: dict[str, Callable[[Any], Any]] = {
    "id": _id,
    "question": _text,
    "similar": _texts,
    "answer": _answer,
    "category": _optional_text,
    "tags": _texts,
    "valid_from": _day,
    "valid_until": _day,
    "menu": _texts,
    "audience": _texts,
    "featured": _flag,
}
