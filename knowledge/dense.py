"""How near in meaning is each entry to a question?"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge.embeddings import Kind, Vectors
from knowledge.entries import FaqEntry
from knowledge.fold import tidy
from knowledge.index import MAX_EXACT_ROWS, VectorIndex
from knowledge.pooling import pooled

NEAREST_ROWS = 100  # rows asked of the index; an entry has a handful of them

# Cosine of two unrelated texts, for bases too small to measure it (multilingual-e5-small: .85).
_DEFAULT_FLOOR = 0.85
_ENOUGH = 8


class DenseScores(NamedTuple):
    """What vectors say of one entry: 0 = unrelated, 1 = the same.

    Args:
        heard: of the best phrasing that was heard, 0 = there is none.
    """

    question: float
    answer: float
    heard: float = 0.0


def rows_to_embed(entries: Iterable[FaqEntry]) -> list[tuple[Kind, str]]:
    """What to embed: all questions first, then all answers.

    Questions carry the query prefix like the customer's text, for they are compared as equals. An
    answer is read together with its question: alone it often does not say what it is about.
    """
    entries = list(entries)
    questions: list[tuple[Kind, str]] = [("query", tidy(q)) for e in entries for q in e.questions]
    return questions + [("passage", tidy(f"{e.question} {e.answer}")) for e in entries if e.answer]


class DenseIndex:
    """Entries over a vector index: best question, answer, and calibration of the model.

    Encoders crowd all texts of one trade into a narrow cone. What unrelated questions and answers
    of this base have in common (the median cosine) is taken as 0, so that scores of different
    models and bases mean about the same.

    Args:
        rows: one per text of `rows_to_embed`.
        reference: whose calibration is used instead, so that a few entries are judged like many.
    """

    def __init__(
        self,
        entries: Sequence[FaqEntry],
        rows: Vectors,
        index: VectorIndex,
        reference: "DenseIndex | None" = None,
    ) -> None:
        self._index = index
        self._owner = np.array(
            [i for i, e in enumerate(entries) for _ in e.questions]
            + [i for i, e in enumerate(entries) if e.answer],
            np.int64,
        )
        self._questions = sum(len(e.questions) for e in entries)
        self._own = [len(e.own) for e in entries]
        self._rows_of: list[list[int]] = [[] for _ in entries]
        for row, owner in enumerate(self._owner):
            self._rows_of[owner].append(row)
        self._question_floor: float
        self._answer_floor: float
        if reference is not None:
            self._question_floor = reference._question_floor
            self._answer_floor = reference._answer_floor
            return
        firsts = rows[[owned[0] for owned in self._rows_of]]
        self._question_floor = _floor(firsts, firsts)
        self._answer_floor = _floor(firsts, rows[self._questions :])

    async def nearest(self, vector: Vectors, allowed: NDArray[np.bool_] | None) -> list[int]:
        """Entries one of whose rows is among the nearest."""
        mask = None if allowed is None else allowed[self._owner]
        rows = await self._index.nearest(vector, NEAREST_ROWS, mask)
        return list(dict.fromkeys(int(self._owner[row]) for row in rows))

    async def scores(self, vector: Vectors, entries: Sequence[int]) -> list[DenseScores]:
        """How near each of these entries is."""
        rows = [row for entry in entries for row in self._rows_of[entry]]
        cosines = dict(zip(rows, await self._index.cosines(vector, rows), strict=True))
        return [self._score(cosines, self._rows_of[entry], self._own[entry]) for entry in entries]

    def close(self) -> None:
        """Release the index."""
        self._index.close()

    def _score(self, cosines: dict[int, np.float32], rows: list[int], own: int) -> DenseScores:
        calibrated = [
            _calibrated(float(cosines[row]), self._question_floor)
            for row in rows
            if row < self._questions
        ]
        answers = [float(cosines[row]) for row in rows if row >= self._questions]
        heard = max(calibrated[own:], default=0.0)
        return DenseScores(
            float(pooled(max(calibrated[:own]), heard)),
            _calibrated(answers[0], self._answer_floor) if answers else 0.0,
            heard,
        )


def engine_for(rows: int) -> Literal["numpy", "chroma"]:
    """Which index serves this many rows best."""
    return "numpy" if rows <= MAX_EXACT_ROWS else "chroma"


def _floor(some: Vectors, others: Vectors) -> float:
    """The median cosine between up to 256 of each: most pairs are unrelated."""
    if len(some) < _ENOUGH or len(others) < _ENOUGH:
        return _DEFAULT_FLOOR
    return float(np.median(some[_sample(len(some))] @ others[_sample(len(others))].T))


def _sample(length: int) -> NDArray[np.int64]:
    return np.linspace(0, length - 1, min(length, 256)).astype(np.int64)


def _calibrated(cosine: float, floor: float) -> float:
    return max(0.0, (cosine - floor) / (1.0 - floor)) if floor < 1.0 else 0.0
