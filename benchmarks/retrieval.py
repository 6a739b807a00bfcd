"""How often is the right entry found, and how often is the gate right to let it out?

    python -m benchmarks.retrieval            the sample shop, questions of shop-queries.jsonl
    python -m benchmarks.retrieval FOLDER …   sets of faq.jsonl and queries.jsonl, or their parent

A line of ``queries.jsonl`` is ``{"query", "faq_id": id or null, "type"}``; the types are ``in``,
``oos_near`` and ``oos_far``.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from knowledge import Audience, Decision, FaqEntry, Match, OfflineEmbedder, Retriever, load_entries
from knowledge.gate import Thresholds, decide
from knowledge.ranking import DENSE, DENSE_ANSWER, LEXICAL, LEXICAL_ANSWER

HERE = Path(__file__).parent
DEPTH = 50
AUDIENCE = Audience(today=date(2026, 1, 1))
Score = Callable[[Match], float]


class Query(NamedTuple):
    text: str
    right: str | None
    kind: str


class Outcome(NamedTuple):
    query: Query
    matches: list[Match]
    seconds: float


def read_set(folder: Path) -> tuple[list[FaqEntry], list[Query]]:
    entries = [
        FaqEntry(
            id=row["id"],
            question=row["question"],
            similar=tuple(row["similar"]),
            answer=row["answer"],
        )
        for row in map(json.loads, (folder / "faq.jsonl").read_text("utf-8").splitlines())
    ]
    return entries, read_queries(folder / "queries.jsonl")


def read_queries(file: Path) -> list[Query]:
    rows = map(json.loads, file.read_text("utf-8").splitlines())
    return [Query(row["query"], row["faq_id"], row["type"]) for row in rows]


def lexical(match: Match) -> float:
    return float(match.why["lexical"]) + LEXICAL_ANSWER * float(match.why["answer"])


def dense(match: Match) -> float:
    return float(match.why["dense"]) + DENSE_ANSWER * float(match.why["dense_answer"])


def fused(match: Match) -> float:
    return DENSE * dense(match) + LEXICAL * lexical(match)


def gate(match: Match) -> float:
    return match.score


async def run(retriever: Retriever, queries: Sequence[Query]) -> list[Outcome]:
    outcomes = []
    for query in queries:
        started = time.perf_counter()
        await retriever.search(query.text, AUDIENCE, 10)
        seconds = time.perf_counter() - started
        outcomes.append(
            Outcome(query, await retriever.search(query.text, AUDIENCE, DEPTH), seconds)
        )
    return outcomes


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    one, other = np.array(positive)[:, None], np.array(negative)[None]
    return float(((one > other) + 0.5 * (one == other)).mean()) if one.size and other.size else 0.0


def ranking_line(outcomes: Sequence[Outcome], score: Score) -> str:
    at1 = at3 = inside = 0
    tops: dict[str, list[float]] = {"in": [], "oos_near": [], "oos_far": []}
    for query, matches, _ in outcomes:
        ordered = sorted(matches, key=score, reverse=True)
        tops[query.kind].append(score(ordered[0]) if ordered else 0.0)
        if query.right is not None:
            inside += 1
            ids = [match.entry.id for match in ordered[:3]]
            at1, at3 = at1 + (query.right in ids[:1]), at3 + (query.right in ids)
    return (
        f"R@1 {at1 / inside:.3f}  R@3 {at3 / inside:.3f}  "
        f"AUROC near {auroc(tops['in'], tops['oos_near']):.3f} "
        f"far {auroc(tops['in'], tops['oos_far']):.3f}"
    )


def gate_line(outcomes: Sequence[Outcome], thresholds: Thresholds) -> str:
    answered = right = offered = helped = offered_in = 0
    silent = {"oos_near": [0, 0], "oos_far": [0, 0]}
    inside = sum(outcome.query.right is not None for outcome in outcomes)
    for query, matches, _ in outcomes:
        decision = decide([match.score for match in matches], thresholds)
        ids = [match.entry.id for match in matches[:3]]
        if query.right is None:
            silent[query.kind][decision is Decision.ANSWER] += 1
        if decision is Decision.ANSWER:
            answered, right = answered + 1, right + (query.right in ids[:1])
        elif decision is Decision.OFFER:
            offered += 1
            offered_in += query.right is not None
            helped += query.right in ids
    wrong = " ".join(f"{k[4:]} answered {n[1]}/{sum(n)}" for k, n in silent.items())
    return (
        f"answered {answered / len(outcomes):.3f}  precision {right}/{answered}"
        f" = {right / max(answered, 1):.3f}  in scope: right {right / inside:.3f}"
        f" + offered with the right one {helped / inside:.3f} (of {offered_in} offers, "
        f"{offered - offered_in} more out of scope)  {wrong}"
    )


def latency_line(outcomes: Sequence[Outcome]) -> str:
    milliseconds = np.array([outcome.seconds for outcome in outcomes]) * 1000
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return f"search p50 {p50:.2f} ms, p95 {p95:.2f} ms"


async def report(name: str, entries: list[FaqEntry], queries: list[Query]) -> None:
    print(f"\n## {name}: {len(entries)} entries, {len(queries)} queries")
    thresholds = Thresholds()
    retriever = Retriever(entries)
    outcomes = await run(retriever, queries)
    print(f"lexical        {ranking_line(outcomes, lexical)}")
    print(f"lexical gate   {ranking_line(outcomes, gate)}\n  {gate_line(outcomes, thresholds)}")
    print(f"  {latency_line(outcomes)}")
    embedder = OfflineEmbedder.open()
    if embedder is None:
        print("no encoder on this platform: lexical alone")
        return
    retriever = Retriever(entries, embedder=embedder)
    started = time.perf_counter()
    await retriever.warm()
    warm_s = time.perf_counter() - started
    outcomes = await run(retriever, queries)
    for title, score in (("dense", dense), ("fused", fused)):
        print(f"{title:14} {ranking_line(outcomes, score)}")
    print(f"hybrid gate    {ranking_line(outcomes, gate)}\n  {gate_line(outcomes, thresholds)}")
    print(f"  {latency_line(outcomes)}, vectors made in {warm_s:.1f} s")
    retriever.close()
    embedder.close()


def sets_in(folders: Sequence[Path]) -> list[Path]:
    """The sets themselves, whether they or their parent were named."""
    return [
        file.parent
        for folder in folders
        for file in sorted([*folder.glob("queries.jsonl"), *folder.glob("*/queries.jsonl")])
    ]


async def main(folders: Sequence[Path]) -> None:
    if not folders:
        entries, problems = load_entries([HERE.parent / "knowledge" / "faq"])
        assert not problems, problems
        await report("sample shop", entries, read_queries(HERE / "shop-queries.jsonl"))
    for folder in sets_in(folders):
        await report(folder.name, *read_set(folder))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("folders", nargs="*", type=Path)
    asyncio.run(main(parser.parse_args().folders))
