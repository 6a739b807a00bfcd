"""What is a rule that tags, and what are all of them together? Pure; the words are an operator's.

A rule names a tag and when it is given: by words in what the customer writes and by the mood in
which they stand there, by circumstances, by events, or by what a message means. A rulebook holds
every rule of a deployment, made ready so that a message is looked through once for all of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from handlers.tagging.circumstances import ANY, Circumstances, EventIs
from handlers.tagging.patterns import Pattern
from knowledge.grammar import Phrasing
from knowledge.meaning import Sides
from knowledge.speech import Finder, Manner, Phrasings, Scope

WANTS, ASKS, HAS, REFUSES, SAYS = "wants", "asks", "has", "refuses", "says"
OTHERS, QUOTED = "others", "quoted"
MOODS = (WANTS, ASKS, HAS, REFUSES, SAYS, OTHERS)
"""How something is mentioned: wanted, asked about, owned or past, refused, just said, or told of
somebody else. What is quoted counts for no rule."""

USUAL = frozenset((WANTS, ASKS, SAYS))
"""What counts when a rule names no mood."""

NOTHING = Sides((), ())

ONCE_IN_S = 30 * 86_400.0
"""The window of `hits` when a rule names none."""


@dataclass(frozen=True, slots=True, eq=False)
class TagRule:
    """One rule.

    Args:
        id: unique among all rules.
        version: digest of what it says; goes with every tag it gives.
        tag: group and tag.
        contains: of these phrasings one stands in the message.
        every: of each of these lists one stands in it.
        exact: the whole message but for courtesies.
        none: where one of these stands, nothing is given.
        never: inside which nothing is looked for.
        pattern: a regular expression that is found.
        moods: in which what was found must stand.
        when: what must hold beside the words.
        events: what gives it without a word.
        means: examples of messages that mean it, and of some that only look so.
        threshold: how probable the meaning must be.
        hits: so many messages or events are needed.
        within_s: within so long.
        title: where it stands, for people.
    """

    id: str
    version: str
    tag: str
    contains: Phrasings = ()
    every: tuple[Phrasings, ...] = ()
    exact: frozenset[str] = frozenset()
    none: Phrasings = ()
    never: Phrasings = ()
    pattern: Pattern | None = None
    moods: frozenset[str] = USUAL
    when: Circumstances = ANY
    events: tuple[EventIs, ...] = ()
    means: Sides = NOTHING
    threshold: float = 0.8
    hits: int = 1
    within_s: float = ONCE_IN_S
    title: str = ""

    @property
    def leads(self) -> Phrasings:
        """Phrasings without one of which there is nothing to look at."""
        if self.contains:
            return self.contains
        return self.every[0] if self.every else ()

    @property
    def phrasings(self) -> Iterable[Phrasing]:
        """All of them."""
        yield from self.contains
        for some in self.every:
            yield from some
        yield from self.none
        yield from self.never

    @property
    def reads_text(self) -> bool:
        """Whether words or a pattern can give it."""
        return bool(self.contains or self.every or self.exact or self.pattern)


@dataclass(frozen=True, slots=True)
class Way:
    """A way of mentioning something: the mood that a scope shows."""

    mood: str
    scope: Scope


@dataclass
class Rulebook:
    """Every rule of a deployment, built once and only replaced as a whole.

    Args:
        rules: in any order.
        ways: the first that stands tells the mood.
        manner: how texts are read.

    Attributes:
        way_of: place among the ways, by the id of one of its lists (`Scope.lists`).
        patterned: rules whose pattern is searched in every message.
        patterned_by: the others', by the words with which their pattern begins.
    """

    rules: Sequence[TagRule]
    ways: Sequence[Way]
    manner: Manner
    version: str = ""
    finder: Finder = field(init=False)
    speech: Finder = field(init=False)
    way_of: dict[int, int] = field(init=False)
    told_by: dict[Phrasing, list[TagRule]] = field(init=False)
    exactly: dict[str, list[TagRule]] = field(init=False)
    patterned: list[TagRule] = field(init=False)
    patterned_by: dict[str, list[TagRule]] = field(init=False)
    wordless: list[TagRule] = field(init=False)
    on_events: list[TagRule] = field(init=False)
    by_meaning: list[TagRule] = field(init=False)
    by_id: Mapping[str, TagRule] = field(init=False)

    def __post_init__(self) -> None:
        self.told_by, self.exactly, self.patterned, self.patterned_by = {}, {}, [], {}
        self.by_id = {rule.id: rule for rule in self.rules}
        self.on_events = [rule for rule in self.rules if rule.events]
        self.by_meaning = [rule for rule in self.rules if rule.means.yes]
        self.wordless = [
            rule
            for rule in self.rules
            if rule.when.is_enough and not (rule.reads_text or rule.events or rule.means.yes)
        ]
        for rule in self.rules:
            for phrasing in rule.leads:
                self.told_by.setdefault(phrasing, []).append(rule)
            for text in rule.exact:
                self.exactly.setdefault(text, []).append(rule)
            if rule.pattern and not rule.leads and not rule.exact:
                self._note_pattern(rule, rule.pattern)
        self._build_finders()

    def _note_pattern(self, rule: TagRule, pattern: Pattern) -> None:
        for word in pattern.begins_with:
            self.patterned_by.setdefault(word, []).append(rule)
        if not pattern.begins_with:
            self.patterned.append(rule)

    def _build_finders(self) -> None:
        """One looks for words of rules, one for moods: it is only asked where a word stands."""
        phrasings = (phrasing for rule in self.rules for phrasing in rule.phrasings)
        lists = [some for some in self._lists_of_rules() if some]
        self.finder = Finder(phrasings, (*self.exactly, *self.patterned_by), lists)
        scopes = [way.scope for way in self.ways]
        spoken = [some for scope in scopes for some in scope.lists if some]
        self.speech = Finder((one for scope in scopes for one in scope.phrasings), lists=spoken)
        self.way_of = {
            id(some): place
            for place, scope in enumerate(scopes)
            for some in scope.lists
            if some and some is not scope.never
        }

    def _lists_of_rules(self) -> Iterable[Phrasings]:
        for rule in self.rules:
            yield rule.contains
            yield from rule.every
            yield rule.none
            yield rule.never
