"""Sessions whose end was never told, or told late, and what was said before a hand-over."""

from bot.model import Emitted, MessageReceived, ServiceState, SessionChanged
from bot.model.cases import SESSION_LOST
from tests.cases import SHIP_TIME, case_of, steps_of
from tests.talk import Chat


async def served(chat: Chat) -> None:
    """A servicer has the case and has written."""
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.colleague_writes("您好，我是张三")


def ended_unheard(chat: Chat, state: ServiceState = ServiceState.ENDED) -> None:
    """The session is over, and WeCom's event is lost."""
    chat.wecom.state, chat.wecom.servicer = state, None


def end(chat: Chat, at: float) -> SessionChanged:
    """The end of a session, as WeCom tells it."""
    where = chat.conversation
    return SessionChanged(
        open_kfid=where.open_kfid,
        external_userid=where.external_userid,
        change_type=3,
        old_servicer_userid="zhangsan",
        sent_at=at,
    )


async def closed_cases(chat: Chat) -> int:
    rows = await chat.store.database.fetch("SELECT 1 FROM cases WHERE closed_at IS NOT NULL")
    return len(rows)


# -------------------------------------------------------------------- an end that nobody told


async def test_the_bot_answers_again_so_the_case_is_over_and_its_seat_free(chat: Chat) -> None:
    """Before: it stood as served for as long as the customer wrote, and took a seat."""
    await served(chat)
    ended_unheard(chat)
    await chat.waits(minutes=21)  # what is known of the owner is too old
    await chat.says("多久发货")
    assert chat.replies[0].endswith(SHIP_TIME)
    case = await case_of(chat)
    assert (case.status, case.outcome) == ("closed", "ended")
    assert await chat.store.cases.loads() == {}
    await chat.says("运费多少钱")
    assert await steps_of(chat) == ["opened"]
    await chat.waits(minutes=40)
    assert await closed_cases(chat) == 1


async def test_its_end_told_at_last_counts_nothing_twice(chat: Chat) -> None:
    await served(chat)
    ended_at = chat.clock.now()
    ended_unheard(chat)
    await chat.waits(minutes=21)
    await chat.says("多久发货")
    first = await case_of(chat)
    await chat.says("运费多少钱")
    await chat.receives(end(chat, ended_at))
    assert (await case_of(chat)).status == "bot"
    again = await chat.store.cases.get(first.id)
    assert again == first
    assert await closed_cases(chat) == 1


async def test_whoever_waited_in_vain_is_found_somebody_anew(chat: Chat) -> None:
    """The session had come to nobody's hands yet, and is the bot's again."""
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    case = await case_of(chat)
    ended_unheard(chat, ServiceState.BOT)
    await chat.receives(lost(chat, case.id))
    assert (await case_of(chat)).status == "assigned"  # known as his; nothing has been read yet
    await chat.store.database.execute("UPDATE conversations SET service_state = 1")
    await chat.receives(lost(chat, case.id))
    assert chat.wecom.servicer == "zhangsan"
    assert (await case_of(chat)).status == "assigned"
    assert "released" in await steps_of(chat)


def lost(chat: Chat, case_id: str) -> Emitted:
    where = chat.conversation
    return Emitted(
        name=SESSION_LOST,
        data={"case_id": case_id},
        open_kfid=where.open_kfid,
        external_userid=where.external_userid,
    )


async def test_a_customer_who_seems_to_wait_gives_the_seat_back_too(chat: Chat) -> None:
    """Before: whoever wrote last before the unseen end held a seat for a day."""
    await served(chat)
    await chat.says("那我的订单呢")
    ended_unheard(chat)
    await chat.waits(minutes=26)
    assert (await case_of(chat)).status == "closed"
    assert await chat.store.cases.loads() == {}


# -------------------------------------------------------------------- an end that is told late


async def test_a_late_end_does_not_end_the_next_session(chat: Chat) -> None:
    """Before: the case was closed while its servicer was writing."""
    await served(chat)
    ended_at = chat.clock.now()
    await chat.waits(seconds=30)
    ended_unheard(chat)
    await chat.waits(minutes=21)
    await chat.says("转人工")
    case = await case_of(chat)
    assert case.status == "assigned"
    await chat.receives(end(chat, ended_at))
    assert (await case_of(chat)).status == "assigned"
    assert chat.wecom.state is ServiceState.HUMAN
    await chat.colleague_writes("您好，又是我")
    await chat.says("好的谢谢")
    assert chat.replies == []


async def test_a_late_end_of_an_earlier_case_makes_the_next_one_the_bot_s(chat: Chat) -> None:
    """It was over when the customer began anew, and what he wrote then was heard by nobody."""
    await served(chat)
    await chat.waits(hours=24.5)
    ended_at = chat.clock.now()
    await chat.waits(seconds=10)
    await told_as_served(chat, chat.text("多久发货"))
    assert (await case_of(chat)).status == "serving"
    ended_unheard(chat)
    chat.wecom.state = ServiceState.NEW
    await chat.receives(end(chat, ended_at))
    assert (await case_of(chat)).status == "bot"
    assert any("请再说一次" in reply for reply in chat.replies)
    await chat.says("多久发货")
    assert chat.replies[-1].endswith(SHIP_TIME)


async def told_as_served(chat: Chat, message: MessageReceived) -> None:
    """A message while it is known, since just now, that a servicer has the session."""
    await chat.store.database.execute(
        "UPDATE conversations SET state_as_of = ?", chat.clock.now() - 9
    )
    chat.wecom.state, chat.wecom.servicer = ServiceState.HUMAN, "zhangsan"
    await chat.store.database.execute(
        "UPDATE conversations SET service_state = 3, servicer_userid = 'zhangsan', state_as_of = ?",
        chat.clock.now() - 30,
    )
    await chat.receives(message)


async def test_what_was_written_after_the_end_is_not_swallowed(chat: Chat) -> None:
    """The event comes after the message: before, nobody ever answered it."""
    await served(chat)
    ended_at = chat.clock.now()
    await chat.waits(seconds=10)
    await chat.says("多久发货")
    assert chat.replies == []
    chat.wecom.state, chat.wecom.servicer = ServiceState.NEW, None
    await chat.receives(end(chat, ended_at))
    assert (await case_of(chat)).status == "closed"
    assert any("请再说一次" in reply for reply in chat.replies)


# -------------------------------------------------------------------- what was said before


async def test_a_solution_that_a_person_was_wanted_after_is_none(chat: Chat) -> None:
    """Before: the tap on 解决了 after the first answer made the case a solved one for good."""
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("多久发货")
    where = chat.conversation
    await chat.receives(
        Emitted(
            name="solved",
            data={},
            open_kfid=where.open_kfid,
            external_userid=where.external_userid,
        )
    )
    assert (await case_of(chat)).outcome == "solved"
    await chat.says("转人工")
    assert (await case_of(chat)).outcome == ""
    await chat.colleague_writes("您好")
    await chat.end()
    assert (await case_of(chat)).outcome == "ended"
