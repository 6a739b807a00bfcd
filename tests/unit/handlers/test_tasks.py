from typing import Any

from bot.model import Emitted
from bot.model.tasks import Nudge, StaffTask, TaskState, task_id
from bot.routing import Router, Stage, Turn
from bot.store import Unit
from tests.conftest import OpenChat
from tests.talk import Chat


async def ask(chat: Chat, name: str = "a", **more: Any) -> str:
    now = chat.clock.now()
    given: dict[str, Any] = {
        "id": task_id(name),
        "kind": "say_hello",
        "member": "ZhangSan",
        "reason": "welcome:41051",
        "text": f"和兰打个招呼（{name}）",
        "due_at": now,
        "on_time_s": 600.0,
        "expires_at": now + 3600,
        "external_userid": chat.conversation.external_userid,
    }
    task = StaffTask(**given | more)
    unit = Unit()
    unit.statements.append(await chat.store.tasks.added(task, now))
    await chat.store.database.commit(unit)
    return task.id


async def state(chat: Chat, task: str) -> TaskState:
    known = await chat.store.tasks.get(task)
    assert known is not None
    return known.state


async def test_a_member_is_told_and_says_that_it_is_done(open_chat: OpenChat) -> None:
    heard: list[dict[str, Any]] = []
    listening = Router("listening", stage=Stage.ANSWER)

    @listening.on(Emitted, tag="task_ended")
    async def hear(_turn: Turn, event: Emitted) -> None:
        heard.append(event.data)

    chat = await open_chat(more=[listening])
    task = await ask(chat, ref="r1")
    await ask(chat)  # the same one twice is one
    await chat.waits(seconds=0)
    (card,) = chat.cards
    assert card.userids == ("zhangsan",)
    assert card.card.text == "和兰打个招呼（a）"
    await chat.presses(card.card.buttons[0].key)
    assert await state(chat, task) is TaskState.SENT
    assert card.replaced_by == "已完成"
    assert [(one["state"], one["ref"], one["by"]) for one in heard] == [("sent", "r1", "zhangsan")]
    await chat.presses(card.card.buttons[1].key, userid="lisi")
    assert await state(chat, task) is TaskState.SENT
    assert card.replaced_by == "这件事已经结束"
    assert len(heard) == 1


async def test_what_is_done_late_is_said_so_and_what_nobody_does_expires(chat: Chat) -> None:
    late, never = (
        await ask(chat, "late"),
        await ask(chat, "never", expires_at=chat.clock.now() + 900),
    )
    await chat.waits(minutes=11)
    await chat.presses("task/done", chosen=late)
    assert await state(chat, late) is TaskState.DONE_LATE
    await chat.waits(minutes=30)
    assert await state(chat, never) is TaskState.EXPIRED
    (rate,) = await chat.store.tasks.rates(0.0, chat.clock.now() + 1, chat.clock.now())
    assert (rate.due, rate.done, rate.on_time, rate.rate) == (2, 1, 0, 0.5)


async def test_reminders_are_bundled_but_for_deadlines(chat: Chat) -> None:
    await ask(chat, "first")
    await chat.waits(seconds=0)
    await chat.waits(minutes=5)
    for name in ("second", "third"):
        await ask(chat, name)
    urgent = await ask(chat, "urgent", is_deadline=True)
    await chat.waits(minutes=1)
    assert [one.card.text for one in chat.cards] == [
        "和兰打个招呼（first）",
        "和兰打个招呼（urgent）",
    ]
    await chat.waits(minutes=23)
    assert len(chat.cards) == 2
    await chat.waits(minutes=1)
    bundle = chat.cards[-1].card
    assert bundle.title == "您有 2 件待办"
    assert bundle.selection is not None
    chosen = bundle.selection.options[1][0]
    await chat.presses("task/done", chosen=chosen)
    assert await state(chat, chosen) is TaskState.DONE_LATE
    assert await state(chat, urgent) is TaskState.REMINDED


async def test_a_deadline_is_nudged_and_then_told_to_the_leader(chat: Chat) -> None:
    nudges = (Nudge(180.0), Nudge(300.0, "leader"))
    task = await ask(chat, is_deadline=True, nudges=nudges, on_time_s=300.0)
    await chat.waits(minutes=2, seconds=59)
    assert len(chat.cards) == 1
    await chat.waits(seconds=1)
    assert [one.card.title for one in chat.cards] == ["待办：打招呼", "还没有做：打招呼"]
    await chat.waits(minutes=2)
    assert chat.staff.sent == [(("lisi",), "张三 的待办超时 5 分钟：打招呼\n和兰打个招呼（a）")]
    await chat.waits(minutes=30)
    assert len(chat.cards) == 2
    await chat.presses(f"task/done/{task}")
    assert await state(chat, task) is TaskState.DONE_LATE
