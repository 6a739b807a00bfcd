"""May this entry be said in answer to this question?"""

import msgspec
import pytest

from knowledge import Decision, Thresholds
from knowledge.gate import Evidence, contrasts_in, decide, probability

STRONG = Evidence(
    lexical=0.7, answer=0.3, coverage=1.0, margin=0.4, dense=0.8, dense_answer=0.5
)  # fmt: skip


def test_strong_evidence_is_answered_and_none_is_declined() -> None:
    nothing = Evidence(lexical=0.0, answer=0.0, coverage=0.0, margin=0.0)
    assert decide([probability(STRONG)], Thresholds()) is Decision.ANSWER
    assert decide([probability(nothing)], Thresholds()) is Decision.DECLINE


@pytest.mark.parametrize("name", ["lexical", "answer", "coverage", "margin", "dense"])
def test_weaker_evidence_never_raises_the_probability(name: str) -> None:
    weaker = msgspec.structs.replace(STRONG, **{name: 0.0})
    assert probability(weaker) < probability(STRONG)


@pytest.mark.parametrize("name", ["number_mismatch", "contrast_mismatch"])
def test_a_mismatch_lowers_the_probability(name: str) -> None:
    worse = msgspec.structs.replace(STRONG, **{name: True})
    assert probability(worse) < probability(STRONG)


@pytest.mark.parametrize(
    ("score", "decision"),
    [(0.75, "answer"), (0.74, "offer"), (0.25, "offer"), (0.24, "decline")],
)
def test_bands_begin_at_their_threshold(score: float, decision: str) -> None:
    assert decide([score, 0.1], Thresholds(answer=0.75, offer=0.25)) == decision


@pytest.mark.parametrize(
    ("one", "other"),
    [("怎么取消订单", "怎么修改订单"), ("退货运费", "换货运费"), ("能开门吗", "没开门吗")],
)
def test_contrast_words_tell_questions_apart(one: str, other: str) -> None:
    assert contrasts_in(one) != contrasts_in(other)


@pytest.mark.parametrize("text", ["能不能包邮", "有没有券", "不好意思问下运费", "七天无理由"])
def test_a_negation_that_negates_nothing_is_no_contrast(text: str) -> None:
    assert contrasts_in(text) == frozenset()


def test_two_entries_that_fit_alike_are_offered_both() -> None:
    assert decide([0.95, 0.9], Thresholds()) is Decision.OFFER


def test_no_entry_at_all_is_declined() -> None:
    assert decide([], Thresholds(answer=0.0, offer=0.0)) is Decision.DECLINE
