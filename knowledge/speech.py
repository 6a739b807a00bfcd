"""Which phrasings stand in what somebody wrote, and is one of them negated, past, or a joke?

Rules that judge messages are made of phrasings (`knowledge.grammar`); here they are looked for.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

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
    text = _BESIDE_LATIN.sub("", _SPACES.sub(" ", _SPACED.sub("", text)))
    return mended(_RUN.sub(r"\1\1", text), manner)


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
        self._told_by: dict[str, list[Phrasing]] = {}
        for one in unique:
            by = self._sure if len(one.needs) == 1 else self._told_by
            for word in one.tell:
                by.setdefault(word, []).append(one)

    def words_in(self, text: str) -> frozenset[str]:
        """Which words of any phrasing stand in a text."""
        found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return frozenset(self._words[index] for index in {one[0] for one in found})

    def worth_looking_for(self, present: frozenset[str]) -> frozenset[Phrasing]:
        """The few phrasings that may stand in a text with these words."""
        found: set[Phrasing] = set()
        told: set[Phrasing] = set()
        for word in present:
            if sure := self._sure.get(word):
                found.update(sure)
            if maybe := self._told_by.get(word):
                told.update(maybe)
        found.update([one for one in told if one.may_stand_in(present)])
        return frozenset(found)

    def live_of(self, worth: Iterable[Phrasing]) -> dict[int, Phrasings]:
        """Of each list that has any, those that are worth looking for, by the list's id."""
        found: dict[int, list[tuple[int, Phrasing]]] = {}
        for one in worth:
            for home, place in self._homes.get(one, ()):
                found.setdefault(home, []).append((place, one))
        return {
            home: tuple(one for _, one in sorted(some, key=lambda pair: pair[0]))
            for home, some in found.items()
        }


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
        self._listed = finder.listed if finder else frozenset()
        # The lists live as long as the rules.
        self._live: dict[int, Phrasings] = finder.live_of(worth) if finder else {}

    def worth_of(self, phrasings: Phrasings) -> Phrasings:
        """Those of a list whose words stand in the text."""
        live = self._live.get(id(phrasings))
        if live is None and id(phrasings) in self._listed:
            return ()
        if live is None:
            live = tuple(one for one in phrasings if one in self._worth)
            self._live[id(phrasings)] = live
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

    def may_stand(self, scope: Scope) -> bool:
        """Whether anything that shows this way of speaking is in the text."""
        return any(self.worth_of(some) for some in scope.lists if some is not scope.never)

    def stands(self, scope: Scope, match: re.Match[str]) -> str:
        """What shows that the phrasing found is said in this way; empty = it is not."""
        text = self.without(scope.name, scope.never)
        if found := _among(self.worth_of(scope.anywhere), text, 0, len(text)):
            return found
        start, end = match.span()
        if before := self.worth_of(scope.before):
            lo = max(_clause_start(text, start), start - scope.within)
            # A word may reach into the phrasing: 不想 before 想转人工.
            reach = min(end, start + 2)
            for one in before:
                for hit in one.regex.finditer(text, lo, reach):
                    if hit.start() < start:
                        return hit[0]
        if inside := (*before, *self.worth_of(scope.inside)):
            for group in range(1, (match.lastindex or 0) + 1):
                if found := _among(inside, text, *match.span(group)):
                    return found
        return self._stands_after(scope, text, end)

    def _stands_after(self, scope: Scope, text: str, end: int) -> str:
        after, follows = self.worth_of(scope.after), self.worth_of(scope.follows)
        if not after and not follows:
            return ""
        stop = _STOP.search(text, end)
        hi = stop.start() if stop else len(text)
        found = _among(after, text, end, min(hi, end + scope.within))
        if found or not stop:
            return found
        begins = (one.regex.match(text, stop.end()) for one in follows)
        return next((hit[0] for hit in begins if hit), "")


def _among(phrasings: Phrasings, text: str, start: int, end: int) -> str:
    hits = (one.regex.search(text, start, end) for one in phrasings)
    return next((hit[0] for hit in hits if hit), "")


def _clause_start(text: str, before: int) -> int:
    return max(text.rfind(stop, 0, before) for stop in STOPS) + 1
