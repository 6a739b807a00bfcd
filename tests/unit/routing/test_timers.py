"""When does a timer of a conversation ring, and when not?"""

from typing import Any

from bot.model import Reply, SessionEntered, TimerDue
from bot.routing import Router, Stage, Turn
from bot.store import Unit
from tests.conftest import OpenChat
from tests.talk import Chat


def reminding() -> Router:
    """Sets a timer at 提醒, withdraws it at 算了, and says 到点了 when it rings."""
    router = Router("reminding", stage=Stage.GUARD)

    @router.message()
    async def hear(turn: Turn) -> None:
        if "提醒" in turn.text:
            turn.schedule("reminding.ring", 600)
        if "算了" in turn.text:
            turn.cancel("reminding.ring")
            turn.settle("noted")

    @router.on(TimerDue, tag="reminding.ring")
    async def ring(turn: Turn) -> None:
        turn.reply("到点了")

    return router


async def open_reminding(open_chat: OpenChat, **sections: Any) -> Chat:
    return await open_chat(more=[reminding()], **sections)


async def test_setting_a_timer_owns_the_message(open_chat: OpenChat) -> None:
    chat = await open_reminding(open_chat)
    await chat.says("提醒我")
    assert chat.handled_by == "reminding.hear"
    assert chat.replies == []
    await chat.waits(minutes=10)
    assert chat.replies == ["到点了"]


async def test_withdrawing_a_timer_alone_leaves_the_message_to_the_others(
    open_chat: OpenChat,
) -> None:
    router = Router("only_cancels", stage=Stage.GUARD)

    @router.message()
    async def hear(turn: Turn) -> None:
        turn.cancel("reminding.ring")

    chat = await open_chat(more=[router])
    await chat.says("多久发货")
    assert chat.outcome == "answered"
    assert chat.replies


async def test_the_last_word_of_a_turn_counts(open_chat: OpenChat) -> None:
    chat = await open_reminding(open_chat)
    await chat.says_at_once("提醒我", "算了")
    await chat.waits(hours=1)
    assert chat.replies == []
    await chat.says_at_once("算了", "提醒我")
    await chat.waits(hours=1)
    assert chat.replies == ["到点了"]


async def test_timers_of_two_accounts_do_not_replace_each_other(open_chat: OpenChat) -> None:
    chat = await open_reminding(open_chat)
    await chat.says("提醒我")
    other = TimerDue(name="reminding.ring", open_kfid="wk_other", external_userid="wm_lan")
    unit, now = Unit(), chat.clock.now()
    subject = chat.conversation.subject
    await chat.store.mailbox.schedule(unit, subject, other, now + 9_000, now=now)
    await chat.store.database.commit(unit)
    await chat.waits(minutes=10)
    assert chat.replies == ["到点了"]


async def test_what_a_timer_would_have_said_brings_nobody_where_the_bot_only_suggests(
    open_chat: OpenChat,
) -> None:
    chat = await open_reminding(open_chat, autonomy={"mode": "suggest"})
    await chat.says("提醒我")
    await chat.waits(minutes=10)
    assert chat.replies == []
    assert any("到点了" in text for text in chat.staff_messages)
    rows = await chat.store.database.fetch("SELECT 1 FROM outbox WHERE kind = 'HandOff'")
    assert rows == []


async def test_of_several_welcomes_of_a_turn_the_first_alone_is_sent(open_chat: OpenChat) -> None:
    """R-2.2: exactly one."""
    router = Router("channel", stage=Stage.GUARD)

    @router.on(SessionEntered)
    async def greet(turn: Turn, entered: SessionEntered) -> None:
        for text in ("渠道欢迎", "员工欢迎"):
            code, reply = entered.welcome_code or "", Reply(text=text)
            turn.reply_by_code(code, reply, expires_at=turn.now + 18)

    chat = await open_chat(more=[router], welcomed=False)
    await chat.enters()
    assert chat.replies == ["渠道欢迎"]


async def test_a_request_for_a_person_is_withheld_when_the_bot_is_silenced_meanwhile(
    chat: Chat,
) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.decides_on(chat.text("转人工"))
    await chat.store.switches.turn_on(
        "silence", "all", "", by="test", reason="", now=chat.clock.now()
    )
    await chat.waits(minutes=1)
    assert chat.replies == []
    assert chat.staff_messages == []
