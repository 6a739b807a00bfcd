"""What may be learned from a gap, and what would change by it?"""

from collections import Counter

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import Retriever, Thresholds
from knowledge.gaps import Asked, Gap
from knowledge.lessons import (
    REPLAYED,
    Refusal,
    concerned,
    is_harmful,
    lesson,
    nearest,
    replay,
    taught,
    verify,
)
from knowledge.pooling import pooled
from tests.unit.knowledge.conftest import TODAY, an_entry

NAMES = ["会员积分", "发票抬头", "礼品包装", "门店地址", "尺码选择", "优惠叠加", "预售定金"]
ENTRIES = [
    an_entry("fee", "运费多少钱", "满 99 元包邮。", similar=("邮费怎么算",)),
    an_entry("ship", "多久发货", "48 小时内。"),
    *(an_entry(f"e{i}", f"{name}怎么弄", f"{name}在首页。") for i, name in enumerate(NAMES)),
]
FAR = "快件谁来买单"


def a_gap(*asked: tuple[str, str | None]) -> Gap:
    questions = tuple(
        Asked(key=str(i), text=text, at=float(i), who=str(i), why="missed", entry=entry)
        for i, (text, entry) in enumerate(asked)
    )
    return Gap(id="g", asked=questions, examples=tuple(text for text, _ in asked[:3]))


@pytest.fixture
def base() -> Retriever:
    return Retriever(ENTRIES)


@pytest.mark.parametrize(
    ("text", "votes", "refusal"),
    [
        ("运费得多少钱一单", {"fee": 1}, None),  # near: one word is enough
        (FAR, {"fee": 1}, Refusal.ALONE),
        (FAR, {"fee": 2}, None),
        (FAR, {"fee": 2, "ship": 1}, Refusal.DISPUTED),
        (FAR, {"fee": 3, "ship": 1}, None),
        ("运费得多少钱一单", {"fee": 1, "ship": 1}, Refusal.DISPUTED),
        ("运费得多少钱一单", {}, Refusal.UNHEARD),
        ("邮费怎么算呢", {"fee": 5}, Refusal.KNOWN),
        ("多久发货呀", {"fee": 5}, Refusal.TAKEN),
    ],
)
async def test_a_phrasing_is_weighed(
    base: Retriever, text: str, votes: dict[str, int], refusal: Refusal | None
) -> None:
    found = await verify(text, "fee", Counter(votes), base, TODAY)
    assert found.refusal is refusal


async def test_what_another_entry_answers_already_is_refused_with_its_name() -> None:
    rash = Retriever(ENTRIES, thresholds=Thresholds(answer=0.01, lead=0.0, offer=0.01))
    found = await verify("发货得多久哦", "fee", Counter({"fee": 9}), rash, TODAY)
    assert (found.refusal, found.rival) == (Refusal.ANSWERED, "ship")


async def test_questions_of_another_entry_are_not_learned_with_the_rest(base: Retriever) -> None:
    gap = a_gap(("运费得多少钱一单", "fee"), ("运费发货", "ship"), ("运费得多少钱一次", None))
    found = await lesson(gap, "fee", Counter({"fee": 4, "ship": 1}), base, TODAY)
    assert [one.text for one in found] == ["运费得多少钱一单", "运费得多少钱一次"]


def served(*asked: tuple[str, str | None]) -> Gap:
    """What people answered; ``None`` = with what no entry says."""
    gap = a_gap(*asked)
    told = tuple(msgspec.structs.replace(one, answer="这个要另外登记") for one in gap.asked)
    return msgspec.structs.replace(gap, asked=told)


async def test_one_wrong_word_does_not_name_what_no_entry_answers(base: Retriever) -> None:
    """Before, all of them were learned: nobody had named another entry."""
    gap = served(("运费得多少钱一单", "fee"), *((f"运费能开票不{i}", None) for i in "甲乙丙"))
    found = await lesson(gap, "fee", gap.votes, base, TODAY)
    assert {one.refusal for one in found} == {Refusal.OTHERWISE}
    read = await lesson(gap, "fee", gap.votes, base, TODAY, is_named=True)
    assert "运费能开票不甲" in [one.text for one in read if one.refusal is None]


async def test_what_people_answered_otherwise_is_not_learned_with_the_rest(base: Retriever) -> None:
    gap = served(("运费得多少钱一单", "fee"), ("运费要多少", "fee"), ("运费能开票不", None))
    found = await lesson(gap, "fee", gap.votes, base, TODAY)
    assert {one.text for one in found} == {"运费得多少钱一单", "运费要多少"}


async def test_likeness_to_what_was_heard_is_evidence() -> None:
    """Entries that have heard nothing are judged as before."""
    text = "邮寄的钱由谁来付"
    base = Retriever([taught(ENTRIES[0], ["邮寄的费用由谁来付"]), *ENTRIES[1:]])
    plain = Retriever(ENTRIES)
    found, before = await base.search(text, TODAY), await plain.search(text, TODAY)
    assert found[0].entry.id == "fee"
    assert 0.3 < float(found[0].why["heard"]) < 1
    assert {match.why["heard"] for match in (*found[1:], *before)} == {0}


async def test_what_was_heard_without_the_not_is_no_evidence() -> None:
    base = Retriever([taught(ENTRIES[0], ["邮寄的费用我来付"]), *ENTRIES[1:]])
    found = await base.search("邮寄的费用我不付", TODAY)
    assert found[0].entry.id == "fee"
    assert found[0].why["heard"] == 0


async def test_the_nearest_entries_are_those_of_all_examples(base: Retriever) -> None:
    found = await nearest(a_gap(("运费得多少钱一单", None), ("邮费怎么个算法", None)), base, TODAY)
    assert found[0].id == "fee"
    assert len(found) == 3


def test_learning_twice_is_learning_once() -> None:
    once = taught(ENTRIES[0], [FAR])
    assert taught(once, [FAR]) == once
    assert once.similar == ENTRIES[0].similar
    assert FAR in once.questions


async def test_a_replay_tells_better_from_worse(base: Retriever) -> None:
    wrong = Retriever([taught(ENTRIES[0], ["几时能发出来", FAR]), *ENTRIES[1:]])
    known = [("几时能发出来", "ship"), (FAR, "fee"), ("几时能发出来", None), ("多久发货", "ship")]
    found = await replay(base, wrong, known, TODAY)
    assert [(one.text, one.before, one.after, one.verdict) for one in found] == [
        ("几时能发出来", None, "fee", "worse"),
        (FAR, None, "fee", "better"),
    ]
    assert not is_harmful(found)
    assert is_harmful(found[:1])
    back = await replay(wrong, base, known, TODAY)
    assert {one.text: one.verdict for one in back} == {"几时能发出来": "better", FAR: "worse"}


def test_a_replay_takes_the_questions_that_are_most_alike() -> None:
    many: list[tuple[str, str | None]] = [(f"别的事情{i}号", None) for i in range(REPLAYED + 50)]
    many.append(("快件谁买单", "fee"))
    found = concerned(many, [FAR])
    assert len(found) == REPLAYED
    assert found[0] == ("快件谁买单", "fee")
    assert concerned(many[:3], [FAR]) == many[:3]


async def test_loose_phrasings_of_one_entry_do_not_outrank_the_question_of_another() -> None:
    """Without pooling the best of many phrasings wins whatever is asked."""
    loose = ["那个怎么弄呀你好在吗", "在吗我想问一下那个", "你好那个多久啊"]
    chatty = taught(an_entry("fee", "运费多少钱"), loose)
    base = Retriever([chatty, an_entry("ship", "发货要多久")])
    found = await base.search("你好在吗那个发货要多久啊", TODAY)
    assert found[0].entry.id == "ship"


async def test_what_was_heard_is_answered_word_for_word() -> None:
    base = Retriever([taught(ENTRIES[0], [FAR]), *ENTRIES[1:]])
    verdict = await base.ask(FAR + "？", TODAY)
    assert (verdict.how, verdict.matches[0].entry.id) == ("exact", "fee")


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_pooling_never_lowers_and_grows_with_both(own: float, heard: float, more: float) -> None:
    score = float(pooled(own, heard))
    assert own - 1e-9 <= score <= max(own, heard) + 1e-9
    assert float(pooled(max(own, more), heard)) >= score - 1e-9
    assert float(pooled(own, max(heard, more))) >= score - 1e-9
    assert float(pooled(own, 0.0)) == pytest.approx(own)
    rows = pooled(np.array([own], np.float32), np.array([heard], np.float32))
    assert float(rows[0]) == pytest.approx(score, abs=1e-5)
