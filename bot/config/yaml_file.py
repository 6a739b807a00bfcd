"""What does config.yaml say, and on which line?

The core schema of YAML 1.2 is read, not PyYAML's 1.1: ``off`` stays a word (autonomy.mode) and
``21:00`` a time of day rather than the number 1260. Values come with their lines, and a key given
twice is a problem rather than a surprise.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.config.problems import ConfigErrors, Problem

Loc = tuple[str | int, ...]

_NULL = re.compile(r"~|null|Null|NULL|", re.ASCII)
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE", re.ASCII)
_INT = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}", re.ASCII)


@dataclass
class Document:
    """What a file says.

    Args:
        name: the file's name, for messages.
        values: the mapping at the top.
        lines: line of each value, by its location.
        problems: keys that were given twice.
    """

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Loc, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def where(self, loc: Loc) -> str:
        """The line of a value, or of the nearest mapping around it."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return f"{self.name} 第 {self.lines[loc]} 行" if loc else self.name


def read_document(path: Path) -> Document:
    """Read a YAML file whose top is a mapping.

    Raises:
        ConfigErrors: it cannot be read, is not YAML, or holds something else than a mapping.
    """
    document = Document(path.name)
    root = _compose(path)
    if root is None:
        return document
    if not isinstance(root, yaml.MappingNode):
        raise _unreadable(path.name, "顶层不是键值", "顶层是「键: 值」", root.start_mark.line + 1)
    document.values = _Builder(document).build(root, ())
    return document


def path_text(loc: Loc) -> str:
    """A location as people write it: ``staff[2].level``."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def _compose(path: Path) -> yaml.Node | None:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable(path.name, "不是 UTF-8 文本", "UTF-8 编码的 YAML") from None
    except OSError as error:
        found = f"读不到文件（{error.strerror}）"
        raise _unreadable(str(path), found, "一个可读的文件") from error
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        found = f"YAML 语法错误：{error.problem or error.context}"
        raise _unreadable(path.name, found, "合法的 YAML", mark.line + 1 if mark else 0) from error
    except yaml.YAMLError as error:
        raise _unreadable(path.name, f"YAML 里有不允许的字符：{error}", "合法的 YAML") from error


def _unreadable(name: str, found: str, expected: str, line: int = 0) -> ConfigErrors:
    where = f"{name} 第 {line} 行" if line else name
    return ConfigErrors([Problem("", found, expected, where)])


class _Builder:
    """Turns nodes into values and notes where each came from."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: set[int] = set()  # nodes being built: an alias to one of them has no end

    def build(self, node: yaml.Node, loc: Loc) -> Any:
        self._document.lines[loc] = node.start_mark.line + 1
        if id(node) in self._open:
            self._complain(loc, "引用了自己（YAML 别名）", "一个值")
            return None
        self._open.add(id(node))
        try:
            return self._value(node, loc)
        finally:
            self._open.discard(id(node))

    def _value(self, node: yaml.Node, loc: Loc) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, loc)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*loc, index)) for index, item in enumerate(node.value)]
        plain = (
            isinstance(node, yaml.ScalarNode)
            and node.style is None
            and not node.tag.endswith(":str")
        )
        return _scalar(str(node.value)) if plain else str(node.value)

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._complain(loc, "键不是文本", "文本作键", key_node)
                continue
            key = str(key_node.value)
            here = (*loc, key)
            if key in values:
                first = self._document.lines[here]
                self._complain(here, f"同一个键写了两次（第 {first} 行已有）", "只写一次", key_node)
                continue
            values[key] = self.build(value_node, here)
            self._document.lines[here] = key_node.start_mark.line + 1
        return values

    def _complain(self, loc: Loc, found: str, expected: str, node: yaml.Node | None = None) -> None:
        where = self._document.where(loc)
        if node is not None:
            where = f"{self._document.name} 第 {node.start_mark.line + 1} 行"
        self._document.problems.append(Problem(path_text(loc), found, expected, where))


def _scalar(text: str) -> Any:
    """A plain scalar by YAML 1.2's core schema."""
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
