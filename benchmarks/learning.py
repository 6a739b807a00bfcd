"""Do answers get better day by day when servicers confirm what customers asked, even wrongly?

    python -m benchmarks.learning             the authored sets and the sample shop
    python -m benchmarks.learning FOLDER …    other sets

Every base starts with bare questions. Two in five questions of each entry, and of those out of
scope, are held out; the rest is asked over the days, and the product serves it: a customer who is
offered the right entry taps it; what is not answered, or wrongly, goes to a servicer, whose answer
says which entry is right. Some of those words are wrong: half of them name the entry that looks
most alike, half any other. At the end of a day the gaps are learned from as `concierge faq accept`
does without being told more, and in a second run the gate is fitted to the day's words too, as
`concierge gate train` does. Prints Markdown tables: what is held out, day by day.
"""

import argparse
import asyncio
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from benchmarks.baselines import AUDIENCE, HERE, Set, number, shop
from bot.telemetry import configure_logging
from knowledge import Decision, OfflineEmbedder, Retriever
from knowledge.embeddings import Kind, Vectors
from knowledge.evaluate import CHOICES, Labelled, Report, judge
from knowledge.fitting import Case, case_of, fit
from knowledge.fold import tidy
from knowledge.gaps import Asked, Gap, group, joint_vectors
from knowledge.gate import load_gate
from knowledge.lessons import lesson, taught
from knowledge.trial import predict, read_set, sets_in

DAYS = 10
TITLES = {
    "shipped": "The gate as shipped",
    "trained": "The gate fitted every night",
    "believing": "Every word believed at once, the gate as shipped",
}
HELD_OUT = 0.4
ENOUGH = 100  # labelled questions from which the gate is fitted to them
SAFETY = 0.75  # of the accepted error is used up: labels are few, and some are wrong


class Remembering:
    """An embedder that encodes no text twice."""

    def __init__(self, embedder: OfflineEmbedder) -> None:
        self._embedder = embedder
        self.name, self.dim = embedder.name, embedder.dim
        self._rows: dict[tuple[Kind, str], Vectors] = {}

    async def embed(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if (kind, text) not in self._rows]
        if missing:
            rows = await self._embedder.embed(missing, kind=kind)
            self._rows |= {(kind, text): row for text, row in zip(missing, rows, strict=True)}
        return np.stack([self._rows[kind, text] for text in texts])


class Day(NamedTuple):
    """What is held out, as it is met with after a day.

    Args:
        learned: phrasings so far; `wrongly` of them under an entry that is not theirs.
    """

    report: Report
    gaps: int
    learned: int
    wrongly: int


class Simulation:
    """One base, learning.

    Args:
        wrong: share of a servicer's words that name a wrong entry.
        how: a key of `TITLES`.
    """

    def __init__(
        self, one: Set, embedder: Remembering, seed: int, *, wrong: float, how: str
    ) -> None:
        self._random = random.Random(f"{one.name} {seed}")
        self._entries = {e.id: msgspec.structs.replace(e, similar=()) for e in one.entries}
        self._embedder, self._wrong, self._how = embedder, wrong, how
        self._cases: list[Case] = []
        self._right = {label.query: label.faq_id for label in one.labels}
        self._held_out, self._log = self._split(one.labels)
        self._open: list[Asked] = []
        self._learned = self._wrongly = 0

    async def run(self) -> list[Day]:
        """Day 0 is before anything was asked."""
        base = await self._base()
        days = [await self._day(base, 0)]
        size = -(-len(self._log) // DAYS)
        for number_ in range(1, DAYS + 1):
            for label in self._log[(number_ - 1) * size : number_ * size]:
                await self._serve(label, base, number_)
            gaps = await self._learn(base)
            base.close()
            base = await self._base()
            days.append(await self._day(base, gaps))
        base.close()
        return days

    def _split(self, labels: Sequence[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
        groups: dict[str, list[Labelled]] = {}
        for label in labels:
            groups.setdefault(label.faq_id or label.kind, []).append(label)
        held_out: list[Labelled] = []
        log: list[Labelled] = []
        for members in groups.values():
            self._random.shuffle(members)
            kept = round(HELD_OUT * len(members))
            held_out += members[:kept]
            log += members[kept:]
        self._random.shuffle(log)
        return held_out, log

    async def _base(self) -> Retriever:
        gate = None
        if self._how == "trained" and len(self._cases) >= ENOUGH:
            gate = fit(self._cases, start=load_gate(), safety=SAFETY)
        base = Retriever(self._entries.values(), embedder=self._embedder, gate=gate)
        await base.warm()
        return base

    async def _day(self, base: Retriever, gaps: int) -> Day:
        run = await predict(base, self._held_out, AUDIENCE)
        return Day(judge(self._held_out, run.predictions), gaps, self._learned, self._wrongly)

    async def _serve(self, label: Labelled, base: Retriever, day: int) -> None:
        verdict = await base.ask(label.query, AUDIENCE)
        ids = [match.entry.id for match in verdict.matches[:CHOICES]]
        offered = verdict.decision is Decision.OFFER
        helped = verdict.decision is Decision.ANSWER and label.faq_id == ids[0]
        tapped = offered and label.faq_id in ids
        entry = label.faq_id if helped or tapped else await self._confirmed(label, base)
        found = await base.search(label.query, AUDIENCE, 10)
        if case := case_of("own", found, entry):
            self._cases.append(case)
        if helped:
            return
        self._open.append(
            Asked(
                key=label.qid,
                text=label.query,
                at=day + len(self._open) / 10_000,
                who=label.qid,
                why="offered" if offered else "missed",
                entry=entry,
            )
        )

    async def _confirmed(self, label: Labelled, base: Retriever) -> str | None:
        """The entry that a servicer names, which may be the wrong one."""
        if self._random.random() >= self._wrong:
            return label.faq_id
        near = [m.entry.id for m in await base.search(label.query, AUDIENCE, 3)]
        alike = [entry for entry in near if entry != label.faq_id]
        if alike and self._random.random() < 0.5:
            return alike[0]
        return self._random.choice([entry for entry in self._entries if entry != label.faq_id])

    async def _learn(self, base: Retriever) -> int:
        """Learn what may be learned; the rest stays open."""
        texts = [tidy(one.text) for one in self._open]
        rows = await self._embedder.embed(texts, kind="query")
        questions = [tidy(entry.question) for entry in self._entries.values()]
        centre = (await self._embedder.embed(questions, kind="query")).mean(axis=0)
        gaps = group(self._open, joint_vectors([a.text for a in self._open], rows, centre))
        learned: set[str] = set()
        for gap in gaps:
            for entry, phrasings in await self._lessons(gap, base):
                self._entries[entry] = taught(self._entries[entry], phrasings)
                learned |= set(phrasings)
                self._learned += len(phrasings)
                self._wrongly += sum(self._right[text] != entry for text in phrasings)
        names = {asked.key: gap.id for gap in gaps for asked in gap.asked}
        self._open = [
            msgspec.structs.replace(one, gap=names[one.key])
            for one in self._open
            if one.text not in learned
        ]
        return len(gaps)

    async def _lessons(self, gap: Gap, base: Retriever) -> list[tuple[str, list[str]]]:
        if self._how == "believing":
            return [(one.entry, [one.text]) for one in gap.asked if one.entry]
        found = []
        for entry in gap.votes:
            verified = await lesson(gap, entry, gap.votes, base, AUDIENCE)
            own = {one.text for one in gap.asked if one.entry == entry}
            found.append((entry, [v.text for v in verified if v.refusal is None and v.text in own]))
        return found


def sets(folders: Sequence[Path]) -> Iterator[Set]:
    for folder in sets_in(folders or [HERE / "sets"]):
        yield Set(folder.name, *read_set(folder))
    if not folders:
        yield shop()


async def main(folders: Sequence[Path], seeds: int, wrong: float) -> None:
    configure_logging("warning", "console")
    offline = OfflineEmbedder.open()
    assert offline is not None, "no encoder on this platform"
    embedder = Remembering(offline)
    runs: dict[str, list[list[Day]]] = {how: [] for how in TITLES}
    for one in sets(folders):
        for seed in range(seeds):
            for how, days in runs.items():
                simulation = Simulation(one, embedder, seed, wrong=wrong, how=how)
                days.append(await simulation.run())
        print(f"{one.name} done", file=sys.stderr)
    offline.close()
    for how, title in TITLES.items():
        print(f"\n{title}; {wrong:.0%} of servicers' words wrong, {len(runs[how])} runs:\n")
        table(runs[how])


def table(runs: Sequence[Sequence[Day]]) -> None:
    print("| day | R@1 | R@3 | answered | precision | helped | learned | wrongly | open gaps |")
    print("|---|---|---|---|---|---|---|---|---|")
    for day in range(DAYS + 1):
        seen = [run[day] for run in runs]
        right = sum(one.report.gate.precision.count for one in seen)
        answered = sum(one.report.gate.answered.count for one in seen)
        figures = [
            number(mean(one.report.recall_at_1 for one in seen)),
            number(mean(one.report.recall_at_3 for one in seen)),
            number(answered / sum(one.report.queries for one in seen)),
            f"{number(right / answered if answered else None)} ({right}/{answered})",
            number(mean(one.report.gate.helped.share for one in seen)),
            f"{np.mean([one.learned for one in seen]):.1f}",
            f"{np.mean([one.wrongly for one in seen]):.1f}",
            f"{np.mean([one.gaps for one in seen]):.1f}",
        ]
        print(f"| {day} | {' | '.join(figures)} |")


def mean(values: Iterable[float | None]) -> float:
    return float(np.mean([value for value in values if value is not None]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--seeds", type=int, default=3, help="runs of each set, default 3")
    parser.add_argument("--wrong", type=float, default=0.08, help="share of wrong words, .08")
    given = parser.parse_args()
    asyncio.run(main(given.folders, given.seeds, given.wrong))
