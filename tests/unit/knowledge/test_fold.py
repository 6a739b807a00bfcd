"""Which texts count as the same text?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.fold import MAX_CHARACTERS, exact_key, fold, lexical_key, numbers_in, tidy


def key(text: str) -> str:
    return exact_key(fold(text))


@pytest.mark.parametrize(
    "typed",
    [
        "多久发货",
        "多久发货？",
        "請問多久發貨呢",
        "您好，多久发货呀…",
        "多长时间发货",
        " 多久\u200b发货!! ",
    ],
)
def test_the_same_question_typed_differently_has_one_key(typed: str) -> None:
    assert key(typed) == key("多久发货")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3.5折", "35折"),
        ("可以退货吗", "不可以退货吗"),
        ("发什么", "发"),
        ("发货了吗", "发货吗"),
        ("满99包邮吗", "满199包邮吗"),
        ("支付宝可以吗", "付款宝可以吗"),
        ("哪个快递", "哪里快递"),
    ],
)
def test_different_questions_keep_different_keys(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_a_greeting_alone_is_not_folded_away() -> None:
    assert key("你好") == "你好"


def test_punctuation_alone_has_no_key() -> None:
    assert key("？？？！") == ""


def test_full_width_digits_are_numbers() -> None:
    assert numbers_in(fold("满９９减１５，3.5折")) == {"99", "15", "3.5"}


def test_every_number_is_one_token_for_the_lexical_index() -> None:
    assert lexical_key(fold("满99减15")) == lexical_key(fold("满199减20"))


def test_an_encoder_reads_words_as_they_were_typed() -> None:
    assert tidy("如何運費") == "如何运费"


@given(st.text(max_size=2000))
def test_any_text_folds_to_something_the_encoder_can_read(text: str) -> None:
    folded = fold(text)
    assert "\0" not in tidy(text)
    tidy(text).encode()
    exact_key(folded)
    lexical_key(folded)


def test_half_a_surrogate_pair_is_dropped() -> None:
    assert fold("发货\ud83d") == "发货"


def test_what_no_question_needs_is_cut_off() -> None:
    assert len(tidy("啊" * 5000)) == MAX_CHARACTERS
