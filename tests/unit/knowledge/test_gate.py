"""May this entry be said in answer to this question?"""

from pathlib import Path

import msgspec
import pytest

from knowledge import Decision, Thresholds
from knowledge.evidence import Evidence, contrasts_in
from knowledge.fitting import AGAINST, FOR
from knowledge.gate import SHIPPED, Gate, decide, load_gate, read_gate

STRONG = Evidence(
    dense=0.9, dense_answer=0.7, lexical=0.8, answer=0.3, coverage=1.0, covered=1.0,
    margin=0.6, agreement=1.0, base=4.0,
)  # fmt: skip
VARIANTS = ("full", "questions", "lexical")


def test_strong_evidence_is_answered_and_none_is_declined() -> None:
    gate = load_gate()
    nothing = Evidence(base=4.0)
    for variant in VARIANTS:
        bands = gate.thresholds(variant, 0.05)  # type: ignore[arg-type]
        strong = gate.probability(STRONG, variant)  # type: ignore[arg-type]
        assert decide([strong], bands) is Decision.ANSWER
        weak = gate.probability(nothing, variant)  # type: ignore[arg-type]
        assert decide([weak], bands) is not Decision.ANSWER


@pytest.mark.parametrize("name", sorted(FOR))
def test_weaker_evidence_never_raises_the_probability(name: str) -> None:
    gate = load_gate()
    weaker = msgspec.structs.replace(STRONG, **{name: 0.0})
    for variant in VARIANTS:
        assert gate.probability(weaker, variant) <= gate.probability(STRONG, variant)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(AGAINST - {"base"}))
def test_what_speaks_against_never_raises_the_probability(name: str) -> None:
    gate = load_gate()
    worse = msgspec.structs.replace(STRONG, **{name: 1.0})
    for variant in VARIANTS:
        assert gate.probability(worse, variant) <= gate.probability(STRONG, variant)  # type: ignore[arg-type]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_smaller_error_asks_for_more(variant: str) -> None:
    gate = load_gate()
    answer_at = [gate.thresholds(variant, e).answer for e in (0.01, 0.02, 0.05, 0.1, 0.2)]  # type: ignore[arg-type]
    assert answer_at == sorted(answer_at, reverse=True)
    assert gate.thresholds(variant, 0.03) == gate.thresholds(variant, 0.02)  # type: ignore[arg-type]


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


def _broken(gate: Gate, tmp_path: Path, text: str, by: str) -> Path:
    file = tmp_path / "gate.json"
    file.write_text(msgspec.json.encode(gate).decode().replace(text, by))
    return file


@pytest.mark.parametrize(
    ("text", "by"), [('"margin"', '"magic"'), ('"lexical":{"bias"', '"other":{"bias"'), ("{", "")]
)
def test_a_gate_that_cannot_be_used_is_refused(tmp_path: Path, text: str, by: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 — whatever it says
        read_gate(_broken(load_gate(), tmp_path, text, by))


def test_the_shipped_gate_can_be_read() -> None:
    assert read_gate(SHIPPED).fitted_on > 10_000
