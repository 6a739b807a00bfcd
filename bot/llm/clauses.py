"""What does a passage say, clause by clause, and does it say what an answer's clause says?

Pure. "Elsewhere 3 days" is not said by "to cities 2–3 days, elsewhere 3–5 days", although every
word and number of it stands there: what a clause speaks of is seen by the pairs of characters that
it shares with the passage's clauses.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.llm.facts import Fact, facts_in

_CLAUSE = re.compile(r"[。！？；;!?\n，]|,(?!\d)|\.(?=\s|$)")
_SENTENCE = re.compile(r"[。！？!?\n]|\.(?=\s|$)")
_ADVERB = (
    r"(?:随时|直接|自己|自行|免费|全额|同时|一起|一并|通过|放进|放入|再|都|也|先|就|到|用|放|凭)*"
)
_VERB = "(?:退|换|补|改|送|寄|开|修)"
_DENIED = re.compile(
    rf"(?:不能|不可以?|不支持|无法|不会|不给|不予|没法){_ADVERB}([一-鿿]{{2}}|{_VERB})"
    rf"|(?<!能)(?<!可)不({_VERB})"
)
_GRANTED = re.compile(
    rf"(?<![不没未无])(?:可以|可(?![是能以])|能够|(?<!可)能|支持){_ADVERB}(?!不)"
    rf"([一-鿿]{{2}}|{_VERB})"
)

_IDLE = frozenset("在看查对留参")
"""Beginnings of what may be done without anybody granting it: to look, to note, to compare."""

Promise = tuple[int, bool]
"""A group of promise words, and whether it is denied."""


Promised = Callable[[str], frozenset[Promise]]


@dataclass(frozen=True, slots=True)
class Clause:
    """What one clause says.

    Args:
        words: pairs of characters, by which one sees what it speaks of.
        subject: those of them that are left without what it grants or denies.
        granted: what it says may be done.
        denied: what it says may not.
    """

    facts: tuple[Fact, ...]
    promised: frozenset[Promise]
    words: frozenset[str]
    subject: frozenset[str]
    granted: frozenset[str]
    denied: frozenset[str]

    @classmethod
    def read(cls, text: str, promised: Promised) -> "Clause":
        """Read a clause."""
        granted, denied = _predicates(_GRANTED, text), _predicates(_DENIED, text)
        rest = _DENIED.sub(" ", _GRANTED.sub(" ", text))
        words, subject = _pairs(text), _pairs(rest)
        return cls(tuple(facts_in(text)), promised(text), words, subject, granted, denied)

    def states(self, fact: Fact) -> bool:
        """Whether the fact stands here."""
        return any(_supports(own, fact) for own in self.facts)


def clauses_of(text: str, promised: Promised) -> tuple[Clause, ...]:
    """The clauses of a text in order."""
    return tuple(Clause.read(part, promised) for part in _CLAUSE.split(text))


@dataclass(frozen=True, slots=True)
class Passage:
    """What a passage says, clause by clause."""

    sentences: tuple[tuple[Clause, ...], ...]
    signs: frozenset[str] = frozenset()

    @classmethod
    def read(cls, text: str, promised: Promised) -> "Passage":
        """Read a passage."""
        sentences = tuple(clauses_of(one, promised) for one in _SENTENCE.split(text))
        return cls(sentences, frozenset(text))

    @property
    def clauses(self) -> list[Clause]:
        """All clauses in order."""
        return [one for sentence in self.sentences for one in sentence]

    def states(self, facts: Sequence[Fact], said: Clause) -> bool:
        """Whether all these facts of an answer's clause stand here, and of what it speaks of."""
        return all(self._states(fact, said) for fact in facts)

    def _states(self, fact: Fact, said: Clause) -> bool:
        stating = [one for one in self.clauses if one.states(fact)]
        rivals = [
            one
            for one in self.clauses
            if not one.states(fact) and any(own.kind == fact.kind for own in one.facts)
        ]
        return _is_of(said, stating, rivals)

    def promises(self, promise: Promise, said: Clause) -> bool:
        """Whether this is promised here, and of what the answer's clause speaks of."""
        stating = [one for one in self.clauses if promise in one.promised]
        rivals = [one for one in self.clauses if promise not in one.promised]
        return _is_of(said, stating, rivals, spare=1)

    def speaks_of(self, predicate: str) -> bool:
        """Whether what an answer says may be done is spoken of here at all."""
        return predicate[0] in _IDLE or self.signs.issuperset(predicate)

    def agrees(self, said: Clause) -> bool:
        """Whether nothing is granted that is denied here, nor denied that is granted."""
        return all(
            not rivals or _is_of(said, stating, rivals, by="subject")
            for stating, rivals in (
                *((self._with("granted", one), self._with("denied", one)) for one in said.granted),
                *((self._with("denied", one), self._with("granted", one)) for one in said.denied),
            )
        )

    def _with(self, which: Literal["granted", "denied"], predicate: str) -> list[Clause]:
        return [one for one in self.clauses if predicate in getattr(one, which)]

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
                    yield from (group for group, denied in clause.promised if not denied)


def _is_of(
    said: Clause,
    stating: Sequence[Clause],
    rivals: Sequence[Clause],
    *,
    spare: int = 0,
    by: Literal["words", "subject"] = "words",
) -> bool:
    """Whether a clause speaks of what the stating ones do, rather than of what their rivals do."""
    if not stating:
        return False

    def nearness(one: Clause) -> int:
        return len(getattr(said, by) & getattr(one, by))

    near = max(map(nearness, stating))
    return all(nearness(one) <= near + spare for one in rivals)


def _predicates(pattern: re.Pattern[str], text: str) -> frozenset[str]:
    return frozenset(next(filter(None, one.groups())) for one in pattern.finditer(text))


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
