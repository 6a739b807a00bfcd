"""Which questions of customers belong together?"""

import random

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.gaps import Asked, gap_id, group, joint_vectors

TEXTS = [
    "礼盒包装能弄么",
    "礼盒包装能弄不",
    "礼盒包装能弄一下么",
    "会员积分多久过期",
    "会员的积分几天过期",
    "支持货到付款么",
]


def asked(text: str, number: int, **more: object) -> Asked:
    given = {"key": f"k{number}", "at": float(number), "who": f"c{number}", "why": "missed"} | more
    return msgspec.convert({"text": text, **given}, Asked)


def grouped(questions: list[Asked]) -> dict[str, set[str]]:
    gaps = group(questions, joint_vectors([one.text for one in questions], None, None))
    return {gap.id: {one.text for one in gap.asked} for gap in gaps}


def test_what_is_alike_is_one_gap_the_largest_first() -> None:
    questions = [asked(text, i) for i, text in enumerate(TEXTS)]
    found = grouped(questions)
    assert next(iter(found.values())) == set(TEXTS[:3])
    assert set(TEXTS[3:5]) in found.values()
    assert {TEXTS[5]} in found.values()


def test_a_gap_is_named_after_its_oldest_question() -> None:
    questions = [asked(text, i) for i, text in enumerate(TEXTS[:3])]
    assert list(grouped(questions)) == [gap_id("k0")]
    assert list(grouped(questions[::-1])) == [gap_id("k0")]


def test_a_gap_keeps_its_name_when_its_oldest_question_is_forgotten() -> None:
    questions = [asked(text, i, gap="gold") for i, text in enumerate(TEXTS[:2])]
    assert list(grouped([*questions[1:], asked(TEXTS[2], 9)])) == ["gold"]


def test_of_two_gaps_that_grew_together_the_older_one_s_name_stays() -> None:
    old, young = asked(TEXTS[0], 1, gap="gold"), asked(TEXTS[1], 2, gap="gnew")
    assert grouped([young, old]) == {"gold": {TEXTS[0], TEXTS[1]}}


def test_the_same_words_are_one_gap_whatever_the_vectors_say() -> None:
    questions = [asked("退款呢", 1), asked("退款", 2)]
    (gap,) = group(questions, np.eye(2, dtype=np.float32))
    assert len(gap.asked) == 2


def test_meaning_counts_where_there_is_an_encoder() -> None:
    texts = ["能退么", "可以还给你们不"]
    apart = grouped([asked(text, i) for i, text in enumerate(texts)])
    dense = np.array([[1, 0.1], [1, 0.12]], np.float32)
    vectors = joint_vectors(texts, dense, np.zeros(2, np.float32))
    together = group([asked(text, i) for i, text in enumerate(texts)], vectors)
    assert (len(apart), len(together)) == (2, 1)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_examples_are_the_most_typical_one_and_the_most_different() -> None:
    questions = [asked(text, i, gap="g") for i, text in enumerate([*TEXTS[:3], TEXTS[0]])]
    (gap,) = group(questions, joint_vectors([one.text for one in questions], None, None))
    assert len(gap.examples) == len(set(gap.examples)) == 3


def test_a_customer_who_insists_counts_once() -> None:
    questions = [
        asked(TEXTS[0], 1, gap="g", who="a", entry="wrap"),
        asked(TEXTS[1], 2, gap="g", who="a", entry="wrap"),
        asked(TEXTS[2], 3, gap="g", who="b", entry="fee", answer="有的"),
    ]
    (gap,) = group(questions, joint_vectors([one.text for one in questions], None, None))
    assert (gap.customers, dict(gap.votes)) == (2, {"wrap": 1, "fee": 1})
    assert gap.answers == ("有的",)


def test_nothing_asked_is_no_gap() -> None:
    assert group([], joint_vectors([], None, None)) == []


@given(st.lists(st.sampled_from(TEXTS), max_size=12), st.integers())
def test_every_question_is_in_one_gap_in_whatever_order_it_is_read(
    texts: list[str], seed: int
) -> None:
    questions = [asked(text, i) for i, text in enumerate(texts)]
    found = group(questions, joint_vectors(texts, None, None))
    assert sorted(one.key for gap in found for one in gap.asked) == sorted(
        one.key for one in questions
    )
    mixed = questions.copy()
    random.Random(seed).shuffle(mixed)
    again = group(mixed, joint_vectors([one.text for one in mixed], None, None))
    assert {g.id: {a.key for a in g.asked} for g in found} == {
        g.id: {a.key for a in g.asked} for g in again
    }


@given(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=8), st.sampled_from(TEXTS))
def test_tomorrow_s_questions_rename_no_gap(texts: list[str], more: str) -> None:
    questions = [asked(text, i) for i, text in enumerate(texts)]
    today = group(questions, joint_vectors(texts, None, None))
    names = {one.key: gap.id for gap in today for one in gap.asked}
    remembered = [msgspec.structs.replace(one, gap=names[one.key]) for one in questions]
    texts = [*texts, more]
    tomorrow = group([*remembered, asked(more, 99)], joint_vectors(texts, None, None))
    kept = {gap.id for gap in tomorrow}
    assert names["k0"] in kept
    assert kept <= {*names.values(), gap_id("k99")}
