"""A conversation that no turn had stored yet could neither be handed over nor told to wait.

Before: `Owners.read` updated no row, found no owner, and the hand-over was tried for 48 h.
"""

from bot.delivery.housekeeping import WaitingNotices
from bot.model import Lane
from bot.routing import Router, Stage, Turn
from bot.store import Arrival, Unit
from tests.conftest import OpenChat
from tests.talk import Chat


async def a_message_waits(chat: Chat) -> None:
    unit, now = Unit(), chat.clock.now()
    arrival = Arrival(chat.conversation.subject, chat.text("多久发货"), Lane.REPLY, sent_at=now)
    await chat.store.mailbox.deliver(unit, [arrival], now)
    await chat.store.database.commit(unit)
    chat.clock.reach(now + 61)


def notices(chat: Chat) -> WaitingNotices:
    return WaitingNotices(
        chat.store,
        chat.engine.phrases,
        chat.clock,
        60,
        lambda _queue, _lane: None,
        chat.engine.config.for_account,
    )


async def test_a_first_message_that_always_fails_is_handed_over(open_chat: OpenChat) -> None:
    router = Router("test", stage=Stage.GUARD)

    @router.message()
    async def poison(turn: Turn) -> None:
        raise RuntimeError

    chat = await open_chat(more=[router], welcomed=False)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("多久发货")
    await chat.waits(minutes=10)
    assert chat.wecom.state == 3


async def test_who_writes_for_the_first_time_is_told_to_wait(open_chat: OpenChat) -> None:
    chat = await open_chat(welcomed=False)
    await a_message_waits(chat)
    await notices(chat).look()
    await chat.dialogue.catch_up()
    sent = [payload["text"]["content"] for payload in chat.wecom.sent]
    assert "请稍候" in sent[0]
    assert "现货 48 小时内发出。" in sent[-1]


async def test_who_comes_back_after_days_is_told_to_wait(chat: Chat) -> None:
    await chat.says("运费多少钱")
    await chat.waits(hours=72)
    await a_message_waits(chat)
    await notices(chat).look()
    chat.wecom.sent.clear()
    await chat.dialogue.catch_up()
    assert "请稍候" in chat.wecom.sent[0]["text"]["content"]


async def test_an_account_that_is_off_tells_nobody_to_wait(open_chat: OpenChat) -> None:
    chat = await open_chat(autonomy={"mode": "off"})
    await chat.says("运费多少钱")
    await a_message_waits(chat)
    assert await notices(chat).look() == 0


async def test_a_notice_that_comes_too_late_alarms_nobody(chat: Chat) -> None:
    """Before: people heard of a reply that could not be delivered."""
    await chat.says("运费多少钱")
    await a_message_waits(chat)
    await notices(chat).look()
    chat.clock.reach(chat.clock.now() + 61)
    await chat.dialogue.catch_up()
    assert chat.staff.sent == []
