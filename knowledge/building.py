"""How are indexes built without holding up who is answering?"""

import asyncio
import multiprocessing
import sqlite3
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np
import structlog

from bot.ports import Embedder
from knowledge.dense import engine_for, rows_to_embed
from knowledge.embeddings import EmbeddingError, Kind, Vectors
from knowledge.entries import FaqEntry
from knowledge.index import ChromaIndex, NumpyIndex, VectorIndex
from knowledge.lexical import LexicalIndex
from knowledge.shelf import Shelf
from knowledge.vectors import VectorCache, text_hash
from knowledge.words import Words

log = structlog.get_logger(__name__)

Engine = Literal["auto", "numpy", "chroma"]

WARM_BATCH = 8  # texts: a customer's question waits for at most one such batch, ~130 ms
_CHILD_FROM = 2_000  # entries; fewer are built sooner than a process starts
_RETRY_S = (1.0, 5.0, 15.0, 60.0)


async def vectors_of(
    entries: Sequence[FaqEntry], embedder: Embedder, cache_dir: Path | None
) -> Vectors:
    """One row per text of `rows_to_embed`."""
    wanted = await asyncio.to_thread(rows_to_embed, entries)
    return await kept_vectors(wanted, embedder, cache_dir)


async def kept_vectors(
    wanted: Sequence[tuple[Kind, str]], embedder: Embedder, cache_dir: Path | None
) -> Vectors:
    """One row per text, from disk or made now; a batch made is kept.

    While the embedder gives no vectors this tries again, for as long as it takes.
    """
    hashes = await asyncio.to_thread(_named, wanted)
    path = cache_dir / "vectors.sqlite3" if cache_dir else None
    cache = await asyncio.to_thread(_opened, path, embedder.name)
    try:
        known = await asyncio.to_thread(cache.load, hashes)
        missing = {h: w for h, w in zip(hashes, wanted, strict=True) if h not in known}
        for kind in ("query", "passage"):
            todo = [(h, text) for h, (of, text) in missing.items() if of == kind]
            for at in range(0, len(todo), WARM_BATCH):
                names, texts = zip(*todo[at : at + WARM_BATCH], strict=True)
                rows = await _embed_at_last(embedder, texts, kind)
                await asyncio.to_thread(cache.save, names, rows)
                known.update(zip(names, rows, strict=True))
    finally:
        await asyncio.to_thread(cache.close)
    return await asyncio.to_thread(lambda: np.stack([known[name] for name in hashes]))


def _opened(path: Path | None, model: str) -> VectorCache:
    try:
        return VectorCache(path, model)
    except (OSError, sqlite3.Error) as error:  # a folder that may not be written costs time only
        log.warning("vectors.not_kept", path=str(path), error=str(error))
        return VectorCache(None, model)


async def lexical_in_child(
    entries: Sequence[FaqEntry], words: Words, reference: Shelf | None = None
) -> Shelf:
    """A shelf without vectors. A large one is indexed in a process of its own.

    10,000 entries cost 2 s of Python, during which a thread would hold up everything else.
    """
    if len(entries) < _CHILD_FROM:
        return Shelf(entries, reference, words=words)
    like = reference.lexical if reference else None
    child = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    loop = asyncio.get_running_loop()
    try:
        index = await loop.run_in_executor(child, LexicalIndex, entries, like, words)
    except (OSError, BrokenExecutor) as error:  # no room for a process
        log.warning("knowledge.indexed_here", error=str(error))
        index = await asyncio.to_thread(LexicalIndex, entries, like, words)
    finally:
        child.shutdown(wait=False, cancel_futures=True)
    return Shelf(entries, index=index, words=words)


async def vector_index(
    rows: Vectors, engine: Engine, cache_dir: Path | None, version: str
) -> VectorIndex:
    """The index that serves this many rows best, or the one asked for."""
    chosen = engine_for(len(rows)) if engine == "auto" else engine
    if chosen == "numpy" or cache_dir is None:
        return NumpyIndex(np.ascontiguousarray(rows))
    return await ChromaIndex.open(cache_dir / "chroma", rows, version)


def _named(wanted: Sequence[tuple[Kind, str]]) -> list[bytes]:
    """What texts are kept under: a second for 100,000 entries, so a thread's work."""
    return [text_hash(kind, text) for kind, text in wanted]


async def _embed_at_last(embedder: Embedder, texts: tuple[str, ...], kind: Kind) -> Vectors:
    """Embed, waiting longer and longer while that fails."""
    attempt = 0
    while True:
        try:
            return await embedder.embed(texts, kind=kind)
        except EmbeddingError as error:
            pause_s = _RETRY_S[min(attempt, len(_RETRY_S) - 1)]
            log.warning("knowledge.embedding_failed", error=str(error), retry_in_s=pause_s)
            await asyncio.sleep(pause_s)
            attempt += 1
