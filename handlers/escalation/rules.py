"""Does this message need a person, whom, how soon, and why? Pure; the words are an operator's.

Classes of reasons are looked for one by one, each by its phrasings; a phrasing that is negated,
past, told of others or meant as a joke does not count. The gravest class found decides (R-11.2).
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, NamedTuple

from ahocorasick_rs import AhoCorasick

from handlers.escalation.grammar import MASK, STOPS, Phrasing
from knowledge.fold import even_out

HEAD, TAIL = 400, 200
"""Characters of a long message that are read: its beginning, and its end."""

MOST_EVIDENCE = 5
"""Phrasings of one class that are kept as evidence."""

WEAK = "weak"
"""What speaks against a sign that is not enough by itself."""

MISSED = "missed_twice"
"""The reason when nothing was found often enough; it has no phrasings."""

_EMPHASIS = re.compile(r"[!?]{2,}")
_RUN = re.compile(r"([^.\d\s])\1{2,}")
_CJK = "\u4e00-\u9fff"
_SPACED = re.compile(rf"(?<=[{_CJK}])[\s.\-_*·/|]+(?=[{_CJK}](?:[\s.\-_*·/|]|$))")
_BESIDE_LATIN = re.compile(rf"(?<=[{_CJK}])[ ]+(?=[a-z0-9])|(?<=[a-z0-9])[ ]+(?=[{_CJK}])")
_TWICE = re.compile(r"^(.{2,6}?)\1+$")
_SPACES = re.compile(r"[ \t\u3000]+")
_CLAUSE = re.compile(rf"[^{STOPS}\s]+")
_STOP = re.compile(f"[{STOPS}]")


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


Phrasings = tuple[Phrasing, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """A way of speaking in which a phrasing does not count, such as a negation.

    Args:
        before: what stands before the phrasing or in its gaps, at most `within` before it.
        inside: what stands in its gaps.
        after: what stands after it in the same clause.
        anywhere: what may stand anywhere in the message.
        never: in which the above are not looked for.
    """

    name: str
    before: Phrasings
    inside: Phrasings
    after: Phrasings
    anywhere: Phrasings
    never: Phrasings
    within: int

    @property
    def phrasings(self) -> Phrasings:
        """All of them."""
        return (*self.before, *self.inside, *self.after, *self.anywhere, *self.never)


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


@dataclass(frozen=True, slots=True)
class Manner:
    """How texts are read before anything is looked for.

    Args:
        read_as: finds what is read as something else.
        instead: what that is.
        courtesies: opens and closes clauses without meaning anything.
        emphasis: words that make a weak sign count.
    """

    read_as: re.Pattern[str] | None
    instead: Mapping[str, str]
    courtesies: re.Pattern[str]
    emphasis: re.Pattern[str] | None


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
    _words: list[str] = field(init=False)
    _finder: AhoCorasick = field(init=False)
    _told_by: dict[str, list[Phrasing]] = field(init=False)
    _alone: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        phrasings = dict.fromkeys(one for known in self.classes for one in known.phrasings)
        needed = {word for one in phrasings for words in one.needs for word in words}
        self._alone = frozenset().union(*(one.alone for one in self.classes))
        self._words = sorted(needed | self._alone)
        self._finder = AhoCorasick(self._words or [MASK])
        self._told_by = {}
        for one in phrasings:
            for word in one.tell:
                self._told_by.setdefault(word, []).append(one)

    def words_in(self, text: str) -> frozenset[str]:
        """Which words of any phrasing stand in a text."""
        found = self._finder.find_matches_as_indexes(text, overlapping=True)
        return frozenset(self._words[index] for index in {one[0] for one in found})

    def worth_looking_for(self, present: frozenset[str]) -> frozenset[Phrasing]:
        """The few phrasings that may stand in a text with these words."""
        told = {one for word in present for one in self._told_by.get(word, ())}
        return frozenset(one for one in told if one.may_stand_in(present))

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
    core = not rules.core_tags.isdisjoint(tags)
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


CORE_FIRST = 1000
"""Added to a core customer's priority: they come before all others (A25), the gravest first."""


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


def heard(text: str, manner: Manner) -> str:
    """The text as it is compared: bounded, one width and script, slips of the keyboard mended."""
    if len(text) > HEAD + TAIL:
        text = f"{text[:HEAD]}\n{text[-TAIL:]}"
    text = even_out(text)[: HEAD + TAIL + 1]  # one character may become eighteen
    text = _BESIDE_LATIN.sub("", _SPACES.sub(" ", _SPACED.sub("", text)))
    return mended(_RUN.sub(r"\1\1", text), manner)


def mended(text: str, manner: Manner) -> str:
    """The text without the slips and dialect words that are read as others."""
    if manner.read_as is None:
        return text
    return manner.read_as.sub(lambda found: manner.instead[found[0]], text)


class _Read:
    """One text being looked through."""

    def __init__(self, text: str, rules: Rules) -> None:
        self._text = text
        present = rules.words_in(text)
        self._worth = rules.worth_looking_for(present)
        self._masked: dict[str, str] = {}
        self._live: dict[int, Phrasings] = {}  # the lists live as long as the rules
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
        for phrasing in self._worth_of(phrasings):
            if not phrasing.regex.search(self._text):
                continue  # what is masked can only be less
            for match in phrasing.regex.finditer(self._without(one.id, one.never)):
                said = match[0].strip()
                against = next((s.name for s in one.unless if self._stands(s, match)), None)
                if against is None:
                    yield said
                    break
                near.append(Near(one.id, said, against))

    def _stands(self, scope: Scope, match: re.Match[str]) -> bool:
        """Whether the phrasing found is said in this way."""
        text = self._without(scope.name, scope.never)
        if _among(self._worth_of(scope.anywhere), text, 0, len(text)):
            return True
        start, end = match.span()
        if before := self._worth_of(scope.before):
            lo = max(_clause_start(text, start), start - scope.within)
            # A word may reach into the phrasing: 不想 before 想转人工.
            reach = min(end, start + 2)
            if any(
                found.start() < start
                for one in before
                for found in one.regex.finditer(text, lo, reach)
            ):
                return True
        if inside := (*before, *self._worth_of(scope.inside)):
            for group in range(1, (match.lastindex or 0) + 1):
                if _among(inside, text, *match.span(group)):
                    return True
        if after := self._worth_of(scope.after):
            stop = _STOP.search(text, end)
            hi = min(stop.start() if stop else len(text), end + scope.within)
            return _among(after, text, end, hi)
        return False

    def _worth_of(self, phrasings: Phrasings) -> Phrasings:
        """Those of a list whose words stand in the text."""
        live = self._live.get(id(phrasings))
        if live is None:
            live = tuple(one for one in phrasings if one in self._worth)
            self._live[id(phrasings)] = live
        return live

    def _without(self, name: str, never: Phrasings) -> str:
        """The text in which what is never looked at is masked."""
        text = self._masked.get(name)
        if text is None:
            text = self._text
            for one in self._worth_of(never):
                text = one.regex.sub(lambda found: MASK * len(found[0]), text)
            self._masked[name] = text
        return text


def _among(phrasings: Phrasings, text: str, start: int, end: int) -> bool:
    return any(one.regex.search(text, start, end) for one in phrasings)


def _clause_start(text: str, before: int) -> int:
    return max(text.rfind(stop, 0, before) for stop in STOPS) + 1
