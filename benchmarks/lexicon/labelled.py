"""What does each matcher make of the labelled texts?"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from bot.app.lexicon import lexicon_in
from bot.config import Safety
from bot.policy.lexicon import Decision, Direction, Lexicon

FOLDER = Path(__file__).parent


class Sample(NamedTuple):
    """A text, and whether something in it must be found.

    Args:
        label: ``wrong``, ``hidden`` (wrong, and disguised) or ``harmless``.
    """

    file: str
    label: str
    text: str
    direction: Direction


Finds = Callable[[Sample], bool]


def samples(folder: Path = FOLDER) -> Iterator[Sample]:
    """Every labelled text."""
    for file in sorted(folder.glob("*.yaml")):
        content = yaml.safe_load(file.read_text("utf-8"))
        direction = Direction(content["direction"])
        for label in ("wrong", "hidden", "harmless"):
            for text in content.get(label, ()):
                yield Sample(file.stem, label, text, direction)


def shipped() -> Lexicon:
    """The words that are shipped."""
    lexicon, problems = lexicon_in(Safety())
    assert not problems, problems
    return lexicon


def by_lexicon(lexicon: Lexicon) -> Finds:
    """The product's matcher."""
    return lambda one: (
        lexicon.check(one.text, direction=one.direction).decision is not Decision.ALLOW
    )


def naively(lexicon: Lexicon) -> Finds:
    """The same words, searched for as they are written."""
    words = {
        direction: [
            word.removeprefix("=")
            for group in lexicon.groups
            if direction in group.directions
            for word in group.words
        ]
        for direction in Direction
    }
    return lambda one: any(word in one.text for word in words[one.direction])


class Tally(NamedTuple):
    """Counts of one matcher."""

    found: Counter[str]
    there: Counter[str]
    wrong: list[Sample]

    @property
    def precision(self) -> float:
        """Of what was found, how much is wrong indeed."""
        right = self.found["wrong"] + self.found["hidden"]
        return right / max(1, right + self.found["harmless"])

    def recall(self, *labels: str) -> float:
        """Of what is labelled so, how much was found."""
        there = sum(self.there[one] for one in labels)
        return sum(self.found[one] for one in labels) / max(1, there)


def tally(finds: Finds, those: Sequence[Sample]) -> Tally:
    """Judge every sample."""
    result = Tally(Counter(), Counter(), [])
    for one in those:
        found = finds(one)
        result.there[one.label] += 1
        result.found[one.label] += found
        if found != (one.label != "harmless"):
            result.wrong.append(one)
    return result


SETS = {
    "before the rules": FOLDER,
    "after the rules, learned from since": FOLDER / "fresh",
    "after that, never learned from": FOLDER / "later",
}


def report(*, misses: bool) -> None:
    """Print precision and recall, set by set and file by file, beside the plain search."""
    lexicon = shipped()
    matchers = {"lexicon": by_lexicon(lexicon), "plain search": naively(lexicon)}
    print(f"{sum(len(group.words) for group in lexicon.groups)} words")
    for title, folder in SETS.items():
        those = list(samples(folder))
        print(f"\n{title}: {len(those)} texts")
        for name, finds in matchers.items():
            print(f"  {name:<12} {'texts':>5} {'precision':>9} {'recall':>7} {'of hidden':>9}")
            files = dict.fromkeys(one.file for one in those)
            for file in (*files, "") if len(files) > 1 else ("",):
                _line(file, tally(finds, [one for one in those if file in ("", one.file)]))
            if misses:
                for one in tally(finds, those).wrong:
                    print(f"      {one.file}/{one.label}: {one.text}")


def _line(file: str, done: Tally) -> None:
    there = sum(done.there.values())
    print(
        f"    {file or 'all':<10} {there:>5} {done.precision:>9.3f}"
        f" {done.recall('wrong', 'hidden'):>7.3f} {done.recall('hidden'):>9.3f}"
    )
