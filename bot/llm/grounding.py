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
from bot.llm.clauses import Clause, Passage, Promise, clauses_of
from bot.llm.facts import Fact, contact_names
from bot.llm.support import MOST_UNHEARD, Vocabulary, contradicts, narrows

MAX_ANSWER = 600
"""Characters: with label and introduction one WeCom message of 2048 bytes."""

_LEAKED = 12
"""Characters in a row that an answer may share with the instructions."""

_STEP = re.compile(r"(?m)^\s*\(?(\d{1,2})[.、)]\s*(?!\d)")
_NOT_A_WORD = re.compile(r"[\W_]+")
_LEFT_OPEN = re.compile(
    r"\{[^{}\n]*\}|\[[^\[\]\n]{1,20}\]|【[^【】\n]{1,20}】|<[^<>\n]{1,40}>"
    r"|(?i:x{2,}(?![a-z]))|×{2,}|_{3,}|\*{2,}|…{3,}"
)
_CODED = re.compile(r"[!-~]*[\d./:@_\-][!-~]*")
"""Links, accounts, codes: of no language."""

_NEGATION = re.compile(r"(?:不|没|未|无法|不[能予会再用]|无需|并非|没有|\bnot|\bno|n't)\s*$")
Forbids = Callable[[str], bool]
"""Whether a model must not say a text, whatever a passage says (R-15.9)."""

Evened = Callable[[str], str]
"""Puts a text in one width, case and script."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words that decide, as operators list them in `prompts/llm/words.yaml`.

    Args:
        promises: groups of equal meaning; one needs a passage that uses a word of its group.
        harmless: foreign words that need no support.
        plain: Chinese words and signs that need none: courtesy, grammar, time and number.
        summary: words that need none in a summary for the staff.
    """

    promises: tuple[tuple[str, ...], ...]
    harmless: frozenset[str]
    plain: tuple[str, ...] = ()
    summary: tuple[str, ...] = ()

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
                frozenset(evened(str(word)) for word in content["harmless"]),
                tuple(_plain(content["plain"], evened)),
                tuple(str(word) for word in content.get("summary", ())),
            )
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            raise Misconfigured(f"prompts/llm/{path.name} cannot be read: {error!r}") from error


class Grounding:
    """Checks answers.

    Args:
        evened: puts a text in one width, case and script (simplified).
        forbids: whether a model must not say a text.
    """

    def __init__(self, words: Words, evened: Evened, forbids: Forbids) -> None:
        self._words, self._evened, self._forbids = words, evened, forbids
        self._promises = [re.compile("|".join(map(_as_pattern, g))) for g in words.promises]
        self._vocabulary = Vocabulary(words.plain)

    def refuses(
        self,
        question: str,
        answer: str,
        passages: Sequence[str],
        instructions: str = "",
        *,
        headings: Sequence[str] = (),
    ) -> str:
        """Why the answer may not be said, in one word; empty when it may.

        Args:
            passages: texts that the answer is said to rest on, at least one.
            instructions: what must not be repeated to a customer.
            headings: questions that the passages answer; their words may be used.
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
        if self._forbids(answer):
            return "forbidden"
        known = [*told, *map(self._evened, (question, *headings))]
        return self._unsupported(said, told) or self._unheard(said, told, known)

    def _unheard(self, said: str, told: Sequence[str], known: Sequence[str]) -> str:
        """What no number, contact or promise gives away."""
        if contradicts(said, told):
            return "polarity"
        if narrows(said, told):
            return "narrowed"
        if self._vocabulary.unheard(said, known) >= MOST_UNHEARD:
            return "unsupported"
        return ""

    def _fold(self, text: str) -> str:
        """The text evened out, a comma between clauses still told from one within a number."""
        return self._evened(text.replace("，", ";"))

    # ------------------------------------------------------------------ facts and promises

    def _unsupported(self, said: str, told: Sequence[str]) -> str:
        passages = [Passage.read(text, self._promised) for text in told]
        foreign = _is_foreign(said)
        for clause in clauses_of(said, self._promised):
            facts = [fact for fact in clause.facts if self._matters(fact, said, foreign)]
            if not any(passage.states(facts, clause) for passage in passages):
                return "contact" if _names_a_contact(facts) else "number"
            if not all(self._is_kept(promise, clause, passages) for promise in clause.promised):
                return "promise"
            if not all(passage.agrees(clause) for passage in passages):
                return "polarity"
            if not all(any(one.speaks_of(may) for one in passages) for may in clause.granted):
                return "invented"
        return ""

    def _is_kept(self, promise: Promise, said: Clause, passages: Sequence[Passage]) -> bool:
        """Whether a passage promises it, too, and under the limits that the clause names."""
        group, denied = promise
        if any(passage.promises(promise, said) for passage in passages):
            limits = [fact for fact in said.facts if fact.bound and not denied]
            return all(any(group in one.earned_by(limit) for one in passages) for limit in limits)
        # to deny what nobody has promised is harmless
        return denied and not any(
            (group, False) in clause.promised for one in passages for clause in one.clauses
        )

    def _matters(self, fact: Fact, said: str, foreign: bool) -> bool:
        """Words of a foreign language say nothing hard, unless they name an account."""
        if fact.kind != "code":
            return True
        if fact.value in self._words.harmless or not fact.value:
            return False
        is_word = fact.value.replace("-", "").isalpha()
        return not (foreign and is_word) or fact.value in contact_names(said)

    def _promised(self, text: str) -> frozenset[Promise]:
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


def _plain(groups: Iterable[Any], evened: Evened) -> Iterator[str]:
    """Words of lists, and every sign of a text."""
    for group in groups:
        yield from (evened(str(word)) for word in group)


def _names_a_contact(facts: Iterable[Fact]) -> bool:
    return any(fact.kind in ("mail", "link", "digits", "code") for fact in facts)


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
