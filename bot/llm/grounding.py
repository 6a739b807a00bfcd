"""Is every number, link, contact and promise of an answer found in the passages it was made from?

Pure. What a model was told plays no part: only what it wrote and what people wrote count, and what
cannot be understood is refused. A customer's own numbers are no support either: "30 days, right?"
would become an answer.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.errors import Misconfigured
from bot.llm.facts import Fact, contact_names, facts_in

MAX_ANSWER = 600
"""Characters: with label and introduction one WeCom message of 2048 bytes."""

_LEAKED = 12
"""Characters in a row that an answer may share with the instructions."""

_CLAUSE = re.compile(r"[。！？；;!?\n，]|,(?!\d)|\.(?=\s|$)")
_SENTENCE = re.compile(r"[。！？!?\n]|\.(?=\s|$)")
_STEP = re.compile(r"(?m)^\s*\(?(\d{1,2})[.、)]\s*(?!\d)")
_NOT_A_WORD = re.compile(r"[\W_]+")
_LEFT_OPEN = re.compile(
    r"\{[^{}\n]*\}|\[[^\[\]\n]{1,20}\]|【[^【】\n]{1,20}】|<[^<>\n]{1,40}>"
    r"|(?i:x{2,}(?![a-z]))|×{2,}|_{3,}|\*{2,}|…{3,}"
)
_CODED = re.compile(r"[!-~]*[\d./:@_\-][!-~]*")
"""Links, accounts, codes: of no language."""

_NEGATION = re.compile(r"(?:不|没|未|无法|不能|并非|没有|\bnot|\bno|n't)\s*$")
_ADVERB = r"(?:随时|直接|自己|再|都|也|先|就)*"
_DENIED = re.compile(
    rf"(?:不能|不可以?|不支持|无法|不会|不给|不予|没法){_ADVERB}([一-鿿]{{2}})|不([退换补改送寄开修])"
)
_GRANTED = re.compile(
    rf"(?<![不没未无])(?:可以|能够|能|支持|会){_ADVERB}(?!不)([一-鿿]{{2}}|[退换补改送寄开修])"
)

Evened = Callable[[str], str]
"""Puts a text in one width, case and script."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words that decide, as operators list them in `prompts/llm/words.yaml`.

    Args:
        promises: groups of equal meaning; one needs a passage that uses a word of its group.
        forbidden: never said by a model, whatever a passage says (R-15.9).
        harmless: foreign words that need no support.
    """

    promises: tuple[tuple[str, ...], ...]
    forbidden: tuple[str, ...]
    harmless: frozenset[str]

    @classmethod
    def load(cls, path: Path, evened: Evened) -> "Words":
        """Read the file.

        Raises:
            Misconfigured: it is not as it must be.
        """
        try:
            content: Mapping[str, Any] = yaml.safe_load(path.read_text("utf-8"))
            return cls(
                tuple(tuple(evened(str(word)) for word in group) for group in content["promises"]),
                tuple(evened(str(word)) for word in content["forbidden"]),
                frozenset(evened(str(word)) for word in content["harmless"]),
            )
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            raise Misconfigured(f"prompts/llm/{path.name} cannot be read: {error!r}") from error


class Grounding:
    """Checks answers.

    Args:
        evened: puts a text in one width, case and script (simplified).
    """

    def __init__(self, words: Words, evened: Evened) -> None:
        self._words, self._evened = words, evened
        self._promises = [re.compile("|".join(map(_as_pattern, g))) for g in words.promises]
        self._forbidden = re.compile("|".join(map(_as_pattern, words.forbidden)) or r"(?!)")

    def refuses(
        self, question: str, answer: str, passages: Sequence[str], instructions: str = ""
    ) -> str:
        """Why the answer may not be said, in one word; empty when it may.

        Args:
            passages: texts that the answer is said to rest on, at least one.
            instructions: what must not be repeated to a customer.
        """
        if not passages or not answer.strip() or len(answer) > MAX_ANSWER:
            return "length"
        if not self._language_fits(answer, [question, *passages]):
            return "language"
        told = [self._fold(passage) for passage in passages]
        said = _without_steps(self._fold(answer))
        if any(found not in "\n".join(told) for found in _LEFT_OPEN.findall(said)):
            return "placeholder"
        if self._leaks(said, told, self._evened(instructions)):
            return "leak"
        if self._forbidden.search(said):
            return "forbidden"
        return self._unsupported(said, told)

    def _fold(self, text: str) -> str:
        """The text evened out, a comma between clauses still told from one within a number."""
        return self._evened(text.replace("，", ";"))

    # ------------------------------------------------------------------ facts and promises

    def _unsupported(self, said: str, told: Sequence[str]) -> str:
        passages = [_Passage.read(text, self._promised) for text in told]
        foreign = _is_foreign(said)
        for clause in _CLAUSE.split(said):
            facts = [fact for fact in facts_in(clause) if self._matters(fact, clause, foreign)]
            if not any(passage.states(facts, clause) for passage in passages):
                return "contact" if _names_a_contact(facts) else "number"
        promised = self._promised(said)
        known = frozenset[tuple[int, bool]]().union(*(p.promised for p in passages))
        for group, denied in promised:
            if (group, denied) not in known and (not denied or (group, False) in known):
                return "promise"
        if not all(self._tied(clause, passages) for clause in _CLAUSE.split(said)):
            return "promise"
        return "" if _agrees(said, "\n".join(told)) else "polarity"

    def _matters(self, fact: Fact, clause: str, foreign: bool) -> bool:
        """Words of a foreign language say nothing hard, unless they name an account."""
        if fact.kind != "code":
            return True
        if fact.value in self._words.harmless or not fact.value:
            return False
        return not foreign or not fact.value.isalpha() or fact.value in contact_names(clause)

    def _tied(self, clause: str, passages: Sequence["_Passage"]) -> bool:
        """Whether "above 99" and what it earns stand together in a passage, too."""
        earned = {group for group, denied in self._promised(clause) if not denied}
        limits = [fact for fact in facts_in(clause) if fact.bound]
        return all(
            any(group in passage.earned_by(limit) for passage in passages)
            for group in earned
            for limit in limits
        )

    def _promised(self, text: str) -> frozenset[tuple[int, bool]]:
        """Groups of promise words in a text, and whether they are denied there."""
        return frozenset(
            (index, bool(_NEGATION.search(text[: found.start()])))
            for index, pattern in enumerate(self._promises)
            for found in pattern.finditer(text)
        )

    # ------------------------------------------------------------------ form

    def _language_fits(self, answer: str, others: Iterable[str]) -> bool:
        """Whether the customer or a passage uses the language and script of the answer."""
        return self._languages(answer) <= frozenset[str]().union(*map(self._languages, others))

    def _languages(self, text: str) -> frozenset[str]:
        letters = [sign for sign in _CODED.sub("", text) if sign.isalpha()]
        han = [sign for sign in letters if "一" <= sign <= "鿿"]
        latin = sum(sign.isascii() for sign in letters)
        found = {_alphabet(sign) for sign in letters} - {"han", "latin"}
        if latin > len(letters) / 2:
            found.add("latin")
        if han:
            old = sum(self._evened(sign) != sign for sign in han)
            found.add("traditional" if old > len(han) / 8 else "simplified")
        return frozenset(found)

    def _leaks(self, said: str, told: Sequence[str], instructions: str) -> bool:
        secret = _NOT_A_WORD.sub("", instructions)
        known = _NOT_A_WORD.sub("", "".join(told))
        text = _NOT_A_WORD.sub("", said)
        pieces = (text[at : at + _LEAKED] for at in range(len(text) - _LEAKED + 1))
        return any(piece in secret and piece not in known for piece in pieces)


@dataclass(frozen=True, slots=True)
class _Clause:
    """What one clause says.

    Args:
        words: pairs of characters, by which one sees what it speaks of.
    """

    facts: tuple[Fact, ...]
    promised: frozenset[int]
    words: frozenset[str]

    def states(self, fact: Fact) -> bool:
        return any(_supports(own, fact) for own in self.facts)


@dataclass(frozen=True, slots=True)
class _Passage:
    """What a passage says, clause by clause."""

    promised: frozenset[tuple[int, bool]]
    sentences: tuple[tuple[_Clause, ...], ...]

    @classmethod
    def read(cls, text: str, promised: Callable[[str], frozenset[tuple[int, bool]]]) -> "_Passage":
        def clause(part: str) -> _Clause:
            groups = frozenset(group for group, denied in promised(part) if not denied)
            return _Clause(tuple(facts_in(part)), groups, _pairs(part))

        return cls(
            promised(text),
            tuple(tuple(map(clause, _CLAUSE.split(one))) for one in _SENTENCE.split(text)),
        )

    def states(self, facts: Sequence[Fact], clause: str) -> bool:
        """Whether all facts of an answer's clause stand here, and of what the clause speaks of."""
        clauses = [one for sentence in self.sentences for one in sentence]
        words = _pairs(clause)
        for fact in facts:
            stating = [one.words for one in clauses if one.states(fact)]
            if not stating:
                return False
            rivals = [
                one.words
                for one in clauses
                if not one.states(fact) and any(own.kind == fact.kind for own in one.facts)
            ]
            near = max(len(words & own) for own in stating)
            if any(len(words & own) > near + 1 for own in rivals):
                return False  # "elsewhere 3 days", where "elsewhere" stands beside other days
        return True

    def earned_by(self, limit: Fact) -> Iterator[int]:
        """Promises made where this limit stands, and behind it until another one is named."""
        for sentence in self.sentences:
            holds = False
            for clause in sentence:
                if clause.states(limit):
                    holds = True
                elif any(own.kind == limit.kind for own in clause.facts):
                    holds = False
                if holds:
                    yield from clause.promised


def _pairs(text: str) -> frozenset[str]:
    """Pairs of Chinese characters that stand side by side."""
    return frozenset(
        text[at : at + 2]
        for at in range(len(text) - 1)
        if "一" <= text[at] <= "鿿" and "一" <= text[at + 1] <= "鿿"
    )


def _supports(own: Fact, said: Fact) -> bool:
    """Whether a passage's fact is what the answer says."""
    if said.kind == "link":
        return said.value.rstrip("/") in _forms(own) if own.kind == "link" else False
    if said.kind != own.kind and not _is_bare_sum(own, said):
        return False
    if said.top or not own.top:
        same = (said.value, said.top) == (own.value, own.top)
    else:
        same = said.value == own.top  # of "3 to 5 days" only 5 may be promised
    if not same:
        return False
    return said.bound in ("", own.bound) or (said.bound == "upper" and own.bound == "")


def _forms(link: Fact) -> set[str]:
    whole = link.value.rstrip("/")
    return {whole, re.sub(r"^[a-z][a-z0-9+.\-]*://", "", whole)}


def _is_bare_sum(own: Fact, said: Fact) -> bool:
    """A number without a unit is no other than the same number without one, or of money."""
    return {own.kind, said.kind} == {"bare", "money"} and said.kind == "bare"


def _names_a_contact(facts: Iterable[Fact]) -> bool:
    return any(fact.kind in ("mail", "link", "digits", "code") for fact in facts)


def _agrees(said: str, told: str) -> bool:
    """Whether nothing is granted that is only denied, or denied that is only granted."""
    granted, denied = _predicates(_GRANTED, said), _predicates(_DENIED, said)
    may, may_not = _predicates(_GRANTED, told), _predicates(_DENIED, told)
    return not (granted & (may_not - may)) and not (denied & (may - may_not))


def _predicates(pattern: re.Pattern[str], text: str) -> set[str]:
    return {next(filter(None, found.groups())) for found in pattern.finditer(text)}


def _without_steps(text: str) -> str:
    """The text without the numbers of its steps, if they count up from one."""
    numbers = [int(number) for number in _STEP.findall(text)]
    return _STEP.sub("", text) if numbers == list(range(1, len(numbers) + 1)) else text


def _is_foreign(text: str) -> bool:
    letters = [sign for sign in _CODED.sub("", text) if sign.isalpha()]
    return sum(sign.isascii() for sign in letters) > len(letters) / 2


def _alphabet(sign: str) -> str:
    if sign.isascii():
        return "latin"
    if "㐀" <= sign <= "鿿" or sign >= "\U00020000":
        return "han"
    return f"U+{ord(sign) >> 8:02X}"


def _as_pattern(word: str) -> str:
    return rf"\b{re.escape(word)}\b" if word.isascii() and word.isalpha() else re.escape(word)
