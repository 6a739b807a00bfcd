"""Which rules does a message meet, and what speaks against the others? Pure.

Words of every rule are found in one pass; a phrasing is looked at only where its words stand, and
the mood of a place is told once for all rules that need it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from handlers.tagging.circumstances import Around
from handlers.tagging.patterns import Budget, Pattern
from handlers.tagging.rules import QUOTED, SAYS, Rulebook, TagRule, Way
from knowledge.grammar import STOPS
from knowledge.speech import Phrasings, Reader, among, heard

MOST_EVIDENCE = 3

_QUOTE = re.compile('[“"「『]([^“”"」』「『]{5,})[”"」』]')
_EDGES = re.compile(rf"^[{STOPS}\s~]+|[{STOPS}\s~]+$")


class Place(NamedTuple):
    """A part of the text, how it is meant, and what shows it.

    Args:
        way: name of the way of speaking.
        cue: the words that show it.
    """

    said: str
    mood: str
    way: str = ""
    cue: str = ""


class Hit(NamedTuple):
    """A rule that is met, and by what."""

    rule: TagRule
    evidence: tuple[Place, ...]


class Near(NamedTuple):
    """A rule whose words stand there and do not count.

    Args:
        why: ``mood``, ``none``, ``every``, or a circumstance.
    """

    rule: TagRule
    place: Place
    why: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found in a message.

    Args:
        read: the text as it was compared.
    """

    hits: tuple[Hit, ...]
    near: tuple[Near, ...]
    read: str = ""

    @property
    def tags(self) -> frozenset[str]:
        """Tags of the rules that are met."""
        return frozenset(hit.rule.tag for hit in self.hits)


def look(text: str, book: Rulebook, around: Around) -> Looked:
    """What the words of a message say.

    Args:
        text: what the customer wrote.
        around: the other circumstances.
    """
    read = heard(text, book.manner)
    hits = [Hit(rule, ()) for rule in book.wordless if not rule.when.unmet(around)]
    near: list[Near] = []
    if not read:
        return Looked(tuple(hits), ())
    looking = _Looking(read, book)
    for rule in looking.candidates():
        if unmet := rule.when.unmet(around):
            near.append(Near(rule, Place("", SAYS), unmet))
            continue
        found = looking.judge(rule, near)
        if found:
            hits.append(Hit(rule, tuple(found)))
    return Looked(tuple(hits), tuple(near), read)


class _Looking(Reader):
    """One message being looked through."""

    def __init__(self, text: str, book: Rulebook) -> None:
        self._present = book.finder.words_in(text)
        self._found = book.finder.worth_looking_for(self._present)
        super().__init__(text, self._found, book.finder)
        self._book = book
        self._moods: dict[tuple[int, int, str], Place] = {}
        self._quotes: list[tuple[int, int]] | None = None
        self._budget: Budget | None = None

    @cached_property
    def _speech(self) -> Reader:
        """What tells moods: most messages hold no rule's words, and none is told."""
        finder = self._book.speech
        return Reader(self.text, finder.worth_looking_for(finder.words_in(self.text)), finder)

    @cached_property
    def _ways(self) -> Sequence[Way]:
        """The ways of speaking of which something stands in the text, in their order."""
        way_of = self._book.way_of
        places = {way_of[one] for one in self._speech.lists if one in way_of}
        return [self._book.ways[place] for place in sorted(places)]

    def candidates(self) -> Iterable[TagRule]:
        """The rules that may be met."""
        book = self._book
        rules: dict[str, TagRule] = {}
        for phrasing in self._found:
            for rule in book.told_by.get(phrasing, ()):
                rules[rule.id] = rule
        if not self._present.isdisjoint(book.exactly):
            for rule in book.exactly.get(self._bare(), ()):
                rules[rule.id] = rule
        for word in self._present & book.patterned_by.keys():
            for rule in book.patterned_by[word]:
                rules[rule.id] = rule
        for rule in book.patterned:
            rules[rule.id] = rule
        return rules.values()

    def judge(self, rule: TagRule, near: list[Near]) -> list[Place]:
        """What counts for a rule; what does not goes to `near`."""
        places = list(self._places(rule))
        if not places:
            return []
        if against := self._first(rule.none):
            near.append(Near(rule, Place(against, SAYS), "none"))
            return []
        counted = [place for place in places if place.mood in rule.moods]
        if not counted:
            near += [Near(rule, place, "mood") for place in places[:MOST_EVIDENCE]]
            return []
        missing = next((some for some in rule.every if not self._first(some, rule)), None)
        if missing is not None:
            near.append(Near(rule, counted[0], "every"))
            return []
        return counted[:MOST_EVIDENCE]

    def _places(self, rule: TagRule) -> Iterator[Place]:
        if rule.exact and self._bare() in rule.exact:
            yield Place(self._bare(), SAYS)
        text = self.without(rule.id, rule.never) if rule.never else self.text
        for phrasing in self.worth_of(rule.leads):
            for match in phrasing.regex.finditer(text):
                if rule.pattern is None or self._search(rule.pattern, text):
                    yield self._place(match, phrasing.source)
        if rule.pattern and not rule.leads and (span := self._search(rule.pattern, text)):
            whole = re.compile(re.escape(text[span[0] : span[1]])).search(text, span[0])
            if whole:
                yield self._place(whole, rule.pattern.source)

    def _search(self, pattern: Pattern, text: str) -> tuple[int, int] | None:
        if self._budget is None:
            self._budget = Budget()
        return pattern.search(text, self._budget)

    def _place(self, match: re.Match[str], source: str) -> Place:
        key = (*match.span(), source)
        place = self._moods.get(key)
        if place is None:
            place = self._moods[key] = self._told(match)
        return place

    def _told(self, match: re.Match[str]) -> Place:
        said = match[0].strip()
        if any(lo <= match.start() and match.end() <= hi for lo, hi in self._quoted()):
            return Place(said, QUOTED, QUOTED, "")
        for way in self._ways:
            if cue := self._speech.stands(way.scope, match):
                return Place(said, way.mood, way.scope.name, cue)
        return Place(said, SAYS)

    def _quoted(self) -> Sequence[tuple[int, int]]:
        if self._quotes is None:
            self._quotes = [found.span(1) for found in _QUOTE.finditer(self.text)]
        return self._quotes

    def _first(self, phrasings: Phrasings, rule: TagRule | None = None) -> str:
        """The first of these phrasings that stands in the text."""
        text = self.without(rule.id, rule.never) if rule and rule.never else self.text
        return among(self.worth_of(phrasings), text, 0, len(text))

    def _bare(self) -> str:
        """The whole message but for courtesies and what ends it."""
        text = _EDGES.sub("", self.text)
        return self._book.manner.courtesies.sub("", text) or text
