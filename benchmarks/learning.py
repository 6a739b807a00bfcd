"""Do answers get better day by day when servicers confirm what customers asked, even wrongly?

    python -m benchmarks.learning             four authored sets (`JUDGED`) and the sample shop
    python -m benchmarks.learning FOLDER …    other sets

Every base starts with bare questions. Half of the wordings of each entry, and half of the questions
out of scope, are heard: variations of them (`benchmarks.variations`) come in as they do at a
company, few things often. The product serves them: a customer who is offered the right entry taps
it; what is not answered, or wrongly, goes to a servicer, whose answer says which entry is right.
Some of those taps and words are wrong. At the end of a day the operator accepts the largest gaps as
`concierge faq accept` does without being told more.

Two kinds of questions are held out, drawn as tomorrow's would be, none of which was ever in the
log, not even with other particles, greetings or punctuation: other variations of what was heard,
and variations of the other half, which nobody ever worded alike. Prints Markdown tables: what is
held out, day by day, beside the same base that learns nothing.
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

from benchmarks.baselines import AUDIENCE, Set, number, shop
from benchmarks.fit_gate import JUDGED, SETS, Remembering
from benchmarks.variations import Halves, Intent, Traffic, halves, ranked
from bot.telemetry import configure_logging
from knowledge import Decision, OfflineEmbedder, Retriever
from knowledge.evaluate import CHOICES, Labelled, Prediction, Report, judge, wilson
from knowledge.fitting import Case, case_of, fit
from knowledge.fold import exact_key, fold, tidy
from knowledge.gaps import Asked, Gap, Why, group, joint_vectors
from knowledge.gate import load_gate
from knowledge.lessons import concerned, is_harmful, lesson, replay, taught
from knowledge.trial import read_set, sets_in

DAYS = 10
A_DAY = 60  # questions that come in
HELD_OUT = 150  # questions of each kind
ACCEPTED = 10  # gaps that an operator looks at in a day
TITLES = {
    "shipped": "The gate as shipped",
    "trained": "The gate fitted every night",
    "control": "Nothing learned, the gate fitted every night",
    "believing": "Every word believed at once, the gate as shipped",
}
UNRECOGNISED = 0.3  # of servicers' answers: in words in which no entry is recognised
ENOUGH = 100  # labelled questions from which the gate is fitted to them
KINDS = ("what was heard in other words", "what was never worded alike")


class Log(NamedTuple):
    """What will be asked: day by day, and of each kind that is held out."""

    days: list[list[Labelled]]
    held_out: tuple[list[Labelled], ...]


def written(one: Set, seed: int) -> Log:
    """The same for the same seed."""
    dice = random.Random(f"{one.name} {seed}")
    both = halves(one.labels, dice)
    ranks = ranked([*both.heard, *both.unheard], dice)
    heard, unheard = (Traffic(some, ranks, dice) for some in Halves(both.heard, both.unheard))
    log = [[heard.next() for _ in range(A_DAY)] for _ in range(DAYS)]
    known = {exact_key(fold(text)) for day in log for _, text in day}
    held_out = []
    for traffic in (heard, unheard):
        some = []
        for _ in range(HELD_OUT):
            intent, text = traffic.next(known)
            known.add(exact_key(fold(text)))
            some.append((intent, text))
        held_out.append(_labels(some, "held"))
    return Log([_labels(day, f"day{n}") for n, day in enumerate(log, 1)], tuple(held_out))


def _labels(asked: Sequence[tuple[Intent, str]], name: str) -> list[Labelled]:
    return [
        Labelled(query=text, faq_id=intent.entry, qid=f"{name}-{n}", type=intent.kind)
        for n, (intent, text) in enumerate(asked)
    ]


class Day(NamedTuple):
    """What is held out, as it is met with after a day.

    Args:
        reports: of each kind that is held out.
        learned: phrasings so far; `wrongly` of them under an entry that is not theirs.
    """

    reports: list[Report]
    gaps: int
    learned: int
    wrongly: int


class Simulation:
    """One base, learning.

    Args:
        wrong: share of taps and of servicers' words that name a wrong entry.
        how: a key of `TITLES`.
    """

    def __init__(
        self, one: Set, log: Log, embedder: Remembering, *, wrong: float, how: str
    ) -> None:
        self._entries = {e.id: msgspec.structs.replace(e, similar=()) for e in one.entries}
        self._embedder, self._wrong, self._how = embedder, wrong, how
        self._is_fitted = how in ("trained", "control")
        self._log, self._name = log, one.name
        self._cases: list[Case] = []
        self._right: dict[str, str | None] = {}
        self._asked: list[Asked] = []
        self._told: list[tuple[str, str | None]] = []
        self._seen: dict[str, float] = {}
        self._learned = self._wrongly = 0

    async def run(self) -> list[Day]:
        """Day 0 is before anything was asked."""
        base = await self._base()
        days = [await self._day(base, 0)]
        for today, labels in enumerate(self._log.days, 1):
            for label in labels:
                await self._serve(label, base, today)
            base, gaps = await self._learn(base)
            if self._is_fitted:
                base.close()
                base = await self._base()
            days.append(await self._day(base, gaps))
        base.close()
        return days

    async def _base(self) -> Retriever:
        gate = None
        if self._is_fitted and len(self._cases) >= ENOUGH:
            gate = fit(self._cases, start=load_gate())
        base = Retriever(self._entries.values(), embedder=self._embedder, gate=gate)
        await base.warm()
        return base

    async def _day(self, base: Retriever, gaps: int) -> Day:
        reports = []
        for labels in self._log.held_out:
            met = [await self._met(base, label) for label in labels]
            reports.append(judge(labels, met))
        return Day(reports, gaps, self._learned, self._wrongly)

    async def _met(self, base: Retriever, label: Labelled) -> Prediction:
        verdict = await base.ask(label.query, AUDIENCE)
        ids = tuple(match.entry.id for match in verdict.matches)
        return Prediction(
            label.qid, verdict.decision, ids, tuple(match.score for match in verdict.matches)
        )

    async def _serve(self, label: Labelled, base: Retriever, day: int) -> None:
        dice = random.Random(f"{self._name} {label.qid} {label.query}")
        self._right[label.query] = label.faq_id
        verdict = await base.ask(label.query, AUDIENCE)
        ids = [match.entry.id for match in verdict.matches[:CHOICES]]
        entry: str | None
        why: Why | None
        is_answer, is_recognised = verdict.decision is Decision.ANSWER, True
        if is_answer and label.faq_id == ids[0]:
            self._told.append((label.query, label.faq_id))
            entry, why = label.faq_id, None
        elif verdict.decision is Decision.OFFER and label.faq_id in ids:
            others = [one for one in ids if one != label.faq_id]
            is_wrong = others and dice.random() < self._wrong
            entry, why = dice.choice(others) if is_wrong else label.faq_id, "offered"
        else:
            entry = await self._confirmed(label, base, dice)
            why = "unsolved" if is_answer else "people"
            is_recognised = entry is not None and dice.random() >= UNRECOGNISED
        if self._is_fitted and verdict.how != "exact":
            found = await base.search(label.query, AUDIENCE, 10)
            if case := case_of("own", found, entry):
                self._cases.append(case)
        if why:
            at = day + len(self._asked) / 10_000
            self._asked.append(
                Asked(
                    key=label.qid,
                    text=label.query,
                    at=at,
                    who=label.qid,
                    why=why,
                    entry=entry if is_recognised else None,
                    answer="" if is_recognised else "…",
                )
            )

    async def _confirmed(self, label: Labelled, base: Retriever, dice: random.Random) -> str | None:
        """The entry that a servicer names, which may be the wrong one."""
        if dice.random() >= self._wrong:
            return label.faq_id
        near = [m.entry.id for m in await base.search(label.query, AUDIENCE, 3)]
        alike = [entry for entry in near if entry != label.faq_id]
        if alike and dice.random() < 0.5:
            return alike[0]
        return dice.choice([entry for entry in self._entries if entry != label.faq_id])

    async def _learn(self, base: Retriever) -> tuple[Retriever, int]:
        """Accept the largest gaps, one after the other."""
        texts = [tidy(one.text) for one in self._asked]
        rows = await self._embedder.embed(texts, kind="query")
        questions = [tidy(entry.question) for entry in self._entries.values()]
        centre = (await self._embedder.embed(questions, kind="query")).mean(axis=0)
        gaps = group(self._asked, joint_vectors([a.text for a in self._asked], rows, centre))
        names = {asked.key: gap.id for gap in gaps for asked in gap.asked}
        self._asked = [msgspec.structs.replace(a, gap=names[a.key]) for a in self._asked]
        waiting = [
            gap for gap in gaps if gap.votes and gap.asked[-1].at > self._seen.get(gap.id, 0)
        ]
        for gap in waiting[: 0 if self._how == "control" else ACCEPTED]:
            self._seen[gap.id] = gap.asked[-1].at
            base = await self._accept(gap, base)
        return base, len(waiting)

    async def _accept(self, gap: Gap, base: Retriever) -> Retriever:
        chosen = gap.votes.most_common(1)[0][0]
        if self._how == "believing":
            learned = [one.text for one in gap.asked if one.entry == chosen]
        else:
            found = await lesson(gap, chosen, gap.votes, base, AUDIENCE)
            learned = [one.text for one in found if one.refusal is None]
        fresh = [text for text in learned if text not in self._entries[chosen].heard]
        if not fresh:
            return base
        entry = taught(self._entries[chosen], fresh)
        entries = {**self._entries, chosen: entry}
        after = Retriever(entries.values(), embedder=self._embedder, gate=base.gate)
        await after.warm()
        if self._how != "believing":
            asked = [(one.text, one.entry) for one in self._asked]
            questions = concerned([*self._told, *asked], fresh)
            if is_harmful(await replay(base, after, questions, AUDIENCE)):
                after.close()
                return base
        base.close()
        self._entries = entries
        self._learned += len(fresh)
        self._wrongly += sum(self._right[text] != chosen for text in fresh)
        return after


def sets(folders: Sequence[Path]) -> Iterator[Set]:
    for folder in sets_in(folders or [SETS / name for name in JUDGED]):
        yield Set(folder.name, *read_set(folder))
    if not folders:
        yield shop()


async def main(folders: Sequence[Path], seeds: int, wrong: float, hows: Sequence[str]) -> None:
    configure_logging("warning", "console")
    offline = OfflineEmbedder.open()
    assert offline is not None, "no encoder on this platform"
    runs: dict[str, list[list[Day]]] = {how: [] for how in hows}
    for one in sets(folders):
        embedder = Remembering(offline)
        for seed in range(seeds):
            log = written(one, seed)
            for how, days in runs.items():
                days.append(await Simulation(one, log, embedder, wrong=wrong, how=how).run())
        print(f"{one.name} done", file=sys.stderr)
    offline.close()
    for how in hows:
        print(f"\n{TITLES[how]}; {wrong:.0%} of the words wrong, {len(runs[how])} runs.")
        print("Four columns of " + ", then four of ".join(KINDS) + ":\n")
        table(runs[how])


def table(runs: Sequence[Sequence[Day]]) -> None:
    """A line a day: four columns of each kind, then what was learned."""
    print("| day | " + "R@1 | answered | precision | helped | " * len(KINDS), end="")
    print("learned | wrongly | open gaps |")
    print("|---" * (4 + 4 * len(KINDS)) + "|")
    for day in range(DAYS + 1):
        seen = [run[day] for run in runs]
        figures = [text for kind in range(len(KINDS)) for text in _met(seen, kind)]
        figures += [
            f"{np.mean([one.learned for one in seen]):.1f}",
            f"{np.mean([one.wrongly for one in seen]):.1f}",
            f"{np.mean([one.gaps for one in seen]):.1f}",
        ]
        print(f"| {day} | {' | '.join(figures)} |")


def _met(seen: Sequence[Day], kind: int) -> list[str]:
    """Means over the bases; precision over all that was answered, with Wilson's interval."""
    reports = [one.reports[kind] for one in seen]
    right = sum(one.gate.precision.count for one in reports)
    answered = sum(one.gate.answered.count for one in reports)
    low, high = wilson(right, answered)
    return [
        number(mean(one.recall_at_1 for one in reports)),
        number(answered / sum(one.queries for one in reports)),
        f"{number(right / answered if answered else None)} ({right}/{answered})"
        f" [{number(low)}–{number(high)}]",
        number(mean(one.gate.helped.share for one in reports)),
    ]


def mean(values: Iterable[float | None]) -> float:
    return float(np.mean([value for value in values if value is not None]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--seeds", type=int, default=1, help="runs of each set, default 1")
    parser.add_argument("--wrong", type=float, default=0.08, help="share of wrong words, .08")
    parser.add_argument("--how", nargs="*", choices=TITLES, default=list(TITLES))
    given = parser.parse_args()
    asyncio.run(main(given.folders, given.seeds, given.wrong, given.how))
