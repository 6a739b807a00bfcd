"""May this entry be said in answer to this question?

A small logistic model over the evidence, with three bands: answer, offer, decline. It declines
rather than guesses: a wrong answer costs more than a hand-over. `concierge faq eval` prints how it
does on labelled questions, `python -m benchmarks.baselines` how the usual methods do on the same.
Thresholds do not carry over from base to base: this is a cautious
start until a deployment has labels of its own.
"""

import math
import re
from collections.abc import Sequence

import msgspec

from knowledge.entries import Decision


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks for and against one entry.

    Args:
        lexical: TF-IDF cosine of its best question, 0 to 1.
        answer: TF-IDF cosine of its answer, 0 to 1.
        coverage: share of the question's telling grams found anywhere in the entry, 0 to 1.
        dense: calibrated cosine of its best question's vector, ``None`` without vectors.
        dense_answer: the same of its answer.
        margin: its ranking score minus the best other entry's.
        number_mismatch: the question names a number that the entry does not.
        contrast_mismatch: one of the two negates, cancels, changes …, the other does not.
    """

    lexical: float
    answer: float
    coverage: float
    margin: float
    dense: float | None = None
    dense_answer: float | None = None
    number_mismatch: bool = False
    contrast_mismatch: bool = False


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Where the bands begin.

    Args:
        answer: probability from which an entry may be said.
        lead: how far it must be ahead of the next entry for that; else both are offered.
        offer: probability from which entries are offered as a choice.
    """

    answer: float = 0.75
    lead: float = 0.1
    offer: float = 0.25


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """Coefficients of the logistic model; each multiplies the evidence of its name."""

    bias: float
    lexical: float
    answer: float
    coverage: float
    margin: float
    dense: float
    dense_answer: float
    number_mismatch: float
    contrast_mismatch: float


# Rounded from a logistic fit on the sample shop's questions and on another authored set; the
# mismatches are set stronger than fitted, since the sets hold few of the pairs they guard against.
HYBRID = Weights(
    bias=-3.4,
    lexical=0.5,
    answer=0.5,
    coverage=1.0,
    margin=5.0,
    dense=2.8,
    dense_answer=3.2,
    number_mismatch=-0.8,
    contrast_mismatch=-0.5,
)
LEXICAL = Weights(
    bias=-3.7,
    lexical=1.5,
    answer=3.0,
    coverage=3.8,
    margin=4.5,
    dense=0.0,
    dense_answer=0.0,
    number_mismatch=-0.8,
    contrast_mismatch=-0.6,
)

# Words that turn a question into another one when only one side has them.
CONTRASTS = tuple(
    re.compile(pattern)
    for pattern in (
        "不|没|别|无|未",
        "取消|不要了",
        "改",
        "换",
        "退",
        "注销",
        "合并",
        "补",
        "催|加急|加快",
        "丢|少发|漏发|少了",
        "坏|破|碎|裂|损",
    )
)
# Negations that negate nothing: 能不能, 有没有, 差不多, 不好意思, 无理由 …
_HARMLESS = re.compile(r"(.)[不没]\1|差不多|不好意思|不错|不过|无理由|没事|要不|不?知道")


def probability(evidence: Evidence) -> float:
    """How likely the entry is the right one, 0 to 1."""
    weights = LEXICAL if evidence.dense is None else HYBRID
    total = (
        weights.bias
        + weights.lexical * evidence.lexical
        + weights.answer * evidence.answer
        + weights.coverage * evidence.coverage
        + weights.margin * evidence.margin
        + weights.dense * (evidence.dense or 0.0)
        + weights.dense_answer * (evidence.dense_answer or 0.0)
        + weights.number_mismatch * evidence.number_mismatch
        + weights.contrast_mismatch * evidence.contrast_mismatch
    )
    return 1.0 / (1.0 + math.exp(-total))


def decide(scores: Sequence[float], thresholds: Thresholds) -> Decision:
    """The band of the best entry, given the probabilities of all, best first."""
    best, rival = (*scores, 0.0, 0.0)[:2]
    if best >= thresholds.answer and best - rival >= thresholds.lead:
        return Decision.ANSWER
    return Decision.OFFER if scores and best >= thresholds.offer else Decision.DECLINE


def contrasts_in(folded: str) -> frozenset[int]:
    """Which contrasts a folded text holds."""
    text = _HARMLESS.sub("", folded)
    return frozenset(i for i, word in enumerate(CONTRASTS) if word.search(text))
