"""Are the texts in `prompts/replies` such that they can be said?

A file holds ``replies:`` (key → text) and may hold ``words:`` (key → trigger words). A text may
name values as ``{name}``; anything else in braces would fail while a customer waits for it.
"""

from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

from bot.config.problems import ConfigErrors, Problem
from bot.config.yaml_file import Document, Loc, path_text, read_document

MAX_TEXT_BYTES = 2048  # one WeCom text message (wecom-api §3.10)

_KEYS = ("replies", "words")


def prompt_problems(folder: Path) -> Iterator[tuple[Path, Problem]]:
    """Every problem of every file, with its file."""
    replies = folder / "replies"
    files = sorted(replies.glob("*.y*ml"))
    if not files:
        yield replies, Problem("", "没有 .yaml 文件", "话术文件")
    for file in files:
        for problem in _file_problems(file):
            yield file, problem


def _file_problems(file: Path) -> Iterator[Problem]:
    try:
        document = read_document(file)
    except ConfigErrors as error:
        yield from error.problems
        return
    yield from document.problems
    for key in document.values:
        if key not in _KEYS:
            yield _problem(document, (key,), "没有这个键", "只有 replies 与 words")
    if "replies" not in document.values:
        yield _problem(document, ("replies",), "没有填写", "键 → 文字")
    yield from _replies(document)
    yield from _words(document)


def _replies(document: Document) -> Iterator[Problem]:
    for key, text in _items(document.values.get("replies")):
        loc = ("replies", key)
        if not isinstance(text, str) or not text.strip():
            yield _problem(document, loc, "没有文字", "不为空的文字（像数字的要加引号）")
            continue
        if (size := len(text.encode())) > MAX_TEXT_BYTES:
            yield _problem(document, loc, f"{size} 字节", f"不超过 {MAX_TEXT_BYTES} 字节")
        if wrong := _wrong_placeholder(text):
            yield _problem(document, loc, wrong, "占位符写作 {name}；花括号本身写作 {{ 或 }}")
    yield from _misshapen(document, "replies")


def _words(document: Document) -> Iterator[Problem]:
    for key, words in _items(document.values.get("words")):
        if not isinstance(words, list) or not words:
            yield _problem(document, ("words", key), "不是词的列表", "每行以 - 开头，至少一个词")
            continue
        for index, word in enumerate(words):
            if not isinstance(word, str) or not word.strip("=! \t\n"):
                expected = "不为空的词（像数字的要加引号）"
                yield _problem(document, ("words", key, index), "没有文字", expected)
    yield from _misshapen(document, "words")


def _items(values: Any) -> list[tuple[str, Any]]:
    return list(values.items()) if isinstance(values, dict) else []


def _misshapen(document: Document, key: str) -> Iterator[Problem]:
    if key in document.values and not isinstance(document.values[key], dict):
        yield _problem(document, (key,), "不是一组键值", "键 → 内容")


def _wrong_placeholder(text: str) -> str:
    """What cannot be filled in, or an empty string."""
    try:
        fields = list(Formatter().parse(text))
    except ValueError as error:
        return f"花括号不成对（{error}）"
    for _, name, layout, conversion in fields:
        if name is not None and (not name.isidentifier() or layout or conversion):
            return f"不认识的占位符 {{{name}}}"
    return ""


def _problem(document: Document, loc: Loc, found: str, expected: str) -> Problem:
    return Problem(path_text(loc), found, expected, document.where(loc))
