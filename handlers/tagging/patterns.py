"""How is an operator's regular expression searched without ever taking long?

A pattern can backtrack for ever on a short text. Each search has a time of its own, all searches of
a message one together, and a pattern that runs out of time again and again is laid aside.
"""

import re
import time
from dataclasses import dataclass, field

import regex

EACH_S = 0.010
"""A pattern that is well made needs a thousandth of this; a busy machine may stretch it."""

ALL_S = 0.020
"""For all patterns on one message."""

PATIENCE = 5
"""So many times out of time in a row, and a pattern is laid aside until its file changes."""

MAX_LENGTH, MAX_REPEAT = 500, 1000
"""Characters of a pattern, and of a bounded repeat: what is longer takes long to build."""

_BEGINS = re.compile(r"\(\?:([^\\()\[\].*+?{}^$|]+(?:\|[^\\()\[\].*+?{}^$|]+)*)\)(?![*?{])")
"""A group of plain words that must stand there."""

_LOOSE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?[a-zA-Z^]|[()|]", re.DOTALL)
"""What may make the group a choice only, or change how it is read."""

_REPEAT = re.compile(r"\{(\d{0,9})(?:,(\d{0,9}))?\}")


class BadPattern(ValueError):
    """A pattern that cannot be used: ``why`` is one of `length`, `repeat`, `syntax`, `empty`."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(f"{why}: {detail}")
        self.why, self.detail = why, detail


@dataclass(slots=True, eq=False)
class Pattern:
    """A pattern, ready to be searched.

    Args:
        source: as it was written.

    Attributes:
        begins_with: words of which one stands in every text that holds it; empty = not known.
    """

    source: str
    _regex: "regex.Pattern[str]" = field(init=False)
    begins_with: frozenset[str] = field(init=False)
    overdue: int = 0

    def __post_init__(self) -> None:
        if len(self.source) > MAX_LENGTH:
            raise BadPattern("length", str(len(self.source)))
        repeats = (int(one) for found in _REPEAT.findall(self.source) for one in found if one)
        if max(repeats, default=0) > MAX_REPEAT:
            raise BadPattern("repeat", self.source)
        try:
            self._regex = regex.compile(self.source)
            if self._regex.search("", timeout=EACH_S):
                raise BadPattern("empty", self.source)
        except (regex.error, RecursionError, OverflowError) as error:
            raise BadPattern("syntax", str(error)) from error
        except TimeoutError as error:
            raise BadPattern("repeat", self.source) from error
        self.begins_with = _first_words(self.source)

    @property
    def is_laid_aside(self) -> bool:
        """Whether it ran out of time too often."""
        return self.overdue >= PATIENCE

    def search(self, text: str, budget: "Budget") -> tuple[int, int] | None:
        """Where it is found first; ``None`` also when there is no time left."""
        left = budget.left()
        if self.is_laid_aside or left <= 0:
            return None
        try:
            found = self._regex.search(text, timeout=min(EACH_S, left))
        except TimeoutError:
            self.overdue += 1
            return None
        self.overdue = 0
        return found.span() if found and found.end() > found.start() else None


@dataclass(slots=True)
class Budget:
    """The time that all patterns together have for one message."""

    seconds: float = ALL_S
    _began: float = field(default_factory=time.thread_time)

    def left(self) -> float:
        """Seconds that are left."""
        return self.seconds - (time.thread_time() - self._began)


def _first_words(source: str) -> frozenset[str]:
    """The words of the group with which a pattern begins, if it can be found in no other way."""
    begins = _BEGINS.match(source)
    if begins is None:
        return frozenset()
    depth = 0
    for found in _LOOSE.finditer(source, begins.end()):
        sign = found[0]
        depth += (sign[0] == "(") - (sign == ")")
        if sign.startswith("(?") or (sign == "|" and depth == 0):
            return frozenset()
    return frozenset(begins[1].split("|"))
