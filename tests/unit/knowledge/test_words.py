"""Which words of a deployment mean the same, and which must never be confused?"""

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import Decision, Retriever, Thresholds, Words
from knowledge.fold import SYNONYMS, bare, fold
from knowledge.words import read_words
from tests.unit.knowledge.conftest import TODAY, FakeEmbedder, an_entry

CARDS = Words(terms=[["普通会员", "金卡", "黑卡"]])
ANY_WORD = st.text(min_size=2, max_size=8)


@given(st.text(max_size=400))
def test_without_words_of_its_own_a_deployment_folds_as_shipped(text: str) -> None:
    assert Words().fold(text) == fold(text)


@given(st.text(max_size=60))
def test_words_of_others_leave_a_text_alone(text: str) -> None:
    words = Words({"\ue000\ue001": "\ue002\ue003"})
    assert words.fold(text) == fold(text) or "\ue000\ue001" in text


@given(st.lists(ANY_WORD, min_size=2, max_size=6), st.dictionaries(ANY_WORD, ANY_WORD, max_size=4))
def test_whatever_is_written_is_read_literally(group: list[str], synonyms: dict[str, str]) -> None:
    words, _ = read_words({"synonyms": synonyms, "terms": [group]})
    for word in group:
        folded = words.fold(word)
        if any(bare(folded) in terms for terms in words.groups):
            assert words.named(folded) == {bare(folded)}
    assert words.named("") == frozenset()


@pytest.mark.parametrize("word", ["c++", "(a|b)", "a.*b", r"\d+", "[金卡]", "a{2}", "$$x"])
def test_signs_of_regular_expressions_are_characters(word: str) -> None:
    words, faults = read_words({"terms": [[word, "别的词"]], "synonyms": {f"{word}q": "其他"}})
    assert faults == []
    assert words.named(words.fold(f"请问{word}怎么样")) == {word}
    assert words.named("aab axxb 55 金卡 x") == frozenset()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("寄件费多少", "邮费多少"),
        ("顺丰费多少", "运费多少"),
        ("阿迪鞋有货吗", "adidas鞋有货吗"),
        ("adi鞋有货吗", "adidas鞋有货吗"),
        ("蘋果十五多少钱", "iphone 15多少钱"),
    ],
)
def test_both_sides_of_a_synonym_read_the_same(said: str, meant: str) -> None:
    words = Words(
        {"寄件费": "邮费", "顺丰费": "寄件费", "adi": "adidas", "阿迪": "adi",
         "苹果十五": "iphone15", "iphone 15": "iphone15"}
    )  # fmt: skip
    assert words.fold(said) == words.fold(meant)


def test_a_latin_word_is_not_found_in_a_longer_one() -> None:
    words = Words({"app": "小程序"}, [["pro", "max"]])
    assert words.fold("apple app") == "apple 小程序"
    assert words.named("promax 的 pro") == {"pro"}


def test_the_longer_term_hides_the_shorter_one_in_it() -> None:
    words = Words(terms=[["iPhone 15", "iPhone 15 Pro"], ["会员", "普通会员"]])
    assert words.named(words.fold("普通会员买 iPhone15Pro")) == {"普通会员", "iphone15pro"}


def test_words_go_to_another_process() -> None:
    words = Words({"寄件费": "邮费"}, [["金卡", "黑卡"]])
    copy: Words = pickle.loads(pickle.dumps(words))
    assert copy.fold("寄件费") == "运费"
    assert copy.named("黑卡") == {"黑卡"}


@pytest.mark.parametrize(
    ("raw", "place", "said"),
    [
        ({"words": {}}, ("words",), "没有这个键"),
        ({"synonyms": ["a"]}, ("synonyms",), "不是一组键值"),
        ({"synonyms": {"费": "运费"}}, ("synonyms", "费"), "太短"),
        ({"synonyms": {"寄件费": ""}}, ("synonyms", "寄件费"), "右边没有文字"),
        ({"synonyms": {"寄件费": 8}}, ("synonyms", "寄件费"), "右边没有文字"),
        ({"synonyms": {"寄件费": "寄件費"}}, ("synonyms", "寄件费"), "同一个词"),
        ({"synonyms": {"Sf": "顺丰", "SF": "顺丰"}}, ("synonyms", "SF"), "相同"),
        ({"synonyms": {"甲卡": "乙卡", "乙卡": "甲卡"}}, ("synonyms", "甲卡"), "绕了一圈"),
        ({"synonyms": {"运费": "邮费"}}, ("synonyms", "运费"), "绕了一圈"),
        ({"terms": "金卡"}, ("terms",), "不是列表"),
        ({"terms": ["金卡"]}, ("terms", 0), "不是一组词"),
        ({"terms": [["金卡"]]}, ("terms", 0), "只有 1 个词"),
        ({"terms": [["金卡", "  "]]}, ("terms", 0, 1), "没有文字"),
        ({"terms": [["金卡", 360]]}, ("terms", 0, 1), "没有文字"),
        ({"terms": [["金卡", "卡"]]}, ("terms", 0, 1), "太短"),
        ({"terms": [["金卡", "黑卡"], ["黑卡", "白卡"]]}, ("terms", 1, 0), "与前面的 黑卡 相同"),
        ({"terms": [["金卡", "黑卡", "金 卡"]]}, ("terms", 0, 2), "相同"),
        ({"terms": [["付款", "支付", "退款"]]}, ("terms", 0, 1), "相同"),
    ],
)
def test_what_is_wrong_is_said_and_left_out(
    raw: dict[str, Any], place: tuple[str | int, ...], said: str
) -> None:
    words, faults = read_words(raw)
    assert (place, True) in [(fault.loc, said in fault.found) for fault in faults]
    assert words.fold("运费和Sf") in ("运费和sf", "运费和顺丰")
    assert all(len(group) > 1 for group in words.groups)


def test_nothing_written_is_nothing_wrong() -> None:
    assert read_words({"synonyms": None, "terms": None})[1] == []
    assert all(Words().fold(word) == word for word in SYNONYMS)


@pytest.mark.parametrize(
    ("asked", "told", "elsewhere", "missing"),
    [
        ("金卡打折吗", "金卡 9 折", "", ""),
        ("金卡打折吗", "黑卡 9 折", "", "金卡"),
        ("金卡打折吗", "会员 9 折", "", ""),
        ("金卡打折吗", "会员 9 折", "金卡另议", "金卡"),
        ("金卡打折吗", "金卡、黑卡 9 折", "", ""),
        ("金卡和黑卡一样吗", "金卡 9 折", "", "黑卡"),
        ("会员打折吗", "金卡 9 折", "黑卡 8 折", ""),
    ],
)
def test_which_term_an_entry_should_name(
    asked: str, told: str, elsewhere: str, missing: str
) -> None:
    named = [CARDS.named(text) for text in (asked, told, elsewhere)]
    assert CARDS.missing(named[0], named[1], named[2] | named[1]) == missing


# ---------------------------------------------------------------- in the retriever

ENTRIES = [
    an_entry(
        "gold",
        "金卡会员生日有什么礼物",
        "金卡生日当月送一份蛋糕券。",
        similar=("金卡会员过生日送什么礼物",),
    ),
    an_entry("black", "黑卡会员怎么升级", "一年消费满 8000 元。"),
    an_entry("ship", "多久发货", "两天内。"),
    an_entry("fee", "运费多少", "8 元。"),
]
WRONG_CARD = "黑卡会员生日会有什么礼物"


async def test_a_confirmed_group_makes_an_answer_an_offer() -> None:
    without = await Retriever(ENTRIES).ask(WRONG_CARD, TODAY)
    assert (without.decision, without.how) == (Decision.ANSWER, "lexical")
    assert without.matches[0].entry.id == "gold"
    assert without.matches[0].why["term_mismatch"] == 0
    confirmed = await Retriever(ENTRIES, words=CARDS).ask(WRONG_CARD, TODAY)
    assert (confirmed.decision, confirmed.how) == (Decision.OFFER, "lexical")
    assert confirmed.matches[0].entry.id == "gold"
    assert confirmed.matches[0].why["term_mismatch"] == 1
    assert confirmed.matches[0].why["term"] == "黑卡"


async def test_the_right_card_is_answered_as_before() -> None:
    for words in (Words(), CARDS):
        verdict = await Retriever(ENTRIES, words=words).ask(WRONG_CARD.replace("黑", "金"), TODAY)
        assert verdict.decision is Decision.ANSWER
        assert verdict.matches[0].entry.id == "gold"


async def test_no_certainty_overrules_a_group_but_the_exact_question_is_not_judged() -> None:
    bold = Retriever(ENTRIES, words=CARDS, thresholds=Thresholds(answer=0, lead=0, offer=0))
    assert (await bold.ask(WRONG_CARD, TODAY)).decision is Decision.OFFER
    assert (await bold.ask("会员生日会有什么礼物", TODAY)).decision is Decision.ANSWER
    assert (await bold.ask("黑卡会员怎么升级", TODAY)).how == "exact"


@pytest.mark.parametrize("with_vectors", [False, True])
async def test_what_any_entry_names_counts_from_the_moment_it_is_there(
    embedder: FakeEmbedder, with_vectors: bool
) -> None:
    entries = [an_entry("fee", "会员运费怎么算", "满 99 包邮。"), *ENTRIES[2:3]]
    bold = Thresholds(answer=0, lead=0, offer=0)
    base = Retriever(
        entries, embedder=embedder if with_vectors else None, words=CARDS, thresholds=bold
    )
    await base.warm()
    asked = "黑卡会员运费怎么算呢嗯"
    assert (await base.ask(asked, TODAY)).decision is Decision.ANSWER
    await base.change([an_entry("black", "黑卡怎么升级")])
    verdict = await base.ask(asked, TODAY)
    assert verdict.matches[0].entry.id == "fee"
    assert verdict.decision is Decision.OFFER
    base.close()


async def test_synonyms_hold_for_entries_questions_and_changes_alike() -> None:
    words = Words({"小方卡": "会员卡", "吉祥物": "小方卡"})
    entries = [an_entry("card", "小方卡丢了怎么补办", "在门店补办。"), *ENTRIES[2:]]
    base = Retriever(entries, words=words)
    verdict = await base.ask("会员卡丢了怎么补办", TODAY)
    assert (verdict.how, verdict.matches[0].entry.id) == ("exact", "card")
    assert (await Retriever(entries).ask("会员卡丢了怎么补办", TODAY)).how == "lexical"
    fuzzy = (await base.search("我的吉祥物丢了补办", TODAY))[0]
    assert fuzzy.entry.id == "card"
    plain = (await Retriever(entries).search("我的吉祥物丢了补办", TODAY))[0]
    assert float(fuzzy.why["lexical"]) > float(plain.why["lexical"])
    await base.change([an_entry("new", "吉祥物多少钱")])
    assert (await base.ask("会员卡多少钱", TODAY)).how == "exact"


async def test_many_changes_are_built_anew_with_the_same_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("knowledge.shelves.MAX_CHANGED", 0)
    base = Retriever(ENTRIES, words=CARDS)
    await base.change([an_entry("more", "怎么开发票")])
    verdict = await base.ask(WRONG_CARD, TODAY)
    assert verdict.decision is Decision.OFFER
