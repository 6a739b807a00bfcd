"""What becomes of a send that WeCom refuses, or does not answer?"""

import pytest

from bot.errors import (
    AllowanceSpent,
    CodeSpent,
    Rejected,
    Throttled,
    Unreachable,
    WeComError,
    WindowClosed,
    WrongState,
)
from bot.model import Lane, SendFailed, SendOnEvent, ServiceState
from bot.store import Draft, Unit, conversation_queue
from tests.conftest import OpenChat
from tests.talk import Chat

SHIP_TIME = "现货 48 小时内发出。"


async def last(chat: Chat) -> tuple[str, str]:
    row = await chat.store.database.fetch_one(
        "SELECT state, COALESCE(error, '') AS error FROM outbox ORDER BY id DESC LIMIT 1"
    )
    assert row is not None
    return row["state"], row["error"]


async def state_of_reply(chat: Chat) -> str:
    row = await chat.store.database.fetch_one(
        "SELECT state FROM outbox WHERE kind = 'SendMessage' ORDER BY id LIMIT 1"
    )
    assert row is not None
    return str(row["state"])


async def test_a_wrong_state_is_read_again_and_holds_when_a_person_has_it(chat: Chat) -> None:
    """95018: somebody took over a moment ago and the event is still on its way."""
    message = chat.text("多久发货")
    chat.wecom.failures = [WrongState("kf/send_msg", 95018)]
    chat.wecom.state, chat.wecom.servicer = ServiceState.HUMAN, "zhangsan"
    await chat.receives(message)
    await chat.waits(minutes=5)
    assert chat.replies == []
    assert await state_of_reply(chat) == "held"
    assert chat.staff_messages == [], "the person who took over needs no alarm"
    facts = await chat.store.conversations.facts(chat.conversation)
    assert facts.ownership.servicer == "zhangsan"


async def test_a_reply_that_wecom_counts_as_the_sixth_is_held_and_people_are_told(
    chat: Chat,
) -> None:
    chat.wecom.failures = [AllowanceSpent("kf/send_msg", 95001)]
    await chat.says("多久发货")
    assert await state_of_reply(chat) == "held"
    assert len(chat.staff_messages) == 1


async def test_a_queue_notice_is_withheld_once_somebody_has_taken_the_session(chat: Chat) -> None:
    """Its code is good for state 2 only; in state 3 the bot is silent (wecom-api §3.11)."""
    chat.wecom.receiving = ["zhangsan"]
    notice = SendOnEvent(
        code="queue", payload={"msgtype": "text", "text": {"content": "排队中"}}, in_state=2
    )
    draft = Draft(
        subject=chat.conversation.subject,
        queue=conversation_queue(chat.conversation),
        conversation=chat.conversation,
        lane=Lane.HANDOFF,
        effect=notice,
        expires_at=chat.clock.now() + 3600,
    )
    await chat.take_over("zhangsan")
    unit = Unit()
    await chat.store.outbox.post(unit, [draft], chat.clock.now())
    await chat.store.database.commit(unit)
    await chat.waits(minutes=1)
    assert chat.replies == []
    assert await last(chat) == ("cancelled", "the session has moved on")


async def test_a_wrong_state_that_is_already_over_is_tried_again(chat: Chat) -> None:
    chat.wecom.failures = [WrongState("kf/send_msg", 95016)]
    await chat.says("多久发货")
    await chat.waits(seconds=1)
    assert chat.replies == [SHIP_TIME]


async def test_tries_that_nobody_answered_do_not_make_a_wrong_state_final(chat: Chat) -> None:
    """WeCom was out of reach, then refused once in passing; the conversation is the bot's."""
    out_of_reach = [Unreachable("kf/send_msg")] * 4
    chat.wecom.failures = [*out_of_reach, WrongState("kf/send_msg", 95018)]
    await chat.says("多久发货")
    await chat.waits(minutes=5)
    assert chat.replies == [SHIP_TIME]


async def test_who_is_refused_in_a_session_of_the_bot_s_is_not_forgotten(chat: Chat) -> None:
    """WeCom says that it is the bot's, and refuses all the same: people must know."""
    chat.wecom.failures = [WrongState("kf/send_msg", 95018)] * 9
    await chat.says("多久发货")
    await chat.waits(minutes=5)
    assert await state_of_reply(chat) == "dead"
    assert any("回复没能送达" in text for text in chat.staff_messages)


async def test_a_blocked_api_is_left_alone_until_it_may_be_called(chat: Chat) -> None:
    at = chat.clock.now() + 30
    chat.wecom.failures = [Throttled("kf/send_msg", 45009, retry_at=at)]
    await chat.says("多久发货")
    await chat.waits(seconds=29)
    assert chat.replies == []
    await chat.waits(seconds=2)
    assert chat.replies == [SHIP_TIME]


async def test_a_closed_window_ends_the_reply_and_tells_people(chat: Chat) -> None:
    chat.wecom.failures = [WindowClosed("kf/send_msg", 95002)]
    await chat.says("多久发货")
    assert await state_of_reply(chat) == "expired"
    assert any("回复没能送达" in text for text in chat.staff_messages)


async def test_a_refused_reply_is_dead_and_people_are_told(chat: Chat) -> None:
    chat.wecom.failures = [Rejected("kf/send_msg", 40096)]
    await chat.says("多久发货")
    assert await state_of_reply(chat) == "dead"
    assert any("回复没能送达" in text for text in chat.staff_messages)


async def test_a_repeat_that_is_refused_as_known_was_sent(chat: Chat) -> None:
    """The first try reached WeCom, its answer did not reach us; the msgid is the same."""
    chat.wecom.failures = [Unreachable("kf/send_msg"), Rejected("kf/send_msg", 95099)]
    await chat.says("多久发货")
    await chat.waits(seconds=10)
    assert await state_of_reply(chat) == "sent"
    assert chat.staff_messages == []


async def test_what_wecom_never_heard_cannot_have_been_accepted(chat: Chat) -> None:
    """Before: refused for its content after a frequency block, it counted as sent."""
    at = chat.clock.now() + 30
    chat.wecom.failures = [
        Throttled("kf/send_msg", 45009, retry_at=at),
        Rejected("kf/send_msg", 40058),
    ]
    await chat.says("多久发货")
    await chat.waits(seconds=31)
    assert await state_of_reply(chat) == "dead"
    assert any("回复没能送达" in text for text in chat.staff_messages)


@pytest.mark.parametrize(
    ("failures", "state"),
    [
        ([CodeSpent("kf/send_msg_on_event", 41000)], "dead"),
        ([Throttled("x", 45009, retry_at=0), CodeSpent("kf/send_msg_on_event", 41000)], "dead"),
        ([Unreachable("x"), CodeSpent("kf/send_msg_on_event", 41000)], "sent"),
    ],
)
async def test_a_code_that_is_spent_means_sent_only_on_a_repeat(
    open_chat: OpenChat, failures: list[WeComError], state: str
) -> None:
    chat = await open_chat(welcomed=False)
    chat.wecom.failures = list(failures)
    await chat.enters()
    await chat.waits(seconds=5)
    assert (await last(chat))[0] == state


async def test_replies_of_one_conversation_keep_their_order_when_one_must_wait(chat: Chat) -> None:
    chat.wecom.failures = [Unreachable("kf/send_msg")]
    await chat.says("多久发货")
    await chat.says("运费多少钱")
    assert chat.replies == []
    await chat.waits(seconds=10)
    assert chat.replies == [SHIP_TIME, "满 99 元包邮，不满 99 元运费 8 元。"]


async def test_what_wecom_could_not_deliver_after_all_is_dead(chat: Chat) -> None:
    await chat.says("多久发货")
    row = await chat.store.database.fetch_one("SELECT msgid FROM outbox WHERE kind='SendMessage'")
    assert row is not None
    where = chat.conversation
    await chat.receives(
        SendFailed(
            open_kfid=where.open_kfid,
            external_userid=where.external_userid,
            fail_msgid=row["msgid"],
            fail_type=4,
        )
    )
    assert await state_of_reply(chat) == "dead"


async def test_a_dead_reply_that_is_refused_again_is_dead_again(chat: Chat) -> None:
    """Before: the operator's retry counted as sent, for a repeat that is refused may be one."""
    chat.wecom.failures = [Rejected("kf/send_msg", 40058)]
    await chat.says("多久发货")
    chat.wecom.failures = [Rejected("kf/send_msg", 40058)]
    (dead,) = await chat.store.outbox.dead()
    await chat.store.outbox.revive([dead["id"]], chat.clock.now())
    await chat.waits(seconds=1)
    assert await state_of_reply(chat) == "dead"
