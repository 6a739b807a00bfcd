"""How much personal data is found before a text leaves, and how much is masked that is none?

    python -m benchmarks.masking            the samples of tests/unit/llm/masking-*.jsonl
    python -m benchmarks.masking FILE …     others of the same form
    python -m benchmarks.masking --misses   also what went wrong, sample by sample

A line is ``{"text", "spans": [[start, end, kind], …], "names": known names}``.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bot.llm.masking import Masker
from bot.llm.personal import find

_FOLDER = Path(__file__).parents[1] / "tests" / "unit" / "llm"
SAMPLES = _FOLDER / "masking-samples.jsonl"
"""Written before the rules."""
FRESH = _FOLDER / "masking-fresh.jsonl"
"""Written after them. At first sight: structured recall 78 of 80, 1 of 140 masked wrongly."""
STRUCTURED = ("phone", "landline", "id_card", "bank_card", "email", "order")

_TEXTBOOK = (
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)),
    ("id_card", re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")),
    ("bank_card", re.compile(r"(?<!\d)\d{16,19}(?!\d)")),
    ("phone", re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")),
    ("landline", re.compile(r"(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)")),
    ("order", re.compile(r"[A-Za-z]{0,4}\d{10,}")),
)


class Span(NamedTuple):
    start: int
    end: int
    kind: str


class Sample(NamedTuple):
    text: str
    spans: tuple[Span, ...]
    names: tuple[str, ...]


Finder = Callable[[Sample], Sequence[Span]]


class Tally:
    """What a finder did on the samples."""

    def __init__(self) -> None:
        self.there: Counter[str] = Counter()
        self.covered: Counter[str] = Counter()
        self.named_rightly: Counter[str] = Counter()
        self.clean = self.clean_masked = self.spans_beyond = 0
        self.misses: list[str] = []

    def add(self, sample: Sample, found: Sequence[Span]) -> None:
        for span in sample.spans:
            kind = _row(sample, span)
            over = [f for f in found if f.start <= span.start and f.end >= span.end]
            self.there[kind] += 1
            self.covered[kind] += bool(over)
            self.named_rightly[kind] += any(f.kind == span.kind for f in over)
            if not over:
                self._miss("missed", kind, sample.text, span)
        beyond = [f for f in found if not _inside(f, sample)]
        for span in beyond:
            self._miss("wrong", span.kind, sample.text, span)
        if sample.spans:
            self.spans_beyond += len(beyond)
        else:
            self.clean += 1
            self.clean_masked += bool(beyond)

    def recall(self, *kinds: str) -> float:
        return self._share(self.covered, kinds)

    def lines(self) -> Iterator[str]:
        for kind in self.there:
            yield self._line(kind, kind)
        yield self._line("structured", *STRUCTURED)
        share = self.clean_masked / max(self.clean, 1)
        yield f"  no personal data: {self.clean_masked}/{self.clean} masked ({share:.2%})"
        yield f"  in the others, masks that reach beyond the data: {self.spans_beyond}"

    def _line(self, title: str, *kinds: str) -> str:
        covered, there = (sum(c[k] for k in kinds) for c in (self.covered, self.there))
        return (
            f"  {title:14} recall {covered:3}/{there:<3} = {self.recall(*kinds):.3f}"
            f"   with the right kind {self._share(self.named_rightly, kinds):.3f}"
        )

    def _share(self, counted: Counter[str], kinds: Sequence[str]) -> float:
        return sum(counted[k] for k in kinds) / max(sum(self.there[k] for k in kinds), 1)

    def _miss(self, what: str, kind: str, text: str, span: Span) -> None:
        self.misses.append(f"  {what} {kind}: {text[span.start : span.end]!r} in {text!r}")


def _row(sample: Sample, span: Span) -> str:
    """Names that nobody told us are a row of their own."""
    said = sample.text[span.start : span.end].casefold()
    told = said in (name.casefold() for name in sample.names)
    return "name (untold)" if span.kind == "name" and not told else span.kind


def _inside(found: Span, sample: Sample) -> bool:
    personal = {i for span in sample.spans for i in range(span.start, span.end)}
    said = sample.text
    return all(i in personal or said[i].isspace() for i in range(found.start, found.end))


def read_samples(file: Path = SAMPLES) -> list[Sample]:
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [
        Sample(row["text"], tuple(Span(*s) for s in row["spans"]), tuple(row.get("names", ())))
        for row in rows
    ]


def judge(finder: Finder, samples: Sequence[Sample]) -> Tally:
    tally = Tally()
    for sample in samples:
        tally.add(sample, finder(sample))
    return tally


def textbook(sample: Sample) -> list[Span]:
    """The patterns everybody writes first; what matched once is not matched again."""
    found: list[Span] = []
    for kind, pattern in _TEXTBOOK:
        for match in pattern.finditer(sample.text):
            if not any(f.start < match.end() and match.start() < f.end for f in found):
                found.append(Span(*match.span(), kind))
    return found


def ours(sample: Sample) -> list[Span]:
    """What the product masks; a typed placeholder is no personal data, it only keeps ours apart."""
    found = find(sample.text, sample.names)
    return [Span(*one) for one in found if one.kind != "typed"]


def exact_round_trips(samples: Sequence[Sample]) -> int:
    masked = [(sample, Masker(sample.names).mask(sample.text)) for sample in samples]
    return sum(one.restore(one.text) == sample.text for sample, one in masked)


FINDERS: dict[str, Finder] = {"textbook patterns": textbook, "ours": ours}


def main(files: Sequence[Path], *, misses: bool) -> None:
    for file in files or [SAMPLES, FRESH]:
        samples = read_samples(file)
        print(f"\n## {file.stem}: {len(samples)} samples")
        for name, finder in FINDERS.items():
            tally = judge(finder, samples)
            print(f"{name}\n" + "\n".join(tally.lines()))
            if misses:
                print("\n".join(tally.misses))
        print(f"  round trip exact: {exact_round_trips(samples)}/{len(samples)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--misses", action="store_true")
    arguments = parser.parse_args()
    main(arguments.files, misses=arguments.misses)
