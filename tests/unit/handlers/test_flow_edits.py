"""An edit of a flow moves what is not due yet, and nothing else (R-9.2)."""

from pathlib import Path
from typing import Any

from bot.app.flows import EditedFlows
from bot.model.outreach import Reach
from handlers.flows import store
from tests.conftest import OpenChat
from tests.talk import Chat
from tests.unit.handlers.test_flows import LAN, added, in_force, opened, read, state, steps

RUN = store.run_id("onboarding", LAN)
HOUR = 3600.0


def flow(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {"id": "care", "kind": "onboarding", "name": "照看", "purpose": "service"}
    return base | {"expires_days": 30, "steps": list(steps)} | more


def step(wait: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "a",
        "wait": wait,
        "text": "第一句",
        "evidence": "declared",
        "button": "好了",
    } | more


async def edit(chat: Chat, folder: Path, changed: dict[str, Any]) -> None:
    """The definition is another one, as after a restart."""
    in_force(chat).replace(read(folder, changed))
    edited = EditedFlows(chat.store, in_force(chat), chat.clock, chat.dialogue.wake)
    await edited.look()
    await chat.waits(seconds=1)


async def begun(open_chat: OpenChat, folder: Path, wait: str, **more: Any) -> Chat:
    chat = await opened(open_chat, folder, flow(step(wait, **more)))
    await chat.receives(added(chat))
    await chat.says("多久发货")  # from now on the bot may write itself
    return chat


async def due_in(chat: Chat) -> float:
    """Hours until the pending alarm of the run."""
    (row,) = await chat.store.database.fetch(
        "SELECT MIN(due_at) AS at FROM mailbox WHERE timer_name = 'flows.step' AND done_at IS NULL"
    )
    hours: float = (row["at"] - chat.clock.now()) / HOUR
    return round(hours, 1)


async def test_a_shorter_wait_moves_the_timer_that_is_set_already(
    open_chat: OpenChat, tmp_path: Path
) -> None:
    chat = await begun(open_chat, tmp_path, "20小时")
    await chat.waits(hours=1)
    await edit(chat, tmp_path, flow(step("3小时")))
    assert await due_in(chat) == 2.0
    await chat.waits(hours=2.1)
    assert chat.replies == ["第一句"]


async def test_a_longer_wait_moves_it_too(open_chat: OpenChat, tmp_path: Path) -> None:
    chat = await begun(open_chat, tmp_path, "2小时")
    await edit(chat, tmp_path, flow(step("6小时")))
    await chat.waits(hours=5.5)
    assert await steps(chat) == {"a": (Reach.PLANNED, None)}
    await chat.waits(hours=1)
    assert (await steps(chat))["a"][0] == Reach.DELIVERED


async def test_a_step_that_would_be_long_over_by_the_edit_is_said_now_and_not_skipped(
    open_chat: OpenChat, tmp_path: Path
) -> None:
    chat = await begun(open_chat, tmp_path, "9天")
    await chat.waits(hours=40)
    await edit(chat, tmp_path, flow(step("1小时")))
    assert chat.replies == ["第一句"]


async def test_what_was_said_is_not_said_again_and_what_is_blocked_stays_so(
    open_chat: OpenChat, tmp_path: Path
) -> None:
    chat = await begun(open_chat, tmp_path, "1小时")
    await chat.waits(hours=2)
    assert chat.replies == ["第一句"]
    await edit(chat, tmp_path, flow(step("8小时", text="第一句，改过")))
    await chat.waits(hours=10)
    assert chat.replies == []
    other = await opened(
        open_chat, tmp_path, flow(step("1小时"), kind="other", purpose="marketing")
    )
    await other.receives(added(other))
    await other.waits(hours=2)
    assert await steps(other, "other") == {"a": (Reach.BLOCKED, None)}
    edited = flow(step("1天"), kind="other", purpose="marketing")
    await edit(other, tmp_path, edited)
    await other.waits(hours=30)
    assert await steps(other, "other") == {"a": (Reach.BLOCKED, None)}


async def test_reminders_that_are_added_are_made(open_chat: OpenChat, tmp_path: Path) -> None:
    chat = await begun(open_chat, tmp_path, "1小时")
    await chat.waits(hours=2)
    await edit(chat, tmp_path, flow(step("1小时", reminders=1, remind_text="还差一步")))
    await chat.waits(hours=24)
    assert chat.replies == ["还差一步"]


async def test_a_step_that_is_taken_out_is_skipped_at_once(
    open_chat: OpenChat, tmp_path: Path
) -> None:
    chat = await begun(open_chat, tmp_path, "5天")
    await edit(chat, tmp_path, flow({"id": "b", "wait": "1小时", "text": "另一句"}))
    assert (await steps(chat))["a"] == (Reach.PLANNED, "skipped")
    await chat.waits(hours=1.1)
    assert chat.replies == ["另一句"]


async def test_a_flow_has_the_time_that_its_definition_gives_it_now(
    open_chat: OpenChat, tmp_path: Path
) -> None:
    chat = await begun(open_chat, tmp_path, "9天")
    await edit(chat, tmp_path, flow(step("9天"), expires_days=1))
    await chat.waits(hours=25)
    assert await state(chat) == "expired"


async def test_everybody_is_told_and_twice_is_once(open_chat: OpenChat, tmp_path: Path) -> None:
    chat = await begun(open_chat, tmp_path, "20小时")
    changed = flow(step("10小时"))
    await edit(chat, tmp_path, changed)
    first = await due_in(chat)
    await edit(chat, tmp_path, changed)  # a process that died before it had told all
    assert await due_in(chat) == first
    run = await store.run(chat.store, RUN)
    assert run is not None
    assert run.version == read(tmp_path, changed)[0].version
