"""What happens when a behaviour fails?"""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
import structlog

from bot.errors import Misconfigured, Unreachable
from bot.model import Emitted, MessageReceived, TimerDue
from bot.routing import Router, Stage, Turn
from bot.store import Store, Unit
from bot.telemetry import configure_logging
from tests.conftest import OpenChat
from tests.talk import Chat

SHIP_TIME = "现货 48 小时内发出。"


def a_behaviour(act: Callable[[Turn], None], *, stage: Stage = Stage.GUARD) -> Router:
    """A router whose one handler does this with every message, and declines unless it decides."""
    router = Router("test", stage=stage)

    @router.message()
    async def handle(turn: Turn) -> None:
        act(turn)

    return router


def poison(turn: Turn) -> None:
    if "毒" in turn.text:
        raise RuntimeError(f"cannot bear {turn.text}")


async def mailbox(chat: Chat) -> list[dict[str, Any]]:
    rows = await chat.store.database.fetch(
        "SELECT attempts, parked_at IS NOT NULL AS parked, error FROM mailbox"
        " WHERE kind = 'MessageReceived' AND done_at IS NULL"
    )
    return [dict(row) for row in rows]


async def test_a_failing_event_is_retried_with_growing_pauses(open_chat: OpenChat) -> None:
    tried: list[float] = []

    def note(turn: Turn) -> None:
        tried.append(turn.now)
        poison(turn)

    chat = await open_chat(more=[a_behaviour(note)])
    await chat.says("毒")
    await chat.waits(hours=1)
    assert [round(at - tried[0], 1) for at in tried] == [0, 1, 6, 36, 156]


async def test_it_is_parked_after_five_tries_and_people_are_told(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_behaviour(poison)])
    await chat.says("毒")
    await chat.waits(minutes=10)
    assert [(row["attempts"], row["parked"]) for row in await mailbox(chat)] == [(5, 1)]
    assert any("有一条消息反复处理失败" in text for text in chat.staff_messages)


async def test_later_messages_wait_for_it_and_are_handled_after_it(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_behaviour(poison)])
    await chat.says("毒")
    await chat.says("多久发货")
    assert chat.replies == []
    await chat.waits(minutes=10)
    assert any(SHIP_TIME in text for text in chat.replies)


async def test_in_a_burst_it_costs_the_others_nothing_but_time(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_behaviour(poison)])
    await chat.says_at_once("多久发货", "毒", "运费多少钱")
    assert chat.replies == [SHIP_TIME]
    await chat.waits(minutes=10)
    assert any("满 99 元包邮" in text for text in chat.replies)


async def test_what_was_parked_can_be_tried_again(open_chat: OpenChat) -> None:
    broken = True

    def mend(turn: Turn) -> None:
        if broken:
            poison(turn)

    chat = await open_chat(more=[a_behaviour(mend)])
    await chat.says("毒")
    await chat.waits(minutes=10)
    broken = False
    (row,) = await chat.store.mailbox.parked()
    assert await chat.store.mailbox.unpark([row["id"]]) == 1
    await chat.waits(seconds=1)
    assert await mailbox(chat) == []
    assert await chat.store.mailbox.parked() == []


async def test_the_kept_error_says_where_and_not_what(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_behaviour(poison)])
    await chat.says("毒药 13800000000")
    (row,) = await mailbox(chat)
    assert row["error"].startswith("RuntimeError at test_faults.py:")
    assert "13800000000" not in row["error"]


async def test_an_observer_that_raises_costs_nobody_an_answer(open_chat: OpenChat) -> None:
    router = Router("test", stage=Stage.GUARD)

    @router.observe()
    async def watch(turn: Turn) -> None:
        raise RuntimeError("blind")

    chat = await open_chat(more=[router])
    await chat.says("多久发货")
    assert chat.replies == [SHIP_TIME]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO no_such_table VALUES (1)",
        "INSERT INTO accounts (open_kfid, first_started_at) VALUES ('a', NULL)",
        "this is no SQL",
    ],
)
async def test_an_observer_that_records_nonsense_costs_nobody_an_answer(
    open_chat: OpenChat, sql: str
) -> None:
    """What an observer records has a savepoint of its own."""
    router = Router("test", stage=Stage.GUARD)

    @router.observe()
    async def watch(turn: Turn) -> None:
        turn.record(sql)

    chat = await open_chat(more=[router])
    await chat.says("多久发货")
    assert chat.replies == [SHIP_TIME]


async def test_observers_see_messages_while_a_person_has_the_conversation(
    open_chat: OpenChat,
) -> None:
    seen: list[str] = []
    router = Router("test", stage=Stage.GUARD)

    @router.observe()
    async def watch(turn: Turn) -> None:
        seen.append(turn.text)

    chat = await open_chat(more=[router])
    await chat.take_over()
    await chat.says("多久发货")
    assert seen == ["多久发货"]


async def test_facts_that_change_under_a_turn_are_decided_upon_anew(open_chat: OpenChat) -> None:
    """The save of the facts expects the version that the turn has read."""
    router = Router("test", stage=Stage.GUARD)
    decided = 0

    @router.message()
    async def meddle(turn: Turn, store: Store) -> None:
        nonlocal decided
        decided += 1
        if decided == 1:
            unit, facts = Unit(), await store.conversations.facts(turn.conversation)
            state = facts.ownership.state
            assert state is not None
            store.conversations.observe_state(unit, facts, state, None, turn.now)
            await store.database.commit(unit)

    chat = await open_chat(more=[router])
    await chat.says("多久发货")
    assert decided == 2
    assert chat.replies == [SHIP_TIME]


async def test_facts_that_never_rest_count_as_a_failure(open_chat: OpenChat) -> None:
    decided = 0

    def impossible(turn: Turn) -> None:
        nonlocal decided
        decided += 1
        turn.record("UPDATE accounts SET name = 'x' WHERE open_kfid = 'none'", expect=1)

    chat = await open_chat(more=[a_behaviour(impossible)])
    await chat.decides_on(chat.text("多久发货"))
    assert decided == 3
    assert [row["attempts"] for row in await mailbox(chat)] == [1]


async def test_events_that_answer_each_other_without_end_are_stopped(open_chat: OpenChat) -> None:
    depths: list[int] = []
    router = Router("test", stage=Stage.GUARD)

    @router.message()
    async def start(turn: Turn) -> None:
        turn.emit("echo")

    @router.on(Emitted, tag="echo")
    async def echo(turn: Turn, event: Emitted) -> None:
        depths.append(event.depth)
        turn.emit("echo")

    chat = await open_chat(more=[router])
    await chat.says("多久发货")
    await chat.waits(hours=1)
    assert sorted(set(depths)) == [1, 2, 3, 4, 5]
    assert len(await chat.store.mailbox.parked()) == 1


async def test_a_timer_comes_due_and_one_set_anew_replaces_it(open_chat: OpenChat) -> None:
    rung: list[str] = []
    router = Router("test", stage=Stage.GUARD)

    @router.message()
    async def start(turn: Turn) -> None:
        turn.schedule("alarm", 600, data={"text": turn.text})
        turn.settle("noted")

    @router.on(TimerDue, tag="alarm")
    async def ring(turn: Turn, timer: TimerDue) -> None:
        rung.append(timer.data["text"])

    chat = await open_chat(more=[router])
    await chat.says("一")
    await chat.waits(minutes=5)
    await chat.says("二")
    await chat.waits(minutes=9)
    assert rung == []
    await chat.waits(minutes=2)
    assert rung == ["二"]


@pytest.mark.parametrize(("late_s", "rings"), [(59, True), (61, False)])
async def test_a_timer_that_may_not_be_late_is_skipped(
    open_chat: OpenChat, late_s: float, rings: bool
) -> None:
    rung: list[str] = []
    router = Router("test", stage=Stage.GUARD)

    @router.message()
    async def start(turn: Turn) -> None:
        turn.schedule("alarm", 600, skip_after_s=60)

    @router.on(TimerDue, tag="alarm")
    async def ring(turn: Turn) -> None:
        rung.append("")

    chat = await open_chat(more=[router])
    await chat.says("一")
    chat.clock.reach(chat.clock.now() + 600 + late_s)
    await chat.waits(seconds=0)
    assert bool(rung) is rings


async def test_a_cancelled_timer_never_comes(open_chat: OpenChat) -> None:
    rung: list[str] = []
    router = Router("test", stage=Stage.GUARD)

    @router.message()
    async def start(turn: Turn) -> None:
        if turn.text == "停":
            turn.cancel("alarm")
        else:
            turn.schedule("alarm", 600)
        turn.settle("noted")

    @router.on(TimerDue, tag="alarm")
    async def ring(turn: Turn) -> None:
        rung.append("")

    chat = await open_chat(more=[router])
    await chat.says("走")
    await chat.says("停")
    await chat.waits(hours=1)
    assert rung == []


async def test_a_send_without_an_answer_is_repeated_and_arrives_once(chat: Chat) -> None:
    chat.wecom.failures = [Unreachable("kf/send_msg"), Unreachable("kf/send_msg")]
    await chat.says("多久发货")
    assert chat.replies == []
    await chat.waits(seconds=10)
    assert chat.replies == [SHIP_TIME]


async def test_a_send_that_only_an_operator_can_help_waits_for_one(chat: Chat) -> None:
    chat.wecom.failures = [Misconfigured("no permission")]
    await chat.says("多久发货")
    await chat.waits(seconds=59)
    assert chat.replies == []
    await chat.waits(seconds=2)
    assert chat.replies == [SHIP_TIME]


async def test_nothing_of_what_customers_write_is_in_the_logs(open_chat: OpenChat) -> None:
    stream = StringIO()
    configure_logging("debug", "json", stream)
    try:
        chat = await open_chat(more=[a_behaviour(poison)], welcomed=False)
        chat.wecom.receiving = ["zhangsan"]
        await chat.enters()
        for text in ("我叫王小明电话13800000000", "毒药王小明", "多久发货", "转人工王小明"):
            await chat.says(text)
            await chat.waits(minutes=10)
        await chat.sends("image", {"media_id": "secret-media", "name": "王小明.jpg"})
        await chat.tells_app("王小明是谁")
    finally:
        structlog.reset_defaults()
    lines = stream.getvalue().splitlines()
    assert any("turn.failed" in line for line in lines)
    for secret in ("王小明", "13800000000", "48 小时", "secret-media", "毒"):
        assert [line for line in lines if secret in line] == []
        assert json.dumps(secret) not in stream.getvalue()


def test_a_message_of_another_type_has_no_text() -> None:
    message = MessageReceived(
        open_kfid="wk", external_userid="wm", msgid="m", origin=3, msgtype="image"
    )
    assert message.text == ""
    assert message.menu_id is None
