import pytest

from knowledge import FaqEntry
from tests.conftest import OpenChat
from tests.talk import Chat

SHIP_FEE = "满 99 元包邮，不满 99 元运费 8 元。"


@pytest.mark.parametrize(
    "text", ["运费多少钱", "运费多少钱？", " 包邮吗 ", "滿多少包郵", "运费　多少钱！"]
)
async def test_a_question_that_equals_an_entry_is_answered(chat: Chat, text: str) -> None:
    await chat.says(text)
    assert chat.replies == [SHIP_FEE]
    assert chat.handled_by == "faq.answer"
    assert chat.outcome == "answered"


async def test_an_answer_brings_its_follow_up_questions(chat: Chat) -> None:
    await chat.says("怎么退货")
    assert chat.replies == ["签收后 7 天内，在订单页点“申请退货”。"]
    assert chat.menus == [["退货运费谁出"]]
    await chat.taps("退货运费谁出")
    assert chat.replies == ["质量问题我们出，其他原因由您承担。"]


async def test_a_question_between_two_entries_is_offered_both(chat: Chat) -> None:
    await chat.says("申请")
    assert chat.replies == [
        "您想了解的是下面哪一个？\n都不是的话，请换个说法告诉我，或回复“人工”。"
    ]
    assert chat.menus == [["怎么退货", "可以开发票吗"]]
    await chat.taps("怎么退货")
    assert chat.replies == ["签收后 7 天内，在订单页点“申请退货”。"]


async def test_an_item_whose_entry_is_gone_is_answered_honestly(chat: Chat) -> None:
    await chat.sends("text", {"content": "双十一有活动吗", "menu_id": "faq:gone"})
    assert chat.replies == ["这条内容已经更新，请直接输入您的问题，我来为您查。"]
    assert chat.handled_by == "faq.tapped"


async def test_an_item_of_another_account_s_audience_is_gone_too(open_chat: OpenChat) -> None:
    vip = FaqEntry(id="vip", question="内购价是多少", answer="八折。", audience=("wk_staff",))
    chat = await open_chat(entries=[vip])
    await chat.sends("text", {"content": "内购价是多少", "menu_id": "faq:vip"})
    assert chat.replies == ["这条内容已经更新，请直接输入您的问题，我来为您查。"]


async def test_a_menu_id_that_nobody_made_is_read_as_its_text(chat: Chat) -> None:
    await chat.sends("text", {"content": "运费多少钱", "menu_id": "something/else"})
    assert chat.replies == [SHIP_FEE]


async def test_the_same_question_again_is_answered_again(chat: Chat) -> None:
    await chat.says("运费多少钱")
    await chat.says("运费多少钱")
    assert chat.replies == [SHIP_FEE]


async def test_the_reason_is_kept_beside_the_answer(chat: Chat) -> None:
    await chat.says("运费多少钱")
    row = await chat.store.database.fetch_one("SELECT because FROM outbox WHERE kind='SendMessage'")
    assert row is not None
    assert '"ref":"ship-fee"' in row["because"]


@pytest.mark.parametrize(
    ("question", "words"),
    [("多久发货", "48 小时"), ("运费怎么算", "满 99 元包邮"), ("包邮吗", "满 99 元包邮")],
)
async def test_the_sample_shop_answers(open_chat: OpenChat, question: str, words: str) -> None:
    chat = await open_chat(entries=None, knowledge={"sources": ["knowledge/faq"]})
    await chat.says(question)
    assert words in chat.replies[0]
    assert chat.handled_by == "faq.answer"


async def test_an_account_with_knowledge_of_its_own_answers_from_it(
    open_chat: OpenChat, tmp_path_factory: pytest.TempPathFactory
) -> None:
    own = tmp_path_factory.mktemp("own") / "own.yaml"
    own.write_text("- {id: fee, question: 运费多少钱, answer: 本店一律包邮。}\n", "utf-8")
    chat = await open_chat(
        entries=None,
        knowledge={"sources": ["knowledge/faq"]},
        accounts={"wk_shop": {"knowledge": [str(own)]}},
    )
    await chat.says("运费多少钱")
    assert chat.replies == ["本店一律包邮。"]
