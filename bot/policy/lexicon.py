"""Which words of a text must not, or not without thought, be said, and what is done about them?

Pure. One list format and one matcher for everything: claims of advertising, effects, promises,
insults, the operator's own words, what a model must not say, names that tags must not have.
All words are looked for at once, overlapping: with the longest alone, a harmless 最好 would hide
the 好评返现 that begins in it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from bot.policy.disguise import origins, undisguised
from bot.policy.verdicts import Decision, Direction, Found, Verdict, WordGroup, masked

__all__ = [
    "Decision",
    "Direction",
    "Found",
    "Lexicon",
    "Verdict",
    "WordGroup",
    "masked",
    "pieces_of",
]

GAP = 10
"""Characters that may stand where a word has `…`."""

_DENIED_WITHIN = 8
"""Characters between 不能 and what it denies."""

_CLAUSE_ENDS = frozenset("，。！？；：、,!?;:\n\r")
_SENTENCE_ENDS = frozenset("。！？；!?;\n\r")


class _Rule(NamedTuple):
    """A word, an allowed phrase (no group), or a denial (no word) of a group."""

    group: WordGroup | None
    word: str
    parts: int = 1
    whole: bool = False
    latin: tuple[bool, bool] = (False, False)

    @property
    def kind(self) -> str:
        """Word, phrase or denial."""
        if self.group is None:
            return "phrase"
        return "word" if self.word else "denial"


class _Span(NamedTuple):
    """A rule's place in the folded text."""

    start: int
    end: int
    rule: _Rule


@dataclass(slots=True)
class _Patterns:
    """Folded pieces, each with the rules that it is a part of."""

    pieces: dict[str, list[tuple[_Rule, int]]] = field(default_factory=dict)

    def add(self, rule: _Rule, pieces: Sequence[str]) -> None:
        for part, piece in enumerate(pieces):
            self.pieces.setdefault(piece, []).append((rule, part))


class Lexicon:
    """Finds words.

    Args:
        groups: a later group's word or phrase puts aside an earlier group's phrase or word that
            reads the same, so that an operator's list has the last word over what is shipped.
    """

    def __init__(self, groups: Iterable[WordGroup] = ()) -> None:
        self.groups = tuple(groups)
        self._finders: dict[Direction, _Finder] = {}

    def check(self, text: str, *, direction: Direction = Direction.OUT) -> Verdict:
        """What becomes of the text."""
        found = self._finder(direction).find(text)
        if not found:
            return Verdict(Decision.ALLOW, (), text)
        strictest = max((one.decision for one in found), key=_strictness)
        return Verdict(strictest, found, masked(text, found))

    def sensitive_kind(self, name: str) -> str:
        """Which sensitive matter the name of a tag speaks of (R-4.8), '' = none."""
        found = self._finder(Direction.TAG).find(name)
        return found[0].kind if found else ""

    def _finder(self, direction: Direction) -> "_Finder":
        """Built when it is first wanted: of four most deployments use two."""
        if direction not in self._finders:
            model = {Direction.OUT} if direction is Direction.MODEL else set()
            self._finders[direction] = _Finder(frozenset({direction} | model), self.groups)
        return self._finders[direction]


def pieces_of(word: str) -> list[str]:
    """What is looked for, piece by piece; a piece that holds no letter or digit is empty."""
    return [undisguised(piece) for piece in word.removeprefix("=").split("…")]


class _Finder:
    """All words of some directions."""

    def __init__(self, directions: frozenset[Direction], groups: Sequence[WordGroup]) -> None:
        patterns = _Patterns()
        for rule, pieces in _rules(directions, groups):
            patterns.add(rule, pieces)
        self._rules = list(patterns.pieces.values())
        self._is_word = [any(rule.word for rule, _ in rules) for rules in self._rules]
        self._automaton = (
            AhoCorasick(
                list(patterns.pieces),
                matchkind=MatchKind.Standard,
                implementation=Implementation.ContiguousNFA,
            )
            if patterns.pieces
            else None
        )

    def find(self, text: str) -> tuple[Found, ...]:
        """Every word that counts, in order; of nested ones of a group the longest."""
        if self._automaton is None:
            return ()
        folded = undisguised(text)
        hits = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        if not any(self._is_word[index] for index, _, _ in hits):
            return ()
        return _Reading(text, folded).judge(self._rules, hits)


def _rules(
    directions: frozenset[Direction], groups: Sequence[WordGroup]
) -> Iterator[tuple[_Rule, list[str]]]:
    """Every rule with its pieces; of those that read the same, what the last group says."""
    words: dict[tuple[str, ...], list[tuple[_Rule, list[str]]]] = {}
    phrases: dict[tuple[str, ...], list[str]] = {}
    for group in groups:
        concerned = bool(group.directions & directions)
        if concerned:
            for word in group.words:
                pieces = pieces_of(word)
                key = ("=" * word.startswith("="), *pieces)
                phrases.pop(tuple(pieces), None)
                words.setdefault(key, []).append((_rule(group, word, pieces), pieces))
                if group.decision is Decision.ALLOW:
                    words.pop(key)
            for word in group.denied_by:
                yield _Rule(group, ""), pieces_of(word)
        for phrase in group.allow:
            pieces = pieces_of(phrase)
            words.pop(("", *pieces), None)
            phrases[tuple(pieces)] = pieces
    for same in words.values():
        yield same[0] if len(same) == 1 else max(same, key=lambda one: _of(one[0]))
    for pieces in phrases.values():
        yield _Rule(None, "", len(pieces)), pieces


def _rule(group: WordGroup, word: str, pieces: Sequence[str]) -> _Rule:
    bare = word.removeprefix("=")
    latin = (_is_latin(bare[:1]), _is_latin(bare[-1:]))
    return _Rule(group, word, len(pieces), word.startswith("="), latin)


class _Reading:
    """One text in which something was found."""

    def __init__(self, text: str, folded: str) -> None:
        self._text, self._folded = text, folded

    @cached_property
    def _origin(self) -> list[int]:
        """Where each folded character stands; most texts are judged without."""
        return origins(self._text)

    def judge(
        self, rules: Sequence[Sequence[tuple[_Rule, int]]], hits: Sequence[tuple[int, int, int]]
    ) -> tuple[Found, ...]:
        """What counts of the hits."""
        found: dict[str, list[_Span]] = {"word": [], "phrase": [], "denial": []}
        chains: dict[int, tuple[_Rule, list[list[tuple[int, int]]]]] = {}
        for index, start, end in hits:
            for rule, part in rules[index]:
                if rule.parts == 1:
                    found[rule.kind].append(_Span(start, end, rule))
                else:
                    empty: list[list[tuple[int, int]]] = [[] for _ in range(rule.parts)]
                    chains.setdefault(id(rule), (rule, empty))[1][part].append((start, end))
        cover = _Cover(found["phrase"])
        words = [span for span in found["word"] if not cover.holds(span) and self._stands(span)]
        chained = list(self._chained(chains.values(), with_phrases=bool(words)))
        words += [span for span in chained if span.rule.group is not None]
        if not words:
            return ()
        cover = _Cover([*found["phrase"], *(one for one in chained if one.rule.group is None)])
        denied = {(id(one.rule.group), one.end) for one in found["denial"]}
        counted = [
            span for span in words if not cover.holds(span) and not self._is_denied(span, denied)
        ]
        return tuple(self._found(span) for span in _longest(counted))

    # ------------------------------------------------------------------ where rules are

    def _chained(
        self,
        chains: Iterable[tuple[_Rule, list[list[tuple[int, int]]]]],
        *,
        with_phrases: bool,
    ) -> Iterator[_Span]:
        """Words of several pieces that are all there, and phrases, if there is a word at all."""
        whole = [(rule, places) for rule, places in chains if all(places)]
        wanted = with_phrases or any(rule.group is not None for rule, _ in whole)
        for rule, places in whole if wanted else ():
            for start, end in self._chain(places):
                span = _Span(start, end, rule)
                if rule.group is None or self._stands(span):
                    yield span

    def _chain(self, places: Sequence[list[tuple[int, int]]]) -> Iterator[tuple[int, int]]:
        """Places where all pieces follow each other within the same sentence."""
        for one in places:
            one.sort()
        for start, end in places[0]:
            at: int | None = end
            for following in places[1:]:
                at = self._next(following, at) if at is not None else None
            if at is not None:
                yield start, at

    def _next(self, places: Sequence[tuple[int, int]], end: int) -> int | None:
        index = bisect_left(places, (end, 0))
        if index == len(places) or places[index][0] > end + GAP:
            return None
        start, after = places[index]
        return None if self._ends(_SENTENCE_ENDS, end, start) else after

    def _ends(self, signs: frozenset[str], end: int, start: int) -> bool:
        """Whether a clause or sentence ends between two folded places."""
        between = self._text[self._origin[end - 1] + 1 : self._origin[start]]
        return not signs.isdisjoint(between)

    # ------------------------------------------------------------------ whether they count

    def _stands(self, span: _Span) -> bool:
        """Whether the word is written as one: no part of another, nor joined of two clauses."""
        rule = span.rule
        if rule.whole and (span.start > 0 or span.end < len(self._folded)):
            return False
        first, last = self._origin[span.start], self._origin[span.end - 1]
        if rule.latin[0] and _is_latin(self._text[first - 1 : first]):
            return False
        if rule.latin[1] and _is_latin(self._text[last + 1 : last + 2]):
            return False
        return rule.parts > 1 or not self._is_joined(span)

    def _is_joined(self, span: _Span) -> bool:
        """Whether clauses meet in it by chance: 价格最低。价格公道. A sign after every character
        is no chance.
        """
        places = self._origin[span.start : span.end]
        between = [self._text[one + 1 : after] for one, after in pairwise(places) if one != after]
        if all(_CLAUSE_ENDS.isdisjoint(signs) for signs in between):
            return False
        return len(between) < 2 or not all(between)

    def _is_denied(self, span: _Span, denied: Collection[tuple[int, int]]) -> bool:
        group = id(span.rule.group)
        return any(
            (group, end) in denied and not self._ends(_CLAUSE_ENDS, end, span.start)
            for end in range(max(1, span.start - _DENIED_WITHIN), span.start + 1)
        )

    def _found(self, span: _Span) -> Found:
        rule = span.rule
        assert rule.group is not None
        start, end = self._origin[span.start], self._origin[span.end - 1] + 1
        group = rule.group
        return Found(
            *(start, end, self._text[start:end], rule.word, group.name, group.decision),
            *(group.source, group.words[rule.word]),
        )


class _Cover:
    """Phrases in which words are harmless."""

    def __init__(self, spans: Iterable[_Span]) -> None:
        ordered = sorted((span.start, span.end) for span in spans)
        self._starts = [start for start, _ in ordered]
        self._ends: list[int] = []
        for _, end in ordered:
            self._ends.append(max(end, self._ends[-1] if self._ends else 0))

    def holds(self, span: _Span) -> bool:
        """Whether a phrase holds all of it."""
        index = bisect_right(self._starts, span.start)
        return index > 0 and self._ends[index - 1] >= span.end


def _longest(spans: Iterable[_Span]) -> Iterator[_Span]:
    """The spans in order, without those that lie in another that is as strict."""
    reach = [0] * len(Decision)
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        assert span.rule.group is not None
        strictness = _strictness(span.rule.group.decision)
        if max(reach[strictness:]) < span.end:
            reach[strictness] = span.end
            yield span


def _of(rule: _Rule) -> int:
    return _strictness(rule.group.decision) if rule.group else 0


def _strictness(decision: Decision) -> int:
    return decision.strictness


def _is_latin(sign: str) -> bool:
    return sign.isascii() and sign.isalnum()
