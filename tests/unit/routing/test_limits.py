import msgspec

from bot.errors import AllowanceSpent
from bot.model import Lane, MessageReceived, SendMessage
from bot.store import Draft, Unit, conversation_queue
from tests.conftest import OpenChat
from tests.talk import Chat

SHIP_TIME = "现货 48 小时内发出。"
FLOOD = "您的消息有点多，我一时看不过来。请稍等一会儿，把问题合成一条发给我，谢谢。"


def sent_before(chat: Chat, text: str, *, hours: float = 0, seconds: float = 0) -> MessageReceived:
    sent_at = chat.clock.now() - hours * 3600 - seconds
    return msgspec.structs.replace(chat.text(text), sent_at=sent_at)


async def test_a_customer_who_floods_is_limited_politely_and_once(chat: Chat) -> None:
    for _ in range(20):
        await chat.says("多久发货")
        assert chat.replies == [SHIP_TIME]
        await chat.waits(seconds=1)
    await chat.says("多久发货")
    assert chat.replies == [FLOOD]
    for _ in range(5):
        await chat.waits(seconds=1)
        await chat.says("多久发货")
        assert chat.replies == []
        assert chat.outcome == "flood"


async def test_a_steady_flood_is_told_once_too(chat: Chat) -> None:
    told = 0
    for _ in range(60):
        await chat.says("多久发货")
        told += chat.replies == [FLOOD]
        await chat.waits(seconds=3)
    assert told == 1


async def test_after_a_quiet_minute_the_customer_is_answered_again(chat: Chat) -> None:
    for _ in range(25):
        await chat.says("多久发货")
    await chat.waits(seconds=61)
    await chat.says("多久发货")
    assert chat.replies == [SHIP_TIME]


async def test_a_flood_in_one_page_is_limited_as_well(chat: Chat) -> None:
    await chat.says_at_once(*["多久发货"] * 40)
    assert len(chat.replies) == 1
    assert FLOOD in chat.replies[0]


async def test_a_late_answer_apologises(chat: Chat) -> None:
    await chat.waits(minutes=5)
    await chat.receives(sent_before(chat, "多久发货", seconds=61))
    assert chat.replies == [f"抱歉，让您久等了。\n\n{SHIP_TIME}"]


async def test_an_answer_within_a_minute_does_not(chat: Chat) -> None:
    await chat.waits(minutes=5)
    await chat.receives(sent_before(chat, "多久发货", seconds=59))
    assert chat.replies == [SHIP_TIME]


async def test_a_message_older_than_48_hours_goes_to_people(chat: Chat) -> None:
    await chat.receives(sent_before(chat, "多久发货", hours=49))
    assert chat.replies == []
    assert chat.outcome == "too_late"
    assert any("客户的消息已超过 48 小时" in text for text in chat.staff_messages)


async def test_old_questions_of_one_customer_are_one_turn_and_one_call_for_people(
    chat: Chat,
) -> None:
    await chat.receives(*(sent_before(chat, "多久发货", hours=49) for _ in range(3)))
    told = [text for text in chat.staff_messages if "超过 48 小时" in text]
    assert len(told) == 1


async def test_a_fresh_question_beside_an_old_one_is_answered(chat: Chat) -> None:
    await chat.receives(sent_before(chat, "运费多少钱", hours=49), chat.text("多久发货"))
    assert chat.replies[0] == SHIP_TIME


async def test_a_long_answer_is_shortened_to_three_sends(chat: Chat) -> None:
    await chat.says("羊毛衫怎么洗")
    assert len(chat.replies) == 3
    assert all(len(text.encode()) <= 2048 for text in chat.replies)
    assert chat.replies[-1].endswith(
        "（内容较多，以上为主要部分；想了解其余内容可以接着问我，或回复“人工”。）"
    )


async def test_a_shortened_answer_leaves_room_for_what_follows(chat: Chat) -> None:
    chat.wecom.receiving = []
    await chat.says_at_once("羊毛衫怎么洗", "转人工")
    assert len(chat.replies) == 4
    assert chat.replies[-1].startswith("抱歉，现在没有同事在线")


async def a_waiting_reply(chat: Chat, text: str) -> None:
    unit, now = Unit(), chat.clock.now()
    draft = Draft(
        subject=chat.conversation.subject,
        queue=conversation_queue(chat.conversation),
        conversation=chat.conversation,
        lane=Lane.REPLY,
        effect=SendMessage(payload={"msgtype": "text", "text": {"content": text}}),
        expires_at=now + 3600,
    )
    await chat.store.outbox.post(unit, [draft], now)
    await chat.store.database.commit(unit)


async def states(chat: Chat) -> list[str]:
    rows = await chat.store.database.fetch(
        "SELECT state FROM outbox WHERE kind = 'SendMessage' ORDER BY id"
    )
    return [row["state"] for row in rows]


async def test_a_sixth_message_is_held_and_not_tried(chat: Chat) -> None:
    await chat.says("多久发货")
    for number in range(2, 7):
        await a_waiting_reply(chat, f"第 {number} 条")
    await chat.waits(seconds=1)
    assert chat.replies == [f"第 {number} 条" for number in range(2, 6)]
    assert await states(chat) == ["sent"] * 5 + ["held"]


async def test_the_next_message_of_the_customer_opens_five_more(chat: Chat) -> None:
    await chat.says("多久发货")
    for number in range(2, 7):
        await a_waiting_reply(chat, f"第 {number} 条")
    await chat.waits(seconds=1)
    await chat.says("运费多少钱")
    assert chat.replies == ["满 99 元包邮，不满 99 元运费 8 元。"]


async def test_what_wecom_itself_refuses_for_the_allowance_is_held(chat: Chat) -> None:
    chat.wecom.failures = [AllowanceSpent("kf/send_msg", 95001)]
    await chat.says("多久发货")
    assert chat.replies == []
    assert await states(chat) == ["held"]


async def test_the_limit_of_the_configuration_holds(open_chat: OpenChat) -> None:
    chat = await open_chat(routing={"flood_messages": 1})
    await chat.says("多久发货")
    await chat.says("多久发货")
    assert chat.replies == [FLOOD]


async def test_what_was_written_to_people_is_no_flood(chat: Chat) -> None:
    await chat.take_over()
    await chat.says_at_once(*(f"第 {number} 件" for number in range(30)))
    assert chat.replies == []
    await chat.end()
    await chat.says("多久发货")
    assert chat.handled_by == "faq.answer"
