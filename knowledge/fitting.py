"""How is the gate fitted to questions whose right entry is known, and what can it promise?

A logistic regression by Newton's method, with the signs that the evidence must have: what speaks
for an entry may never count against it. Thresholds are chosen on questions that the fit has not
seen.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.errors import ConciergeError
from knowledge.entries import Match
from knowledge.evaluate import wilson
from knowledge.evidence import FEATURES
from knowledge.gate import Gate, Variant, Weights

Floats = NDArray[np.float64]

FOR = frozenset(
    {"dense", "dense_answer", "lexical", "answer", "coverage", "covered", "margin", "agreement"}
)
AGAINST = frozenset({"number_mismatch", "contrast_mismatch", "term_mismatch", "crowd", "base"})
_MEANING = frozenset({"dense", "dense_answer"})

TARGETS = (1, 2, 5, 10)  # percent of answers that may be wrong
LEAD = 0.1
MIN_QUESTIONS = 40  # fewer say nothing
_FOLDS = 5
_RIDGE = 1.0
_LIKELIER_RIGHT = 0.5  # what is likelier wrong is never said, however few wrong ones were seen
_OFFER_AT = 0.20  # in a menu of three, further down nobody finds theirs


class TooFewError(ConciergeError):
    """There are too few labelled questions to fit a gate."""


class Case(NamedTuple):
    """A labelled question with the candidates that were found for it.

    Args:
        group: what is left out together when the fit is tried: a set, a fold.
        rows: evidence of each candidate, first in rank first, in the order of `FEATURES`.
        right: place of the right one among them, ``None`` = it is not there.
    """

    group: str
    variant: Variant
    rows: Floats
    right: int | None


class Judged(NamedTuple):
    """What a gate that has not seen a question says to it: `p` of the first, and whether right."""

    p: float
    lead: float
    right: bool


def case_of(group: str, matches: Sequence[Match], right: str | None) -> Case | None:
    """The case that a search makes, ``None`` when nothing was found."""
    if not matches:
        return None
    variant: Variant = matches[0].why["gate"]  # type: ignore[assignment]
    ids = [match.entry.id for match in matches]
    rows = np.array([[float(match.why[name]) for name in FEATURES] for match in matches])
    return Case(group, variant, rows, ids.index(right) if right in ids else None)


def fit(
    cases: Sequence[Case],
    *,
    safety: float = 1.0,
    start: Gate | None = None,
    encoder: str = "",
) -> Gate:
    """Fit a gate, and choose its thresholds by cross-validation over the groups.

    Args:
        safety: share of each accepted error that is used up; below 1 for a gate that is to serve
            bases it has not seen.
        start: where variants without enough cases come from.
        encoder: whose vectors the cases rest on.

    Raises:
        TooFewError: no variant has enough cases.
    """
    models = dict(start.models) if start else {}
    fitted = 0
    for variant in ("full", "questions", "lexical"):
        mine = [case for case in cases if case.variant == variant]
        if not can_be_fitted(mine):
            continue
        judged = cross_judged(mine, variant)
        thresholds = {str(t): threshold(judged, t / 100 * safety) for t in TARGETS}
        models[variant] = _weights(_fit(mine, variant), thresholds)
        fitted += len(mine)
    if not fitted:
        raise TooFewError(f"{len(cases)} labelled questions, {MIN_QUESTIONS} are needed")
    return Gate(models=models, offer_at=_OFFER_AT, lead=LEAD, fitted_on=fitted, encoder=encoder)


def can_be_fitted(cases: Sequence[Case]) -> bool:
    """Whether these cases of one variant say enough to fit a model to them."""
    return len(cases) >= MIN_QUESTIONS and any(case.right is not None for case in cases)


def cross_judged(cases: Sequence[Case], variant: Variant) -> list[Judged]:
    """What each case gets from a fit on the other groups (or folds, where there are few groups)."""
    groups = sorted({case.group for case in cases})
    if len(groups) >= _FOLDS:
        folds = [[c for c in cases if c.group == name] for name in groups]
    else:
        folds = [list(cases[at::_FOLDS]) for at in range(_FOLDS)]
    judged = []
    for held in folds:
        out = {id(case) for case in held}
        model = _fit([case for case in cases if id(case) not in out], variant)
        judged += [_judge(case, model) for case in held]
    return judged


def threshold(judged: Sequence[Judged], error: float) -> float:
    """The lowest probability from which at most this share of answers is wrong; 1 = never."""
    led = sorted((j for j in judged if j.lead >= LEAD), key=lambda j: -j.p)
    wrong, at = 0, 1.0
    led = [one for one in led if one.p >= _LIKELIER_RIGHT]
    for n, one in enumerate(led, 1):
        wrong += not one.right
        if wrong <= error * n and (n == len(led) or led[n].p < one.p):
            at = one.p
    return round(min(at, 0.9999), 4)


def promised(judged: Sequence[Judged], at: float) -> tuple[int, int, float]:
    """How many would be answered, how many of them wrongly, and the error that can be promised.

    The last is the upper end of Wilson's 95 % interval.
    """
    answered = [one for one in judged if one.p >= at and one.lead >= LEAD]
    wrong = sum(not one.right for one in answered)
    return len(answered), wrong, wilson(wrong, len(answered))[1]


def _fit(cases: Sequence[Case], variant: Variant) -> tuple[float, dict[str, float]]:
    """Bias and weights; what would count the wrong way is left out and the rest fitted again."""
    x = np.concatenate([case.rows for case in cases])
    y = np.concatenate([np.arange(len(case.rows)) == case.right for case in cases]).astype(float)
    names = [name for name in FEATURES if variant != "lexical" or name not in _MEANING]
    while True:
        columns = [FEATURES.index(name) for name in names]
        scale = x[:, columns].std(0)
        names = [name for name, spread in zip(names, scale, strict=True) if spread > 1e-9]
        columns = [FEATURES.index(name) for name in names]
        bias, weights = _newton(x[:, columns], y)
        wrong = _wrong_way(names, weights)
        if not wrong:
            return bias, dict(zip(names, map(float, weights), strict=True))
        names = [name for name in names if name not in wrong]


def _newton(x: Floats, y: Floats) -> tuple[float, Floats]:
    mean, scale = x.mean(0), x.std(0)
    z = np.column_stack([np.ones(len(x)), (x - mean) / scale])
    beta = np.zeros(z.shape[1])
    ridge = np.full(z.shape[1], _RIDGE)
    ridge[0] = 0.0
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-np.clip(z @ beta, -30, 30)))
        gradient = z.T @ (y - p) - ridge * beta
        hessian = (z * (p * (1 - p))[:, None]).T @ z + np.diag(ridge + 1e-9)
        step = np.linalg.solve(hessian, gradient)
        beta += step
        if np.abs(step).max() < 1e-6:
            break
    weights = beta[1:] / scale
    return float(beta[0] - weights @ mean), weights


def _wrong_way(names: Sequence[str], weights: Iterable[float]) -> Collection[str]:
    return {
        name
        for name, weight in zip(names, weights, strict=True)
        if (name in FOR and weight < 0) or (name in AGAINST and weight > 0)
    }


def gate_judged(case: Case, gate: Gate) -> Judged:
    """What a gate says to a question."""
    model = gate.models[case.variant]
    return _judge(case, (model.bias, model.weights))


def _judge(case: Case, model: tuple[float, dict[str, float]]) -> Judged:
    bias, weights = model
    vector = np.array([weights.get(name, 0.0) for name in FEATURES])
    p = 1.0 / (1.0 + np.exp(-np.clip(case.rows @ vector + bias, -60, 60)))
    best = float(p[0])
    return Judged(best, best - float(p[1:].max(initial=0.0)), case.right == 0)


def _weights(model: tuple[float, dict[str, float]], thresholds: dict[str, float]) -> Weights:
    bias, weights = model
    rounded = {name: round(weight, 4) for name, weight in weights.items()}
    return Weights(bias=round(bias, 4), weights=rounded, answer_at=thresholds)
