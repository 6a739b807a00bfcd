"""What scores do the textbook methods give? The baselines' own code, apart from the product's."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from knowledge.fold import tidy

Scores = NDArray[np.floating]

# The short fold of the measured baselines, left as it was; the product's own grows.
_FOLD = {
    **dict.fromkeys(("怎样", "如何", "咋样", "咋"), "怎么"),
    **dict.fromkeys(("啥", "甚么"), "什么"),
    **dict.fromkeys(("是否可以", "可不可以", "是否", "能否", "可否"), "能不能"),
    "您": "你",
}
_FOLDED = re.compile("|".join(sorted(_FOLD, key=len, reverse=True)))


def normalised(text: str) -> str:
    """NFKC, lower case, simplified, digits as one token, synonyms folded, no punctuation."""
    text = re.sub(r"\d+(?:\.\d+)?", "0", tidy(text))
    return re.sub(r"[\W_]+", "", _FOLDED.sub(lambda found: _FOLD[found[0]], text))


def grams(text: str) -> list[str]:
    return [*text, *map("".join, pairwise(text))]


class TfIdf:
    """Cosine over character 1+2-grams, smoothed idf; unseen grams lengthen the question."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(grams(text)) for text in texts]
        found_in = Counter(gram for count in counts for gram in count)
        self._columns = {gram: i for i, gram in enumerate(found_in)}
        self._idf = {g: np.log((1 + len(texts)) / (1 + n)) + 1 for g, n in found_in.items()}
        self._unseen = np.log(1 + len(texts)) + 1
        self._rows = np.stack([self._vector(count) for count in counts])

    def cosines(self, texts: Sequence[str]) -> Scores:
        rows = np.stack([self._vector(Counter(grams(text))) for text in texts])
        return rows @ self._rows.T

    def _vector(self, counts: Counter[str]) -> Scores:
        row, square = np.zeros(len(self._columns), np.float32), 0.0
        for gram, count in counts.items():
            weight = count * self._idf.get(gram, self._unseen)
            square += weight**2
            if gram in self._columns:
                row[self._columns[gram]] = weight
        return row / np.float32(square**0.5 or 1.0)


class Bm25:
    """Okapi BM25 with k1 = 1.5 and b = .75 over lists of words."""

    def __init__(self, texts: Sequence[Sequence[str]], k1: float = 1.5, b: float = 0.75) -> None:
        self._counts = [Counter(words) for words in texts]
        mean = sum(map(len, texts)) / len(texts)
        self._norms = [k1 * (1 - b + b * len(words) / mean) for words in texts]
        found_in = Counter(word for count in self._counts for word in count)
        self._idf = {w: np.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for w, n in found_in.items()}
        self._k1 = k1

    def scores(self, texts: Sequence[Sequence[str]]) -> Scores:
        return np.array(
            [[self._score(words, i) for i in range(len(self._norms))] for words in texts],
            np.float32,
        )

    def _score(self, words: Sequence[str], i: int) -> float:
        count, norm = self._counts[i], self._norms[i]
        found = (
            self._idf[word] * count[word] * (self._k1 + 1) / (count[word] + norm)
            for word in words
            if word in count
        )
        return float(sum(found))


def ranks(scores: Scores) -> Scores:
    """The place of each column in its row, from 1, equals in order."""
    order = np.argsort(-scores, axis=1, kind="stable")
    return np.argsort(order, axis=1, kind="stable") + np.float32(1)
