"""Which entries come first for a question, and what speaks for each of them?

Scores are calibrated and summed, never fused by rank: ranks cannot tell that nothing fits.
"""

import asyncio
from collections.abc import Sequence
from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge.dense import DenseIndex, DenseScores
from knowledge.embeddings import Vectors
from knowledge.entries import FaqEntry, Match
from knowledge.fold import fold, lexical_key, numbers_in, tidy
from knowledge.gate import Evidence, contrasts_in, probability
from knowledge.lexical import LexicalIndex, LexicalScores

# Weights of the sum, chosen on the sample shop's questions (`python -m benchmarks.baselines`).
DENSE, LEXICAL = 0.6, 0.4
DENSE_ANSWER, LEXICAL_ANSWER = 0.8, 0.4

JUDGED = 5  # entries at least for which all evidence is gathered
_KEPT = 1_024  # entries whose folded texts are kept: those that are asked for are few
_LEXICAL_CANDIDATES = 50
_INLINE_ENTRIES = 5_000  # 1 ms; above that a thread, so that the loop is never held up

Allowed = NDArray[np.bool_] | None


class Question(msgspec.Struct, frozen=True):
    """A customer's text in the forms that are compared."""

    text: str
    folded: str
    key: str

    @classmethod
    def of(cls, text: str) -> "Question":
        """Fold once, compare often."""
        folded = fold(text)
        return cls(tidy(text), folded, lexical_key(folded))


class _Texts(msgspec.Struct, frozen=True):
    """An entry's texts as the gate compares them; one line each in `keys`."""

    contrasts: frozenset[frozenset[int]]
    numbers: frozenset[str]
    keys: str


class _Asked(msgspec.Struct, frozen=True):
    """A question as the gate compares it."""

    grams: dict[str, float]
    contrasts: frozenset[int]
    numbers: frozenset[str]


class Ranking:
    """Ranks all entries by characters, and by meaning when there is a vector."""

    def __init__(self, entries: Sequence[FaqEntry]) -> None:
        self._entries = entries
        self._lexical = LexicalIndex(entries)
        self._texts = lru_cache(_KEPT)(self._fold_texts)

    async def by_characters(self, question: Question, allowed: Allowed, k: int) -> list[Match]:
        """The k best without vectors."""
        found = await self._lexical_scores(question.key)
        ranks = found.question + LEXICAL_ANSWER * found.answer
        order = _best(ranks, max(k, JUDGED) + 1, allowed)
        return self._matches(question, found, {i: float(ranks[i]) for i in order}, {}, k)

    async def by_meaning(
        self, question: Question, vector: Vectors, dense: DenseIndex, allowed: Allowed, k: int
    ) -> list[Match]:
        """The k best by the weighted sum."""
        found = await self._lexical_scores(question.key)
        lexical = found.question + LEXICAL_ANSWER * found.answer
        candidates = await dense.nearest(vector, allowed)
        candidates += _best(lexical, _LEXICAL_CANDIDATES, allowed)
        candidates = list(dict.fromkeys(candidates))
        scores = dict(zip(candidates, await dense.scores(vector, candidates), strict=True))
        ranks = {
            i: DENSE * (s.question + DENSE_ANSWER * s.answer) + LEXICAL * float(lexical[i])
            for i, s in scores.items()
        }
        return self._matches(question, found, ranks, scores, k)

    async def _lexical_scores(self, key: str) -> LexicalScores:
        if len(self._entries) <= _INLINE_ENTRIES:
            return self._lexical.scores(key)
        return await asyncio.to_thread(self._lexical.scores, key)

    def _matches(
        self,
        question: Question,
        lexical: LexicalScores,
        ranks: dict[int, float],
        dense: dict[int, DenseScores],
        k: int,
    ) -> list[Match]:
        order = sorted(ranks, key=lambda i: (-ranks[i], i))
        asked = _Asked(
            self._lexical.telling(question.key),
            contrasts_in(question.folded),
            numbers_in(question.folded),
        )
        matches = []
        for place, i in enumerate(order[: max(k, JUDGED)]):
            rival = order[0] if place else (order[1] if len(order) > 1 else None)
            margin = ranks[i] - (ranks[rival] if rival is not None else 0.0)
            evidence = self._evidence(asked, i, lexical, dense.get(i), margin)
            why: dict[str, float | str] = {
                name: round(float(value), 4)
                for name, value in msgspec.structs.asdict(evidence).items()
                if value is not None
            }
            matches.append(Match(self._entries[i], probability(evidence), why))
        return sorted(matches, key=lambda match: -match.score)[:k]

    def _evidence(
        self,
        asked: _Asked,
        i: int,
        lexical: LexicalScores,
        dense: DenseScores | None,
        margin: float,
    ) -> Evidence:
        texts = self._texts(i)
        covered = sum(weight for gram, weight in asked.grams.items() if gram in texts.keys)
        return Evidence(
            lexical=float(lexical.question[i]),
            answer=float(lexical.answer[i]),
            coverage=covered / (sum(asked.grams.values()) or 1.0),
            margin=margin,
            dense=dense.question if dense else None,
            dense_answer=dense.answer if dense else None,
            number_mismatch=not asked.numbers <= texts.numbers,
            contrast_mismatch=asked.contrasts not in texts.contrasts,
        )

    def _fold_texts(self, i: int) -> _Texts:
        entry = self._entries[i]
        # Not what was heard: whatever one asks, one of many loose phrasings covers it.
        folded = [fold(text) for text in (*entry.own, entry.answer)]
        return _Texts(
            frozenset(map(contrasts_in, folded[:-1])),
            numbers_in(" ".join(folded)),
            "\n".join(map(lexical_key, folded)),
        )


def _best(ranks: NDArray[np.float32], k: int, allowed: Allowed) -> list[int]:
    """Up to k entries by falling rank, those that share nothing left out."""
    if allowed is not None:
        ranks = np.where(allowed, ranks, np.float32(0))
    best = np.argpartition(-ranks, k)[:k] if k < len(ranks) else np.arange(len(ranks))
    return [int(i) for i in best[np.argsort(-ranks[best], kind="stable")] if ranks[i] > 0]
