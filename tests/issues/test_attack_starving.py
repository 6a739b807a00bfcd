"""Who waits is served in turn: nobody is overtaken for ever, and one case blocks nobody else."""

import pytest

from bot.errors import ServicerUnavailable
from bot.model import Conversation, ServiceState
from bot.model.cases import Case
from bot.store import CaseChange, Unit
from tests.cases import case_of, others_beside, servicer_is
from tests.conftest import OpenChat
from tests.talk import Chat

ONE_SEAT = [
    {"userid": "zhangsan", "name": "张三", "level": "junior", "capacity": 1},
    {"userid": "lisi", "name": "李四", "level": "leader", "capacity": 0},
]


@pytest.fixture
async def small(open_chat: OpenChat) -> Chat:
    """One junior with one seat; he has a case and has answered."""
    chat = await open_chat(staff=ONE_SEAT)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    return chat


async def others_wait(chat: Chat, many: int, *, level: int, priority: int) -> None:
    """So many more wait at the same account, for longer than anybody else."""
    unit, now = Unit(), chat.clock.now()
    for n in range(many):
        case = Case(
            id=f"other{n}",
            conversation=Conversation(chat.conversation.open_kfid, f"wm_other{n}"),
            opened_at=now,
            active_at=now,
            wanted_at=now - 9_000,
            status="queued",
            level=level,
            priority=priority,
        )
        await chat.store.cases.save(unit, CaseChange(case, case))
    await chat.store.database.commit(unit)


async def test_a_junior_is_found_behind_hundreds_who_wait_for_an_expert(small: Chat) -> None:
    """Before: only the first hundred were looked at, so the seat stayed empty."""
    (second,) = await others_beside(small, "wm_two")
    await second.says("转人工")
    assert second.wecom.state is ServiceState.QUEUED
    await others_wait(small, 150, level=3, priority=90)
    await small.end()
    assert second.wecom.servicer == "zhangsan"


async def test_a_newcomer_does_not_take_the_seat_of_who_waits(small: Chat) -> None:
    """Before: whoever asked in the moment in which a seat was free had it."""
    second, third = await others_beside(small, "wm_two", "wm_three")
    await second.says("转人工")
    first = (await case_of(small)).id
    await small.store.database.execute(
        "UPDATE cases SET status = 'closed', closed_at = ? WHERE id = ?",
        *(small.clock.now(), first),
    )
    small.clock.reach(small.clock.now() + 1)
    await third.says("转人工")
    assert second.wecom.servicer == "zhangsan"
    assert third.wecom.state is ServiceState.QUEUED


async def test_one_whom_wecom_refuses_keeps_nobody_from_the_seat(
    small: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, third = await others_beside(small, "wm_two", "wm_three")
    await second.says("转人工")
    await small.waits(seconds=1)
    await third.says("转人工")
    calls = []

    async def refuse(*_: object) -> str | None:
        calls.append(1)
        raise ServicerUnavailable("kf/service_state/trans", 95014, "servicer is full")

    monkeypatch.setattr(second.wecom, "trans", refuse)
    await small.end()
    assert calls
    assert second.wecom.state is ServiceState.QUEUED
    assert third.wecom.servicer == "zhangsan"


async def test_a_seat_is_tried_for_a_few_only_when_wecom_gives_it_to_nobody(
    small: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before: for each of those who wait, one after another, whenever a seat was free."""
    others = await others_beside(small, *(f"wm_{n:02}" for n in range(12)))
    for one in others:
        await one.says("转人工")
    calls = []

    async def refuse(*_: object) -> str | None:
        calls.append(1)
        raise ServicerUnavailable("kf/service_state/trans", 95014, "servicer is full")

    for one in others:
        monkeypatch.setattr(one.wecom, "trans", refuse)
    await small.end()
    assert len(calls) == 8


async def test_the_tickets_of_a_night_wait_in_the_pool_once_somebody_comes(small: Chat) -> None:
    """One has the seat, the others are in line for it."""
    others = await others_beside(small, "wm_two", "wm_three", "wm_four")
    await small.end()
    small.wecom.receiving = []
    for one in others:
        await one.says("转人工")
        assert (await case_of(one)).status == "ticket"
        await one.waits(seconds=1)
    await servicer_is(small, "zhangsan", receiving=True)
    states = [one.wecom.state for one in others]
    assert states == [ServiceState.HUMAN, ServiceState.QUEUED, ServiceState.QUEUED]
