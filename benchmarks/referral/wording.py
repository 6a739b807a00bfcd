"""How well does the linter tell forbidden campaign texts from harmless ones?

`python -m benchmarks.referral wording`
"""

from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.app import campaign_lint as lint
from bot.app.lexicon import build_lexicon
from bot.config import Config

TEXTS = Path(__file__).parent / "texts.yaml"
HELD_OUT = TEXTS.with_stem("texts_held_out")
"""Texts that were written after the rules, and never used to write them."""

NAIVE = ("分享朋友圈", "转发才能", "集赞", "砍价", "不转不是", "转发", "分享", "第一", "最低")
"""The word list that stands beside it: those that the rule names, and the plain words."""


@dataclass(frozen=True, slots=True)
class Told:
    """How one judge did.

    Args:
        missed: bad texts that it let through, `stopped` good ones that it stopped.
    """

    name: str
    bad: int
    good: int
    missed: tuple[str, ...]
    stopped: tuple[str, ...]

    @property
    def precision(self) -> float:
        """Of what it stopped, how much was bad."""
        hits = self.bad - len(self.missed)
        return hits / (hits + len(self.stopped)) if hits else 0.0

    @property
    def recall(self) -> float:
        """Of what was bad, how much it stopped."""
        return (self.bad - len(self.missed)) / self.bad


def measure(file: Path = TEXTS) -> tuple[Told, Told]:
    """The linter and the word list over marked texts."""
    texts = yaml.safe_load(file.read_text("utf-8"))
    lexicon = build_lexicon(Config())

    def judged(name: str, stops: object) -> Told:
        assert callable(stops)
        missed = tuple(text for text in texts["bad"] if not stops(text))
        stopped = tuple(text for text in texts["good"] if stops(text))
        return Told(name, len(texts["bad"]), len(texts["good"]), missed, stopped)

    return (
        judged("linter", lambda text: any(one.blocks for one in lint.wording(text, lexicon))),
        judged("word list", lambda text: any(word in text for word in NAIVE)),
    )


def main() -> None:
    """Print both, with what they got wrong."""
    for file in (TEXTS, HELD_OUT):
        _print(file)


def _print(file: Path) -> None:
    for told in measure(file):
        print(
            f"{file.stem}, {told.name}: precision {told.precision:.3f}, recall {told.recall:.3f}"
            f" ({told.bad} bad, {told.good} good)"
        )
        for text in told.missed:
            print(f"  missed: {text}")
        for text in told.stopped:
            print(f"  stopped: {text}")
