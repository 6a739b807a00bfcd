"""What do the indexes say of each entry? One set of entries with its two indexes, never changed.

The knowledge of an account stands on two shelves: a large one, built as a whole, and a small one
beside it with what was changed since.
"""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge.dense import DenseIndex, DenseScores
from knowledge.embeddings import Vectors
from knowledge.entries import Audience, FaqEntry
from knowledge.evidence import Texts
from knowledge.lexical import LexicalIndex, LexicalScores
from knowledge.words import NO_WORDS, Words

# Weights of the sum by which candidates are found; the gate's model ranks what was found.
DENSE, LEXICAL = 0.6, 0.4
DENSE_ANSWER, LEXICAL_ANSWER = 1.5, 0.4
LEXICAL_ALONE = 0.6  # of an entry without an answer, whose vectors say less

CANDIDATES = 50  # entries of one shelf that go on to be judged
_KEPT = 1_024  # entries whose folded texts are kept: those that are asked for are few
_AUDIENCES = 64
_INLINE_ENTRIES = 5_000  # 1 ms; above that a thread, so that the loop is never held up

Allowed = NDArray[np.bool_] | None


class Candidate(msgspec.Struct, frozen=True):
    """An entry and what the indexes say of it.

    Args:
        rank: the weighted sum of all of it.
        dense: `None` without vectors.
        heard: how alike the question and a phrasing that was heard are, in meaning and form.
    """

    entry: FaqEntry
    texts: Texts
    rank: float
    lexical: float
    answer: float
    dense: DenseScores | None
    heard: float


class Shelf:
    """Entries and their indexes.

    Args:
        reference: the shelf whose entries decide how telling a character is, ``None`` = its own.
        index: of these entries, when it was made elsewhere.
        words: of the deployment.
    """

    def __init__(
        self,
        entries: Sequence[FaqEntry],
        reference: "Shelf | None" = None,
        *,
        index: LexicalIndex | None = None,
        words: Words = NO_WORDS,
    ) -> None:
        self.entries = list(entries)
        self.lexical: LexicalIndex = index or LexicalIndex(
            self.entries, reference.lexical if reference else None, words
        )
        self.dense: DenseIndex | None = None
        self._limited = [i for i, e in enumerate(self.entries) if not e.is_for_everyone]
        self._gone: NDArray[np.bool_] | None = None
        self._users, self._is_closed = 0, False
        self._place = {entry.id: i for i, entry in enumerate(self.entries)}
        self._texts = lru_cache(_KEPT)(lambda i: Texts.of(self.entries[i], words))
        self._allowed = lru_cache(_AUDIENCES)(self._mask)

    def take_away(self, ids: Collection[str]) -> None:
        """Let these entries no longer be found."""
        gone = np.zeros(len(self.entries), np.bool_) if self._gone is None else self._gone.copy()
        gone[[self._place[name] for name in ids if name in self._place]] = True
        self._gone = gone
        self._allowed.cache_clear()

    async def by_characters(self, key: str, audience: Audience) -> list[Candidate]:
        """The nearest without vectors."""
        scores = await self._lexical_scores(key)
        ranks = scores.question + LEXICAL_ANSWER * scores.answer
        return [
            self._candidate(i, float(ranks[i]), scores, None)
            for i in _best(ranks, CANDIDATES, self._allowed(audience))
        ]

    async def by_meaning(self, key: str, vector: Vectors, audience: Audience) -> list[Candidate]:
        """The nearest by both indexes."""
        if self.dense is None:
            raise LookupError("no vectors yet")
        allowed = self._allowed(audience)
        scores = await self._lexical_scores(key)
        lexical = scores.question + LEXICAL_ANSWER * scores.answer
        near = await self.dense.nearest(vector, allowed)
        found = list(dict.fromkeys(near + _best(lexical, CANDIDATES, allowed)))
        dense = dict(zip(found, await self.dense.scores(vector, found), strict=True))
        ranks = {
            i: DENSE * (s.question + DENSE_ANSWER * s.answer)
            + (LEXICAL if self.entries[i].answer else LEXICAL_ALONE) * float(lexical[i])
            for i, s in dense.items()
        }
        order = sorted(ranks, key=lambda i: (-ranks[i], i))[:CANDIDATES]
        return [self._candidate(i, ranks[i], scores, dense[i]) for i in order]

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the vectors while a question is asked, even when the shelf is closed meanwhile."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            if self._is_closed:
                self.close()

    def close(self) -> None:
        """Release the vectors as soon as nobody uses them."""
        self._is_closed = True
        if not self._users and self.dense:
            self.dense.close()
            self.dense = None

    def _candidate(
        self, i: int, rank: float, scores: LexicalScores, dense: DenseScores | None
    ) -> Candidate:
        heard = float(scores.heard[i])
        return Candidate(
            self.entries[i],
            self._texts(i),
            rank,
            float(scores.question[i]),
            float(scores.answer[i]),
            dense,
            heard * (heard if dense is None else dense.heard),
        )

    async def _lexical_scores(self, key: str) -> LexicalScores:
        if len(self.entries) <= _INLINE_ENTRIES:
            return self.lexical.scores(key)
        return await asyncio.to_thread(self.lexical.scores, key)

    def _mask(self, audience: Audience) -> Allowed:
        """Which entries this audience may be told; ``None`` = all."""
        if not self._limited:
            return None if self._gone is None else ~self._gone
        mask = np.ones(len(self.entries), np.bool_) if self._gone is None else ~self._gone
        for i in self._limited:
            mask[i] = mask[i] and self.entries[i].is_for(audience)
        return mask


def _best(ranks: NDArray[np.float32], k: int, allowed: Allowed) -> list[int]:
    """Up to k entries by falling rank, those that share nothing left out."""
    if allowed is not None:
        ranks = np.where(allowed, ranks, np.float32(0))
    best = np.argpartition(-ranks, k)[:k] if k < len(ranks) else np.arange(len(ranks))
    return [int(i) for i in best[np.argsort(-ranks[best], kind="stable")] if ranks[i] > 0]
