"""Is the knowledge that we ship whole, consistent and safe to say?"""

import re
from collections import Counter, defaultdict

import pytest

from knowledge import Decision, FaqEntry, Retriever
from knowledge.fold import exact_key, fold
from tests.unit.knowledge.conftest import TODAY

# A customer who says one of these wants a person; no menu line may.
WANTS_A_PERSON = re.compile("人工|真人|活人|客服|投诉|举报|转接|专员|经理|工作人员")
FACTS = {
    "满 99 元包邮": ["ship-fee"],
    "8 元": ["ship-fee", "refund-reject", "store-delivery"],
    "48 小时": ["ship-time", "ship-late", "ship-split", "refund-time", "damage"],
    "满 199 减 20、满 399 减 50": ["full-cut", "bargain"],
    "满 99 减 15": ["coupon-new", "member-join"],
}


def test_it_covers_eight_categories_with_phrasings(shop: list[FaqEntry]) -> None:
    assert len(shop) >= 90
    assert min(Counter(entry.category for entry in shop).values()) >= 10
    assert len({entry.category for entry in shop}) == 8
    assert all(2 <= len(entry.similar) <= 5 for entry in shop)
    assert 8 <= sum(entry.featured for entry in shop) <= 10


def test_no_question_belongs_to_two_entries(shop: list[FaqEntry]) -> None:
    owners = defaultdict(set)
    for entry in shop:
        for question in entry.questions:
            owners[exact_key(fold(question))].add(entry.id)
    assert [ids for ids in owners.values() if len(ids) > 1] == []


def test_no_question_asks_for_a_person_by_accident(shop: list[FaqEntry]) -> None:
    assert [q for e in shop for q in e.questions if WANTS_A_PERSON.search(q)] == []


def test_questions_fit_a_menu_line_and_answers_a_message(shop: list[FaqEntry]) -> None:
    assert all(len(entry.question.encode()) <= 128 for entry in shop)
    assert all(len(entry.answer.encode()) <= 600 for entry in shop)


@pytest.mark.parametrize(("fact", "ids"), FACTS.items())
def test_a_fact_is_told_the_same_wherever_it_is_told(
    shop: list[FaqEntry], fact: str, ids: list[str]
) -> None:
    answers = {entry.id: entry.answer for entry in shop}
    assert [name for name in ids if fact not in answers[name]] == []


@pytest.mark.parametrize(
    ("text", "entry_id"), [("多久发货", "ship-time"), ("运费", "ship-fee"), ("包邮吗", "ship-fee")]
)
async def test_the_commonest_questions_are_answered(
    shop: list[FaqEntry], text: str, entry_id: str
) -> None:
    verdict = await Retriever(shop).ask(text, TODAY)
    assert verdict.decision is Decision.ANSWER
    assert verdict.matches[0].entry.id == entry_id


@pytest.mark.parametrize("text", ["今天天气怎么样", "讲个笑话", "你是谁", "帮我写一篇作文"])
async def test_what_is_not_the_shops_business_is_not_answered(
    shop: list[FaqEntry], text: str
) -> None:
    assert (await Retriever(shop).ask(text, TODAY)).decision is not Decision.ANSWER
