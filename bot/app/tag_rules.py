"""Which rules tag in this deployment, and what is wrong with the others?

Reads the files that `tagging.rules` names, beside the ways of speaking of `prompts/tagging`.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.app import definitions
from bot.app.phrasing_file import Lists, PhrasingFile
from bot.app.tag_rule_file import RuleFile
from bot.config.problems import ConfigErrors, Problem
from bot.config.yaml_file import Document, read_document
from handlers.tagging.circumstances import Around
from handlers.tagging.looking import look
from handlers.tagging.rules import MOODS, Rulebook, TagRule, Way
from knowledge.speech import Manner

TAG_SPEECH = Path(__file__).resolve().parents[2] / "prompts" / "tagging" / "speech.yaml"
"""How customers put it that they want, ask about, have, or do not want something."""

_BESIDE = TAG_SPEECH.name
_SPEECH = ("lists", "read_as", "openers", "closers", "ways")
_SOME_DAY = datetime(2026, 1, 5, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


def build_rulebook(sources: Sequence[Path], groups: Collection[str] | None = None) -> Rulebook:
    """The rules of these files and folders.

    Raises:
        Misconfigured: one of them has a problem.
    """
    return _built(tuple(sources), None if groups is None else frozenset(groups), marks(sources))


def marks(sources: Sequence[Path]) -> tuple[tuple[str, int, int], ...]:
    """What changes when any of the files does."""
    found = []
    for file in (TAG_SPEECH, *files_in(sources)):
        state = file.stat() if file.is_file() else None
        found.append((str(file), state.st_mtime_ns if state else 0, state.st_size if state else 0))
    return tuple(found)


def files_in(sources: Sequence[Path]) -> list[Path]:
    """The files of rules that these sources are, without the ways of speaking beside them."""
    return [one for one in definitions.files_in(sources) if one in sources or one.name != _BESIDE]


@lru_cache(maxsize=8)
def _built(
    sources: tuple[Path, ...], groups: frozenset[str] | None, _marks: tuple[object, ...]
) -> Rulebook:
    """Reading and compiling takes a while, and what comes of it never changes."""
    book, problems = rulebook_in(sources, groups)
    definitions.refuse("tagging.rules", problems)
    return book


def rulebook_in(
    sources: Sequence[Path], groups: Collection[str] | None = None, speech: Path = TAG_SPEECH
) -> tuple[Rulebook, list[Problem]]:
    """The rules of these sources, without what has a problem, and the problems.

    Args:
        groups: of tags that the configuration names; ``None`` = any will do.
    """
    manner, lists, ways, problems = _speech_in(speech)
    rules: dict[str, TagRule] = {}
    read: list[RuleFile] = []
    told = hashlib.blake2b(speech.read_bytes() if speech.is_file() else b"", digest_size=6)
    for file in files_in(sources):
        try:
            document = read_document(file)
        except ConfigErrors as error:
            problems += error.problems
            continue
        told.update(file.read_bytes())
        one = RuleFile(document, manner, lists, groups)
        for rule in one.rules():
            if rule.id in rules:
                where = rules[rule.id].title
                found = f"已有同名的规则（{where}）"
                one.problems.append(Problem(f"rules {rule.id}", found, "不重复的 id", rule.title))
            else:
                rules[rule.id] = rule
        problems += one.problems
        read.append(one)
    book = Rulebook(list(rules.values()), ways, manner, told.hexdigest())
    problems += [problem for one in read for problem in _wrong_examples(one, book)]
    return book, problems


def _speech_in(file: Path) -> tuple[Manner, Lists, list[Way], list[Problem]]:
    try:
        document = read_document(file)
    except ConfigErrors as error:
        return Manner(None, {}, re.compile("(?!)"), None), {}, [], list(error.problems)
    reading = _Speech(document)
    manner, lists, ways = reading.speech()
    return manner, lists, ways, [*document.problems, *reading.problems]


class _Speech(PhrasingFile):
    """The file of ways of speaking being read."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)

    def speech(self) -> tuple[Manner, Lists, list[Way]]:
        self._known_keys((), self._document.values, _SPEECH)
        self._manner = self._read_manner()
        lists = self._lists()
        return self._manner, lists, list(self._ways(lists))

    def _ways(self, lists: Lists) -> Iterator[Way]:
        for name, values in self._mapping(("ways",)).items():
            mood = values.get("mood") if isinstance(values, dict) else None
            if mood not in MOODS and mood != "quoted":
                self._complain(("ways", name, "mood"), str(mood), f"{'、'.join(MOODS)}、quoted")
                continue
            yield Way(str(mood), self._scope(("ways", name), lists, ("mood",)))


def _wrong_examples(file: RuleFile, book: Rulebook) -> Iterator[Problem]:
    """Examples that are not judged as the file says."""
    around = Around(_SOME_DAY)
    for rule, loc, shown in file.examples:
        if book.by_id.get(rule.id) is not rule or not rule.reads_text:
            continue
        for key, expected in (("yes", True), ("no", False)):
            for text in shown[key]:
                met = any(hit.rule is rule for hit in look(text, book, around).hits)
                if met is not expected:
                    found = f"例句“{text}”{'没有认出' if expected else '误认了'}"
                    where = f"{rule.id} {'.'.join(map(str, loc))}"
                    yield Problem(where, found, "改条件，或改例句", rule.title)
