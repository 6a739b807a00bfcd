import pytest

from bot.model import MessageRecalled
from tests.conftest import OpenChat
from tests.talk import Chat

SHIP_TIME, SHIP_FEE = "现货 48 小时内发出。", "满 99 元包邮，不满 99 元运费 8 元。"


async def test_each_question_of_a_burst_is_answered_in_one_send(chat: Chat) -> None:
    await chat.says_at_once("多久发货", "运费多少钱", "可以开发票吗")
    assert chat.replies == [
        f"「多久发货」\n{SHIP_TIME}\n\n「运费多少钱」\n{SHIP_FEE}\n\n"
        "「可以开发票吗」\n可以，在订单页点“申请发票”，一天内开好。"
    ]


async def test_the_same_question_twice_is_answered_once_and_without_quoting(chat: Chat) -> None:
    await chat.says_at_once("多久发货", "多久发货？？")
    assert chat.replies == [SHIP_TIME]


async def test_menus_of_a_burst_become_one_menu(chat: Chat) -> None:
    await chat.says_at_once("怎么退货", "申请")
    assert len(chat.replies) == 1
    assert chat.menus == [["退货运费谁出", "怎么退货", "可以开发票吗"]]


async def test_a_miss_among_answers_keeps_its_menu(chat: Chat) -> None:
    await chat.says_at_once("多久发货", "明天火星天气怎么样")
    assert len(chat.replies) == 1
    assert SHIP_TIME in chat.replies[0]
    assert "「明天火星天气怎么样」" in chat.replies[0]
    assert len(chat.menus[0]) == 3


async def test_a_long_question_is_quoted_shortly(chat: Chat) -> None:
    long = "我昨天下午在你们店里买了一件很好看的羊毛衫想问问多久发货"
    await chat.says_at_once(long, "运费多少钱")
    assert f"「{long[:23]}…」" in chat.replies[0]


async def test_a_burst_of_fragments_waits_and_is_joined_by_its_question(chat: Chat) -> None:
    await chat.says("你好", and_soon="多久发货")
    assert chat.replies == [SHIP_TIME]


async def test_fragments_after_fragments_are_answered_at_last(chat: Chat) -> None:
    await chat.says("你好", and_soon="在吗")
    assert len(chat.replies) == 1
    assert chat.replies[0].startswith("您好，请问有什么可以帮您")


async def test_a_window_of_nothing_never_waits(open_chat: OpenChat) -> None:
    chat = await open_chat(routing={"merge_window_ms": 0})
    started = chat.clock.now()
    await chat.says("在吗")
    assert len(chat.replies) == 1
    assert chat.clock.now() == started


async def test_a_greeting_whose_question_is_recalled_is_greeted(chat: Chat) -> None:
    question = chat.text("多久发货")
    recall = MessageRecalled(
        open_kfid=question.open_kfid,
        external_userid=question.external_userid,
        recall_msgid=question.msgid,
        sent_at=question.sent_at,
    )
    await chat.receives(chat.text("你好"), question, recall)
    assert len(chat.replies) == 1
    assert chat.replies[0].startswith("您好")


@pytest.mark.parametrize("count", [2, 7, 19])
async def test_a_burst_of_many_questions_takes_at_most_three_sends(chat: Chat, count: int) -> None:
    questions = ["多久发货", "运费多少钱", "怎么退货", "可以开发票吗", "积分怎么用", "羊毛衫怎么洗"]
    await chat.says_at_once(*(questions[n % len(questions)] for n in range(count)))
    assert 1 <= len(chat.replies) <= 3
