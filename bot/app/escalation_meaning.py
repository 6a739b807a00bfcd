"""Which examples of what customers mean are learned from, and what is wrong with the others?

Reads `prompts/escalation_examples.yaml`, and the examples that stand beside the words.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.app.escalation_words import ESCALATION_WORDS
from bot.config import Escalation
from bot.config.problems import ConfigErrors, Problem
from bot.config.yaml_file import Document, Loc, path_text, read_document
from bot.errors import Misconfigured
from bot.ports import Embedder
from knowledge import Meaning
from knowledge.fold import tidy
from knowledge.meaning import Examples, Sides

ESCALATION_EXAMPLES = ESCALATION_WORDS.with_name("escalation_examples.yaml")

_TOP = ("classes", "ordinary")
_SIDES = ("yes", "no")


def build_meaning(
    settings: Escalation, embedder: Embedder | None, file: Path = ESCALATION_EXAMPLES
) -> Meaning:
    """What tells the classes by meaning, before it has learned them.

    Raises:
        Misconfigured: the examples have a problem.
    """
    if not settings.meaning:
        return Meaning(Examples(), embedder, is_wanted=False)
    changed_at = tuple(one.stat().st_mtime_ns for one in (file, ESCALATION_WORDS) if one.exists())
    return Meaning(_read(file, changed_at), embedder)


@lru_cache(maxsize=8)
def _read(file: Path, _changed_at: tuple[int, ...]) -> Examples:
    """Reading 3,000 examples with their places takes half a second."""
    examples, problems = examples_in(file)
    if problems:
        raise Misconfigured("\n".join([f"{file}:", *(f"  · {problem}" for problem in problems)]))
    return examples


def examples_in(file: Path, words: Path = ESCALATION_WORDS) -> tuple[Examples, list[Problem]]:
    """The examples of a file, if there is one, and those beside the words, without what has a
    problem.

    Args:
        words: where the classes are written; its own problems are told with them.
    """
    try:
        document = read_document(file) if file.exists() else Document(file.name)
    except ConfigErrors as error:
        return Examples(), list(error.problems)
    return _Reading(document, _beside_words(words)).examples()


def _beside_words(words: Path) -> dict[str, Any]:
    """The examples of each class that its words are checked by."""
    try:
        classes = read_document(words).values.get("classes")
    except ConfigErrors:
        return {}
    if not isinstance(classes, dict):
        return {}
    return {
        name: one.get("examples") if isinstance(one, dict) else None
        for name, one in classes.items()
    }


class _Reading:
    """One file being read."""

    def __init__(self, document: Document, beside: dict[str, Any]) -> None:
        self._document, self._beside = document, beside
        self._problems = list(document.problems)

    def examples(self) -> tuple[Examples, list[Problem]]:
        values = self._document.values
        for key in values.keys() - set(_TOP):
            self._complain((key,), "没有这个键", f"只有 {'、'.join(_TOP)}")
        given = values.get("classes") or {}
        if not isinstance(given, dict):
            self._complain(("classes",), "不是一组键值", "类名: {yes: […], no: […]}")
            given = {}
        for name in given.keys() - self._beside.keys():
            expected = f"prompts/escalation.yaml 里有的：{'、'.join(self._beside)}"
            self._complain(("classes", name), f"没有 {name} 这一类", expected)
        classes = {name: self._sides(name, given.get(name)) for name in self._beside}
        ordinary = self._texts(("ordinary",), values.get("ordinary"))
        return Examples(classes, tuple(ordinary)), self._problems

    def _sides(self, name: str, given: Any) -> Sides:
        loc: Loc = ("classes", name)
        if given is not None and not isinstance(given, dict):
            self._complain(loc, "不是一组键值", "{yes: […], no: […]}")
            given = None
        given = given or {}
        for key in given.keys() - set(_SIDES):
            self._complain((*loc, key), "没有这个键", f"只有 {'、'.join(_SIDES)}")
        beside = self._beside.get(name)
        beside = beside if isinstance(beside, dict) else {}
        yes, no = (
            [*self._texts((*loc, side), given.get(side)), *_words_of(beside.get(side))]
            for side in _SIDES
        )
        for text in sorted({tidy(one) for one in yes} & {tidy(one) for one in no}):
            self._complain(loc, f"“{text}”既在 yes 又在 no", "只留一边")
        return Sides(tuple(yes), tuple(no))

    def _texts(self, loc: Loc, value: Any) -> list[str]:
        if value is None:
            return []
        if not isinstance(value, list):
            self._complain(loc, "不是列表", "例句，每行以 - 开头")
            return []
        for index, text in enumerate(value):
            if not isinstance(text, str) or not text.strip():
                self._complain((*loc, index), "没有文字", "一句话（像数字的要加引号）")
        return list(_words_of(value))

    def _complain(self, loc: Loc, found: str, expected: str) -> None:
        where = self._document.where(loc)
        self._problems.append(Problem(path_text(loc), found, expected, where))


def _words_of(value: Any) -> Iterator[str]:
    """The texts of a list, whatever else stands in it; its own file's check tells the rest."""
    if isinstance(value, list):
        yield from (text for text in value if isinstance(text, str) and text.strip())
