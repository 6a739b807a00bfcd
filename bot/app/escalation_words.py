"""Which words bring a person in this deployment, and what is wrong with the others?

Reads `prompts/escalation.yaml` and lays it beside the `escalation` section of config.yaml.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from bot.app.phrasing_file import PhrasingFile
from bot.config import MISSED, OTHERS, Escalation
from bot.config.problems import ConfigErrors, Problem
from bot.config.yaml_file import Document, Loc, read_document
from bot.errors import Misconfigured
from handlers.escalation.rules import Deadline, ReasonClass, Rules, Standing, weigh
from knowledge.grammar import Phrasing
from knowledge.speech import Scope

ESCALATION_WORDS = Path(__file__).resolve().parents[2] / "prompts" / "escalation.yaml"

_TOP = ("lists", "read_as", "openers", "closers", "emphasis", "scopes", "classes")
_CLASS = ("name", "says", "weak", "alone", "never", "unless", "examples")
_SHORTEST = 2  # a single character is found everywhere


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


class _Reading(PhrasingFile):
    """One file being read."""

    def __init__(self, document: Document, settings: Escalation) -> None:
        super().__init__(document)
        self._settings = settings

    def rules(self) -> Rules:
        values = self._document.values
        self._known_keys((), values, _TOP)
        self._manner = self._read_manner()
        lists = self._lists()
        scopes = {n: self._scope(("scopes", n), lists) for n in self._mapping(("scopes",))}
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

    def _standing(self, name: str) -> Standing:
        given = self._settings.settings_of(name)
        return Standing(
            level=given.level or 2,
            priority=given.priority or 0,
            deadlines=tuple(Deadline(*one) for one in (given.deadlines or {}).items()),
            skill=given.skill or "",
            enabled=given.enabled is not False,
        )

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
