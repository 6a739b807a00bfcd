"""What is a group of watched words, what is found of it in a text, and what becomes of the text?"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Decision(StrEnum):
    """What becomes of a text, the mildest first."""

    ALLOW = "allow"
    MASK = "mask"
    REVIEW = "review"
    BLOCK = "block"

    @property
    def strictness(self) -> int:
        """The higher, the stricter."""
        return _STRICTNESS[self]


_STRICTNESS = {decision: rank for rank, decision in enumerate(Decision)}


class Direction(StrEnum):
    """Which texts a word is looked for in."""

    OUT = "out"  # what anybody here says
    IN = "in"  # what customers write; a hint only
    MODEL = "model"  # what a model writes, beside OUT
    TAG = "tag"  # names of tags


@dataclass(frozen=True, slots=True)
class WordGroup:
    """Words that are judged alike.

    Args:
        words: what each is replaced by, '' = by asterisks. ``…`` stands for a few characters of
            the same sentence, a leading ``=`` for the whole text.
        allow: phrases in which a word of any group is harmless.
        denied_by: words after which, in the same clause, those of this group are harmless.
        source: list that they come from.
    """

    name: str
    decision: Decision
    words: dict[str, str]
    directions: frozenset[Direction] = frozenset({Direction.OUT})
    allow: tuple[str, ...] = ()
    denied_by: tuple[str, ...] = ()
    source: str = ""


class Found(NamedTuple):
    """A word in a text.

    Args:
        start: index in the text as it was written.
        text: as it was written.
        word: as it is listed.
    """

    start: int
    end: int
    text: str
    word: str
    kind: str
    decision: Decision
    source: str
    replacement: str = ""


class Verdict(NamedTuple):
    """What becomes of a text.

    Args:
        decision: the strictest of what was found.
        text: the text with what is to be masked replaced.
    """

    decision: Decision
    found: tuple[Found, ...]
    text: str


def masked(text: str, found: Sequence[Found], *, everything: bool = False) -> str:
    """The text with what was found replaced, where it is to be masked or everywhere."""
    said: list[str] = []
    at = 0
    for one in found:
        if (everything or one.decision is Decision.MASK) and one.start >= at:
            said += [text[at : one.start], one.replacement or "*" * len(one.text)]
            at = one.end
    return "".join((*said, text[at:])) if said else text
