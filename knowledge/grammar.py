"""How is a phrasing written down, and where does it stand in what a customer wrote?

A phrasing is what people say with its variable places: ``{wants}...(a|the) person``. Choices stand
in round brackets, a named list in braces, and ``...`` lets a few other characters stand between
(``......`` a few more) inside one clause. ``^`` and ``$`` are the clause's beginning and end;
a choice may end in ``$`` too. There
is nothing else, so that no phrasing can take long, whatever a customer sends.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

NEAR, FAR = 6, 14
"""Characters that ``...`` and ``......`` let stand between."""

STOPS = ",。!?;.\n"
"""What ends a clause, after widths are evened out."""

MASK = "\0"
"""Stands for a character that must not be found; it ends no clause."""

MOST_WORDS = 100
"""So many words that a phrasing's choices make are looked for as wholes."""

_BEGIN, _END = rf"(?<![^{STOPS}\s])", rf"(?![^{STOPS}\s])"
_TOKEN = re.compile(r"\.{6}|\.{3}|\{([^{}()|]*)\}|\(([^(){}]*)\)|[\^$]|[^(){}|.^$]+|.")


class BadPhrasing(ValueError):
    """A phrasing that nobody can read: ``why`` is one of `bracket`, `list`, `empty`, `anchor`.

    Args:
        why: what is wrong.
        detail: the part that is.
    """

    def __init__(self, why: str, detail: str) -> None:
        super().__init__(f"{why}: {detail}")
        self.why, self.detail = why, detail


@dataclass(frozen=True, eq=False)
class Phrasing:
    """One phrasing, ready to be looked for.

    Args:
        source: as it was written.
        pattern: of the regular expression.
        needs: sets of words; of each at least one stands in every text that holds the phrasing.
    """

    source: str
    pattern: str
    needs: tuple[frozenset[str], ...]

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Its groups are what stood in the gaps. Most phrasings are never met: it is made late."""
        return re.compile(self.pattern)

    @cached_property
    def tell(self) -> frozenset[str]:
        """The words that tell most: those of which few texts hold one."""
        return max(self.needs, key=lambda words: (min(map(len, words)), -len(words)))


def read_phrasing(
    source: str, lists: Mapping[str, Sequence[str]], even: Callable[[str], str]
) -> Phrasing:
    """A phrasing as written by an operator.

    Args:
        source: the phrasing.
        lists: named lists of words, evened out.
        even: evens out words as the customer's text will be.

    Raises:
        BadPhrasing: it cannot be read, or it would be found in an empty text.
    """
    parts: list[str] = []
    together: list[list[Sequence[str]]] = [[]]
    tokens = list(_TOKEN.finditer(even(source)))
    for place, token in enumerate(tokens):
        text = token[0]
        if text in ("...", "......"):
            parts.append(f"([^{STOPS}]{{0,{NEAR if text == '...' else FAR}}}?)")
            together.append([])
        elif text in "^$":
            parts.append(_anchor(text, place, len(tokens)))
        else:
            words = _words(token, lists)
            together[-1].append([word.removesuffix("$") for word in words])
            parts.append(any_of(words))
    needs = [words for some in together for words in _needed(some) if "" not in words]
    if not needs:
        raise BadPhrasing("empty", source)
    return Phrasing(source, "".join(parts), tuple(needs))


def _needed(parts: Sequence[Sequence[str]]) -> Iterable[frozenset[str]]:
    """What stands in every text that holds these parts, one after the other.

    A few long words tell more than many short ones: 再(买|拍)(一|两) is told by 再买一, not by 一.
    """
    if prod(map(len, parts)) <= MOST_WORDS:
        return [frozenset(map("".join, product(*parts)))]
    return map(frozenset, parts)


def any_of(words: Iterable[str]) -> str:
    """A regular expression for any of these words, the longest first; latin ones stand alone.

    A word that ends in ``$`` stands at the end of a clause.
    """
    longest = sorted(set(words), key=lambda word: (-len(word), word))
    return f"(?:{'|'.join(map(_literal, longest))})"


def _anchor(text: str, place: int, of: int) -> str:
    if place != (0 if text == "^" else of - 1):
        raise BadPhrasing("anchor", text)
    return _BEGIN if text == "^" else _END


def _words(token: re.Match[str], lists: Mapping[str, Sequence[str]]) -> Sequence[str]:
    if token[1] is not None:
        if not lists.get(token[1]):
            raise BadPhrasing("list", token[1])
        return lists[token[1]]
    if token[2] is not None:
        return [word.strip() for word in token[2].split("|")]
    if token[0] in "(){}|.":
        raise BadPhrasing("bracket", token[0])
    return [token[0]]


def _literal(word: str) -> str:
    if word.endswith("$"):
        return _literal(word[:-1]) + _END
    before = "(?<![a-z0-9])" if _is_latin(word[:1]) else ""
    after = "(?![a-z0-9])" if _is_latin(word[-1:]) else ""
    return f"{before}{re.escape(word)}{after}"


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
