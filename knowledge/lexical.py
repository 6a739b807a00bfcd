"""Which entries share the most telling characters with a question?

Character 1+2-gram TF-IDF cosine. Words or bigrams alone rank lower, and a bounded cosine tells
right from wrong better than BM25 does. The index is a plain inverted list in numpy.
"""

from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge.entries import FaqEntry
from knowledge.fold import lexical_key
from knowledge.pooling import pooled
from knowledge.words import NO_WORDS, Words

Scores = NDArray[np.float32]


def grams(key: str) -> list[str]:
    """Characters and pairs of neighbours, with repeats."""
    return [*key, *map("".join, pairwise(key))]


class NgramIndex:
    """TF-IDF cosine of a text against each of many.

    Args:
        reference: where grams are weighed instead: a few texts beside many are judged alike.
    """

    def __init__(self, keys: Sequence[str], reference: "NgramIndex | None" = None) -> None:
        self._rows = len(keys)
        self._ids: dict[str, int] = {}
        lengths, flat_terms, flat_counts = array("q"), array("i"), array("f")
        for key in keys:
            counts = Counter(grams(key))
            lengths.append(len(counts))
            flat_terms.extend(self._ids.setdefault(gram, len(self._ids)) for gram in counts)
            flat_counts.extend(counts.values())
        rows = np.repeat(np.arange(self._rows, dtype=np.int32), np.asarray(lengths))
        terms = np.asarray(flat_terms, np.int32)
        weights = np.array(flat_counts, np.float32)
        found_in = np.bincount(terms, minlength=len(self._ids))
        self._unseen_idf = float(np.log(1.0 + self._rows) + 1.0)
        self._idf = (self._unseen_idf - np.log(1.0 + found_in)).astype(np.float32)
        if reference is not None:
            self._unseen_idf = reference._unseen_idf
            self._idf = np.array([reference.idf(gram) for gram in self._ids], np.float32)
        weights *= self._idf[terms]
        norms = np.sqrt(np.bincount(rows, weights=weights**2, minlength=self._rows))
        weights /= norms.astype(np.float32)[rows]
        order = np.argsort(terms, kind="stable")
        self._posting_rows, self._posting_weights = rows[order], weights[order]
        self._starts = np.concatenate(([0], np.cumsum(found_in)))

    def idf(self, gram: str) -> float:
        """How telling a gram is; the rarer the more, never seen the most."""
        term = self._ids.get(gram)
        return self._unseen_idf if term is None else float(self._idf[term])

    def cosines(self, key: str) -> Scores:
        """One cosine per text. What no text holds lengthens the query and so lowers them all."""
        square, rows, weights = 0.0, [], []
        for gram, count in Counter(grams(key)).items():
            weight = count * self.idf(gram)
            square += weight * weight
            if (term := self._ids.get(gram)) is not None:
                posting = slice(self._starts[term], self._starts[term + 1])
                rows.append(self._posting_rows[posting])
                weights.append(self._posting_weights[posting] * np.float32(weight))
        if not rows:
            return np.zeros(self._rows, np.float32)
        sums = np.bincount(np.concatenate(rows), np.concatenate(weights), self._rows)
        cosines: Scores = (sums / np.sqrt(square)).astype(np.float32)
        return cosines


class LexicalScores(msgspec.Struct, frozen=True):
    """One number per entry: its questions pooled, its answer, and the best that was heard."""

    question: Scores
    answer: Scores
    heard: Scores


class LexicalIndex:
    """The two fields of every entry."""

    def __init__(
        self,
        entries: Sequence[FaqEntry],
        reference: "LexicalIndex | None" = None,
        words: Words = NO_WORDS,
    ) -> None:
        self._starts = first_rows(entries)
        questions = [words.fold(text) for entry in entries for text in entry.questions]
        answers = [words.fold(entry.answer) for entry in entries]
        self.named: frozenset[str] = frozenset().union(*map(words.named, (*questions, *answers)))
        """The deployment's terms that any entry names."""
        self._questions: NgramIndex = NgramIndex(
            list(map(lexical_key, questions)), reference._questions if reference else None
        )
        self._answers: NgramIndex = NgramIndex(
            list(map(lexical_key, answers)), reference._answers if reference else None
        )
        self._heard = np.array(
            [at >= len(e.own) for e in entries for at in range(len(e.questions))],
            np.bool_,
        )

    def scores(self, key: str) -> LexicalScores:
        """How well each entry fits a `lexical_key`."""
        questions, answers = self._questions.cosines(key), self._answers.cosines(key)
        if not len(questions):
            return LexicalScores(questions, answers, questions)
        own = np.maximum.reduceat(np.where(self._heard, 0, questions), self._starts)
        if not self._heard.any():
            return LexicalScores(own, answers, np.zeros_like(own))
        heard = np.maximum.reduceat(np.where(self._heard, questions, 0), self._starts)
        return LexicalScores(pooled(own, heard), answers, heard)

    def telling(self, key: str) -> dict[str, float]:
        """How telling each gram of a `lexical_key` is."""
        return {gram: self._questions.idf(gram) for gram in grams(key)}


def first_rows(entries: Sequence[FaqEntry]) -> NDArray[np.int64]:
    """Where each entry's questions begin when all questions stand in one column."""
    lengths = [len(entry.questions) for entry in entries]
    return np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int64)
