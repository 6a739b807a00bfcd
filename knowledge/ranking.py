"""Which entries come first for a question, and what speaks for each of them?

Scores are calibrated and summed, never fused by rank: ranks cannot tell that nothing fits.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge.dense import DenseIndex, DenseScores
from knowledge.embeddings import Vectors
from knowledge.entries import FaqEntry, Match
from knowledge.fold import fold, lexical_key, tidy
from knowledge.gate import Evidence, contrasts_differ, numbers_differ, probability
from knowledge.lexical import LexicalIndex, LexicalScores

# Weights of the sum, chosen on the sample shop's questions (`python -m benchmarks.retrieval`).
DENSE, LEXICAL = 0.6, 0.4
DENSE_ANSWER, LEXICAL_ANSWER = 0.8, 0.4

JUDGED = 10  # entries for which all evidence is gathered
_LEXICAL_CANDIDATES = 50

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
    """An entry's texts as the gate compares them."""

    questions: tuple[str, ...]
    everything: str
    keys: tuple[str, ...]


class Ranking:
    """Ranks all entries by characters, and by meaning when there is a vector."""

    def __init__(self, entries: Sequence[FaqEntry]) -> None:
        self._entries = entries
        self._lexical = LexicalIndex(entries)
        self._texts: dict[int, _Texts] = {}

    def by_characters(self, question: Question, allowed: Allowed, k: int) -> list[Match]:
        """The k best without vectors."""
        found = self._lexical.scores(question.key)
        ranks = found.question + LEXICAL_ANSWER * found.answer
        order = _best(ranks, max(k, JUDGED) + 1, allowed)
        return self._matches(question, found, {i: float(ranks[i]) for i in order}, {}, k)

    async def by_meaning(
        self, question: Question, vector: Vectors, dense: DenseIndex, allowed: Allowed, k: int
    ) -> list[Match]:
        """The k best by the weighted sum."""
        found = self._lexical.scores(question.key)
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

    def _matches(
        self,
        question: Question,
        lexical: LexicalScores,
        ranks: dict[int, float],
        dense: dict[int, DenseScores],
        k: int,
    ) -> list[Match]:
        order = sorted(ranks, key=lambda i: (-ranks[i], i))
        matches = []
        for place, i in enumerate(order[: max(k, JUDGED)]):
            rival = order[0] if place else (order[1] if len(order) > 1 else None)
            margin = ranks[i] - (ranks[rival] if rival is not None else 0.0)
            evidence = self._evidence(question, i, lexical, dense.get(i), margin)
            why: dict[str, float | str] = {
                name: round(float(value), 4)
                for name, value in msgspec.structs.asdict(evidence).items()
                if value is not None
            }
            matches.append(Match(self._entries[i], probability(evidence), why))
        return sorted(matches, key=lambda match: -match.score)[:k]

    def _evidence(
        self,
        question: Question,
        i: int,
        lexical: LexicalScores,
        dense: DenseScores | None,
        margin: float,
    ) -> Evidence:
        texts = self._texts_of(i)
        return Evidence(
            lexical=float(lexical.question[i]),
            answer=float(lexical.answer[i]),
            coverage=self._lexical.coverage(question.key, texts.keys),
            margin=margin,
            dense=dense.question if dense else None,
            dense_answer=dense.answer if dense else None,
            number_mismatch=numbers_differ(question.folded, texts.everything),
            contrast_mismatch=all(contrasts_differ(question.folded, q) for q in texts.questions),
        )

    def _texts_of(self, i: int) -> _Texts:
        """Folded on first use and kept: the entries that are asked for are few."""
        if i not in self._texts:
            entry = self._entries[i]
            folded = [fold(text) for text in (*entry.questions, entry.answer)]
            self._texts[i] = _Texts(
                tuple(folded[:-1]), " ".join(folded), tuple(map(lexical_key, folded))
            )
        return self._texts[i]


def _best(ranks: NDArray[np.float32], k: int, allowed: Allowed) -> list[int]:
    """Up to k entries by falling rank, those that share nothing left out."""
    if allowed is not None:
        ranks = np.where(allowed, ranks, np.float32(0))
    best = np.argpartition(-ranks, k)[:k] if k < len(ranks) else np.arange(len(ranks))
    return [int(i) for i in best[np.argsort(-ranks[best], kind="stable")] if ranks[i] > 0]
