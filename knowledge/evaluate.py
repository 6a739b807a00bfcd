"""How good is what was found, and what was decided, measured by labelled questions? Pure.

Precision and coverage count every question, those in scope and those out of it: an answer to a
question that no entry answers is as wrong as a wrong entry.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge.entries import Decision

CHOICES = 3  # entries of an offered menu
DEPTH = 10  # entries kept of a ranking
WORST = 10  # confusions listed

Type = Literal["in", "oos_near", "oos_far", "oos"]


class Labelled(msgspec.Struct, frozen=True, kw_only=True):
    """A question somebody asked, and which entry answers it.

    Args:
        faq_id: the right entry, ``None`` = none answers it.
        type: in scope; out of scope, but of this trade (near); about something else (far).
    """

    query: str
    faq_id: str | None
    qid: str = ""
    type: Type | None = None

    @property
    def kind(self) -> Type:
        """The type; what does not say so is ``in`` or simply ``oos``."""
        return self.type or ("oos" if self.faq_id is None else "in")


class Prediction(msgspec.Struct, frozen=True):
    """What the system did with a question.

    Args:
        decision: what a customer would have met with.
        ids: entries, best first, up to ten.
        p: how likely each of them is the right one, 0 to 1.
    """

    qid: str
    decision: Decision
    ids: tuple[str, ...]
    p: tuple[float, ...]


class Judged(NamedTuple):
    """A question and what was done with it."""

    label: Labelled
    found: Prediction

    @property
    def top(self) -> float:
        """The probability of the best entry; below all others when nothing was found."""
        return self.found.p[0] if self.found.p else -1.0

    @property
    def place(self) -> int | None:
        """Where the right entry stands, from 1."""
        ids = self.found.ids[:DEPTH]
        return ids.index(self.label.faq_id) + 1 if self.label.faq_id in ids else None

    @property
    def is_right(self) -> bool:
        """Whether the best entry is the right one."""
        return self.place == 1

    @property
    def is_answered(self) -> bool:
        """Whether the best entry was said."""
        return self.found.decision is Decision.ANSWER

    @property
    def is_helped(self) -> bool:
        """Whether the right entry was said, or stood in the menu."""
        if self.found.decision is Decision.OFFER:
            return self.place is not None and self.place <= CHOICES
        return self.is_answered and self.is_right


class Share(msgspec.Struct, frozen=True):
    """So many of so many, with the 95 % interval of Wilson; ``None`` = of none."""

    count: int
    of: int
    share: float | None
    low: float
    high: float

    @classmethod
    def counted(cls, flags: Iterable[bool]) -> "Share":
        """How many of these are true."""
        seen = list(flags)
        count, of = sum(seen), len(seen)
        return cls(count, of, count / of if of else None, *wilson(count, of))


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """What the decisions themselves were worth.

    Args:
        answered: of all questions.
        precision: right ones among the answered.
        offered: of all questions.
        helped: questions in scope that were answered rightly, or offered with the right entry.
        out_of_scope_answered: wrong by definition, by type.
    """

    answered: Share
    precision: Share
    offered: Share
    helped: Share
    out_of_scope_answered: dict[str, Share]


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One category or type.

    Args:
        recall_at_1: ``None`` out of scope.
    """

    name: str
    queries: int
    recall_at_1: float | None
    answered: int
    right: int
    helped: int


class Confusion(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that stood first in place of another.

    Args:
        instead_of: the right entry, ``None`` = there is none.
        count: questions; `answered` of them were really met with it.
        example: the one with the highest probability.
    """

    given: str
    instead_of: str | None
    count: int
    answered: int
    p: float
    example: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be said of one run.

    Args:
        auroc_near: that a question in scope has a higher top probability than a near one out of
            scope, by chance .5; ``None`` = there are none to compare.
        auroc_far: the same with far ones.
        auroc_right: that a question with the right entry first has a higher top probability than
            any other question: a wrong entry first, or out of scope.
        coverage_at_90: highest share of all questions that one threshold on the top probability
            could answer with at least 90 % precision, known in hindsight.
        coverage_at_95: the same with 95 %.
        aurc: mean share of errors over all coverages, the most certain answered first; lower is
            better.
    """

    queries: int
    in_scope: int
    recall_at_1: float | None
    recall_at_3: float | None
    mrr_at_10: float | None
    auroc_near: float | None
    auroc_far: float | None
    auroc_right: float | None
    coverage_at_90: float
    coverage_at_95: float
    aurc: float
    gate: Gate
    types: list[Group]
    categories: list[Group]
    confusions: list[Confusion]


def judge(
    labels: Sequence[Labelled],
    predictions: Iterable[Prediction],
    categories: Mapping[str, str] | None = None,
) -> Report:
    """Compare what was done with what is right.

    Args:
        predictions: one for every label, found by `qid`, in any order.
        categories: category by entry id, for the figures of each.

    Raises:
        KeyError: a label has no prediction.
    """
    by_qid = {prediction.qid: prediction for prediction in predictions}
    judged = [Judged(label, by_qid[label.qid]) for label in labels]
    inside = [one for one in judged if one.label.faq_id is not None]
    tops = {name: [one.top for one in group] for name, group in _by_type(judged).items()}
    places = [one.place for one in inside]
    return Report(
        queries=len(judged),
        in_scope=len(inside),
        recall_at_1=_mean([place == 1 for place in places]),
        recall_at_3=_mean([place is not None and place <= 3 for place in places]),
        mrr_at_10=_mean([1 / place if place else 0.0 for place in places]),
        auroc_near=auroc(tops.get("in", ()), tops.get("oos_near", ())),
        auroc_far=auroc(tops.get("in", ()), tops.get("oos_far", ())),
        auroc_right=auroc(
            [one.top for one in judged if one.is_right],
            [one.top for one in judged if not one.is_right],
        ),
        coverage_at_90=coverage_at(0.90, judged),
        coverage_at_95=coverage_at(0.95, judged),
        aurc=aurc(judged),
        gate=_gate(judged),
        types=[_group(name, group) for name, group in _by_type(judged).items()],
        categories=_categories(inside, categories or {}),
        confusions=confusions(judged),
    )


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """How often one of the first is above one of the second; a tie counts half."""
    if not len(positive) or not len(negative):
        return None
    ordered = np.sort(np.asarray(negative, np.float64))
    below = np.searchsorted(ordered, positive, "left")
    level = np.searchsorted(ordered, positive, "right")
    return float((below + level).mean() / 2 / len(ordered))


def coverage_at(precision: float, judged: Sequence[Judged]) -> float:
    """Highest share of all that one threshold could answer with at least this precision."""
    ends, errors = _curve(judged)
    # In whole numbers of errors: 19 of 20 is 95 %, whatever floating point says.
    good = ends[errors <= (1 - precision) * ends + 1e-9]
    return float(good.max() / len(judged)) if len(good) else 0.0


def aurc(judged: Sequence[Judged]) -> float:
    """Mean risk over the coverages 1/n … 1; among equals, the mean over their orders."""
    if not judged:
        return 0.0
    ends, errors = _curve(judged)
    at = np.arange(1, len(judged) + 1)
    expected = np.interp(at, np.concatenate(([0], ends)), np.concatenate(([0], errors)))
    return float((expected / at).mean())


def wilson(count: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """Where a share lies in truth, with 95 % confidence at z = 1.96; of none, anywhere."""
    if not of:
        return 0.0, 1.0
    share, square = count / of, z * z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def confusions(judged: Iterable[Judged], limit: int = WORST) -> list[Confusion]:
    """Wrong entries that stood first, those really said before those merely ranked.

    Out of scope something always stands first: only what was said counts there.
    """
    pairs: dict[tuple[str, str | None], list[Judged]] = defaultdict(list)
    for one in judged:
        if one.found.ids and not one.is_right and (one.label.faq_id or one.is_answered):
            pairs[one.found.ids[0], one.label.faq_id].append(one)
    found = []
    for (given, instead_of), group in pairs.items():
        worst = max(group, key=lambda one: (one.is_answered, one.top))
        found.append(
            Confusion(
                given=given,
                instead_of=instead_of,
                count=len(group),
                answered=sum(one.is_answered for one in group),
                p=worst.top,
                example=worst.label.query,
            )
        )
    return sorted(found, key=lambda one: (-one.answered, -one.count, -one.p))[:limit]


def _curve(judged: Sequence[Judged]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many are answered, and wrongly, at every threshold that tells two of them apart."""
    tops = np.array([one.top for one in judged], np.float64)
    order = np.argsort(-tops, kind="stable")
    wrong = np.cumsum([not judged[i].is_right for i in order], dtype=np.int64)
    ends = np.flatnonzero(np.append(np.diff(tops[order]) != 0, True)) if len(judged) else order
    return ends + 1, wrong[ends]


def _gate(judged: Sequence[Judged]) -> Gate:
    outside = [one for one in judged if one.label.faq_id is None]
    return Gate(
        answered=Share.counted(one.is_answered for one in judged),
        precision=Share.counted(one.is_right for one in judged if one.is_answered),
        offered=Share.counted(one.found.decision is Decision.OFFER for one in judged),
        helped=Share.counted(one.is_helped for one in judged if one.label.faq_id is not None),
        out_of_scope_answered={
            name: Share.counted(one.is_answered for one in group)
            for name, group in _by_type(outside).items()
        },
    )


def _by_type(judged: Iterable[Judged]) -> dict[str, list[Judged]]:
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        groups[one.label.kind].append(one)
    return {name: groups[name] for name in get_args(Type) if name in groups}


def _categories(inside: Iterable[Judged], categories: Mapping[str, str]) -> list[Group]:
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in inside:
        if name := categories.get(one.label.faq_id or ""):
            groups[name].append(one)
    return sorted(
        (_group(name, group) for name, group in groups.items()), key=lambda one: -one.queries
    )


def _group(name: str, judged: Sequence[Judged]) -> Group:
    answered = [one for one in judged if one.is_answered]
    return Group(
        name=name,
        queries=len(judged),
        recall_at_1=_mean([one.is_right for one in judged if one.label.faq_id is not None]),
        answered=len(answered),
        right=sum(one.is_right for one in answered),
        helped=sum(one.is_helped for one in judged),
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
