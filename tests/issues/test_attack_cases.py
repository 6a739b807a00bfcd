"""Cases that lost their customer, their seat, or the truth about who was asked."""

from typing import Any

import pytest

from bot.errors import Rejected, ServicerUnavailable, Unreachable
from bot.model import EffectDone, Emitted, ServiceState
from bot.routing import Router, Stage, Turn
from handlers.escalation.requesting import HANDOFF
from tests.cases import action, case_of, open_ticket_of, steps_of, told, wants
from tests.conftest import OpenChat
from tests.talk import Chat

JUNIORS: list[dict[str, Any]] = [
    {"userid": "zhangsan", "name": "张三", "level": "junior"},
    {"userid": "wangwu", "name": "王五", "level": "junior"},
    {"userid": "lisi", "name": "李四", "level": "leader", "capacity": 0},
]


def full() -> ServicerUnavailable:
    """WeCom has its own limit of sessions per servicer."""
    return ServicerUnavailable("kf/service_state/trans", 95014, "servicer is full")


# -------------------------------------------------------------------- a session that is over


async def test_a_lost_end_keeps_nobody_from_a_person(chat: Chat) -> None:
    """Before: whoever asked for a person got neither a person nor a word."""
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    chat.wecom.state, chat.wecom.servicer = ServiceState.ENDED, None  # and WeCom tells nobody
    await chat.waits(minutes=65)
    await chat.says("多久发货")
    assert chat.wecom.state is not ServiceState.HUMAN
    await chat.says("转人工")
    case = await case_of(chat)
    assert (case.status, case.servicer) == ("assigned", "zhangsan")


async def test_asking_again_takes_nothing_from_who_still_serves(chat: Chat) -> None:
    """The state is only too old to be sure of."""
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    await chat.waits(minutes=25)
    await chat.says("转人工")
    case = await case_of(chat)
    assert (case.status, case.servicer) == ("serving", "zhangsan")
    assert (chat.wecom.servicer, chat.replies) == ("zhangsan", [])


async def test_who_writes_while_wecom_is_away_is_not_ended_for_silence(chat: Chat) -> None:
    """Before: the message was swallowed, and its writer asked how satisfied he was."""
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    await chat.waits(minutes=29.9)
    chat.wecom.failures = [Unreachable("kf/service_state/trans")]
    await chat.waits(seconds=6.1)
    assert (await steps_of(chat))[-1] == "ending"
    await chat.decides_on(chat.text("那我再看看尺码表"))
    await chat.waits(minutes=3)
    assert chat.wecom.state is ServiceState.HUMAN
    assert (await case_of(chat)).waiting_since is not None
    await chat.colleague_writes("好的")
    await chat.waits(minutes=31)
    assert (await case_of(chat)).outcome == "idle"


# -------------------------------------------------------------------- seats and who was asked


async def test_whom_wecom_refused_was_not_asked(open_chat: OpenChat) -> None:
    """Before: he counted as slow, was never asked again, and the case was one for experts."""
    chat = await open_chat(staff=JUNIORS)
    chat.wecom.receiving = ["wangwu", "zhangsan"]
    chat.wecom.failures = [full()]
    await chat.says("转人工")
    first = chat.wecom.servicer
    await chat.waits(minutes=2.1)
    assert {first, chat.wecom.servicer} == {"wangwu", "zhangsan"}
    assert (await case_of(chat)).level == 2


async def test_a_case_that_nobody_else_can_take_does_not_grow(open_chat: OpenChat) -> None:
    """Before: a step a minute, for a day."""
    chat = await open_chat(staff=JUNIORS)
    chat.wecom.receiving = ["wangwu", "zhangsan"]
    await chat.says("转人工")
    await chat.waits(hours=3)
    assert (await case_of(chat)).level == 3
    assert (await steps_of(chat)).count("wanted") == 2


async def test_a_seat_is_given_back_when_the_bot_is_silenced_before_a_second_try(
    chat: Chat,
) -> None:
    """Before: the seat was taken, and nobody looked after the customer any more."""
    await chat.says("多久发货")
    chat.wecom.receiving = ["zhangsan"]
    chat.wecom.failures = [Unreachable("kf/service_state/trans")]
    await chat.receives(wants(chat))
    assert (await case_of(chat)).status == "assigned"
    now = chat.clock.now()
    await chat.store.switches.turn_on("silence", "all", "", by="lisi", reason="", now=now)
    await chat.waits(minutes=5)
    assert (await case_of(chat)).status == "ticket"
    assert await chat.store.cases.loads() == {}
    assert await open_ticket_of(chat) is not None
    await chat.store.switches.turn_off("silence", "all", "")
    await chat.waits(minutes=10)
    assert (await case_of(chat)).servicer == "zhangsan"


async def test_a_second_press_takes_nothing_in_anothers_name(chat: Chat) -> None:
    """Before: the expert had "taken" what he had not seen, and nobody reminded him."""
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    await chat.decides_on(action(chat, "raise"), action(chat, "take"))
    await chat.waits(seconds=1)
    case = await case_of(chat)
    assert (case.servicer, case.status) == ("lisi", "assigned")
    await chat.waits(seconds=61)
    assert told(chat, "lisi")


async def test_who_waits_is_announced_once(open_chat: OpenChat) -> None:
    """Before: once a minute, and the leader never heard of it."""
    chat = await open_chat(staff=JUNIORS[1:])
    chat.wecom.receiving = ["wangwu"]
    leader_heard: list[str] = []
    chat.wecom.failures = [full()]
    await chat.says("转人工")
    assert chat.wecom.state is ServiceState.QUEUED
    for _ in range(5):
        chat.wecom.failures = [full()]
        await chat.waits(minutes=1)
        assert not any("【待接入】" in text for text in chat.staff_messages)
        leader_heard += told(chat, "lisi")
    assert len(leader_heard) == 1
    await chat.waits(minutes=1)
    assert chat.wecom.servicer == "wangwu"


# -------------------------------------------------------------------- what fails in between


async def test_an_invitation_that_dies_brings_nobody_a_person(chat: Chat) -> None:
    """Before: whoever said that it is solved was connected to a servicer."""
    await chat.says("多久发货")
    chat.wecom.receiving = ["zhangsan"]
    chat.wecom.failures = [Rejected("kf/send_msg", 40058, "invalid")]
    where = chat.conversation
    await chat.receives(
        Emitted(
            name="solved",
            data={},
            open_kfid=where.open_kfid,
            external_userid=where.external_userid,
        )
    )
    case = await case_of(chat)
    assert (case.status, case.outcome, chat.replies) == ("bot", "solved", [])


async def test_a_reply_that_dies_still_does(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    chat.wecom.failures = [Rejected("kf/send_msg", 40058, "invalid")]
    await chat.says("多久发货")
    assert (await case_of(chat)).reason == "reply_died"


@pytest.mark.parametrize(("receiving", "status"), [(["zhangsan"], "assigned"), ([], "ticket")])
async def test_a_hand_over_whose_result_was_lost_is_looked_after(
    open_chat: OpenChat, receiving: list[str], status: str
) -> None:
    """Before: the case stayed as it was for a day: no card, no reminder, no word, no ticket."""
    router, tries = Router("test", stage=Stage.GUARD), []

    @router.on(EffectDone, tag=HANDOFF)
    async def poison(turn: Turn) -> None:
        tries.append(turn.now)
        if len(tries) <= 5:
            raise RuntimeError

    chat = await open_chat(more=[router])
    chat.wecom.receiving = receiving
    await chat.says("转人工")
    await chat.waits(minutes=10)
    assert len(await chat.store.mailbox.parked()) == 1
    assert (await case_of(chat)).status == status
    await chat.waits(minutes=30)
    assert told(chat, "lisi") or await open_ticket_of(chat) is not None


# -------------------------------------------------------------------- tickets


async def test_a_lasting_ticket_does_not_hide_a_later_customer_in_need(
    open_chat: OpenChat,
) -> None:
    """Before: the later case's ticket was nobody's, for it bore the name of the first case."""
    chat = await open_chat(
        staff=[
            {"userid": "zhangsan", "name": "张三", "level": "expert"},
            {"userid": "lisi", "name": "李四", "level": "leader", "capacity": 0},
        ]
    )
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("我已经找了律师，要起诉你们")
    await chat.colleague_writes("非常抱歉")
    first = await case_of(chat)
    await chat.end()
    before = await open_ticket_of(chat)
    assert before is not None
    assert before.case_id == first.id
    chat.wecom.receiving = []
    await chat.waits(hours=2)
    await chat.says("转人工")
    second = await case_of(chat)
    assert second.status == "ticket"
    await chat.waits(hours=25)
    assert (await case_of(chat)).outcome == "gap"
    ticket = await open_ticket_of(chat)
    assert ticket is not None
    assert (ticket.case_id, ticket.given_to) == (second.id, "zhangsan")
