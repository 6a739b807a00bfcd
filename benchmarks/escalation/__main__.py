"""How often is a person brought in rightly? Precision and recall of each class, beside naive words.

python -m benchmarks.escalation                 the tables: naive, words, meaning, both
python -m benchmarks.escalation --wrong         and every phrasing that was judged wrongly
python -m benchmarks.escalation --ordinary      how many ordinary questions are given to people
python -m benchmarks.escalation --speed         what meaning costs a question that is encoded anyway
"""

import argparse
import asyncio
import statistics
import time
from pathlib import Path

from benchmarks.escalation.deciding import Deciding, Judge, Prepared
from benchmarks.escalation.ordinary import rates, trades
from benchmarks.escalation.phrasings import SPLITS, Phrasings, Score, read_phrasings
from bot.app import build_meaning
from bot.config import Escalation
from knowledge.embeddings import OfflineEmbedder

ROUNDS = 300


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.escalation")
    parser.add_argument("--wrong", action="store_true", help="list what was judged wrongly")
    parser.add_argument("--split", choices=SPLITS, action="append", help="default: all")
    parser.add_argument("--ordinary", action="store_true", help="ordinary questions instead")
    parser.add_argument("--speed", action="store_true", help="the time that meaning adds instead")
    parser.add_argument("--vectors", type=Path, default=Path("var/benchmarks"), help="a folder")
    arguments = parser.parse_args()
    sets, folder = read_phrasings(), arguments.vectors
    measured = [text for one in sets for split in SPLITS for text, _ in one.of(split)]
    texts = [q for trade in trades() for q in trade.questions] if arguments.ordinary else measured
    encoder = OfflineEmbedder.open(folder=folder)
    embedder = Prepared(encoder, folder, texts) if encoder else None
    if arguments.speed and embedder:
        asyncio.run(_speed(embedder, measured))
    elif arguments.ordinary and embedder:
        deciding = Deciding(embedder, texts, ())
        print("\n".join(rates(deciding, embedder, show=arguments.wrong)))
    else:
        judges = Deciding(embedder, texts, measured).judges()
        for split in arguments.split or SPLITS:
            for name, judge in judges.items():
                _print(split, name, judge, sets, wrong=arguments.wrong)
    if encoder:
        encoder.close()


def _print(split: str, name: str, judge: Judge, sets: list[Phrasings], *, wrong: bool) -> None:
    rows, others = [], Score()
    for phrasings in sets:
        score = Score()
        for text, wanted in phrasings.of(split):
            score.add(text, wanted=wanted, found=judge(phrasings.name, text))
        if score.hit + score.missed + score.false + score.left:
            rows.append((phrasings.name, score))
            if phrasings.name != "asked":
                others.merge(score)
    if not rows:
        return
    print(f"\n{split}, {name}\n{'class':16}{'n+':>4}{'n-':>4}  {'precision':20}{'recall':20}")
    for title, score in [*rows, ("all but asked", others)]:
        n = score.hit + score.missed, score.false + score.left
        print(f"{title:16}{n[0]:4}{n[1]:4}  {score.precision:20}{score.recall:20}")
        for text, wanted in score.wrong if wrong else ():
            print(f"    {'missed' if wanted else 'false '} {text}")


async def _speed(embedder: Prepared, texts: list[str]) -> None:
    """The vector is there: what is measured is what meaning adds."""
    meaning = build_meaning(Escalation(), embedder)
    began = time.perf_counter()
    await meaning.learn(embedder.folder)
    print(f"learned, or read what was learned, in {time.perf_counter() - began:.1f} s")
    took = []
    for text in texts[:ROUNDS]:
        began = time.perf_counter()
        await meaning.of(text)
        took.append(1000 * (time.perf_counter() - began))
    took.sort()
    print(
        f"added: median {statistics.median(took):.2f} ms, p99 {took[len(took) * 99 // 100]:.2f} ms"
    )


if __name__ == "__main__":
    main()
