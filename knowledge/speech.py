"""Which phrasings stand in what somebody wrote, and is one of them negated, past, or a joke?

Rules that judge messages are made of phrasings (`knowledge.grammar`); here they are looked for.
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

from ahocorasick_rs import AhoCorasick

from knowledge.fold import even_out
from knowledge.grammar import MASK, STOPS, Phrasing

HEAD, TAIL = 400, 200
"""Characters of a long message that are read: its beginning, and its end."""

Phrasings = tuple[Phrasing, ...]

_RUN = re.compile(r"([^.\d\s])\1{2,}")
_CJK = "\u4e00-\u9fff"
_SPACED = re.compile(rf"(?<=[{_CJK}])[\s.\-_*·/|]+(?=[{_CJK}](?:[\s.\-_*·/|]|$))")
_BESIDE_LATIN = re.compile(rf"(?<=[{_CJK}])[ ]+(?=[a-z0-9])|(?<=[a-z0-9])[ ]+(?=[{_CJK}])")
_SPACE = re.compile(r"[\s.\-_*·/|]")
"""Without one of these the three above change nothing."""
_SPACES = re.compile(r"[ \t\u3000]+")
_STOP = re.compile(f"[{STOPS}]")


@dataclass(frozen=True, slots=True)
class Scope:
    """A way of speaking in which a phrasing does not count, such as a negation.

    Args:
        before: what stands before the phrasing or in its gaps, at most `within` before it.
        inside: what stands in its gaps.
        after: what stands after it in the same clause.
        anywhere: what may stand anywhere in the message.
        never: in which the above are not looked for.
        follows: what the next clause begins with.
    """

    name: str
    before: Phrasings
    inside: Phrasings
    after: Phrasings
    anywhere: Phrasings
    never: Phrasings
    within: int
    follows: Phrasings = ()

    @property
    def lists(self) -> tuple[Phrasings, ...]:
        """Each of them."""
        return self.before, self.inside, self.after, self.anywhere, self.never, self.follows

    @property
    def phrasings(self) -> Phrasings:
        """All of them."""
        return tuple(one for some in self.lists for one in some)


@dataclass(frozen=True)
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

    @cached_property
    def slips(self) -> AhoCorasick:
        """Tells in a microsecond that nothing is to be read as something else."""
        return AhoCorasick(list(self.instead) or [MASK])


def heard(text: str, manner: Manner) -> str:
    """The text as it is compared: bounded, one width and script, slips of the keyboard mended."""
    if len(text) > HEAD + TAIL:
        text = f"{text[:HEAD]}\n{text[-TAIL:]}"
    text = even_out(text)[: HEAD + TAIL + 1]  # one character may become eighteen
    if _SPACE.search(text):
        text = _BESIDE_LATIN.sub("", _SPACES.sub(" ", _SPACED.sub("", text)))
    if len(set(text)) < len(text) - 1:  # a sign that stands three times
        text = _RUN.sub(r"\1\1", text)
    return mended(text, manner)


def mended(text: str, manner: Manner) -> str:
    """The text without the slips and dialect words that are read as others."""
    if manner.read_as is None or not manner.slips.find_matches_as_indexes(text):
        return text
    return manner.read_as.sub(lambda found: manner.instead[found[0]], text)


class Finder:
    """Finds in one pass which of many phrasings are worth looking for in a text.

    Args:
        phrasings: all of them.
        more: words to be found beside theirs.
        lists: of phrasings that are asked for as a whole: their live ones are found at once.
    """

    def __init__(
        self,
        phrasings: Iterable[Phrasing],
        more: Collection[str] = (),
        lists: Iterable[Phrasings] = (),
    ) -> None:
        unique = dict.fromkeys(phrasings)
        self._lists = tuple(lists)  # kept, so that their ids stay theirs
        self.listed = frozenset(map(id, self._lists))
        self._homes: dict[Phrasing, list[tuple[int, int]]] = {}
        for some in self._lists:
            for place, one in enumerate(some):
                self._homes.setdefault(one, []).append((id(some), place))
        needed = {word for one in unique for words in one.needs for word in words}
        self._words = sorted(needed.union(more))
        self._automaton = AhoCorasick(self._words or [MASK])
        self._sure: dict[str, list[Phrasing]] = {}  # of these one word is enough
        self._told_by: dict[str, list[tuple[Phrasing, Sequence[frozenset[str]]]]] = {}
        for one in unique:
            tell = one.tell
            others = [words for words in one.needs if words is not tell]
            for word in tell:
                if others:
                    self._told_by.setdefault(word, []).append((one, others))
                else:
                    self._sure.setdefault(word, []).append(one)

    def words_in(self, text: str) -> frozenset[str]:
        """Which words of any phrasing stand in a text."""
        words = self._words
        found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return frozenset([words[index] for index, _, _ in found])

    def worth_looking_for(self, present: frozenset[str]) -> frozenset[Phrasing]:
        """The few phrasings that may stand in a text with these words."""
        found: list[Phrasing] = []
        for word in present:
            if word in self._sure:
                found += self._sure[word]
            for one, others in self._told_by.get(word, ()):
                for words in others:
                    if words.isdisjoint(present):
                        break
                else:
                    found.append(one)
        return frozenset(found)

    def live_of(self, worth: Iterable[Phrasing]) -> dict[int, list[tuple[int, Phrasing]]]:
        """Of each list that has any, those that are worth looking for, by the list's id.

        Each comes with its place in the list, in no order.
        """
        found: dict[int, list[tuple[int, Phrasing]]] = {}
        for one in worth:
            for home, place in self._homes.get(one, ()):
                if home in found:
                    found[home].append((place, one))
                else:
                    found[home] = [(place, one)]
        return found


class Reader:
    """One text being looked through.

    Args:
        text: as it is compared.
        worth: the phrasings that may stand in it.
        finder: knows which lists they are in.
    """

    def __init__(self, text: str, worth: frozenset[Phrasing], finder: Finder | None = None) -> None:
        self.text, self._worth = text, worth
        self._masked: dict[str, str] = {}
        self._stops: dict[str, list[int]] = {}
        # The lists live as long as the rules.
        self._listed = finder.listed if finder else frozenset()
        self._at = finder.live_of(worth) if finder else {}
        self._live: dict[int, Phrasings] = {}

    @property
    def lists(self) -> Collection[int]:
        """Ids of the finder's lists of which something may stand in the text."""
        return self._at.keys()

    def worth_of(self, phrasings: Phrasings) -> Phrasings:
        """Those of a list whose words stand in the text."""
        key = id(phrasings)
        if key in self._live:
            return self._live[key]
        if key in self._at:
            live = _in_order(self._at[key])
        elif key in self._listed or not phrasings:
            return ()
        else:
            live = tuple([one for one in phrasings if one in self._worth])
        self._live[key] = live
        return live

    def without(self, name: str, never: Phrasings) -> str:
        """The text in which what is never looked at is masked."""
        text = self._masked.get(name)
        if text is None:
            text = self.text
            for one in self.worth_of(never):
                text = one.regex.sub(lambda found: MASK * len(found[0]), text)
            self._masked[name] = text
        return text

    def stands(self, scope: Scope, match: re.Match[str]) -> str:
        """What shows that the phrasing found is said in this way; empty = it is not."""
        text = self.without(scope.name, scope.never)
        if (some := self.worth_of(scope.anywhere)) and (found := among(some, text, 0, len(text))):
            return found
        start, end = match.span()
        if before := self.worth_of(scope.before):
            lo = max(self._clause_start(text, start), start - scope.within)
            # A word may reach into the phrasing: 不想 before 想转人工.
            reach = min(end, start + 2)
            for one in before:
                for hit in one.regex.finditer(text, lo, reach):
                    if hit.start() < start:
                        return hit[0]
        if match.lastindex and (inside := (*before, *self.worth_of(scope.inside))):
            for group in range(1, match.lastindex + 1):
                if found := among(inside, text, *match.span(group)):
                    return found
        return self._stands_after(scope, text, end)

    def _stands_after(self, scope: Scope, text: str, end: int) -> str:
        after, follows = self.worth_of(scope.after), self.worth_of(scope.follows)
        if not after and not follows:
            return ""
        stop = self._clause_end(text, end)
        found = among(after, text, end, min(stop, end + scope.within))
        if found or stop == len(text):
            return found
        begins = (one.regex.match(text, stop + 1) for one in follows)
        return next((hit[0] for hit in begins if hit), "")

    def _clause_start(self, text: str, before: int) -> int:
        stops = self._stops_of(text)
        place = bisect_left(stops, before)
        return stops[place - 1] + 1 if place else 0

    def _clause_end(self, text: str, after: int) -> int:
        stops = self._stops_of(text)
        place = bisect_left(stops, after)
        return stops[place] if place < len(stops) else len(text)

    def _stops_of(self, text: str) -> list[int]:
        """Where clauses end, in a text of which something may be masked."""
        stops = self._stops.get(text)
        if stops is None:
            stops = self._stops[text] = [found.start() for found in _STOP.finditer(text)]
        return stops


def _in_order(places: list[tuple[int, Phrasing]]) -> Phrasings:
    if len(places) == 1:
        return (places[0][1],)
    return tuple([one for _, one in sorted(places, key=itemgetter(0))])


def among(phrasings: Phrasings, text: str, start: int, end: int) -> str:
    """The first of these phrasings that stands there, as it stands; empty = none."""
    for one in phrasings:
        if hit := one.regex.search(text, start, end):
            return hit[0]
    return ""
