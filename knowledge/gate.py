"""May this entry be said in answer to this question?

A logistic model turns the evidence into the probability that the entry is the right one, and the
error that the operator accepts into the probability from which it may be said. It declines rather
than guesses: a wrong answer costs more than a hand-over. `concierge gate train` fits it.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

import msgspec

from knowledge.entries import Decision, Variant
from knowledge.evidence import FEATURES, Evidence

SHIPPED = Path(__file__).with_name("gate.json")
READ_AS: Mapping[Variant, Variant] = MappingProxyType(
    {"full": "full+read", "questions": "questions+read"}
)


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
    """One logistic model and what can be promised with it.

    Args:
        weights: by the evidence's name; what is not named counts nothing.
        answer_at: probability from which to answer, by the error accepted in percent.
    """

    bias: float
    weights: dict[str, float]
    answer_at: dict[str, float]


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """A fitted gate.

    Args:
        models: by what the evidence rests on.
        offer_at: probability from which the best entries are offered.
        lead: how far an answer must be ahead of the next entry.
        fitted_on: number of labelled questions.
        encoder: whose vectors it was fitted on, '' = none.
        reader: whose reading it was fitted on, '' = nobody's.
    """

    models: dict[str, Weights]
    offer_at: float
    lead: float
    fitted_on: int = 0
    encoder: str = ""
    reader: str = ""

    def probability(self, evidence: Evidence, variant: Variant) -> float:
        """How likely the entry is the right one, 0 to 1."""
        model = self.models[variant]
        total = model.bias
        for name, weight in model.weights.items():
            total += weight * getattr(evidence, name)
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, total))))

    def variant(self, before: Variant, reader: str) -> Variant:
        """Which model judges what this reader has read; an unknown one's scores say nothing."""
        after = READ_AS.get(before, before)
        return after if reader and reader == self.reader and after in self.models else before

    def thresholds(self, variant: Variant, target_error: float) -> Thresholds:
        """The bands for an accepted error (0.05 = one answer in twenty may be wrong)."""
        points = sorted((float(k) / 100, v) for k, v in self.models[variant].answer_at.items())
        at = min((v for error, v in points if error <= target_error + 1e-9), default=points[0][1])
        return Thresholds(answer=at, lead=self.lead, offer=min(self.offer_at, at))


@cache
def load_gate() -> Gate:
    """The gate that is shipped."""
    return read_gate(SHIPPED)


def read_gate(file: Path) -> Gate:
    """A fitted gate. Raises `OSError`, and `ValueError` for what this version cannot use."""
    gate = msgspec.json.decode(file.read_bytes(), type=Gate)
    for model in gate.models.values():
        if unknown := set(model.weights) - set(FEATURES):
            raise ValueError(f"unknown evidence: {', '.join(sorted(unknown))}")
        if not model.answer_at:
            raise ValueError("no thresholds")
    if missing := {"full", "questions", "lexical"} - set(gate.models):
        raise ValueError(f"no model for {', '.join(sorted(missing))}")
    return gate


def decide(scores: Sequence[float], thresholds: Thresholds) -> Decision:
    """The band of the first entry, given the probabilities of all in the order of their rank.

    One further down that is as likely forbids an answer: ranking and gate must agree.
    """
    if not scores:
        return Decision.DECLINE
    best, rival = scores[0], max(scores[1:], default=0.0)
    if best >= thresholds.answer and best - rival >= thresholds.lead:
        return Decision.ANSWER
    return Decision.OFFER if max(best, rival) >= thresholds.offer else Decision.DECLINE


def variant_of(*, has_vectors: bool, has_answer: bool) -> Variant:
    """Which model judges this entry before anybody has read it."""
    if not has_vectors:
        return "lexical"
    return "full" if has_answer else "questions"
