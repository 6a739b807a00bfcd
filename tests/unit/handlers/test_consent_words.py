"""Which words want what done with one's own data, and what meaning may add to them."""

from benchmarks.consent.__main__ import Score, measure, naive, worded
from bot.app.consent_words import build_wishes
from handlers.consent.rules import Read, Wish
from handlers.consent.understanding import SURE, meant


def share(score: Score) -> tuple[float, float]:
    return score.hit / (score.hit + score.false), score.hit / (score.hit + score.missed)


def test_words_alone_are_far_better_than_a_list_of_words() -> None:
    for split in ("dev", "held_out"):
        precision, recall = share(measure(worded, split)["all"])
        assert precision >= 0.98, split
        assert recall >= 0.95, split
        assert share(measure(naive, split)["all"])[0] < 0.6


def test_words_take_nobody_s_question_away() -> None:
    for split in ("fresh", "fresh_2", "fresh_3"):
        assert share(measure(worded, split)["all"])[0] >= 0.95, split


def test_what_looks_like_it_and_is_not() -> None:
    wishes = build_wishes()
    for text in (
        *("退订会员多少钱", "怎么取消订单", "TD 是什么意思", "删除订单信息"),
        *("不要删除我的信息", "如果我退订了会怎样", "先别发货", "我同意退款方案"),
    ):
        assert wishes.of(text) == {}, text
    assert set(wishes.of("退订，顺便把我的信息删了")) == {Wish.STOP, Wish.ERASE}


def test_meaning_adds_one_wish_where_words_say_nothing_against_it() -> None:
    nothing = Read({}, frozenset())
    sure, unsure = SURE + 0.1, SURE - 0.1
    assert set(meant(nothing, {"stop": sure, "erase": SURE}, "别来了")) == {Wish.STOP}
    assert meant(nothing, {"stop": unsure}, "别来了") == {}
    against = Read({}, frozenset({Wish.STOP}))
    assert meant(against, {"stop": sure}, "退订会员多少钱") == {}


def test_what_words_have_seen_and_set_aside_is_told() -> None:
    read = build_wishes().read("退订会员多少钱")
    assert read.found == {}
    assert Wish.ERASE in build_wishes().read("不要删除我的信息").against
