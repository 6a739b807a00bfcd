"""Does this message need a person, whom, how soon, and why? Pure; the words are an operator's.

Classes of reasons are looked for one by one, each by its phrasings; a phrasing that is negated,
past, told of others or meant as a joke does not count. The gravest class found decides (R-11.2).
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, NamedTuple

from knowledge.grammar import STOPS
from knowledge.speech import Finder, Manner, Phrasings, Reader, Scope, heard

MOST_EVIDENCE = 5
"""Phrasings of one class that are kept as evidence."""

WEAK = "weak"
"""What speaks against a sign that is not enough by itself."""

MISSED = "missed_twice"
"""The reason when nothing was found often enough; it has no phrasings."""

_EMPHASIS = re.compile(r"[!?]{2,}")
_TWICE = re.compile(r"^(.{2,6}?)\1+$")
_CLAUSE = re.compile(rf"[^{STOPS}\s]+")


class Deadline(NamedTuple):
    """By when something must be done, in seconds from the decision (R-11.11)."""

    name: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """The decision that a person is needed.

    Args:
        reason: id of the class, or `missed_twice`.
        level: 2 junior, 3 expert.
        evidence: what the customer wrote that speaks for it, evened out.
        priority: in the queue; larger goes first.
        deadlines: of this class.
        skill: what the servicer must be able to do; empty = anybody of the level.
        care: key of the text that may be said at once.
        also: graver first, the other classes that were found.
        core: the customer has one of the core tags.
    """

    reason: str
    level: Literal[2, 3]
    evidence: tuple[str, ...]
    priority: int
    deadlines: tuple[Deadline, ...]
    skill: str
    care: str
    also: tuple[str, ...] = ()
    core: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What a class of reasons asks for; the order is by `priority`.

    Args:
        level: 2 junior, 3 expert.
        priority: how grave; also the place in the queue.
    """

    level: Literal[2, 3]
    priority: int
    deadlines: tuple[Deadline, ...] = ()
    skill: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class ReasonClass:
    """One class of reasons and how people put it.

    Args:
        says: each is enough.
        weak: two of them, or one with emphasis, are enough.
        alone: enough when it is a whole clause but for courtesies.
        never: inside which nothing is looked for.
        unless: ways of speaking in which it does not count.
    """

    id: str
    name: str
    says: Phrasings
    weak: Phrasings
    alone: frozenset[str]
    never: Phrasings
    unless: tuple[Scope, ...]

    @property
    def phrasings(self) -> Phrasings:
        """All of them."""
        scopes = (phrasing for scope in self.unless for phrasing in scope.phrasings)
        return (*self.says, *self.weak, *self.never, *scopes)


class Near(NamedTuple):
    """What would have counted, and what spoke against it."""

    reason: str
    evidence: str
    against: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """All that was found in a text.

    Args:
        hits: class → evidence.
        near: what was found and did not count.
    """

    hits: Mapping[str, tuple[str, ...]]
    near: tuple[Near, ...]


@dataclass
class Rules:
    """Everything that decides, built once.

    Args:
        classes: in any order.
        standings: of each class, and of `missed_twice`.
        manner: how texts are read.
        misses: so many answers not found in one case need a person.
        core_tags: customers with one of these go first, to an expert.
    """

    classes: Sequence[ReasonClass]
    standings: Mapping[str, Standing]
    manner: Manner
    misses: int
    core_tags: frozenset[str] = frozenset()
    finder: Finder = field(init=False)
    _alone: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._alone = frozenset().union(*(one.alone for one in self.classes))
        phrasings = (phrasing for known in self.classes for phrasing in known.phrasings)
        self.finder = Finder(phrasings, self._alone)

    def may_be_alone(self, present: frozenset[str]) -> bool:
        """Whether a clause of a text with these words may be enough by itself."""
        return not self._alone.isdisjoint(present)


def judge(text: str, rules: Rules, *, misses: int = 0, tags: Collection[str] = ()) -> Wanted | None:
    """Whether a person is needed, or None.

    Args:
        text: what the customer wrote.
        rules: of this deployment.
        misses: how often in this case nothing was found, this message included.
        tags: the customer's tags.
    """
    return decide(weigh(text, rules), rules, misses=misses, tags=tags)


def decide(
    weighed: Weighed, rules: Rules, *, misses: int = 0, tags: Collection[str] = ()
) -> Wanted | None:
    """The decision on what was found; the gravest class is its reason."""
    evidence = dict(weighed.hits)
    if misses >= rules.misses and rules.standings[MISSED].enabled:
        evidence[MISSED] = ()
    if not evidence:
        return None
    reason, *also = sorted(evidence, key=lambda one: (-rules.standings[one].priority, one))
    standing = rules.standings[reason]
    core = is_core(tags, rules)
    return Wanted(
        reason=reason,
        level=3 if core else standing.level,
        evidence=evidence[reason],
        priority=standing.priority + CORE_FIRST * core,
        deadlines=standing.deadlines,
        skill=standing.skill,
        care=f"escalation.care_{reason}",
        also=tuple(also),
        core=core,
    )


def is_core(tags: Collection[str], rules: Rules) -> bool:
    """Whether a customer is a core customer."""
    return not rules.core_tags.isdisjoint(tags)


CORE_FIRST = 100
"""Added to a core customer's priority: they come before all others (A25), the gravest first; who
has waited for as many minutes longer comes before them."""


def weigh(text: str, rules: Rules) -> Weighed:
    """What of all classes stands in a text, and what nearly does."""
    read = _Read(heard(text, rules.manner), rules)
    hits: dict[str, tuple[str, ...]] = {}
    near: list[Near] = []
    for one in rules.classes:
        if rules.standings[one.id].enabled:
            found, against = read.look_for(one)
            near += against
            if found:
                hits[one.id] = tuple(dict.fromkeys(found))
    return Weighed(hits, tuple(dict.fromkeys(near)))


class _Read(Reader):
    """One text being looked through."""

    def __init__(self, text: str, rules: Rules) -> None:
        present = rules.finder.words_in(text)
        super().__init__(text, rules.finder.worth_looking_for(present))
        clauses = _CLAUSE.findall(text) if rules.may_be_alone(present) else ()
        self._clauses = [_TWICE.sub(r"\1", rules.manner.courtesies.sub("", one)) for one in clauses]
        self._emphatic = bool(
            _EMPHASIS.search(text) or (rules.manner.emphasis and rules.manner.emphasis.search(text))
        )

    def look_for(self, one: ReasonClass) -> tuple[list[str], list[Near]]:
        near: list[Near] = []
        found = [clause for clause in self._clauses if clause in one.alone]
        found += islice(self._counted(one, one.says, near), MOST_EVIDENCE)
        if found:
            return found, near
        weak = list(dict.fromkeys(self._counted(one, one.weak, near)))
        if len(weak) > 1 or (weak and self._emphatic):
            return weak[:MOST_EVIDENCE], near
        return [], [*near, *(Near(one.id, sign, WEAK) for sign in weak)]

    def _counted(self, one: ReasonClass, phrasings: Phrasings, near: list[Near]) -> Iterator[str]:
        for phrasing in self.worth_of(phrasings):
            if not phrasing.regex.search(self.text):
                continue  # what is masked can only be less
            for match in phrasing.regex.finditer(self.without(one.id, one.never)):
                said = match[0].strip()
                against = next((s.name for s in one.unless if self.stands(s, match)), None)
                if against is None:
                    yield said
                    break
                near.append(Near(one.id, said, against))
