from bot.delivery.housekeeping import LeftCases
from bot.model import Emitted, Lane, ServiceState
from bot.routing import Router, Stage, Turn
from tests.cases import case_of
from tests.conftest import OpenChat
from tests.talk import Chat


def looking(chat: Chat, woken: list[str]) -> LeftCases:
    def wake(subject: str, _lane: Lane) -> None:
        woken.append(subject)

    return LeftCases(chat.store, chat.clock, wake)


async def letters(chat: Chat) -> int:
    rows = await chat.store.database.fetch("SELECT 1 FROM mailbox WHERE key LIKE 'left:%'")
    return len(rows)


async def test_a_case_in_which_nobody_writes_for_a_day_is_closed(chat: Chat) -> None:
    await chat.says("多久发货")
    opened_at = chat.clock.now()
    await chat.waits(hours=23.9)
    assert not (await case_of(chat)).is_over
    await chat.waits(hours=0.2)
    case = await case_of(chat)
    assert (case.outcome, case.closed_at) == ("gap", opened_at + 86_400)
    assert chat.replies == []


async def test_each_message_begins_the_day_anew(chat: Chat) -> None:
    await chat.says("多久发货")
    await chat.waits(hours=20)
    await chat.says("运费多少钱")
    await chat.waits(hours=20)
    assert not (await case_of(chat)).is_over
    await chat.waits(hours=5)
    assert (await case_of(chat)).outcome == "gap"


async def test_two_looks_tell_of_one_silence_once(chat: Chat) -> None:
    await chat.says("多久发货")
    woken: list[str] = []
    look = looking(chat, woken).look
    assert await look() == 0
    chat.clock.reach(chat.clock.now() + 86_400)
    assert (await look(), await look()) == (1, 1)
    assert await letters(chat) == 1
    assert set(woken) == {chat.conversation.subject}


async def test_a_message_that_comes_first_keeps_nobody_from_the_next_case(chat: Chat) -> None:
    """The look's event finds a case that is another one by then."""
    await chat.says("多久发货")
    chat.clock.reach(chat.clock.now() + 86_400)
    message = chat.text("运费多少钱")
    await looking(chat, []).look()
    await chat.receives(message)
    assert not (await case_of(chat)).is_over
    rows = await chat.store.database.fetch("SELECT outcome FROM cases ORDER BY opened_at")
    assert [row["outcome"] for row in rows] == ["gap", ""]


async def test_a_case_that_the_next_message_closes_is_told_like_any_other(
    open_chat: OpenChat,
) -> None:
    told = []
    router = Router("test", stage=Stage.SESSION)

    @router.on(Emitted, tag="case_closed")
    async def hear(turn: Turn, event: Emitted) -> None:
        told.append((event.data["by"], event.data["served_level"]))

    chat = await open_chat(more=[router])
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    chat.clock.reach(chat.clock.now() + 86_400)
    chat.wecom.state, chat.wecom.servicer = ServiceState.ENDED, None
    await chat.says_at_once("多久发货", "运费多少钱")
    assert told == [("gap", 2)]
    assert chat.cards[0].replaced_by == "会话已结束"
