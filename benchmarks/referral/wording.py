"""How well does the linter tell forbidden campaign texts from harmless ones?

`python -m benchmarks.referral wording`
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from bot.app.campaign_lint import Linter, build_linter
from bot.config import Config

TEXTS = Path(__file__).parent / "texts.yaml"
"""Marked before there was any rule; rules were tuned on it since."""

SETS = (
    *("texts", "texts_dev", "texts_third", "texts_held_out", "texts_sealed", "texts_last"),
    "texts_fresh",
)
"""What each was written for stands at its top; on the last four no rule was tuned."""

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


async def measure(linter: Linter, file: Path = TEXTS) -> tuple[Told, Told]:
    """The linter and the word list over marked texts."""
    texts = yaml.safe_load(file.read_text("utf-8"))
    every = [*texts["bad"], *texts["good"]]
    found = {text: await linter.read(text) for text in every}

    def judged(name: str, stopped: Collection[str]) -> Told:
        missed = tuple(text for text in texts["bad"] if text not in stopped)
        wrongly = tuple(text for text in texts["good"] if text in stopped)
        return Told(name, len(texts["bad"]), len(texts["good"]), missed, wrongly)

    return (
        judged("linter", {text for text in every if any(one.blocks for one in found[text])}),
        judged("word list", {text for text in every if any(word in text for word in NAIVE)}),
    )


async def measure_all(folder: Path | None = None) -> None:
    """Print how all sets are judged, by words and meaning and by words alone."""
    linter = await build_linter(Config(), folder)
    by_words = await build_linter(Config.model_validate({"embeddings": {"provider": "none"}}), None)
    for name in SETS:
        file = TEXTS.with_stem(name)
        linted, words = await measure(linter, file)
        alone, _ = await measure(by_words, file)
        _print(name, linted, wrongly=True)
        _print(name, replace(alone, name="linter without encoder"))
        _print(name, words)


def main() -> None:
    """Print everything, with what the linter got wrong."""
    asyncio.run(measure_all())


def _print(stem: str, told: Told, *, wrongly: bool = False) -> None:
    print(
        f"{stem}, {told.name}: precision {told.precision:.3f}, recall {told.recall:.3f}"
        f" ({told.bad} bad, {told.good} good)"
    )
    for text in told.missed if wrongly else ():
        print(f"  missed: {text}")
    for text in told.stopped if wrongly else ():
        print(f"  stopped: {text}")
