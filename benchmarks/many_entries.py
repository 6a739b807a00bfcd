"""Which entries and questions make a knowledge base of any size?

Entries are the authored questions of `benchmarks/sets`, each asked of many made-up products. To
encode all of them would take up to half an hour, so the vector of an entry's question or answer is
that of its authored question with a little noise.
"""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.baselines import HERE, vectors
from benchmarks.texts import PRODUCTS
from knowledge import FaqEntry, OfflineEmbedder
from knowledge.dense import rows_to_embed
from knowledge.embeddings import Vectors
from knowledge.fold import exact_key, fold
from knowledge.trial import read_set, sets_in
from knowledge.vectors import VectorCache, text_hash

NOISE = 0.3  # length of what makes vectors of one authored question differ
MAKERS = (
    *("", "旧款", "新款", "店长推荐的", "联名款", "迷你"),
    *("加大", "儿童版", "礼盒装", "经济装", "旗舰版", "限量版"),
)


def encoder() -> OfflineEmbedder:
    embedder = OfflineEmbedder.open()
    if embedder is None:
        raise SystemExit("the encoder does not run on this machine")
    return embedder


def _authored() -> list[FaqEntry]:
    """The entries of all sets, each question once."""
    found = [entry for folder in sets_in([HERE / "sets"]) for entry in read_set(folder)[0]]
    return list({exact_key(fold(entry.question)): entry for entry in found}.values())


def authored_vectors() -> Vectors:
    embedder = encoder()
    rows = vectors(embedder, [entry.question for entry in _authored()], "query")
    embedder.close()
    return np.asarray(rows, np.float32)


def entries_of(size: int) -> tuple[list[FaqEntry], list[int]]:
    """So many entries, no two with the same question, and which authored one each is made from."""
    names = [f"{maker}{product}" for maker in MAKERS for product in PRODUCTS]
    pairs = list(itertools.product(names, enumerate(_authored())))
    chosen = random.Random(size).sample(pairs, size)
    entries = [
        FaqEntry(
            id=f"e{number}",
            question=f"{name}，{entry.question}",
            answer=f"{name}：{entry.answer}",
        )
        for number, (name, (_, entry)) in enumerate(chosen)
    ]
    return entries, [place for _, (place, _) in chosen]


def questions() -> Iterator[str]:
    """What customers ask in the sets, about a product each: no two alike."""
    asked = [label.query for folder in sets_in([HERE / "sets"]) for label in read_set(folder)[1]]
    random.Random(0).shuffle(asked)
    seen = set()
    for text, product in zip(asked, itertools.cycle(PRODUCTS), strict=False):
        question = f"我的{product}{text}"  # no entry begins like this: none is asked word for word
        if (key := exact_key(fold(question))) not in seen:
            seen.add(key)
            yield question


def remember(folder: Path, model: str, entries: list[FaqEntry], near: Vectors) -> None:
    """Put stand-in vectors on disk: the authored one with noise, the same every run."""
    noise = np.random.default_rng(0)
    wanted = rows_to_embed(entries)
    cache = VectorCache(folder / "vectors.sqlite3", model)
    for at in range(0, len(wanted), 5_000):
        part = wanted[at : at + 5_000]
        rows = near[np.arange(at, at + len(part)) % len(entries)]
        push = noise.standard_normal(rows.shape, np.float32)
        rows = rows + NOISE * push / np.linalg.norm(push, axis=1, keepdims=True)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        cache.save([text_hash(kind, text) for kind, text in part], rows)
    cache.close()
