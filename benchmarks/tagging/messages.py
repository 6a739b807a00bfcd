"""What did customers write, and which tags should that give? One file for each trade.

They were written before any rule: ``dev`` to write rules by, ``test`` of which only totals are
looked at, ``blind`` after the rules, by somebody who does not look at them.
What each tag means, and the words of the baseline, stand in meanings.yaml.
"""

from pathlib import Path
from typing import Any, NamedTuple

import yaml

from knowledge.evaluate import wilson

FOLDER = Path(__file__).parent
INDUSTRIES = ("retail", "beauty", "baby", "education")
SPLITS = ("dev", "test", "blind", "plain")


class Message(NamedTuple):
    """A message and the tags that it should give."""

    text: str
    industry: str
    tags: frozenset[str]
    why: str


def read_messages(split: str) -> list[Message]:
    """Every message of a split."""
    found = []
    for path in (*(FOLDER / f"{one}.yaml" for one in INDUSTRIES), FOLDER / "blind.yaml"):
        content = _read(path) if path.exists() else {}
        for one in content.get(split, []):
            trade = one.get("industry") or content.get("industry", "")
            found.append(Message(one["text"], trade, frozenset(one["tags"]), one.get("why", "")))
    return found


def baseline() -> dict[str, list[str]]:
    """The obvious words of each tag."""
    meanings: dict[str, dict[str, Any]] = _read(FOLDER / "meanings.yaml")
    return {tag: list(map(str, one["words"])) for tag, one in meanings.items()}


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


class Score:
    """What was found beside what was wanted."""

    def __init__(self) -> None:
        self.hit = self.missed = self.false = 0

    def add(self, *, wanted: bool, found: bool) -> None:
        """Count one tag of one message."""
        self.hit += wanted and found
        self.missed += wanted and not found
        self.false += found and not wanted

    def merge(self, other: "Score") -> None:
        """Count another score too."""
        self.hit += other.hit
        self.missed += other.missed
        self.false += other.false

    @property
    def precision(self) -> str:
        """Of what was found, how much was wanted."""
        return _share(self.hit, self.hit + self.false)

    @property
    def recall(self) -> str:
        """Of what was wanted, how much was found."""
        return _share(self.hit, self.hit + self.missed)


def _share(part: int, whole: int) -> str:
    if not whole:
        return "-"
    low, high = wilson(part, whole)
    return f"{part / whole:.3f} [{low:.2f}, {high:.2f}]"
