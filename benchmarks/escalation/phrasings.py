"""Which phrasings must bring a person, and which must not? One file for each class.

They were written before any rule: ``dev`` to write rules by, ``test`` to look at when they stand.
``fresh`` was written after that, ``last`` after what ``fresh`` taught, ``blind`` before anything
was fitted to meaning, ``unseen`` (half everyday, half odd) before examples and words were
widened, ``stranger`` before they were widened again, ``newcomer`` (other trades than a shop) when
they had been, and ``closing`` (everyday words) after what that taught.
"""

from pathlib import Path
from typing import Any

import yaml

from knowledge.evaluate import wilson

FOLDER = Path(__file__).parent
SPLITS = ("dev", "test", "fresh", "last", "blind", "unseen", "stranger", "newcomer", "closing")

Said = dict[str, list[str]]


class Phrasings:
    """The set of one class.

    Args:
        name: the class.
        content: ``{"positive": {"dev": […]}, "negative": {"dev": […]}}``.
    """

    def __init__(self, name: str, content: dict[str, Said]) -> None:
        self.name = name
        self._content = content

    def of(self, split: str) -> list[tuple[str, bool]]:
        """Every phrasing of a split and whether it must bring a person."""
        return [
            (text, wanted)
            for key, wanted in (("positive", True), ("negative", False))
            for text in self._content[key].get(split, [])
        ]


def read_phrasings() -> list[Phrasings]:
    """Every set, by name."""
    return [
        Phrasings(path.stem, _read(path))
        for path in sorted(FOLDER.glob("*.yaml"), key=lambda p: (p.stem != "asked", p.stem))
    ]


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


class Score:
    """What a decision made of phrasings."""

    def __init__(self) -> None:
        self.hit = self.missed = self.false = self.left = 0
        self.wrong: list[tuple[str, bool]] = []

    def add(self, text: str, *, wanted: bool, found: bool) -> None:
        """Count one phrasing."""
        self.hit += wanted and found
        self.missed += wanted and not found
        self.false += found and not wanted
        self.left += not found and not wanted
        if wanted != found:
            self.wrong.append((text, wanted))

    def merge(self, other: "Score") -> None:
        """Count another score's phrasings too."""
        self.hit += other.hit
        self.missed += other.missed
        self.false += other.false
        self.left += other.left

    @property
    def precision(self) -> str:
        """Of what was found, how much was wanted."""
        return share(self.hit, self.hit + self.false)

    @property
    def recall(self) -> str:
        """Of what was wanted, how much was found."""
        return share(self.hit, self.hit + self.missed)


def share(count: int, of: int) -> str:
    """A share with its 95 % interval, or a dash."""
    if not of:
        return "—"
    low, high = wilson(count, of)
    return f"{count / of:.3f} [{low:.2f}–{high:.2f}]"
