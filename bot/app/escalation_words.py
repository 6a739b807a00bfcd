"""Which words bring a person in this deployment, and what is wrong with the others?

Reads `prompts/escalation.yaml` and lays it beside the `escalation` section of config.yaml.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.config import MISSED, OTHERS, Escalation
from bot.config.problems import ConfigErrors, Problem
from bot.config.yaml_file import Document, Loc, path_text, read_document
from bot.errors import Misconfigured
from handlers.escalation.rules import Deadline, ReasonClass, Rules, Standing, weigh
from knowledge.fold import even_out
from knowledge.grammar import BadPhrasing, Phrasing, any_of, read_phrasing
from knowledge.speech import Manner, Scope, mended

ESCALATION_WORDS = Path(__file__).resolve().parents[2] / "prompts" / "escalation.yaml"

_TOP = ("lists", "read_as", "openers", "closers", "emphasis", "scopes", "classes")
_CLASS = ("name", "says", "weak", "alone", "never", "unless", "examples")
_SCOPE = ("before", "inside", "after", "anywhere", "never", "within")
_WITHIN = 8  # characters before a phrasing in which a scope's word counts
_SHORTEST = 2  # a single character is found everywhere
_WHY = {
    "bracket": ("括号不成对，或有嵌套", "(甲|乙)、{词表名}，不嵌套"),
    "list": ("没有这个词表，或它是空的", "lists 里有的名字"),
    "empty": ("没有一处是必须出现的字", "至少一处文字、选择或词表，选择里没有空项"),
    "anchor": ("^ 或 $ 的位置不对", "^ 只在开头，$ 只在末尾"),
}
_LIST = "词的列表，每行以 - 开头（像数字的要加引号）"


def build_rules(settings: Escalation, file: Path = ESCALATION_WORDS) -> Rules:
    """The rules of this deployment.

    Raises:
        Misconfigured: the words, or the classes named in the settings, have a problem.
    """
    changed_at = file.stat().st_mtime_ns if file.is_file() else 0
    return _built(file, changed_at, settings.model_dump_json())


@lru_cache(maxsize=8)
def _built(file: Path, _changed_at: int, settings: str) -> Rules:
    """Compiling 1,400 phrasings takes half a second, and what comes of it never changes."""
    rules, problems = rules_in(file, Escalation.model_validate_json(settings))
    if problems:
        raise Misconfigured("\n".join([f"{file}:", *(f"  · {problem}" for problem in problems)]))
    return rules


def rules_in(file: Path, settings: Escalation) -> tuple[Rules, list[Problem]]:
    """The rules of a file, without what has a problem, and the problems."""
    try:
        document = read_document(file)
    except ConfigErrors as error:
        return _Reading(Document(file.name), settings).rules(), list(error.problems)
    reading = _Reading(document, settings)
    rules = reading.rules()
    return rules, [*document.problems, *reading.problems, *reading.wrong_examples(rules)]


class _Reading:
    """One file being read."""

    def __init__(self, document: Document, settings: Escalation) -> None:
        self._document = document
        self._settings = settings
        self.problems: list[Problem] = []
        self._manner = Manner(None, {}, re.compile("(?!)"), None)

    def rules(self) -> Rules:
        values = self._document.values
        self._known_keys((), values, _TOP)
        self._manner = self._read_manner()
        lists = {
            name: [self._even(word) for word in self._words(("lists", name))]
            for name in self._mapping(("lists",))
        }
        scopes = {name: self._scope(name, lists) for name in self._mapping(("scopes",))}
        classes = [self._class(name, lists, scopes) for name in self._mapping(("classes",))]
        names = [MISSED, *(one.id for one in classes)]
        for name in self._settings.classes:
            if name not in (*names, OTHERS):
                found = f"没有 {name} 这一类"
                where = f"{self._document.name} 的 classes 里有的：{'、'.join(names)}"
                self.problems.append(Problem(f"escalation.classes.{name}", found, where))
        return Rules(
            classes=classes,
            standings={name: self._standing(name) for name in names},
            manner=self._manner,
            misses=self._settings.misses,
            core_tags=frozenset(self._settings.core_tags),
        )

    def wrong_examples(self, rules: Rules) -> Iterator[Problem]:
        """Examples that are not judged as the file says."""
        for one in rules.classes:
            if not rules.standings[one.id].enabled:
                continue
            for key, expected in (("yes", True), ("no", False)):
                loc: Loc = ("classes", one.id, "examples", key)
                for index, text in enumerate(self._words(loc)):
                    if (one.id in weigh(text, rules).hits) is not expected:
                        found = f"例句“{text}”{'没有认出' if expected else '误认成这一类'}"
                        yield self._problem((*loc, index), found, "改说法，或改例句")

    def _read_manner(self) -> Manner:
        read_as = self._mapping(("read_as",))
        for said, meant in read_as.items():
            if not isinstance(meant, str) or not meant.strip():
                self._complain(("read_as", said), "右边没有文字", "写法: 读作")
        instead = {even_out(old): even_out(str(new)) for old, new in read_as.items() if new}
        openers, closers, emphasis = (
            [even_out(word) for word in self._words((key,))]
            for key in ("openers", "closers", "emphasis")
        )
        courtesies = rf"^{any_of(openers)}+|{any_of(closers)}+$" if openers and closers else "(?!)"
        return Manner(
            re.compile(any_of(instead)) if instead else None,
            instead,
            re.compile(courtesies),
            re.compile(any_of(emphasis)) if emphasis else None,
        )

    def _standing(self, name: str) -> Standing:
        given = self._settings.settings_of(name)
        return Standing(
            level=given.level or 2,
            priority=given.priority or 0,
            deadlines=tuple(Deadline(*one) for one in (given.deadlines or {}).items()),
            skill=given.skill or "",
            enabled=given.enabled is not False,
        )

    def _scope(self, name: str, lists: Mapping[str, list[str]]) -> Scope:
        loc = ("scopes", name)
        values = self._mapping(loc)
        self._known_keys(loc, values, _SCOPE)
        within = values.get("within", _WITHIN)
        if not isinstance(within, int) or not 0 < within <= 40:
            self._complain((*loc, "within"), f"{within}", "1–40 的整数，字")
            within = _WITHIN
        parts = {
            key: tuple(self._read((*loc, key), lists))
            for key in ("before", "inside", "after", "anywhere", "never")
        }
        return Scope(name=name, within=within, **parts)

    def _class(
        self, name: str, lists: Mapping[str, list[str]], scopes: Mapping[str, Scope]
    ) -> ReasonClass:
        loc = ("classes", name)
        values = self._mapping(loc)
        self._known_keys(loc, values, _CLASS)
        if not isinstance(values.get("name"), str):
            self._complain((*loc, "name"), "没有填写", "这一类叫什么")
        unless = []
        for index, scope in enumerate(self._words((*loc, "unless"))):
            if scope in scopes:
                unless.append(scopes[scope])
            else:
                self._complain((*loc, "unless", index), f"没有 {scope}", "scopes 里有的名字")
        return ReasonClass(
            id=name,
            name=str(values.get("name", name)),
            says=self._phrasings((*loc, "says"), lists),
            weak=self._phrasings((*loc, "weak"), lists),
            alone=frozenset(self._even(word) for word in self._words((*loc, "alone"))),
            never=tuple(self._read((*loc, "never"), lists)),
            unless=tuple(unless),
        )

    def _phrasings(self, loc: Loc, lists: Mapping[str, list[str]]) -> tuple[Phrasing, ...]:
        phrasings = self._read(loc, lists)
        for one in phrasings:
            least = sum(min(map(len, words)) for words in one.needs)
            if loc[-1] == "says" and least < _SHORTEST and one.source.isalnum():
                self._complain(loc, f"“{one.source}”太短，到处都会出现", "两个字以上")
        return tuple(phrasings)

    def _read(self, loc: Loc, lists: Mapping[str, list[str]]) -> list[Phrasing]:
        read = []
        for index, text in enumerate(self._words(loc)):
            try:
                phrasing = read_phrasing(text, lists, self._even)
            except BadPhrasing as bad:
                found, expected = _WHY[bad.why]
                self._complain((*loc, index), f"{text}（{found}：{bad.detail}）", expected)
                continue
            read.append(phrasing)
        return read

    def _even(self, text: str) -> str:
        return mended(even_out(text), self._manner)

    def _at(self, loc: Loc) -> Any:
        value: Any = self._document.values
        for part in loc:
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def _mapping(self, loc: Loc) -> dict[str, Any]:
        value = self._at(loc)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._complain(loc, "不是一组键值", "键: 内容")
            return {}
        return value

    def _words(self, loc: Loc) -> list[str]:
        value = self._at(loc)
        if value is None:
            return []
        if not isinstance(value, list):
            self._complain(loc, "不是列表", _LIST)
            return []
        for index, word in enumerate(value):
            if not isinstance(word, str) or not word.strip():
                self._complain((*loc, index), "没有文字", _LIST)
        return [word for word in value if isinstance(word, str) and word.strip()]

    def _known_keys(self, loc: Loc, values: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in values:
            if key not in known:
                self._complain((*loc, key), "没有这个键", f"只有 {'、'.join(known)}")

    def _complain(self, loc: Loc, found: str, expected: str) -> None:
        problem = self._problem(loc, found, expected)
        if problem not in self.problems:
            self.problems.append(problem)

    def _problem(self, loc: Loc, found: str, expected: str) -> Problem:
        return Problem(path_text(loc), found, expected, self._document.where(loc))
