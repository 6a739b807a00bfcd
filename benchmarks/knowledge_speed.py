"""How fast is knowledge at 1,000, 10,000 and 100,000 entries, and what does it cost?

    python -m benchmarks.knowledge_speed            all three sizes, about ten minutes
    python -m benchmarks.knowledge_speed 1000 …     these sizes

The entries (`benchmarks.many_entries`) have stand-in vectors, put on disk as if they had been made
before; what is asked, and what is changed, the real encoder encodes as it always does. Each size
runs in a process of its own, so that memory is its alone; the naive way (BM25 and cosines in plain
Python loops) is measured there too, up to 10,000 entries. Prints Markdown tables.
"""

import argparse
import asyncio
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from operator import mul
from pathlib import Path

import msgspec
import numpy as np
import rjieba

from benchmarks import many_entries as many
from benchmarks.baselines import AUDIENCE
from benchmarks.figures import Machine, percentile
from benchmarks.scoring import Bm25, normalised
from bot.telemetry import configure_logging
from knowledge import FaqEntry, Retriever
from knowledge.building import lexical_in_child
from knowledge.embeddings import Vectors
from knowledge.shelf import Shelf
from knowledge.words import NO_WORDS

SIZES = (1_000, 10_000, 100_000)
ASKED = 200  # questions a path
ASKERS = 4
CHANGES = 20
CHANGED_BEFORE = 180  # a small shelf that is nearly full makes a change cost the most
PATIENCE_S = 300.0
NAIVE_UP_TO, NAIVE_ASKED = 10_000, 5

Figures = dict[str, float]
Work = Callable[[str], Awaitable[object]]

# What is printed: the table's title, then a line of a name, a format and figures each.
TABLES: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {
    "one question, p50/p95 ms": [
        ("the words of an entry", "{:.2f}/{:.2f}", ("exact_p50", "exact_p95")),
        ("asked before", "{:.2f}/{:.2f}", ("cached_p50", "cached_p95")),
        ("characters alone, no vectors", "{:.1f}/{:.1f}", ("lexical_p50", "lexical_p95")),
        ("both indexes and the encoder", "{:.1f}/{:.1f}", ("hybrid_p50", "hybrid_p95")),
        ("of which the encoder", "{:.1f}/{:.1f}", ("encoder_p50", "encoder_p95")),
        (
            f"questions a second, 1 / {ASKERS} asking",
            "{:.0f} / {:.0f}",
            ("rate_1", f"rate_{ASKERS}"),
        ),
        ("ratio of these", "× {:.2f}", ("rate_ratio",)),
        ("the same of the encoder alone", "× {:.2f}", ("encoder_ratio",)),
    ],
    "the naive way, p50 ms": [
        ("BM25 loop", "{:.0f}", ("bm25",)),
        ("naive / product, characters alone", "× {:.0f}", ("lexical_ratio",)),
        ("encoder, BM25 loop and cosine loop", "{:.0f}", ("naive",)),
        ("naive / product, everything", "× {:.0f}", ("hybrid_ratio",)),
    ],
    "index and memory": [
        ("characters, built in the caller, s", "{:.2f}", ("caller_s",)),
        ("the same in a process of its own, s", "{:.2f}", ("child_s",)),
        ("longest hold-up of the caller meanwhile, ms", "{:.0f}", ("child_stall",)),
        ("vectors from disk into their index, s", "{:.1f}", ("warm_s",)),
        ("longest hold-up of the caller meanwhile, ms", "{:.0f}", ("warm_stall",)),
        ("memory with characters alone, MB", "+{:.0f}", ("lexical_mb",)),
        ("memory with vectors, MB", "+{:.0f}", ("hybrid_mb",)),
        ("memory at its highest, MB", "+{:.0f}", ("peak_mb",)),
    ],
    f"one entry changed until it is answered, p50/max of {CHANGES}, ms": [
        ("asked in its words", "{:.0f}/{:.0f}", ("said_p50", "said_max")),
        ("asked otherwise", "{:.0f}/{:.0f}", ("found_p50", "found_max")),
        (f"the same, {CHANGED_BEFORE} changed before", "{:.0f}/{:.0f}", ("late_p50", "late_max")),
    ],
}


def main(sizes: Sequence[int]) -> None:
    machine = Machine()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "authored.npy"
        np.save(base, many.authored_vectors())
        columns = [_in_child(size, base) for size in sizes]
    for title, lines in TABLES.items():
        print(f"\n| {title} | {' | '.join(f'{n:,}' for n in sizes)} |\n|---{'|---' * len(sizes)}|")
        for name, form, keys in lines:
            print(f"| {name} | {' | '.join(_cell(form, keys, found) for found in columns)} |")
    print(f"\n{machine.line()}")


def _cell(form: str, keys: tuple[str, ...], found: Figures) -> str:
    return form.format(*(found[key] for key in keys)) if keys[0] in found else "–"


def _in_child(size: int, base: Path) -> Figures:
    command = (sys.executable, "-m", "benchmarks.knowledge_speed", "--child", str(base), str(size))
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return msgspec.json.decode(printed, type=Figures)


async def measure(size: int, authored: Vectors) -> Figures:
    """Everything about a base of this size."""
    embedder, asked = many.encoder(), many.questions()

    async def encode(text: str) -> Vectors:
        return await embedder.embed([text], kind="query")

    await encode("热身")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        Path("/proc/self/clear_refs").write_text("5")  # the highest so far is forgotten
        began_mb = _memory_mb()
        entries, places = many.entries_of(size)
        many.remember(Path(name), embedder.name, entries, authored[places])
        base = Retriever(entries, embedder=embedder, cache_dir=Path(name))
        found: Figures = {"lexical_mb": _memory_mb() - began_mb}
        found |= await _path(base, "exact", [entry.question for entry in entries[-ASKED:]])
        found |= await _path(base, "lexical", list(itertools.islice(asked, ASKED)))
        if await _is_warmed(base, found):
            found["hybrid_mb"] = _memory_mb() - began_mb
            texts = list(itertools.islice(asked, ASKED))
            found |= await _path(base, "hybrid", texts)
            found |= await _path(base, "cached", texts)
            found |= await _times("encoder", encode, texts)
            found |= await _rates(base, encode, asked)
            found |= await _changes(base, entries, authored, Path(name), embedder.name)
        found["peak_mb"] = _memory_mb("VmHWM") - began_mb
        if size <= NAIVE_UP_TO:
            found |= _naive(entries, authored[places], list(itertools.islice(asked, NAIVE_ASKED)))
            found["naive"] = found["bm25"] + found["cosine_loop"] + found["encoder_p50"]
            found["lexical_ratio"] = found["bm25"] / found["lexical_p50"]
            found["hybrid_ratio"] = found["naive"] / found["hybrid_p50"]
        found |= await _build(entries)
        base.close()
    return found


async def _is_warmed(base: Retriever, found: Figures) -> bool:
    try:
        async with _watched(found, "warm"):
            await asyncio.wait_for(base.warm(), PATIENCE_S)
    except TimeoutError:
        print(f"skipped: no vector index after {PATIENCE_S:.0f} s", file=sys.stderr)
        return False
    return True


async def _path(base: Retriever, how: str, texts: Sequence[str]) -> Figures:
    """p50 and p95 of questions that all take this path."""

    async def ask(text: str) -> None:
        verdict = await base.ask(text, AUDIENCE)
        assert verdict.how == how, (text, verdict.how)

    return await _times(how, ask, texts)


async def _times(name: str, do: Work, texts: Sequence[str]) -> Figures:
    times = []
    for text in texts:
        began = time.perf_counter()
        await do(text)
        times.append((time.perf_counter() - began) * 1000)
    return {f"{name}_p50": percentile(times, 0.5), f"{name}_p95": percentile(times, 0.95)}


async def _rates(base: Retriever, encode: Work, asked: Iterator[str]) -> Figures:
    """Questions a second when one asks and when several do, in turns; medians of three.

    The encoder alone is measured between them: what others use of the machine, it lacks as well.
    """

    async def answer(text: str) -> None:
        await base.ask(text, AUDIENCE)

    async def asker(do: Work, texts: Iterator[str]) -> None:
        for text in texts:
            await do(text)

    rates: dict[str, list[float]] = {}
    for _, (what, do), askers in itertools.product(
        range(3), (("rate", answer), ("encoder", encode)), (1, ASKERS)
    ):
        texts = itertools.islice(asked, ASKED)
        began = time.perf_counter()
        await asyncio.gather(*(asker(do, texts) for _ in range(askers)))
        rate = ASKED / (time.perf_counter() - began)
        rates.setdefault(f"{what}_{askers}", []).append(rate)
    found = {name: percentile(each, 0.5) for name, each in rates.items()}
    for what in ("rate", "encoder"):
        found[f"{what}_ratio"] = found[f"{what}_{ASKERS}"] / found[f"{what}_1"]
    return found


async def _changes(
    base: Retriever, entries: list[FaqEntry], authored: Vectors, folder: Path, model: str
) -> Figures:
    """From the change of one entry until both ways of asking get the new answer."""
    found = await _changed(base, entries[:CHANGES], "said", "found")
    before = [
        msgspec.structs.replace(entry, question=f"改过的{entry.question}")
        for entry in entries[CHANGES:CHANGED_BEFORE]
    ]
    await asyncio.to_thread(many.remember, folder, model, before, authored[: len(before)])
    await base.change(before)
    # Changed once more: the small shelf keeps its size.
    return found | await _changed(base, entries[CHANGES : 2 * CHANGES], "late_said", "late")


async def _changed(base: Retriever, entries: list[FaqEntry], said: str, found: str) -> Figures:
    times: dict[str, list[float]] = {said: [], found: []}
    for number, entry in enumerate(entries):
        question = f"{number} 号仓的{entry.question}"
        new = msgspec.structs.replace(entry, question=question, answer=f"第 {number} 次改的答案。")
        began = time.perf_counter()
        await base.change([new])
        verdict = await base.ask(question, AUDIENCE)
        assert (verdict.how, verdict.matches[0].entry) == ("exact", new)
        times[said].append((time.perf_counter() - began) * 1000)
        verdict = await base.ask(f"想打听 {question}这件事", AUDIENCE)
        assert verdict.how == "hybrid"
        assert new in [match.entry for match in verdict.matches], question
        times[found].append((time.perf_counter() - began) * 1000)
    medians = {f"{name}_p50": percentile(each, 0.5) for name, each in times.items()}
    return medians | {f"{name}_max": max(each) for name, each in times.items()}


async def _build(entries: list[FaqEntry]) -> Figures:
    began = time.perf_counter()
    Shelf(entries)
    found: Figures = {"caller_s": time.perf_counter() - began}
    async with _watched(found, "child"):
        await lexical_in_child(entries, NO_WORDS)
    return found


def _naive(entries: list[FaqEntry], near: Vectors, texts: Sequence[str]) -> Figures:
    """What two textbook loops over all entries cost, without numpy or an index."""
    words = Bm25([rjieba.cut(normalised(f"{e.question} {e.answer}")) for e in entries])
    rows = [*near.tolist(), *near.tolist()]  # a question and an answer each
    times: list[tuple[float, float]] = []
    for text, vector in zip(texts, rows, strict=False):
        began = time.perf_counter()
        words.scores([rjieba.cut(normalised(text))])
        between = time.perf_counter()
        sorted((sum(map(mul, row, vector)) for row in rows), reverse=True)
        times.append((between - began, time.perf_counter() - between))
    bm25, cosine_loop = (percentile(each, 0.5) * 1000 for each in zip(*times, strict=True))
    return {"bm25": bm25, "cosine_loop": cosine_loop}


@asynccontextmanager
async def _watched(found: Figures, name: str) -> AsyncIterator[None]:
    """Note how long it took, in s, and the longest time in ms that the loop served nobody."""
    stalls = [0.0]

    async def tick() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            stalls.append((time.perf_counter() - began) * 1000)

    began, ticking = time.perf_counter(), asyncio.create_task(tick())
    try:
        yield
    finally:
        found[f"{name}_s"] = time.perf_counter() - began
        await asyncio.sleep(0.002)  # the last stall is seen too
        ticking.cancel()
        found[f"{name}_stall"] = max(stalls)


def _memory_mb(field: str = "VmRSS") -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    configure_logging("warning", "console")
    if given.child is None:
        main(given.sizes)
    else:
        print(json.dumps(asyncio.run(measure(given.sizes[0], np.load(given.child)))), flush=True)
        os._exit(0)  # an index that is still being built is not waited for
