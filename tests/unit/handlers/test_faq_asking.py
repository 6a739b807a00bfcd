"""Several questions at once, what follows on an answer, and whether it helped."""

import pytest

from knowledge import FaqEntry
from tests.conftest import OpenChat
from tests.talk import Chat

SHIP_TIME = "现货 48 小时内发出。"
SHIP_FEE = "满 99 元包邮，不满 99 元运费 8 元。"
INVOICE = "可以，在订单页点“申请发票”，一天内开好。"
SURVEY = ["解决了", "没解决"]


async def feedback_of(chat: Chat) -> list[str | None]:
    rows = await chat.store.database.fetch("SELECT feedback FROM messages ORDER BY sent_at, msgid")
    return [row["feedback"] for row in rows]


async def test_several_questions_are_answered_together(chat: Chat) -> None:
    await chat.says("多久发货？运费多少钱，怎么开发票")
    assert chat.replies == [
        f"「多久发货」\n{SHIP_TIME}\n\n「运费多少钱」\n{SHIP_FEE}\n\n「怎么开发票」\n{INVOICE}"
    ]
    assert chat.outcome == "answered"


async def test_what_is_left_open_is_said_so(chat: Chat) -> None:
    await chat.says("多久发货？你们老板是谁？")
    assert chat.replies == [
        f"「多久发货」\n{SHIP_TIME}\n\n"
        "「你们老板是谁」这个问题我还没有把握回答，需要的话请回复“人工”，由同事为您解答。"
    ]


async def test_a_story_is_not_torn_apart(chat: Chat) -> None:
    await chat.says("我买了毛衣，洗坏了，怎么退货")
    assert "「" not in "".join(chat.replies)


async def test_what_follows_carries_the_subject(open_chat: OpenChat) -> None:
    entries = [
        FaqEntry(id="fee", question="运费怎么算", answer="一律 8 元。"),
        FaqEntry(id="remote", question="新疆运费多少", answer="新疆 15 元。"),
        FaqEntry(id="xj", question="新疆有门店吗", answer="有。"),
    ]
    chat = await open_chat(entries=entries)
    await chat.says("运费怎么算")
    await chat.says("那新疆呢")
    assert "新疆 15 元。" in chat.replies[0] or chat.menus[0][0] == "新疆运费多少"


async def test_after_ten_minutes_nothing_is_carried(open_chat: OpenChat) -> None:
    entries = [
        FaqEntry(id="fee", question="积分怎么攒", answer="一元一分。"),
        FaqEntry(id="use", question="积分怎么用", answer="100 分抵 1 元。"),
    ]
    chat = await open_chat(entries=entries)
    await chat.says("积分怎么攒")
    await chat.says("那怎么用")
    assert chat.replies == ["100 分抵 1 元。"]
    await chat.says("积分怎么攒")
    await chat.waits(minutes=11)
    await chat.says("那怎么用")
    assert chat.replies != ["100 分抵 1 元。"]


# ---------------------------------------------------------------------- feedback


async def test_an_answer_that_was_not_asked_for_word_by_word_asks_if_it_helped(chat: Chat) -> None:
    await chat.says("积分能抵多少钱啊现在")
    assert chat.replies == ["100 积分抵 1 元，下单时勾选即可。"]
    assert chat.menus == [SURVEY]
    await chat.taps("解决了")
    assert chat.replies[0] == "好的，能帮到您就好。还有问题随时找我。"
    assert chat.outcome == "solved"
    assert await feedback_of(chat) == ["solved", None]


async def test_it_is_asked_once_in_a_case(chat: Chat) -> None:
    await chat.says("积分能抵多少钱啊现在")
    await chat.says("你们运费多少钱现在")
    assert chat.replies == [SHIP_FEE]
    assert chat.menus == []
    await chat.waits(hours=25)
    await chat.says("你们运费多少钱现在")
    assert chat.menus == [SURVEY]


async def test_it_is_not_asked_for_exact_questions_and_taps(chat: Chat) -> None:
    await chat.says("积分怎么用")
    assert chat.menus == []
    await chat.sends("text", {"content": "积分怎么用", "menu_id": "faq:points"})
    assert chat.menus == []


async def test_it_is_not_asked_where_the_operator_does_not_want_it(open_chat: OpenChat) -> None:
    chat = await open_chat(answers={"feedback": False})
    await chat.says("积分能抵多少钱啊现在")
    assert chat.menus == []


async def test_it_is_not_asked_where_it_would_cost_a_message(open_chat: OpenChat) -> None:
    long = FaqEntry(id="long", question="羊毛衫怎么洗", answer="轻轻按压。" * 120)
    chat = await open_chat(entries=[long])
    await chat.says("你们羊毛衫怎么洗")
    assert chat.outcome == "answered"
    assert len(chat.wecom.sent) == 1
    assert chat.menus == []


@pytest.mark.parametrize("tap", [True, False])
async def test_what_did_not_help_brings_others_then_a_person(chat: Chat, tap: bool) -> None:
    await chat.says("积分能抵多少钱啊现在")
    await (chat.taps("没解决") if tap else chat.says("没解决"))
    assert chat.replies == [
        "抱歉没能帮上忙。您想了解的是不是下面这些？\n都不是的话，请换个说法再告诉我一次。"
    ]
    assert "积分怎么用" not in chat.menus[0]
    assert chat.menus[0][-1] == "转人工客服"
    assert chat.outcome == "unsolved"
    assert (await feedback_of(chat))[0] == "unsolved"
    await chat.says("没解决")
    rows = await chat.store.database.fetch("SELECT kind FROM outbox WHERE kind = 'HandOff'")
    assert len(rows) == 1


async def test_such_words_without_an_answer_before_them_are_an_ordinary_message(
    chat: Chat,
) -> None:
    await chat.says("没解决")
    assert chat.outcome == "missed"


async def test_the_same_asked_again_is_noted_on_the_answer_before(chat: Chat) -> None:
    await chat.says("运费多少钱")
    await chat.waits(minutes=3)
    await chat.says("包邮吗")
    assert await feedback_of(chat) == ["asked_again", None]
    await chat.waits(minutes=15)
    await chat.says("包邮吗")
    assert await feedback_of(chat) == ["asked_again", None, None]


async def test_what_the_customer_said_outweighs_that_it_was_asked_again(chat: Chat) -> None:
    await chat.says("积分能抵多少钱啊现在")
    await chat.taps("解决了")
    await chat.says("积分怎么用")
    assert (await feedback_of(chat))[0] == "solved"
