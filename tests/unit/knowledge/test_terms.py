"""Which words tell near-identical questions apart, so that they must never be confused?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import Decision, FaqEntry, Retriever, Words
from knowledge.terms import LONGEST, propose
from knowledge.words import SHORTEST, read_words
from tests.unit.knowledge.conftest import TODAY, an_entry


def entries_for(*questions: str | tuple[str, ...]) -> list[FaqEntry]:
    """An entry a question, or a tuple of phrasings, each with an answer of its own."""
    several = [(q,) if isinstance(q, str) else q for q in questions]
    return [
        an_entry(
            f"e{i}", first, f"回答第{'零一二三四五六七八九'[i % 10]}{i}号", similar=tuple(more)
        )
        for i, (first, *more) in enumerate(several)
    ]


def proposed(*questions: str | tuple[str, ...], words: Words | None = None) -> list[set[str]]:
    return [set(one.words) for one in propose(entries_for(*questions), words or Words())]


CARDS = ("普通会员有什么权益", "金卡会员有什么权益", "黑卡会员有什么权益")


def test_products_actions_and_plans_are_proposed() -> None:
    assert proposed(*CARDS) == [{"普通", "金卡", "黑卡"}]
    assert proposed("花呗怎么提前还款", "借呗怎么提前还款") == [{"花呗", "借呗"}]
    assert proposed("iPhone 15 有货吗", "iPhone14有货吗") == [{"iphone15", "iphone14"}]


def test_a_piece_of_one_character_becomes_the_word_that_is_commoner() -> None:
    more = ("换货要运费吗", "我想退货了", "退货地址在哪里")
    assert {"换货", "退货"} in proposed("请问你们店怎么换货", "请问你们店怎么退货", *more)
    left = ("白金卡权益是什么", "黑金卡权益是什么", "白金年费", "黑金年费")
    assert {"白金", "黑金"} in proposed(*left)


@pytest.mark.parametrize(
    "questions",
    [
        ("怎么申请退货", "能不能申请退货"),
        ("多久发货到上海", "怎么发货到上海"),
        ("39元套餐怎么办理", "59元套餐怎么办理"),
        ("怎么退货", "怎么申请退货"),
        ("花呗怎么还款", "借呗能分几期"),
        ("发票", "运费"),
        (("花呗怎么还款", "借呗怎么还款"), "多久发货"),
        (("东西怎么退回去", "商品怎么退回去"), "东西什么时候到货", "商品什么时候到货"),
    ],
)
def test_what_tells_nothing_apart_is_not_proposed(
    questions: tuple[str | tuple[str, ...], ...],
) -> None:
    assert proposed(*questions) == []


def test_the_same_answer_to_both_makes_them_alike() -> None:
    twins = [an_entry("a", "花呗怎么还款", "点还款。"), an_entry("b", "借呗怎么还款", "点还款！")]
    assert propose(twins) == []


def test_passages_of_documents_propose_nothing() -> None:
    parts = [
        an_entry("a", "花呗怎么还款", "甲", kind="passage"),
        an_entry("b", "借呗怎么还款", "乙", kind="passage"),
    ]
    assert propose(parts) == []


def test_those_that_tell_most_pairs_apart_come_first() -> None:
    found = propose(
        entries_for(
            "注册账号要多久", "注销账号要多久",
            "花呗怎么还款", "借呗怎么还款", "花呗可以提前结清吗", "借呗可以提前结清吗",
        )
    )  # fmt: skip
    assert [(set(one.words), one.pairs) for one in found] == [
        ({"花呗", "借呗"}, 2),
        ({"注册", "注销"}, 1),
    ]
    assert {found[0].one, found[0].other} <= {
        "花呗怎么还款", "借呗怎么还款", "花呗可以提前结清吗", "借呗可以提前结清吗",
    }  # fmt: skip


def test_what_is_confirmed_is_left_out() -> None:
    for group in (["普通", "金卡", "黑卡"], ["普通会员", "金卡会员", "黑卡会员"]):
        assert proposed(*CARDS, words=Words(terms=[group])) == []


def test_a_new_word_comes_to_the_confirmed_group() -> None:
    [one] = propose(entries_for(*CARDS), Words(terms=[["金卡", "普通"]]))
    assert (one.words, one.confirmed, one.pairs) == (("普通", "金卡", "黑卡"), 2, 2)


def test_all_that_come_to_a_confirmed_group_come_at_once() -> None:
    asked = [f"{card}会员有什么权益" for card in ("金卡", "黑卡", "白卡")]
    asked += [f"{card}会员怎么升级" for card in ("普通", "银卡")]
    [one] = propose(entries_for(*asked), Words(terms=[["金卡", "普通"]]))
    assert one.words[:2] == ("普通", "金卡")
    assert set(one.words[2:]) == {"黑卡", "白卡", "银卡"}


def test_words_that_were_not_seen_side_by_side_are_two_groups() -> None:
    found = proposed(
        "花呗怎么还款", "借呗怎么还款", "借呗额度有多少", "备用金额度有多少", "备用金要利息吗"
    )
    assert {"花呗", "借呗", "备用金"} not in found
    assert {"花呗", "借呗"} in found or {"借呗", "备用金"} in found


PIECE = st.sampled_from(
    ["金卡", "黑卡", "普通", "花呗", "iphone 15", "iPhone14", "c++", "退", "换货"]
)
FRAME = st.sampled_from(["{}会员有什么权益", "怎么办理{}", "{}怎么还款", "我想开通{}服务", "{}"])


@given(st.lists(st.tuples(FRAME, PIECE), max_size=20), st.lists(PIECE, max_size=3, unique=True))
def test_a_proposal_can_always_be_pasted(
    asked: list[tuple[str, str]], confirmed: list[str]
) -> None:
    entries = entries_for(*(frame.format(piece) for frame, piece in asked))
    words, _ = read_words({"terms": [confirmed]})
    found = propose(entries, words)
    assert found == propose(entries, words)
    kept = [group for group in words.groups if not any(group <= set(one.words) for one in found)]
    pasted = [*map(sorted, kept), *(list(one.words) for one in found)]
    again, faults = read_words({"terms": pasted})
    assert faults == []
    for one in found:
        assert one.pairs > 0
        assert all(SHORTEST <= len(word) <= 10 for word in one.words)
        assert all(len(word) <= LONGEST or word.startswith("iphone") for word in one.words)
        assert one.confirmed < len(one.words) >= 2
        assert any(word in one.one.lower().replace(" ", "") for word in one.words)
    # Nothing is proposed twice.
    assert [one for one in propose(entries, again) if one.confirmed == 0 and one in found] == []


async def test_what_was_proposed_and_confirmed_makes_the_wrong_answer_an_offer() -> None:
    entries = [
        an_entry("gold", "金卡会员生日有什么礼物", "金卡生日当月送一份蛋糕券。"),
        an_entry("gold-up", "金卡会员怎么升级", "一年消费满 3000 元。"),
        an_entry("black-up", "黑卡会员怎么升级", "一年消费满 8000 元。"),
        an_entry("ship", "多久发货", "两天内。"),
    ]
    asked = "黑卡会员生日会有什么礼物"
    before = await Retriever(entries).ask(asked, TODAY)
    assert (before.decision, before.matches[0].entry.id) == (Decision.ANSWER, "gold")
    [one] = propose(entries)
    after = await Retriever(entries, words=Words(terms=[one.words])).ask(asked, TODAY)
    assert (after.decision, after.matches[0].entry.id) == (Decision.OFFER, "gold")
