"""How is the gate fitted to questions whose right entry is known, and what can it promise?

A logistic regression by Newton's method, with the signs that the evidence must have: what speaks
for an entry may never count against it. Thresholds are chosen on questions that the fit has not
seen.

A deployment has few labels and part of them is wrong. A fit to them starts from the gate there is
and leaves it as far as they speak for that: weights are held to it, and an answer is given at a
lower probability than before only where Wilson's bound allows.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from bot.errors import ConciergeError
from knowledge.entries import Match, Variant
from knowledge.evaluate import CHOICES, wilson
from knowledge.evidence import FEATURES
from knowledge.gate import READ_AS, Gate, Weights

Floats = NDArray[np.float64]

FOR = frozenset(
    {
        *("dense", "dense_answer", "lexical", "answer", "coverage", "covered", "margin"),
        *("agreement", "heard", "read", "read_lead"),
    }
)
AGAINST = frozenset({"number_mismatch", "contrast_mismatch", "term_mismatch", "crowd", "base"})
_MEANING = frozenset({"dense", "dense_answer"})
_READING = frozenset({"read", "read_lead"})

VARIANTS: tuple[Variant, ...] = ("full", "questions", "lexical", "full+read", "questions+read")
TARGETS = (1, 2, 5, 10)  # percent of answers that may be wrong
LEAD = 0.1
MIN_QUESTIONS = 40  # fewer say nothing
UNREAD: Mapping[Variant, Variant] = {after: before for before, after in READ_AS.items()}
_FOLDS = 5
_RIDGE = 1.0
_HELD = 10.0  # the same to a gate there is: a hundred questions move it little
_STRIDE = 2.0  # of one step; from far away the curve is flat and a whole one leaps across
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
        reader: who read them, '' = nobody.
    """

    group: str
    variant: Variant
    rows: Floats
    right: int | None
    reader: str = ""


class Judged(NamedTuple):
    """What a gate that has not seen a question says to it: `p` of the first, and whether right."""

    p: float
    lead: float
    right: bool


def case_of(group: str, matches: Sequence[Match], right: str | None) -> Case | None:
    """The case that a search makes, ``None`` when nothing was found."""
    if not matches:
        return None
    if reader := matches[0].read_by:  # what was not read is judged by other evidence
        matches = [match for match in matches if match.read_by]
    variant = READ_AS.get(matches[0].variant, matches[0].variant) if reader else matches[0].variant
    ids = [match.entry.id for match in matches]
    rows = np.array([[float(match.why[name]) for name in FEATURES] for match in matches])
    return Case(group, variant, rows, ids.index(right) if right in ids else None, reader)


def fit(
    cases: Sequence[Case],
    *,
    safety: float = 1.0,
    start: Gate | None = None,
    encoder: str = "",
    reader: str = "",
) -> Gate:
    """Fit a gate, and choose its thresholds by cross-validation over the groups.

    Args:
        safety: share of each accepted error that is used up; below 1 for a gate that is to serve
            bases it has not seen.
        start: the gate there is. What the cases do not speak of stays as it is.
        encoder: whose vectors the cases rest on.
        reader: who read them.

    Raises:
        TooFewError: no variant has enough cases.
    """
    models = dict(start.models) if start else {}
    if start and reader not in ("", start.reader):
        models = {name: one for name, one in models.items() if name not in UNREAD}
    fitted = 0
    for variant in VARIANTS:
        mine = [case for case in cases if case.variant == variant and case.reader in ("", reader)]
        if not can_be_fitted(mine):
            continue
        before = _before(start, variant, reader)
        judged = cross_judged(mine, variant, before)
        errors = {t: t / 100 * safety for t in TARGETS}
        thresholds = {str(t): threshold(judged, error) for t, error in errors.items()}
        if start and before:
            known = {t: float(before.answer_at.get(str(t), 1.0)) for t in TARGETS}
            thresholds = {str(t): lowered(judged, e, known[t]) for t, e in errors.items()}
        models[variant] = _weights(_fit(mine, variant, before), thresholds)
        fitted += len(mine)
    if not fitted:
        raise TooFewError(f"{len(cases)} labelled questions, {MIN_QUESTIONS} are needed")
    return Gate(
        models=models,
        offer_at=_OFFER_AT,
        lead=LEAD,
        fitted_on=fitted,
        encoder=encoder,
        reader=reader or (start.reader if start else ""),
    )


def judged_as(variant: Variant, reader: str, gate: Gate) -> Variant:
    """Which of a gate's models judges such cases: an unknown reader's scores say nothing."""
    before = UNREAD.get(variant, variant)
    return gate.variant(before, reader)


def _before(start: Gate | None, variant: Variant, reader: str) -> Weights | None:
    """The model that a fit starts from."""
    return start.models.get(judged_as(variant, reader, start)) if start else None


def can_be_fitted(cases: Sequence[Case]) -> bool:
    """Whether these cases of one variant say enough to fit a model to them."""
    return len(cases) >= MIN_QUESTIONS and any(case.right is not None for case in cases)


def weigh(cases: Sequence[Case], gate: Gate, name: str) -> Gate:
    """The gate with the weight of one kind of evidence fitted, and everything else as it is.

    Args:
        name: of evidence that the gate could not be fitted to with the rest.
    """
    models = dict(gate.models)
    for variant in VARIANTS:
        mine = [case for case in cases if case.variant == variant]
        if can_be_fitted(mine):
            before = models[variant]
            _, weights = _fit(mine, variant, before, only=name)
            models[variant] = msgspec.structs.replace(
                before, weights=before.weights | {name: round(weights.get(name, 0.0), 4)}
            )
    return msgspec.structs.replace(gate, models=models)


def cross_judged(
    cases: Sequence[Case], variant: Variant, start: Weights | None = None
) -> list[Judged]:
    """What each case gets from a fit on the other groups (or folds, where there are few groups).

    Args:
        start: the model that the fits start from.
    """
    groups = sorted({case.group for case in cases})
    if len(groups) >= _FOLDS:
        folds = [[c for c in cases if c.group == name] for name in groups]
    else:
        folds = [list(cases[at::_FOLDS]) for at in range(_FOLDS)]
    judged = []
    for held in folds:
        out = {id(case) for case in held}
        model = _fit([case for case in cases if id(case) not in out], variant, start)
        judged += [_judge(case, model) for case in held]
    return judged


def threshold(judged: Sequence[Judged], error: float, *, sure: bool = False) -> float:
    """The lowest probability from which at most this share of answers is wrong; 1 = never.

    Args:
        sure: not the share that was seen counts, but the upper end of Wilson's 95 % interval.
    """
    led = sorted((j for j in judged if j.lead >= LEAD), key=lambda j: -j.p)
    wrong, at = 0, 1.0
    led = [one for one in led if one.p >= _LIKELIER_RIGHT]
    for n, one in enumerate(led, 1):
        wrong += not one.right
        share = wilson(wrong, n)[1] if sure else wrong / n
        if share <= error + 1e-9 and (n == len(led) or led[n].p < one.p):
            at = one.p
    return round(min(at, 0.9999), 4)


def lowered(judged: Sequence[Judged], error: float, before: float) -> float:
    """The threshold after few labels.

    Below the one there was only where they suffice to be sure of the error; above it where even the
    share that was seen says so.
    """
    return min(threshold(judged, error, sure=True), max(before, threshold(judged, error)))


def promised(judged: Sequence[Judged], at: float) -> tuple[int, int, float]:
    """How many would be answered, how many of them wrongly, and the error that can be promised.

    The last is the upper end of Wilson's 95 % interval.
    """
    answered = [one for one in judged if one.p >= at and one.lead >= LEAD]
    wrong = sum(not one.right for one in answered)
    return len(answered), wrong, wilson(wrong, len(answered))[1]


def _fit(
    cases: Sequence[Case], variant: Variant, start: Weights | None = None, only: str = ""
) -> tuple[float, dict[str, float]]:
    """Bias and weights; what would count the wrong way is left out and the rest fitted again.

    Args:
        start: what bias and weights are held to; evidence that is the same everywhere keeps its
            weight.
        only: the one weight to fit, '' = all, and the bias.
    """
    x = np.concatenate([case.rows for case in cases])
    y = np.concatenate([np.arange(len(case.rows)) == case.right for case in cases]).astype(float)
    unknown = _MEANING if variant == "lexical" else frozenset()
    unknown |= frozenset() if variant.endswith("+read") else _READING
    names = [name for name in FEATURES if name not in unknown]
    scale = x.std(0)
    while True:
        known = {n: w for n, w in start.weights.items() if n in names} if start else {}
        offset = np.full(len(x), start.bias if start else 0.0)
        for name, weight in known.items():
            offset += weight * x[:, FEATURES.index(name)]
        moved = [n for n in names if scale[FEATURES.index(n)] > 1e-9 and only in ("", n)]
        columns = [FEATURES.index(name) for name in moved]
        bias, moves = _newton(x[:, columns], y, offset, _HELD if start else _RIDGE, free=not only)
        weights = dict(known)
        for name, move in zip(moved, map(float, moves), strict=True):
            weights[name] = known.get(name, 0.0) + move
        wrong = _wrong_way(list(weights), list(weights.values()))
        if not wrong:
            return bias + (start.bias if start else 0.0), weights
        names = [name for name in names if name not in wrong]


def _newton(
    x: Floats, y: Floats, offset: Floats, held: float, *, free: bool
) -> tuple[float, Floats]:
    """Bias and weights that are added to what is known already.

    Args:
        offset: what is known, in log odds.
        held: how strongly the weights are drawn to 0.
        free: whether there is a bias.
    """
    mean, scale = x.mean(0) if free else np.zeros(x.shape[1]), x.std(0)
    z = np.column_stack([np.full(len(x), float(free)), (x - mean) / scale])
    beta = np.zeros(z.shape[1])
    ridge = np.full(z.shape[1], held)
    ridge[0] = 0.0
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-np.clip(offset + z @ beta, -30, 30)))
        gradient = z.T @ (y - p) - ridge * beta
        hessian = (z * (p * (1 - p))[:, None]).T @ z + np.diag(ridge + 1e-9)
        step = np.linalg.solve(hessian, gradient)
        furthest = np.abs(step).max(initial=0.0)
        beta += step * min(1.0, _STRIDE / max(furthest, 1e-12))
        if furthest < 1e-6:
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
    model = gate.models[judged_as(case.variant, case.reader, gate)]
    return _judge(case, (model.bias, model.weights))


def _judge(case: Case, model: tuple[float, dict[str, float]]) -> Judged:
    bias, weights = model
    vector = np.array([weights.get(name, 0.0) for name in FEATURES])
    p = 1.0 / (1.0 + np.exp(-np.clip(case.rows @ vector + bias, -60, 60)))
    best = float(p[0])
    rival = float(p[1:CHOICES].max(initial=0.0))  # as `ask` looks at so many
    return Judged(best, best - rival, case.right == 0)


def _weights(model: tuple[float, dict[str, float]], thresholds: dict[str, float]) -> Weights:
    bias, weights = model
    rounded = {name: round(weight, 4) for name, weight in weights.items()}
    return Weights(bias=round(bias, 4), weights=rounded, answer_at=thresholds)
