"""How does a text leave the house without personal data, and come back with it?

Each part that is personal becomes a placeholder of its kind and a number, such as ``[手机号1]``;
which value stands behind it never leaves (R-15.6).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.llm.folding import fold
from bot.llm.personal import LABELS, find

_LABEL = "|".join(LABELS.values())
_PLACEHOLDER = re.compile(rf"\[(?:{_LABEL})[0-9]+\]")
_LIKE_ONE = re.compile(rf"(?P<open>[\[【〔]?)\s?(?P<name>{_LABEL})\s?(?P<number>\d*)\s?[\]】〕]?")


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without personal data. Neither it nor the values appear in its `repr`.

    Args:
        text: what may leave.
        values: what stands behind each placeholder of all texts of this `Masker`.
    """

    text: str = field(repr=False)
    values: Mapping[str, str] = field(repr=False)

    def restore(self, said: str) -> str:
        """What was said, with the customer's own words in place of our placeholders.

        What looks like a placeholder and is none of ours stays: see `unknown_placeholders`.
        """
        return _PLACEHOLDER.sub(lambda found: self.values.get(found[0], found[0]), said)

    def unknown_placeholders(self, said: str) -> list[str]:
        """What would reach the customer as a placeholder: invented ones, and ours misspelt.

        Not empty means that `said` must not be sent.
        """
        folded = fold(said)
        unknown = []
        for like in _LIKE_ONE.finditer(folded.text):
            start, end = folded.span(*like.span())
            meant = f"[{like['name']}{like['number']}]"
            if said[start:end] not in self.values and (
                like["open"] == "[" or (like["open"] and like["number"]) or meant in self.values
            ):
                unknown.append(said[start:end])
        return unknown


class Masker:
    """Masks the texts of one request, or of one conversation, with one numbering.

    Never share one between customers: its placeholders stand for values of this one only.

    Args:
        names: of the people concerned, as the profile has them.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._names = tuple(names)
        self._placeholders: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    def mask(self, text: str) -> Masked:
        """The text with placeholders; the same words of the same kind get the same one.

        A number written in two ways gets two, so that each comes back as it was written. What
        the customer typed that looks like a placeholder is masked itself: no one can forge one.
        """
        pieces, done = [], 0
        for start, end, kind in find(text, self._names):
            pieces += [text[done:start], self._placeholder(kind, text[start:end])]
            done = end
        return Masked("".join((*pieces, text[done:])), MappingProxyType(self._values))

    def _placeholder(self, kind: str, value: str) -> str:
        known = self._placeholders.get((kind, value))
        if known is None:
            self._counts[kind] += 1
            known = f"[{LABELS[kind]}{self._counts[kind]}]"
            self._placeholders[kind, value] = known
            self._values[known] = value
        return known
