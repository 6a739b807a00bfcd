"""How good is what was found, and what was decided, measured by labelled questions?"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import Decision
from knowledge.evaluate import (
    Judged,
    Labelled,
    Prediction,
    Report,
    Type,
    aurc,
    auroc,
    coverage_at,
    judge,
    wilson,
)

IDS = ("a", "b", "c", "d")
ANSWER, OFFER, DECLINE = Decision.ANSWER, Decision.OFFER, Decision.DECLINE


def asked(faq_id: str | None, kind: Type = "in", qid: str = "", query: str = "？") -> Labelled:
    return Labelled(query=query, faq_id=faq_id, qid=qid, type=kind)


def found(ids: str, p: float, decision: Decision = DECLINE) -> Prediction:
    """Each letter an entry, best first."""
    return Prediction("", decision, tuple(ids), tuple(p / (i + 1) for i in range(len(ids))))


def reported(
    *pairs: tuple[Labelled, Prediction], categories: dict[str, str] | None = None
) -> Report:
    labels = [
        Labelled(query=one.query, faq_id=one.faq_id, qid=str(i), type=one.type)
        for i, (one, _) in enumerate(pairs)
    ]
    predictions = [
        Prediction(str(i), one.decision, one.ids, one.p) for i, (_, one) in enumerate(pairs)
    ]
    return judge(labels, reversed(predictions), categories)


def curve(*tops: tuple[float, bool]) -> list[Judged]:
    """Questions by top probability and whether the first entry is right."""
    return [Judged(asked("a" if right else "b"), found("a", p)) for p, right in tops]


# ---------------------------------------------------------------------- by hand


def test_ranking_counts_questions_in_scope_only() -> None:
    report = reported(
        (asked("a"), found("abc", 0.9)),  # 1st
        (asked("b"), found("abc", 0.8)),  # 2nd
        (asked("d"), found("abcd", 0.7)),  # 4th
        (asked("d"), found("abc", 0.6)),  # not found
        (asked(None, "oos_near"), found("abc", 0.5)),
    )
    assert (report.queries, report.in_scope) == (5, 4)
    assert report.recall_at_1 == 1 / 4
    assert report.recall_at_3 == 2 / 4
    assert report.mrr_at_10 == pytest.approx((1 + 1 / 2 + 1 / 4) / 4)


def test_what_stands_eleventh_was_not_found() -> None:
    ids = tuple(f"e{i}" for i in range(12))
    late = Prediction("", DECLINE, ids, tuple(1 - i / 20 for i in range(12)))
    assert reported((asked("e9"), late)).mrr_at_10 == pytest.approx(1 / 10)
    assert reported((asked("e10"), late)).mrr_at_10 == 0


def test_auroc_by_hand() -> None:
    # Of six pairs .9 and .5 win 2 + 1, .5 ties once, .2 wins none: 3.5 of 6.
    assert auroc([0.9, 0.5, 0.2], [0.5, 0.3]) == pytest.approx(3.5 / 6)
    assert auroc([], [0.5]) is None


def test_the_three_aurocs_compare_what_they_say() -> None:
    report = reported(
        (asked("a"), found("a", 0.9)),
        (asked("b"), found("a", 0.3)),  # in scope, wrong first
        (asked(None, "oos_near"), found("a", 0.6)),
        (asked(None, "oos_far"), found("a", 0.1)),
    )
    assert report.auroc_near == 1 / 2
    assert report.auroc_far == 1
    assert report.auroc_right == 1


def test_coverage_by_hand() -> None:
    judged = curve((0.9, True), (0.8, True), (0.7, False), (0.6, True), (0.5, False))
    assert coverage_at(1.0, judged) == 2 / 5
    assert coverage_at(0.75, judged) == 4 / 5  # past the wrong one: 3 of 4
    assert coverage_at(0.6, judged) == 1
    assert coverage_at(0.95, curve((0.9, False))) == 0


def test_one_threshold_cannot_tell_equals_apart() -> None:
    assert coverage_at(0.9, curve((0.8, True), (0.8, True), (0.8, False))) == 0
    assert coverage_at(0.66, curve((0.8, True), (0.8, True), (0.8, False))) == 1


def test_nineteen_of_twenty_is_95_per_cent() -> None:
    judged = curve(*((0.9 - i / 100, i != 7) for i in range(20)))
    assert coverage_at(0.95, judged) == 1


def test_aurc_by_hand() -> None:
    assert aurc(curve((0.9, True), (0.8, False), (0.7, True))) == pytest.approx(
        (0 / 1 + 1 / 2 + 1 / 3) / 3
    )
    # One wrong among two equals is on average half a wrong one at each place.
    assert aurc(curve((0.9, True), (0.9, False))) == pytest.approx((0.5 / 1 + 1 / 2) / 2)


def test_wilson_by_the_book() -> None:
    # Newcombe 1998, table I: 81 of 263 and 0 of 20.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_gate_is_judged_by_its_own_decisions() -> None:
    gate = reported(
        (asked("a"), found("ab", 0.9, ANSWER)),
        (asked("b"), found("ab", 0.9, ANSWER)),  # wrong
        (asked(None, "oos_near"), found("ab", 0.8, ANSWER)),  # wrong
        (asked(None, "oos_far"), found("ab", 0.1)),
        (asked("c"), found("abc", 0.5, OFFER)),  # stands in the menu
        (asked("d"), found("abcd", 0.5, OFFER)),  # fourth: not shown
        (asked(None, "oos_near"), found("abcd", 0.5, OFFER)),
        (asked("a"), found("abcd", 0.2)),  # right, but not said
    ).gate
    assert (gate.answered.count, gate.answered.of) == (3, 8)
    assert (gate.precision.count, gate.precision.of) == (1, 3)
    assert (gate.precision.low, gate.precision.high) == wilson(1, 3)
    assert gate.offered.count == 3
    assert (gate.helped.count, gate.helped.of) == (2, 5)
    assert {name: (s.count, s.of) for name, s in gate.out_of_scope_answered.items()} == {
        "oos_near": (1, 2),
        "oos_far": (0, 1),
    }


def test_categories_and_types_have_figures_of_their_own() -> None:
    report = reported(
        (asked("a"), found("a", 0.9, ANSWER)),
        (asked("b"), found("ab", 0.9, ANSWER)),
        (asked("c"), found("c", 0.3)),
        (asked(None, "oos_far"), found("a", 0.1)),
        categories={"a": "物流", "b": "物流", "c": "售后"},
    )
    shipping, service = report.categories
    assert (shipping.name, shipping.queries, shipping.answered, shipping.right) == ("物流", 2, 2, 1)
    assert (service.recall_at_1, service.answered) == (1, 0)
    assert [(one.name, one.queries, one.recall_at_1) for one in report.types] == [
        ("in", 3, 2 / 3),
        ("oos_far", 1, None),
    ]


def test_what_was_said_wrongly_is_the_worst_confusion() -> None:
    report = reported(
        (asked("b", query="一"), found("ab", 0.6)),
        (asked("b", query="二"), found("ab", 0.7)),
        (asked("c", query="三"), found("ac", 0.5, ANSWER)),
        (asked(None, "oos_near", query="四"), found("d", 0.9, ANSWER)),
        (asked(None, "oos_near", query="五"), found("d", 0.4)),  # ranked only: no confusion
    )
    told = [(c.given, c.instead_of, c.count, c.answered, c.example) for c in report.confusions]
    assert told == [
        ("d", None, 1, 1, "四"),
        ("a", "c", 1, 1, "三"),
        ("a", "b", 2, 0, "二"),
    ]


def test_a_question_nothing_was_found_for_stands_below_all_others() -> None:
    empty = Prediction("", DECLINE, (), ())
    report = reported((asked("a"), found("a", 0.0)), (asked(None, "oos_far"), empty))
    assert report.auroc_far == 1
    assert report.coverage_at_95 == 1 / 2


def test_a_question_without_a_prediction_is_not_passed_over() -> None:
    with pytest.raises(KeyError):
        judge([asked("a", qid="1")], [])


# ---------------------------------------------------------------------- whatever comes

tops = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.4, 0.5, 0.9]), st.booleans()), min_size=1, max_size=40
)


@given(tops)
def test_more_precision_never_covers_more(seen: list[tuple[float, bool]]) -> None:
    judged = curve(*seen)
    covered = [coverage_at(at / 20, judged) for at in range(21)]
    assert covered == sorted(covered, reverse=True)
    assert covered[0] == 1


@given(tops, st.randoms())
def test_neither_order_nor_scale_matters(seen: list[tuple[float, bool]], random: object) -> None:
    mixed = [(math.sqrt(p), right) for p, right in seen]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert coverage_at(0.8, curve(*mixed)) == coverage_at(0.8, curve(*seen))
    assert aurc(curve(*mixed)) == pytest.approx(aurc(curve(*seen)))


@given(tops)
def test_aurc_lies_between_the_best_and_the_worst_order(seen: list[tuple[float, bool]]) -> None:
    n, errors = len(seen), sum(not right for _, right in seen)
    best = curve(*((1 - i / 100, i < n - errors) for i in range(n)))
    worst = curve(*((1 - i / 100, i >= errors) for i in range(n)))
    assert aurc(best) - 1e-9 <= aurc(curve(*seen)) <= aurc(worst) + 1e-9


@given(st.lists(st.floats(0, 1), min_size=1), st.lists(st.floats(0, 1), min_size=1))
def test_auroc_the_other_way_round_is_the_rest(one: list[float], other: list[float]) -> None:
    pairs = [(a > b) + 0.5 * (a == b) for a in one for b in other]
    forward, back = auroc(one, other), auroc(other, one)
    assert forward == pytest.approx(sum(pairs) / len(pairs))
    assert forward is not None
    assert back == pytest.approx(1 - forward)


@given(st.integers(0, 400), st.integers(0, 400))
def test_wilson_holds_the_share_and_narrows(count: int, more: int) -> None:
    of = count + more
    low, high = wilson(count, of)
    assert 0 <= low <= high <= 1
    if of:
        assert low - 1e-9 <= count / of <= high + 1e-9
        wide = wilson(count * 4, of * 4)
        assert wide[1] - wide[0] < high - low
