"""Which weights are shipped with the gate?

    python -m benchmarks.fit_gate
    python -m benchmarks.fit_gate --heard     only the weight of what was heard
    python -m benchmarks.fit_gate --read PATCH HEAD     what judges after reading, printed only

Fits `knowledge/gate.json` on the questions of those sets of `benchmarks/sets` that the encoder was
not tuned on (`UNSEEN`): where it was, it knows the questions, and its evidence looks better than it
is. Each set is asked as it is, without the entries' further phrasings, and without answers; several
sets are also joined, since a larger base comes near by chance more often. Whole sets are held out
when thresholds are chosen, and only part of the accepted error is used up: the gate is to serve
companies that none of the sets resembles.

In these sets nobody was heard before. What it is worth that an entry was asked for in like words is
fitted afterwards, everything else held as it is: half of the entries are taught variations
(`benchmarks.variations`) of some questions, a few under the wrong entry, and asked others of the
same questions and of the rest. Every second of the sets is left out, for `benchmarks.learning` to
judge by.

What a reader made by `benchmarks.tune_reader` thinks is worth less where it was not trained, so
that the models that judge after reading are tried on every third set, which it never saw. No reader
is shipped, and no model for one.
"""

import argparse
import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from benchmarks.pairs import PairReader
from benchmarks.variations import Wording, halves
from knowledge import Audience, FaqEntry, OfflineEmbedder, Retriever
from knowledge.embeddings import Kind, Vectors
from knowledge.evaluate import Labelled
from knowledge.fitting import TARGETS, VARIANTS, Case, cross_judged, fit, promised, weigh
from knowledge.fold import exact_key, fold, tidy
from knowledge.gate import SHIPPED, load_gate
from knowledge.lessons import taught
from knowledge.reading import Reading
from knowledge.trial import collect, read_set, sets_in

SETS = Path(__file__).parent / "sets"
MORE_SETS = Path(__file__).parent / "more_sets"  # written for the encoder alone
UNSEEN = frozenset(
    {
        *("bookkeeping-saas", "car-care", "credit-card", "express"),
        *("home-appliance", "hr-saas", "pet", "travel"),
    }
)
"""Sets that the encoder is not tuned on."""

JUDGED = ("bookkeeping-saas", "credit-card", "home-appliance", "pet")
"""Those of them by which `benchmarks.learning` judges."""

CACHE = Path(__file__).parents[1] / "data" / "vectors"
AUDIENCE = Audience(today=date(2026, 1, 1))
SAFETY = 0.8
JOINED = (4, 8)  # sets in one base
WRONG = 0.01  # of all intents are taught wrongly, those out of scope among them: 4 % of what is
JUDGED_BY = 3  # every third set; those the reader was not trained on


class Trial(NamedTuple):
    group: str
    entries: Sequence[FaqEntry]
    labels: Sequence[Labelled]


def trials() -> Iterator[Trial]:
    sets = {name: read_set(SETS / name) for name in sorted(UNSEEN)}
    for name, (entries, labels) in sets.items():
        yield Trial(name, entries, labels)
        yield Trial(name, [_without(entry, similar=()) for entry in entries], labels)
        yield Trial(name, [_without(entry, answer="") for entry in entries], labels)
    names = sorted(sets)
    for size in JOINED:
        for at in range(0, len(names) - size + 1, size):
            some = names[at : at + size]
            entries = [entry for name in some for entry in sets[name][0]]
            labels = [label for name in some for label in sets[name][1][:: size // 2]]
            # Held out together with the first of them; near enough, for it is one of many.
            yield Trial(some[0], entries, labels)
            yield Trial(some[0], [_without(entry, answer="") for entry in entries], labels)


def heard_trials() -> Iterator[Trial]:
    """Bases that have learned something, asked what was never heard word for word."""
    for name in sorted(UNSEEN.difference(JUDGED)):
        entries, labels = read_set(SETS / name)
        dice = random.Random(name)
        wording, both = Wording(dice), halves(labels, dice)
        bare = {entry.id: _without(entry, similar=()) for entry in entries}
        lucky, known = dice.sample(sorted(bare), len(bare) // 2), set[str]()
        for intent in both.heard:
            is_wrong = dice.random() < WRONG
            if not is_wrong and intent.entry not in lucky:
                continue
            named = dice.choice(sorted(bare)) if is_wrong or not intent.entry else intent.entry
            said = [wording.other(dice.choice(intent.texts)) for _ in range(dice.randint(1, 5))]
            known |= {exact_key(fold(text)) for text in said}
            bare[named] = taught(bare[named], said)
        asked = [
            Labelled(query=other, faq_id=intent.entry, type=intent.kind)
            for intent in (*both.heard, *both.heard, *both.unheard)
            for text in intent.texts
            if (other := wording.fresh(text, known))
        ]
        yield Trial(name, list(bare.values()), asked)
        yield Trial(name, [_without(e, answer="") for e in bare.values()], asked)


def read_trials() -> Iterator[Trial]:
    """The sets that the reader was not trained on."""
    for folder in sets_in([SETS])[::JUDGED_BY]:
        entries, labels = read_set(folder)
        yield Trial(folder.name, entries, labels)
        yield Trial(folder.name, [_without(entry, answer="") for entry in entries], labels)


class Remembering:
    """An embedder that encodes no text twice."""

    def __init__(self, embedder: OfflineEmbedder) -> None:
        self._embedder = embedder
        self.name, self.dim = embedder.name, embedder.dim
        self._rows: dict[tuple[Kind, str], Vectors] = {}

    async def embed(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if (kind, text) not in self._rows]
        if missing:
            middle = len(missing) // 2  # on both cores
            parts = [part for part in (missing[:middle], missing[middle:]) if part]
            rows = await asyncio.gather(*(self._embedder.embed(p, kind=kind) for p in parts))
            made = np.concatenate(rows)
            self._rows |= {(kind, text): row for text, row in zip(missing, made, strict=True)}
        return np.stack([self._rows[kind, text] for text in texts])


async def gather_read(patch: Path, head: Path) -> list[Case]:
    """The cases that are read."""
    encoder = OfflineEmbedder.open(folder=CACHE)
    if encoder is None:
        raise SystemExit("no encoder on this platform")
    embedder, reading = Remembering(encoder), Reading([PairReader(patch, head)], deadline_s=60)
    cases: list[Case] = []
    for trial in read_trials():
        base = Retriever(trial.entries, embedder=embedder, cache_dir=CACHE, reading=reading)
        await base.warm()
        cases += await collect(base, trial.labels, AUDIENCE, trial.group)
        base.close()
        print(f"{trial.group:20} {len(trial.entries):5} entries, {len(cases):7} cases in all")
    await reading.aclose()
    encoder.close()
    return [case for case in cases if case.reader]


async def gather(trials: Iterator[Trial]) -> tuple[list[Case], str]:
    encoder = OfflineEmbedder.open(folder=CACHE)
    if encoder is None:
        raise SystemExit("no encoder on this platform")
    embedder = Remembering(encoder)
    cases: list[Case] = []
    for trial in trials:
        await embedder.embed([tidy(label.query) for label in trial.labels], kind="query")
        for using in (embedder, None):
            base = Retriever(trial.entries, embedder=using, cache_dir=CACHE)
            await base.warm()
            cases += await collect(base, trial.labels, AUDIENCE, trial.group)
            base.close()
        print(f"{trial.group:20} {len(trial.entries):5} entries, {len(cases):7} cases in all")
    encoder.close()
    return cases, encoder.name


def _without(entry: FaqEntry, **changes: object) -> FaqEntry:
    return msgspec.structs.replace(entry, **changes)


def _print(cases: Sequence[Case]) -> None:
    for variant in VARIANTS:
        mine = [case for case in cases if case.variant == variant]
        if not mine:
            continue
        judged = cross_judged(mine, variant)
        at1 = sum(one.right for one in judged) / sum(case.right is not None for case in mine)
        print(f"\n{variant}: {len(mine)} cases, right one first in {at1:.3f} of those found")
        model = fit(mine, safety=SAFETY, reader=mine[0].reader).models[variant]
        print(f"  {model.weights}")
        for target in TARGETS:
            at = model.answer_at[str(target)]
            n, wrong, error = promised(judged, at)
            print(
                f"  {target:2} %: from p = {at:.3f} {n} of {len(mine)} answered, {wrong} wrong;"
                f" promised at most {error:.1%}"
            )


def main(*, only_heard: bool) -> None:
    gate = load_gate()
    if not only_heard:
        cases, encoder = asyncio.run(gather(trials()))
        _print(cases)
        gate = fit(cases, safety=SAFETY, encoder=encoder)
    cases, _ = asyncio.run(gather(heard_trials()))
    gate = weigh(cases, gate, "heard")
    print({name: model.weights["heard"] for name, model in gate.models.items()})
    SHIPPED.write_bytes(msgspec.json.format(msgspec.json.encode(gate)) + b"\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--heard", action="store_true", help="leave all else as it is shipped")
    parser.add_argument("--read", nargs=2, type=Path, metavar=("PATCH", "HEAD"))
    arguments = parser.parse_args()
    if arguments.read:
        _print(asyncio.run(gather_read(*arguments.read)))
    else:
        main(only_heard=arguments.heard)
