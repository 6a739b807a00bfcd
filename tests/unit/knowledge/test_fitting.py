"""How is the gate fitted to questions whose right entry is known, and what can it promise?"""

import random

import numpy as np
import pytest

from knowledge.evidence import FEATURES, Evidence
from knowledge.fitting import (
    AGAINST,
    FOR,
    Case,
    Judged,
    TooFewError,
    cross_judged,
    fit,
    lowered,
    promised,
    threshold,
    weigh,
)

PLACE = {name: i for i, name in enumerate(FEATURES)}


def a_case(seed: int, *, inside: bool = True, group: str = "one") -> Case:
    """Five candidates; the right one has more of everything that counts."""
    dice = random.Random(seed)
    rows = np.zeros((5, len(FEATURES)))
    for row in rows:
        row[PLACE["dense"]] = dice.uniform(0, 0.6)
        row[PLACE["lexical"]] = dice.uniform(0, 0.5)
        row[PLACE["number_mismatch"]] = dice.random() < 0.3
    if inside:
        rows[0, PLACE["dense"]] = dice.uniform(0.5, 1)
        rows[0, PLACE["number_mismatch"]] = 0
    return Case(group, "full", rows, 0 if inside else None)


def many(n: int, groups: int = 1) -> list[Case]:
    return [a_case(i, inside=i % 3 > 0, group=f"g{i % groups}") for i in range(n)]


def test_it_learns_what_speaks_for_and_against() -> None:
    gate = fit(many(300))
    strong = gate.probability(Evidence(dense=0.95), "full")
    assert strong > 0.9
    assert gate.probability(Evidence(dense=0.2), "full") < 0.1
    assert gate.probability(Evidence(dense=0.95, number_mismatch=1), "full") < strong


def test_evidence_never_counts_the_wrong_way() -> None:
    weights = fit(many(300)).models["full"].weights
    assert all(weights[name] >= 0 for name in weights if name in FOR)
    assert all(weights[name] <= 0 for name in weights if name in AGAINST)


def test_a_stricter_target_answers_less() -> None:
    at = fit(many(400)).models["full"].answer_at
    assert at["1"] >= at["2"] >= at["5"] >= at["10"]


@pytest.mark.parametrize("groups", [1, 8])
def test_every_case_is_judged_by_a_fit_that_has_not_seen_it(groups: int) -> None:
    cases = many(120, groups)
    judged = cross_judged(cases, "full")
    assert len(judged) == len(cases)
    assert sum(one.right for one in judged) > 60


def test_the_threshold_keeps_the_error_and_no_more() -> None:
    judged = [Judged(p=0.99 - i / 100, lead=0.5, right=i not in {9, 10, 11}) for i in range(20)]
    at = threshold(judged, 0.1)
    n, wrong, _ = promised(judged, at)
    assert (n, wrong) == (10, 1)


def test_what_is_hardly_ahead_is_not_counted_as_answered() -> None:
    judged = [Judged(p=0.99, lead=0.01, right=True)] * 9 + [Judged(p=0.9, lead=0.5, right=False)]
    assert promised(judged, 0.5)[:2] == (1, 1)


def test_nothing_can_be_promised_where_all_is_wrong() -> None:
    judged = [Judged(p=0.9, lead=0.5, right=False)] * 10
    assert promised(judged, threshold(judged, 0.05))[0] == 0


def test_a_promise_of_few_answers_is_a_weak_one() -> None:
    few = promised([Judged(0.99, 0.5, True)] * 10, 0.5)[2]
    many_ = promised([Judged(0.99, 0.5, True)] * 1000, 0.5)[2]
    assert many_ < 0.01 < few


def test_too_few_questions_are_refused() -> None:
    with pytest.raises(TooFewError):
        fit(many(20))


def test_what_was_not_fitted_stays_as_it_was() -> None:
    start = fit(many(200))
    cases = [case._replace(variant="lexical") for case in many(100)]
    gate = fit(cases, start=start)
    assert gate.models["full"] == start.models["full"]
    assert set(gate.models["lexical"].weights).isdisjoint({"dense", "dense_answer"})


def test_what_is_likelier_wrong_is_never_said() -> None:
    """However few wrong answers the questions of one shop happen to show."""
    assert threshold([Judged(0.9, 0.9, True), Judged(0.3, 0.3, True)], 0.01) == 0.9
    assert threshold([Judged(0.3, 0.3, True)] * 50, 0.01) == 0.9999


def sure(n: int, wrong: int = 0, p: float = 0.9) -> list[Judged]:
    return [Judged(p, 0.5, i >= wrong) for i in range(n)]


@pytest.mark.parametrize(
    ("judged", "at"),
    [
        (sure(30), 0.95),  # right every time, but too few to be sure of one in twenty
        (sure(80), 0.9),
        (sure(80, wrong=2), 0.95),
        (sure(300, wrong=6), 0.9),
        ([Judged(0.99, 0.5, True)] * 20 + [Judged(0.96, 0.5, False)] * 10, 0.99),
    ],
)
def test_a_threshold_is_lowered_as_far_as_the_labels_permit(
    judged: list[Judged], at: float
) -> None:
    """From .95 at 5 %; by the share that was seen, thirty right answers would do."""
    assert lowered(judged, 0.05, 0.95) == at


def test_few_labels_leave_the_gate_nearly_as_it_is() -> None:
    """Half of these say the opposite of what the gate was fitted on."""
    start = fit(many(600))
    turned = [case._replace(right=None if i % 2 else case.right) for i, case in enumerate(many(60))]
    alone, held = fit(turned), fit(turned, start=start)
    far, near = (
        sum(
            abs(gate.models["full"].weights[n] - w) for n, w in start.models["full"].weights.items()
        )
        for gate in (alone, held)
    )
    assert near < far / 2
    assert held.models["full"].answer_at["5"] >= start.models["full"].answer_at["5"]


def test_what_the_labels_do_not_speak_of_keeps_its_weight() -> None:
    start = weigh([a_heard_case(i) for i in range(200)], fit(many(300)), "heard")
    assert fit(many(200), start=start).models["full"].weights["heard"] == pytest.approx(
        start.models["full"].weights["heard"]
    )


def test_one_weight_is_fitted_and_the_others_stay() -> None:
    start = fit(many(300))
    gate = weigh([a_heard_case(i) for i in range(200)], start, "heard")
    weights = dict(gate.models["full"].weights)
    assert weights.pop("heard") > 1
    assert weights == start.models["full"].weights
    assert gate.models["full"].answer_at == start.models["full"].answer_at
    assert gate.models["full"].bias == start.models["full"].bias


def a_heard_case(seed: int) -> Case:
    """As unlikely as all others but for what was heard of the right one."""
    rows = np.zeros((5, len(FEATURES)))
    rows[:, PLACE["dense"]] = 0.3
    rows[0, PLACE["heard"]] = random.Random(seed).uniform(0.4, 0.9)
    return Case("one", "full", rows, 0)
