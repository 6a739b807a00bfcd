"""What does a message want done with the customer's own data? Pure; the words are operators'."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from knowledge.grammar import STOPS
from knowledge.speech import Finder, Manner, Phrasings, Reader, Scope, heard

_CLAUSE = re.compile(rf"[^{STOPS}\s]+")


class Wish(StrEnum):
    """What a customer may want done with what is known of them."""

    STOP = "stop"
    """No messages that nobody asked for."""
    UNTAG = "untag"
    """No tags, no profile."""
    ERASE = "erase"
    EXPORT = "export"
    CORRECT = "correct"
    EXPLAIN = "explain"
    """Why they are treated, tagged or shown something as they are."""
    AGREE_ADS = "agree_ads"
    AGREE_TAGS = "agree_tags"


@dataclass(frozen=True, slots=True)
class WishClass:
    """One wish and how people put it.

    Args:
        says: each is enough.
        alone: enough when it is a whole clause but for courtesies.
        never: inside which nothing is looked for.
        unless: ways of speaking in which it does not count.
    """

    wish: Wish
    says: Phrasings
    alone: frozenset[str]
    never: Phrasings
    unless: tuple[Scope, ...]

    @property
    def phrasings(self) -> Phrasings:
        """All of them."""
        scopes = (phrasing for scope in self.unless for phrasing in scope.phrasings)
        return (*self.says, *self.never, *scopes)


@dataclass(frozen=True, slots=True)
class Read:
    """What words say a message wants.

    Args:
        found: each wish with its words.
        against: wishes whose words stand there and do not count (negated, about something else).
    """

    found: dict[Wish, str]
    against: frozenset[Wish]


@dataclass
class Wishes:
    """Everything by which wishes are told, built once."""

    classes: Sequence[WishClass]
    manner: Manner
    finder: Finder = field(init=False)

    def __post_init__(self) -> None:
        alone = frozenset[str]().union(*(one.alone for one in self.classes))
        self.finder = Finder((p for one in self.classes for p in one.phrasings), alone)

    def of(self, text: str) -> dict[Wish, str]:
        """What the message wants, each with the words that say so."""
        return self.read(text).found

    def read(self, text: str) -> Read:
        """The same, with what its words seemed to want and do not."""
        read = heard(text, self.manner)
        present = self.finder.words_in(read)
        if not present:
            return Read({}, frozenset())
        reader = Reader(read, self.finder.worth_looking_for(present))
        clauses = [self.manner.courtesies.sub("", one) for one in _CLAUSE.findall(read)]
        found: dict[Wish, str] = {}
        against: set[Wish] = set()
        for one in self.classes:
            words, speaks_against = _found(one, reader, clauses)
            if words:
                found[one.wish] = words
            elif speaks_against:
                against.add(one.wish)
        return Read(without_contradictions(found), frozenset(against))


def _found(one: WishClass, reader: Reader, clauses: Sequence[str]) -> tuple[str, bool]:
    """The words that say so, and whether there were some that do not count."""
    against = any(scope.anywhere and _shown(scope, reader) for scope in one.unless)
    if not against:
        whole = next((clause for clause in clauses if clause in one.alone), "")
        if whole:
            return whole, False
    text = reader.without(one.wish, one.never)
    against = against or text != reader.text
    for phrasing in reader.worth_of(one.says):
        for match in phrasing.regex.finditer(text):
            if not against and not any(reader.stands(scope, match) for scope in one.unless):
                return match[0].strip(), False
            against = True
    return "", against


def _shown(scope: Scope, reader: Reader) -> bool:
    text = reader.without(scope.name, scope.never)
    return any(one.regex.search(text) for one in reader.worth_of(scope.anywhere))


_AGREES = {Wish.AGREE_ADS: Wish.STOP, Wish.AGREE_TAGS: Wish.UNTAG}


def without_contradictions(found: dict[Wish, str]) -> dict[Wish, str]:
    """Whoever says no and yes in one message has said no; whoever corrects a tag wants it right."""
    for agreed, refused in _AGREES.items():
        if refused in found:
            found.pop(agreed, None)
    return found
