from bot.model import MessageRecalled
from tests.talk import Chat


def recall_of(chat: Chat, msgid: str) -> MessageRecalled:
    return MessageRecalled(
        open_kfid=chat.conversation.open_kfid,
        external_userid=chat.conversation.external_userid,
        recall_msgid=msgid,
        sent_at=chat.clock.now(),
    )


async def outcomes(chat: Chat) -> list[tuple[str, bool]]:
    rows = await chat.store.database.fetch(
        "SELECT outcome, body IS NULL AS forgotten FROM messages"
    )
    return [(row["outcome"], bool(row["forgotten"])) for row in rows]


async def test_a_message_recalled_before_it_was_handled_is_not_answered(chat: Chat) -> None:
    message = chat.text("多久发货")
    await chat.receives(message, recall_of(chat, message.msgid))
    assert chat.replies == []
    assert [outcome for outcome, _ in await outcomes(chat)] == ["recalled"]


async def test_what_is_left_of_a_burst_is_answered(chat: Chat) -> None:
    slip, message = chat.text("运费多少钱"), chat.text("多久发货")
    await chat.receives(slip, message, recall_of(chat, slip.msgid))
    assert chat.replies == ["现货 48 小时内发出。"]


async def test_a_recalled_request_for_a_person_brings_nobody(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    message = chat.text("转人工")
    await chat.receives(message, recall_of(chat, message.msgid))
    assert chat.staff_messages == []


async def test_an_answer_that_is_not_sent_yet_is_withdrawn(chat: Chat) -> None:
    message = chat.text("多久发货")
    await chat.decides_on(message)
    await chat.receives(recall_of(chat, message.msgid))
    await chat.waits(minutes=1)
    assert chat.replies == []


async def test_a_recalled_message_is_forgotten(chat: Chat) -> None:
    msgid = await chat.says("我的电话是 13800000000")
    await chat.receives(recall_of(chat, msgid))
    assert [forgotten for _, forgotten in await outcomes(chat)] == [True]


async def test_a_message_recalled_in_its_own_page_is_forgotten_too(chat: Chat) -> None:
    message = chat.text("我的电话是 13800000000")
    await chat.receives(message, recall_of(chat, message.msgid))
    assert [forgotten for _, forgotten in await outcomes(chat)] == [True]


async def test_a_recall_of_something_unknown_changes_nothing(chat: Chat) -> None:
    await chat.receives(recall_of(chat, "never-seen"))
    assert chat.replies == []
    await chat.says("多久发货")
    assert chat.replies == ["现货 48 小时内发出。"]
