"""Whole cases, from the first question to the rating and what comes of it."""

from bot.model import ServiceState
from tests.surveys import (
    INTRODUCTION,
    ITEMS,
    asked,
    ends,
    reason_of,
    row_of,
    the_case,
    told,
)
from tests.talk import Chat

AFTER_PEOPLE = "本次人工服务已结束，您对这次服务满意吗？点一下就能评分："
AFTER_BOT = "您对这次服务满意吗？点一下就能评分："
ASK_REASON = "方便说说是哪里没做好吗？直接打字告诉我就行。"
REASON_THANKS = "谢谢您告诉我们，已经记下了。还有其他问题，请直接告诉我。"


async def test_a_case_that_a_servicer_served_is_rated_by_the_customer(chat: Chat) -> None:
    await chat.says("多久发货")
    await chat.take_over()
    await chat.colleague_writes("您好，我来为您服务")
    await ends(chat)
    assert chat.replies == [AFTER_PEOPLE]
    await chat.taps("1 分 · 很不满意")
    assert chat.replies[0].startswith(INTRODUCTION + "谢谢您如实评价")
    await chat.says("等了很久才有人理我，太慢了")
    assert chat.replies == [REASON_THANKS]
    case = await the_case(chat)  # neither rating nor reason have opened another
    row = await row_of(chat, case)
    assert (row["asked_how"], row["score"]) == ("code", 1)
    assert await reason_of(chat, case) == "等了很久才有人理我，太慢了"
    tickets = await chat.store.database.fetch("SELECT case_id, level, reason FROM tickets")
    assert [tuple(one) for one in tickets] == [(case, 3, "dissatisfied")]
    assert chat.wecom.state is not ServiceState.HUMAN


async def test_a_case_that_the_bot_solved_is_rated_by_the_customer(chat: Chat) -> None:
    await chat.says("多久发货")
    await chat.says("解决了")
    assert chat.replies == ["好的，能帮到您就好。还有问题随时找我。", AFTER_BOT]
    assert chat.menus == [ITEMS]
    await chat.taps(ITEMS[2])
    assert chat.replies == [
        "谢谢您的评价，我们会做得更好。\n方便说说是哪里没做好吗？直接打字告诉我就行。"
    ]
    await chat.says("回答得太慢了")
    assert chat.replies == [REASON_THANKS]
    await chat.waits(hours=25)
    assert chat.replies == []
    row = await row_of(chat, await the_case(chat))
    assert (row["asked_how"], row["score"]) == ("message", 3)


async def test_a_servicer_who_ends_without_a_word_has_served_nobody(chat: Chat) -> None:
    await chat.says("多久发货")
    await chat.take_over()
    await ends(chat)
    assert chat.replies == []
    assert await asked(chat, await the_case(chat)) == ("none", "nobody_served")


async def test_after_24_hours_of_silence_nobody_is_asked(chat: Chat) -> None:
    await chat.says("多久发货")
    case = await the_case(chat)
    await chat.receives(told(chat, "case_closed", case_id=case, by="gap", served_level=0))
    await chat.waits(hours=30)
    assert chat.replies == []
    assert await asked(chat, case) == ("none", "not_solved")
