"""Our clock was ahead of WeCom's: a session that had begun again looked ended, its answer was held.

Nobody was told either: a held answer looks like one that a person has taken over.
"""

from bot.model import ServiceState
from tests.builders import a_message
from tests.talk import Chat


async def test_a_session_that_ended_by_our_clock_is_read_before_its_answer_is_held(
    chat: Chat,
) -> None:
    await chat.says("运费多少钱")
    now = chat.clock.now()
    await chat.store.database.execute(
        "UPDATE conversations SET service_state = 4, state_as_of = ?", now
    )
    chat.wecom.state = ServiceState.NEW
    await chat.receives(a_message("多久发货", of=chat.conversation, sent_at=now - 7))
    await chat.waits(seconds=1)
    assert chat.replies == ["现货 48 小时内发出。"]


async def test_a_session_that_has_ended_gets_no_answer(chat: Chat) -> None:
    await chat.says("运费多少钱")
    now = chat.clock.now()
    await chat.store.database.execute(
        "UPDATE conversations SET service_state = 4, state_as_of = ?", now
    )
    chat.wecom.state = ServiceState.ENDED
    before = a_message("多久发货", of=chat.conversation, sent_at=now - 7)
    await chat.receives(before)
    await chat.waits(minutes=5)
    assert chat.replies == []
