"""Which weights are shipped with the gate?

    python -m benchmarks.fit_gate

Fits `knowledge/gate.json` on the questions of `benchmarks/sets`, which were written for it. Each
set is asked as it is, without the entries' further phrasings, and without answers; several sets
are also joined, since a larger base comes near by chance more often. Whole sets are held out when
thresholds are chosen, and only part of the accepted error is used up: the gate is to serve
companies that none of the sets resembles.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from knowledge import Audience, FaqEntry, OfflineEmbedder, Retriever
from knowledge.embeddings import Kind, Vectors
from knowledge.evaluate import Labelled
from knowledge.fitting import TARGETS, Case, cross_judged, fit, promised
from knowledge.gate import SHIPPED, Variant
from knowledge.trial import collect, read_set, sets_in

SETS = Path(__file__).parent / "sets"
CACHE = Path(__file__).parents[1] / "data" / "vectors"
AUDIENCE = Audience(today=date(2026, 1, 1))
SAFETY = 0.8
JOINED = (5, 16)  # sets in one base


class Trial(NamedTuple):
    group: str
    entries: Sequence[FaqEntry]
    labels: Sequence[Labelled]


def trials() -> Iterator[Trial]:
    sets = {folder.name: read_set(folder) for folder in sets_in([SETS])}
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


class Remembering:
    """An encoder that is asked once for each text: the same questions are put to many bases."""

    def __init__(self, encoder: OfflineEmbedder) -> None:
        self.name, self.dim = encoder.name, encoder.dim
        self._encoder = encoder
        self._known: dict[tuple[str, str], Vectors] = {}

    async def embed(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        for text in texts:
            if (kind, text) not in self._known:
                self._known[kind, text] = (await self._encoder.embed([text], kind=kind))[0]
        return np.stack([self._known[kind, text] for text in texts])


async def gather() -> tuple[list[Case], str]:
    encoder = OfflineEmbedder.open(folder=CACHE)
    if encoder is None:
        raise SystemExit("no encoder on this platform")
    embedder = Remembering(encoder)
    cases: list[Case] = []
    for trial in trials():
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
    variants: tuple[Variant, ...] = ("full", "questions", "lexical")
    for variant in variants:
        mine = [case for case in cases if case.variant == variant]
        judged = cross_judged(mine, variant)
        at1 = sum(one.right for one in judged) / sum(case.right is not None for case in mine)
        print(f"\n{variant}: {len(mine)} cases, right one first in {at1:.3f} of those found")
        model = fit(mine, safety=SAFETY).models[variant]
        print(f"  {model.weights}")
        for target in TARGETS:
            at = model.answer_at[str(target)]
            n, wrong, error = promised(judged, at)
            print(
                f"  {target:2} %: from p = {at:.3f} {n} of {len(mine)} answered, {wrong} wrong;"
                f" promised at most {error:.1%}"
            )


def main() -> None:
    cases, encoder = asyncio.run(gather())
    _print(cases)
    gate = fit(cases, safety=SAFETY, encoder=encoder)
    SHIPPED.write_bytes(msgspec.json.format(msgspec.json.encode(gate)) + b"\n")


if __name__ == "__main__":
    main()
