"""Which mechanisms that WeChat forbids does a sentence of a campaign describe (R-3.5.7)?

Reads `prompts/campaign.yaml`, where the patterns stand. A pattern joins what somebody is to do (an
act) with what he gets, or what is withheld. It counts unless the act is denied where it stands
("不得分享…"), or the whole sentence warns of it.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from bot.app.escalation_words import ESCALATION_WORDS
from bot.config.problems import ConfigErrors, Problem
from bot.config.yaml_file import Document, read_document
from bot.errors import Misconfigured
from knowledge.fold import even_out

CAMPAIGN_WORDS = ESCALATION_WORDS.with_name("campaign.yaml")

_SHORT = re.compile(r"…(\d+)|·(\d+)|([A-Z_]{3,})")
_SENTENCE_ENDS = re.compile(r"[。！？；!?;\n]")
_SAME = {"朋友圏": "朋友圈", "盆友圈": "朋友圈", "pyq": "朋友圈"}
_LISTS = ("we", "denials", "excuses", "forces", "plain", "traces")
_KEYS = {"words", "mechanisms", *_LISTS}

Pattern = re.Pattern[str]


class Mechanism(NamedTuple):
    """One forbidden mechanism in a sentence.

    Args:
        kind: of what it is; `what` the words, `why` as the operator reads it.
    """

    kind: str
    what: str
    why: str


class Wording(NamedTuple):
    """The patterns of a file.

    Args:
        says: of each kind of mechanism.
        why: it is forbidden, as the operator reads it.
        denies_one: a denial with what it denies; `denied`: what before an act denies it.
        excuses: a whole sentence.
        forces: two denials that make a condition.
        we: before a soft act, that it is ours.
        plain: uses of words in which nothing is meant.
        traces: words of mechanisms; without any, meaning must be surer.
    """

    says: Mapping[str, tuple[Pattern, ...]]
    why: Mapping[str, str]
    we: Pattern
    denies_one: Pattern
    denied: Pattern
    excuses: Pattern
    forces: Pattern
    plain: Pattern
    traces: Pattern

    def mechanisms(self, sentence: str) -> list[Mechanism]:
        """What a sentence (of `sentences`) describes, one of each kind."""
        if self.is_excused(sentence):
            return []
        return [
            Mechanism(kind, words, self.why[kind])
            for kind, patterns in self.says.items()
            if (words := self._first(patterns, sentence))
        ]

    def is_excused(self, sentence: str) -> bool:
        """Whether it forbids or warns of what it names, or says that it makes no difference."""
        return bool(self.excuses.search(sentence)) and not self._is_forced(sentence)

    def may_mean(self, sentence: str) -> bool:
        """Whether what a sentence seems to mean counts: it denies no mechanism, and uses no word of
        one in its plain sense."""
        if self._is_forced(sentence):
            return True
        harmless = (self.excuses, self.denies_one, self.plain)
        return not any(one.search(sentence) for one in harmless)

    def has_trace(self, sentence: str) -> bool:
        """Whether any word of a mechanism stands in it."""
        return bool(self.traces.search(sentence))

    def _is_forced(self, sentence: str) -> bool:
        found = self.forces.search(sentence)
        return found is not None and not self.denied.search(sentence[: found.start()])

    def _first(self, patterns: Iterable[Pattern], sentence: str) -> str:
        for pattern in patterns:
            for match in pattern.finditer(sentence):
                acts = {name: match.start(name) for name, text in match.groupdict().items() if text}
                is_must = "must" in acts
                at = match.start() if is_must else min(acts.values(), default=match.start())
                before = sentence[:at]
                is_ours = "soft" in acts and self.we.search(before)
                if not is_ours and not self.denied.search(before):
                    return match.group()
        return ""


def sentences(text: str) -> list[str]:
    """The text evened out, sentence by sentence."""
    evened = even_out(text)
    for disguised, plain in _SAME.items():
        evened = evened.replace(disguised, plain)
    return [one for part in _SENTENCE_ENDS.split(evened) if (one := part.strip())]


def build_wording(file: Path = CAMPAIGN_WORDS) -> Wording:
    """The patterns of this deployment.

    Raises:
        Misconfigured: the file has a problem.
    """
    return _built(file, file.stat().st_mtime_ns if file.is_file() else 0)


@lru_cache(maxsize=4)
def _built(file: Path, _changed_at: int) -> Wording:
    wording, problems = wording_in(file)
    if problems or wording is None:
        raise Misconfigured("\n".join([f"{file}:", *(f"  · {problem}" for problem in problems)]))
    return wording


def wording_in(file: Path) -> tuple[Wording | None, list[Problem]]:
    """The patterns of a file, and its problems; with any there are no patterns."""
    try:
        document = read_document(file)
    except ConfigErrors as error:
        return None, list(error.problems)
    return _Reading(document).wording()


class _Reading:
    """One file being read."""

    def __init__(self, document: Document) -> None:
        self._document, self._problems = document, list(document.problems)
        self._words: dict[str, str] = {}

    def wording(self) -> tuple[Wording | None, list[Problem]]:
        values = self._document.values
        for key in values.keys() ^ _KEYS:
            self._complain(key, "多了或缺了", f"正好是 {'、'.join(sorted(_KEYS))}")
        if self._problems:
            return None, self._problems
        self._words = {key: "|".join(value) for key, value in values["words"].items()}
        mechanisms: dict[str, Any] = values["mechanisms"]
        says = {
            kind: tuple(self._compiled(kind, one) for one in mechanism["says"])
            for kind, mechanism in mechanisms.items()
        }
        why = {kind: str(mechanism["why"]) for kind, mechanism in mechanisms.items()}
        joined = {key: "|".join(values[key]) for key in _LISTS}
        wording = Wording(
            says,
            why,
            we=self._compiled("we", f"({joined['we']})·10$"),
            denies_one=self._compiled("denials", f"({joined['denials']})·8({joined['traces']})"),
            denied=self._compiled("denials", f"({joined['denials']})·14$"),
            **{key: self._compiled(key, joined[key]) for key in _LISTS[2:]},
        )
        return (None if self._problems else wording), self._problems

    def _compiled(self, key: str, text: str) -> Pattern:
        try:
            return re.compile(self._spelled(text))
        except (re.error, KeyError) as error:
            self._complain(key, f"“{text[:40]}”读不懂（{error}）", "一个正则表达式")
            return re.compile("(?!)")

    def _spelled(self, text: str) -> str:
        """A pattern without the short forms that the file explains."""

        def meant(short: re.Match[str]) -> str:
            sentence, clause, word = short.groups()
            if sentence:
                return rf"[^。！？；!?;\n]{{0,{sentence}}}"
            if clause:
                return rf"[^，。！？；,!?;\n]{{0,{clause}}}"
            return f"(?:{self._spelled(self._words[word])})"

        return _SHORT.sub(meant, text)

    def _complain(self, key: str, found: str, expected: str) -> None:
        self._problems.append(Problem(key, found, expected, self._document.where((key,))))
