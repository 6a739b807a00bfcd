"""How are indexes built without holding up who is answering?"""

import asyncio
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import structlog

from bot.ports import Embedder
from knowledge.dense import rows_to_embed
from knowledge.embeddings import EmbeddingError, Kind, Vectors
from knowledge.entries import FaqEntry
from knowledge.lexical import LexicalIndex
from knowledge.shelf import Shelf
from knowledge.vectors import VectorCache, text_hash

log = structlog.get_logger(__name__)

WARM_BATCH = 8  # texts: a customer's question waits for at most one such batch, ~130 ms
_CHILD_FROM = 2_000  # entries; fewer are built sooner than a process starts
_RETRY_S = (1.0, 5.0, 15.0, 60.0)


async def vectors_of(
    entries: Sequence[FaqEntry], embedder: Embedder, cache_dir: Path | None
) -> Vectors:
    """One row per text of `rows_to_embed`, from disk or made now; a batch made is kept.

    While the embedder gives no vectors this tries again, for as long as it takes.
    """
    wanted = rows_to_embed(entries)
    hashes = [text_hash(kind, text) for kind, text in wanted]
    path = cache_dir / "vectors.sqlite3" if cache_dir else None
    cache = await asyncio.to_thread(VectorCache, path, embedder.name)
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
    return np.stack([known[name] for name in hashes])


async def lexical_in_child(entries: Sequence[FaqEntry]) -> Shelf:
    """A shelf without vectors. A large one is indexed in a process of its own.

    10,000 entries cost 2 s of Python, during which a thread would hold up everything else.
    """
    if len(entries) < _CHILD_FROM:
        return Shelf(entries)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as child:
        index = await asyncio.get_running_loop().run_in_executor(child, LexicalIndex, entries)
    return Shelf(entries, index=index)


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
