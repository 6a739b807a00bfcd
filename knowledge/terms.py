"""Which words tell near-identical questions apart, so that they must never be confused?

怎么换货 and 怎么退货 differ in one piece and are answered differently: 换货 and 退货 may be terms
that exclude each other. They are proposed; a person confirms them in `prompts/knowledge.yaml`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import msgspec

from knowledge.entries import FaqEntry
from knowledge.fold import bare, exact_key
from knowledge.words import NO_WORDS, SHORTEST, Words

LONGEST = 6  # characters of a term; longer pieces are half a question
_LONGEST_LATIN = 20  # the same of models and brands
COMMON = 3  # characters at least that two questions share
_SHARE = 0.6  # and the share of the longer one that these are
_LONGEST_QUESTION = 40  # beyond, it is a story
_SIDE_BY_SIDE = 40  # words compared in one place of a question: a catalogue has thousands

_RUN = re.compile(r"[a-z0-9]")
_NUMBER = re.compile(r"\d+")
# What asks, joins or colours, but names nothing.
_NAMES_NOTHING = re.compile(
    "怎|么|多少|多久|多长|能不能|是不是|有没有|可以|哪|谁|几|吗|呢|"
    "^[的了我你它他她在不没是就都还也再又被把给和跟与对从能会要有让用]|[的了我你在不没是就都还也再又被把给和跟与对从]$"
)


class Proposal(msgspec.Struct, frozen=True):
    """Words that may exclude each other.

    Args:
        words: folded; those of a confirmed group come first.
        confirmed: how many of them are in one group already, to which the others would come.
        pairs: how many pairs of entries they tell apart.
        one: a question with one of them, for people.
        other: the question that differs from it in just this.
    """

    words: tuple[str, ...]
    confirmed: int
    pairs: int
    one: str
    other: str


class _Asked(NamedTuple):
    at: int
    text: str
    folded: str
    key: str
    answer: str
    named: frozenset[str]


class _Seen(msgspec.Struct):
    """What speaks for two words."""

    entries: set[tuple[int, int]]
    one: str
    other: str


def propose(entries: Sequence[FaqEntry], words: Words = NO_WORDS) -> list[Proposal]:
    """Groups that nobody has confirmed: those that tell most apart first, then the commonest.

    A word stands in one group at most, and every two of a new group were seen side by side. Words
    that phrasings of one and the same entry exchange mean the same, and are not proposed.

    Args:
        words: what is confirmed.
    """
    asked = list(_asked(entries, words))
    corpus = "\n".join(one.key for one in asked)
    apart: dict[tuple[str, str], _Seen] = {}
    alike: set[tuple[str, str]] = set()
    for one, other, pair in _pairs(asked, corpus):
        if one.at == other.at or (one.answer and one.answer == other.answer):
            alike.add(pair)
        elif _stand_in(pair, one, other) and not _told_apart(one, other, words):
            seen = apart.setdefault(pair, _Seen(set(), one.text, other.text))
            seen.entries.add((min(one.at, other.at), max(one.at, other.at)))
    edges = {pair: seen for pair, seen in apart.items() if pair not in alike}
    return sorted(
        _grouped(edges, words),
        key=lambda found: (-found.pairs, -min(map(corpus.count, found.words)), found.words),
    )


def _asked(entries: Sequence[FaqEntry], words: Words) -> Iterator[_Asked]:
    for at, entry in enumerate(entries):
        if entry.kind != "faq":
            continue
        answer = exact_key(words.fold(entry.answer))
        for text in entry.questions:
            folded = words.fold(text)
            key = exact_key(folded)
            if COMMON < len(key) <= _LONGEST_QUESTION:
                yield _Asked(at, text, bare(folded), key, answer, words.named(folded))


def _pairs(
    asked: Sequence[_Asked], corpus: str
) -> Iterator[tuple[_Asked, _Asked, tuple[str, str]]]:
    """Questions that differ in one piece, with the two words, each pair once."""
    places: dict[tuple[str, str], dict[str, list[_Asked]]] = defaultdict(dict)
    for one in asked:
        for start, end in _cuts(len(one.key)):
            rest = one.key[:start], one.key[end:]
            places[rest].setdefault(one.key[start:end], []).append(one)
    for (before, after), pieces in places.items():
        kept = sorted(pieces, key=lambda piece: (-len(pieces[piece]), piece))[:_SIDE_BY_SIDE]
        for mine, theirs in combinations(sorted(kept), 2):
            if mine[0] == theirs[0] or mine[-1] == theirs[-1]:
                continue  # they differ in less: another place holds just that
            pair = _words(before, (mine, theirs), after, corpus)
            if pair is None:
                continue
            for one in pieces[mine]:
                for other in pieces[theirs][:_SIDE_BY_SIDE]:
                    yield one, other, pair


def _cuts(length: int) -> Iterator[tuple[int, int]]:
    least = max(COMMON, length * _SHARE)
    for size in range(1, LONGEST + 1):
        if length - size < least:
            return
        yield from ((start, start + size) for start in range(length - size + 1))


def _words(before: str, pieces: tuple[str, str], after: str, corpus: str) -> tuple[str, str] | None:
    """The two words in which these pieces differ, sorted, if they are words that can be terms."""
    while before and _RUN.match(before[-1]) and any(_RUN.match(piece) for piece in pieces):
        pieces, before = (before[-1] + pieces[0], before[-1] + pieces[1]), before[:-1]
    while after and _RUN.match(after) and any(_RUN.match(piece[-1]) for piece in pieces):
        pieces, after = (pieces[0] + after[0], pieces[1] + after[0]), after[1:]
    if max(map(len, pieces)) < SHORTEST:
        pieces = _widened(before, pieces, after, corpus)
    one, other = sorted(pieces)
    if any(not SHORTEST <= len(word) <= _longest(word) for word in pieces):
        return None
    if any(_NUMBER.fullmatch(word) or _NAMES_NOTHING.search(word) for word in pieces):
        return None
    return one, other


def _longest(word: str) -> int:
    return _LONGEST_LATIN if word.isascii() else LONGEST


def _widened(before: str, pieces: tuple[str, str], after: str, corpus: str) -> tuple[str, str]:
    """The pieces with a neighbour that they share.

    Of two it is the one with which both are commoner, else the one that is less at home with its
    own neighbour: 注册 and 注销 rather than 册账 and 销账, because of 账号.
    """
    sides = []
    if after:
        widened = pieces[0] + after[0], pieces[1] + after[0]
        sides.append((min(map(corpus.count, widened)), -_common(after[:2], corpus), widened))
    if before:
        widened = before[-1] + pieces[0], before[-1] + pieces[1]
        sides.append((min(map(corpus.count, widened)), -_common(before[-2:], corpus), widened))
    return max(sides)[2] if sides else pieces


def _common(neighbours: str, corpus: str) -> int:
    return corpus.count(neighbours) if len(neighbours) == 2 else 0


def _stand_in(pair: tuple[str, str], one: _Asked, other: _Asked) -> bool:
    """Whether each text holds its word as it is, no sign left out."""
    return all(any(word in text.folded for word in pair) for text in (one, other))


def _told_apart(one: _Asked, other: _Asked, words: Words) -> bool:
    """Whether confirmed terms do it already."""
    return any(
        one.named & group and other.named & group and one.named & group != other.named & group
        for group in words.groups
    )


def _grouped(edges: dict[tuple[str, str], _Seen], words: Words) -> Iterator[Proposal]:
    """Words into groups: the strongest pair begins, and who was seen with all of it may join."""
    group_of = {word: group for group in map(set, words.groups) for word in group}
    confirmed = set(group_of)
    for one, other in sorted(edges, key=lambda pair: (-len(edges[pair].entries), pair)):
        mine, theirs = group_of.get(one), group_of.get(other)
        if mine is None and theirs is None:
            group_of[one] = group_of[other] = {one, other}
        elif mine is None or theirs is None:
            new, group = (one, theirs) if mine is None else (other, mine)
            if group is not None and _fits(new, group, edges, confirmed):
                group.add(new)
                group_of[new] = group
    for group in {id(group): group for group in group_of.values()}.values():
        inside = [pair for pair in edges if group >= set(pair)]
        if group <= confirmed or not inside:
            continue
        best = max(inside, key=lambda pair: (len(edges[pair].entries), pair))
        yield Proposal(
            (*sorted(group & confirmed), *_by_use(group - confirmed, edges)),
            len(group & confirmed),
            len(set().union(*(edges[pair].entries for pair in inside))),
            edges[best].one,
            edges[best].other,
        )


def _fits(
    new: str, group: set[str], edges: dict[tuple[str, str], _Seen], confirmed: set[str]
) -> bool:
    if group & confirmed:
        return True  # a person has said that these belong together
    return all((min(new, word), max(new, word)) in edges for word in group)


def _by_use(words: Iterable[str], edges: dict[tuple[str, str], _Seen]) -> list[str]:
    use = Counter(
        word for pair, seen in edges.items() for word in pair for _ in range(len(seen.entries))
    )
    return sorted(words, key=lambda word: (-use[word], word))
