"""Which entry answers this question, and may it be said?"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import structlog

from bot.ports import Embedder
from knowledge.dense import DenseIndex, engine_for, rows_to_embed
from knowledge.embeddings import EmbeddingError, Kind, Vectors
from knowledge.entries import Audience, Decision, FaqEntry, Match, Verdict, version_of
from knowledge.fold import exact_key, fold
from knowledge.gate import Thresholds, decide
from knowledge.index import ChromaIndex, NumpyIndex, VectorIndex
from knowledge.ranking import Allowed, Question, Ranking
from knowledge.vectors import VectorCache, text_hash

log = structlog.get_logger(__name__)

CHOICES = 3  # a menu of more is not read
WARM_BATCH = 8  # texts: a customer's question waits for at most one such batch, ~130 ms
_RETRY_S = (1.0, 5.0, 15.0, 60.0)
_AUDIENCES = 64

Engine = Literal["auto", "numpy", "chroma"]
_RepeatKey = tuple[str, Audience, bool]


class Retriever:
    """Finds entries by exact phrasing, characters and meaning, and lets the gate decide.

    Ready as soon as it is made: until `warm` has ended, or without an embedder, answers are
    lexical. All methods belong to one event loop. 10,000 entries take 2 s to index: make it in a
    thread then.

    Args:
        embedder: what makes vectors, ``None`` = characters alone. It stays the caller's to close.
        cache_dir: where vectors (and Chroma's folder) are kept, ``None`` = nowhere.
        thresholds: the gate's bands, ``None`` = the cautious start.
        engine: vector index, ``auto`` = numpy up to 20,000 rows and Chroma beyond.
        repeats: verdicts kept for questions that come again.
    """

    def __init__(
        self,
        entries: Iterable[FaqEntry],
        *,
        embedder: Embedder | None = None,
        cache_dir: Path | None = None,
        thresholds: Thresholds | None = None,
        engine: Engine = "auto",
        repeats: int = 4096,
    ) -> None:
        self._entries = list(entries)
        self._by_id = {entry.id: entry for entry in self._entries}
        self._limited = [i for i, e in enumerate(self._entries) if not e.is_for_everyone]
        self._version = version_of(self._entries)
        self._thresholds = thresholds or Thresholds()
        self._ranking = Ranking(self._entries)
        self._exact: dict[str, list[FaqEntry]] = defaultdict(list)
        for entry in self._entries:
            for key in {exact_key(fold(text)) for text in entry.questions}:
                self._exact[key].append(entry)
        self._embedder, self._cache_dir, self._engine = embedder, cache_dir, engine
        self._dense: DenseIndex | None = None
        self._repeats: OrderedDict[_RepeatKey, Verdict] = OrderedDict()
        self._max_repeats = repeats
        self._running: dict[_RepeatKey, asyncio.Task[Verdict]] = {}
        self._masks: OrderedDict[Audience, Allowed] = OrderedDict()

    @property
    def version(self) -> str:
        """A hash of all entries."""
        return self._version

    @property
    def entries(self) -> Sequence[FaqEntry]:
        """All entries, in the order of the files."""
        return self._entries

    @property
    def cache_dir(self) -> Path | None:
        """Where vectors are kept."""
        return self._cache_dir

    @property
    def ready(self) -> bool:
        """Whether questions can be answered."""
        return True

    @property
    def vectors_ready(self) -> bool:
        """Whether meaning counts too."""
        return self._dense is not None

    @property
    def is_lexical_only(self) -> bool:
        """Whether meaning will never count, because there is no embedder."""
        return self._embedder is None

    def get(self, entry_id: str) -> FaqEntry | None:
        """The entry of this id."""
        return self._by_id.get(entry_id)

    def featured(self, audience: Audience, n: int) -> list[FaqEntry]:
        """Up to n entries for the welcome menu, in the order of the files."""
        return [e for e in self._entries if e.featured and e.is_for(audience)][:n]

    async def ask(self, text: str, audience: Audience) -> Verdict:
        """What knowledge has to say to a customer's question."""
        exact = exact_key(fold(text))
        if verdict := self._exactly(exact, audience):
            return verdict
        key = (exact, audience, self.vectors_ready)
        if verdict := self._repeats.get(key):
            self._repeats.move_to_end(key)
            return msgspec.structs.replace(verdict, how="cached")
        if key not in self._running:
            task = asyncio.create_task(self._judge(text, audience, key))
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        # Shielded: the same question of another customer may wait for the same answer.
        return await asyncio.shield(self._running[key])

    async def search(self, text: str, audience: Audience, k: int = 10) -> list[Match]:
        """The k nearest entries with scores and evidence, whatever the gate thinks."""
        matches, _ = await self._search(Question.of(text), audience, k)
        return matches

    async def warm(self) -> None:
        """Embed what the disk cache lacks, then let meaning count. Cancel it at any time.

        Progress is kept on disk after every batch. While the embedder gives no vectors this
        tries again, for as long as it takes.
        """
        if self._embedder is None or not self._entries:
            log.info("knowledge.lexical_only", entries=len(self._entries))
            return
        rows = await self._vectors(self._embedder)
        self._dense = DenseIndex(self._entries, rows, await self._index(rows, self._embedder))
        log.info("knowledge.vectors_ready", rows=len(rows), model=self._embedder.name)

    def close(self) -> None:
        """Release threads and files. The embedder stays open."""
        dense, self._dense = self._dense, None
        if dense:
            dense.close()

    async def _judge(self, text: str, audience: Audience, key: _RepeatKey) -> Verdict:
        matches, how = await self._search(Question.of(text), audience, CHOICES)
        decision = decide([match.score for match in matches], self._thresholds)
        verdict = Verdict(decision, tuple(matches), how)
        if (how == "hybrid") == key[2]:  # not what was found while the embedder failed
            self._repeats[key] = verdict
            if len(self._repeats) > self._max_repeats:
                self._repeats.popitem(last=False)
        return verdict

    async def _search(
        self, question: Question, audience: Audience, k: int
    ) -> tuple[list[Match], Literal["hybrid", "lexical"]]:
        allowed = self._allowed(audience)
        if self._dense is None or self._embedder is None or not question.text:
            return await self._ranking.by_characters(question, allowed, k), "lexical"
        dense = self._dense
        try:
            vectors = await self._embedder.embed([question.text], kind="query")
        except EmbeddingError as error:
            log.warning("knowledge.embedding_failed", error=str(error))
            return await self._ranking.by_characters(question, allowed, k), "lexical"
        return await self._ranking.by_meaning(question, vectors[0], dense, allowed, k), "hybrid"

    def _exactly(self, key: str, audience: Audience) -> Verdict | None:
        """The answer when exactly one entry asks just this."""
        entries = [e for e in self._exact.get(key, ()) if e.is_for(audience)]
        if len(entries) != 1:
            return None
        return Verdict(Decision.ANSWER, (Match(entries[0], 1.0, {"exact": key}),), "exact")

    def _allowed(self, audience: Audience) -> Allowed:
        """Which entries this audience may be told; ``None`` = all."""
        if not self._limited:
            return None
        if audience not in self._masks:
            mask = np.ones(len(self._entries), np.bool_)
            for i in self._limited:
                mask[i] = self._entries[i].is_for(audience)
            self._masks[audience] = mask
            if len(self._masks) > _AUDIENCES:
                self._masks.popitem(last=False)
        return self._masks[audience]

    async def _vectors(self, embedder: Embedder) -> Vectors:
        """One row per text of the entries, from disk or made now."""
        wanted = rows_to_embed(self._entries)
        hashes = [text_hash(kind, text) for kind, text in wanted]
        path = self._cache_dir / "vectors.sqlite3" if self._cache_dir else None
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

    async def _index(self, rows: Vectors, embedder: Embedder) -> VectorIndex:
        engine = engine_for(len(rows)) if self._engine == "auto" else self._engine
        if engine == "numpy" or self._cache_dir is None:
            return NumpyIndex(rows)
        version = f"{self._version}/{embedder.name}"
        return await ChromaIndex.open(self._cache_dir / "chroma", rows, version)


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
