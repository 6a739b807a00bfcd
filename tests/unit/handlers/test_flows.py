"""Stories of flows across days, with a moved clock (R-2.7, R-9.1 to R-9.6)."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.app.flows import flows_in
from bot.model import CustomerAdded, CustomerDeleted, Emitted, GroupJoined
from bot.model.consents import ConsentDecision, Purpose, Standing
from bot.model.outreach import Reach
from bot.model.tasks import TaskState
from bot.store import Unit
from bot.store.consent_ending import decide_all
from handlers.flows import store
from handlers.flows.in_force import Flows
from tests.conftest import OpenChat
from tests.talk import Chat
from tests.unit.docs_pages import ROOT

SHIPPED = ROOT / "prompts" / "flows"
LAN = "wm_lan"


async def opened(open_chat: OpenChat, folder: Path, *flows: dict[str, Any]) -> Chat:
    file = folder / "flows.yaml"
    file.write_text(yaml.safe_dump({"flows": flows}, allow_unicode=True), "utf-8")
    found, problems = flows_in([file])
    assert problems == []
    assert found
    return await open_chat(flows={"sources": [file]})


def added(chat: Chat, member: str = "zhangsan", state: str = "") -> CustomerAdded:
    return CustomerAdded(
        userid=member, external_userid=LAN, at=chat.clock.now(), state=state, half=False
    )


async def steps(chat: Chat, kind: str = "onboarding") -> dict[str, tuple[str, str | None]]:
    rows = await store.steps_of(chat.store, store.run_id(kind, LAN))
    return {row.step: (row.reach.value, row.outcome) for row in rows}


async def state(chat: Chat, kind: str = "onboarding") -> str:
    run = await store.run(chat.store, store.run_id(kind, LAN))
    assert run is not None
    return run.state


def three_steps() -> dict[str, Any]:
    text = (SHIPPED / "newcomers.yaml").read_text("utf-8")
    return next(one for one in yaml.safe_load(text)["flows"] if one["id"] == "three-steps")


def test_what_is_shipped_has_no_problem() -> None:
    found, problems = flows_in([SHIPPED])
    assert problems == []
    assert [one.id for one in found] == [
        *("three-steps", "guide", "first-order", "quiet-three-days", "welcome-back")
    ]


async def test_three_steps_in_a_chat_end_with_a_code(open_chat: OpenChat, tmp_path: Path) -> None:
    chat = await opened(open_chat, tmp_path, three_steps() | {"start": "entered"})
    await chat.store.benefits.bring("three-steps", ["GIFT1"], chat.clock.now())
    await chat.agrees(Purpose.MARKETING)
    await chat.enters()
    await chat.says("多久发货")
    await chat.waits(minutes=11)
    assert chat.replies[0].startswith("三步领新人福利，现在开始第一步")
    assert await steps(chat) == {"follow": (Reach.DELIVERED, None)}
    await chat.waits(hours=20)
    await chat.taps("我已关注")
    assert chat.handled_by == "flows.tapped"
    assert chat.replies[0].startswith("收到，第一步完成！\n\n第二步：加入我们的福利群。")
    run = store.run_id("onboarding", LAN)
    (first, *_) = await store.steps_of(chat.store, run)
    assert (first.outcome, first.evidence) == ("done", "self-declared")
    await chat.taps("我已关注")
    assert chat.replies == ["这一步已经完成啦，不用再点。"]
    await chat.waits(hours=5)
    joined = GroupJoined(chat_id="wr1", external_userid=LAN, scene="3", at=chat.clock.now())
    await chat.receives(joined, joined)
    assert chat.replies == ["最后一步：回复“领福利”三个字。"]
    await chat.says("领福利")
    assert chat.replies == ["三步都完成啦！您的福利兑换码是 GIFT1，下单时填写就能用。"]
    assert await state(chat) == "done"
    evidence = [one.evidence for one in await store.steps_of(chat.store, run)]
    assert evidence == ["self-declared", "verified", "verified"]


async def test_a_keyword_ends_the_last_step_once(open_chat: OpenChat, tmp_path: Path) -> None:
    flow = three_steps() | {"start": "entered", "purpose": "service"}
    flow["steps"] = [flow["steps"][2]]
    chat = await opened(open_chat, tmp_path, flow)
    await chat.store.benefits.bring("three-steps", ["GIFT1"], chat.clock.now())
    await chat.enters()
    await chat.says("多久发货")
    await chat.waits(minutes=2)
    assert chat.replies == ["最后一步：回复“领福利”三个字。"]
    await chat.says("领福利")
    assert chat.handled_by == "flows.said"
    await chat.waits(seconds=1)
    assert await state(chat) == "done"
    (stock,) = await chat.store.benefits.stock()
    assert (stock.free, stock.given) == (0, 1)
    await chat.says("领福利")
    assert chat.handled_by != "flows.said"
    (stock,) = await chat.store.benefits.stock()
    assert stock.given == 1


QUIET = {
    "id": "quiet",
    "kind": "onboarding",
    "name": "三天",
    "purpose": "service",
    "when": {"wrote": False},
    "steps": [
        {"id": "hello", "wait": "3天后 10:00", "text": "您好", "evidence": "wrote", "reminders": 2},
    ],
}


async def test_day_three_without_a_word_is_a_task_until_the_member_says_more(
    open_chat: OpenChat, tmp_path: Path
) -> None:
    chat = await opened(open_chat, tmp_path, QUIET)
    await chat.receives(added(chat))
    await chat.waits(hours=71)
    assert await steps(chat) == {"hello": (Reach.PLANNED, None)}
    await chat.waits(hours=2)
    assert await steps(chat) == {"hello": (Reach.CREATED, None)}
    (card,) = chat.cards
    assert "三天" in card.card.text
    await chat.presses(card.card.buttons[0].key)
    assert await steps(chat) == {"hello": (Reach.CONFIRMED, None)}
    await chat.says("你好，多久发货")
    assert await steps(chat) == {"hello": (Reach.CONFIRMED, "done")}
    assert await state(chat) == "done"


async def test_who_wrote_is_not_asked_why_he_did_not(open_chat: OpenChat, tmp_path: Path) -> None:
    chat = await opened(open_chat, tmp_path, QUIET)
    await chat.receives(added(chat))
    await chat.waits(hours=1)
    await chat.says("多久发货")
    await chat.waits(hours=80)
    assert chat.cards == []
    assert await state(chat) == "done"


async def test_a_task_that_nobody_does_is_said_to_be_impossible(
    open_chat: OpenChat, tmp_path: Path
) -> None:
    chat = await opened(open_chat, tmp_path, QUIET | {"expires_days": 30})
    await chat.receives(added(chat))
    await chat.waits(hours=73)
    await chat.waits(hours=22)
    (known,) = await chat.store.tasks.listed(all_of_them=True)
    assert known.state is TaskState.REMINDED
    await chat.waits(hours=3)  # the task has expired, and the day's reminder is another one
    assert [one.state for one in await chat.store.tasks.listed(all_of_them=True)].count(
        TaskState.EXPIRED
    ) == 1


async def test_reminders_come_once_a_day_for_so_many_days(
    open_chat: OpenChat, tmp_path: Path
) -> None:
    chat = await opened(open_chat, tmp_path, QUIET | {"expires_days": 30})
    await chat.receives(added(chat))
    await chat.waits(hours=24 * 12)
    found = await chat.store.tasks.listed(all_of_them=True)
    assert len(found) == 3  # the step, and two reminders


MARKETING = {
    "id": "m",
    "kind": "onboarding",
    "name": "新品",
    "expires_days": 30,
    "steps": [
        {"id": "a", "wait": "1小时", "text": "第一句"},
        {"id": "b", "wait": "1天", "text": "第二句"},
    ],
}


async def test_without_consent_nothing_is_said_and_with_it_goes_on(
    open_chat: OpenChat, tmp_path: Path
) -> None:
    chat = await opened(open_chat, tmp_path, MARKETING)
    await chat.receives(added(chat))
    await chat.says("多久发货")
    await chat.waits(hours=5)
    assert chat.replies == []
    rows = await store.steps_of(chat.store, store.run_id("onboarding", LAN))
    assert [(one.reach, one.why) for one in rows] == [(Reach.BLOCKED, "no_consent")]
    await chat.decides(Purpose.MARKETING, Standing.GIVEN)
    await resume(chat)
    assert chat.replies == ["第一句"]


async def resume(chat: Chat) -> None:
    await chat.receives(
        Emitted(
            name="consent_given",
            data={"purpose": Purpose.MARKETING.value},
            open_kfid=chat.conversation.open_kfid,
            external_userid=LAN,
        )
    )


async def test_opting_out_in_the_middle_ends_it(open_chat: OpenChat, tmp_path: Path) -> None:
    chat = await opened(open_chat, tmp_path, MARKETING)
    await chat.agrees(Purpose.MARKETING)
    await chat.receives(added(chat))
    await chat.says("多久发货")
    await chat.waits(hours=2)
    assert chat.replies == ["第一句"]
    await chat.says("退订")
    assert await state(chat) == "refused"
    await chat.waits(hours=24 * 5)
    assert chat.cards == []
    assert await steps(chat) == {"a": (Reach.DELIVERED, "done"), "b": (Reach.PLANNED, "given_up")}


@pytest.mark.parametrize("words", ["退订", ""], ids=["said", "by command"])
async def test_nobody_is_asked_to_advertise_to_who_has_opted_out(
    open_chat: OpenChat, tmp_path: Path, words: str
) -> None:
    friendly = MARKETING | {"steps": [{"id": "a", "wait": "3天后 10:00", "text": "第一句"}]}
    chat = await opened(open_chat, tmp_path, friendly)
    await chat.agrees(Purpose.MARKETING)
    await chat.receives(added(chat))
    await chat.waits(hours=73)
    (known,) = await chat.store.tasks.listed()
    assert known.task.purpose is Purpose.MARKETING
    if words:
        await chat.says(words)
    else:
        unit, now = Unit(), chat.clock.now()
        ended = ConsentDecision(
            purpose=Purpose.MARKETING,
            decision=Standing.WITHDRAWN,
            notice_version="1",
            channel="command",
            evidence="",
            by="zhangsan",
        )
        await decide_all(chat.store, unit, LAN, [ended], now)
        await chat.store.database.commit(unit)
        await chat.waits(seconds=1)
    assert await chat.store.tasks.listed() == []
    assert [text for text in chat.staff_messages if "请不要做了" in text and "第一句" in text]
    rows = await store.steps_of(chat.store, store.run_id("onboarding", LAN))
    assert [(one.reach, one.why) for one in rows] == [(Reach.IMPOSSIBLE, "no_consent")]
    assert (await chat.store.outreach.budget(LAN, chat.clock.now())).made == ()
    (known,) = await chat.store.tasks.listed(all_of_them=True)
    assert (known.state, known.ended_by, known.why) == (
        *(TaskState.SKIPPED, "engine", "no consent"),
    )
    await chat.waits(hours=24 * 5)
    assert len(chat.cards) == 1, "and nobody is reminded of it"


async def test_who_leaves_is_left_alone(open_chat: OpenChat, tmp_path: Path) -> None:
    chat = await opened(open_chat, tmp_path, QUIET)
    await chat.receives(added(chat))
    await chat.waits(hours=1)
    await chat.receives(
        CustomerDeleted(userid="zhangsan", external_userid=LAN, by="customer", at=chat.clock.now())
    )
    await chat.waits(hours=100)
    assert chat.cards == []
    assert await state(chat) == "cancelled"


async def test_the_night_moves_a_step_and_caps_move_another(
    open_chat: OpenChat, tmp_path: Path
) -> None:
    flow = MARKETING | {"steps": [{"id": "a", "wait": "13小时", "text": "第一句"}]}
    chat = await opened(open_chat, tmp_path, flow)
    await chat.agrees(Purpose.MARKETING)
    await chat.receives(added(chat))
    await chat.waits(hours=14)  # 00:00
    assert chat.cards == []
    rows = await store.steps_of(chat.store, store.run_id("onboarding", LAN))
    assert [(one.reach, one.why) for one in rows] == [(Reach.BLOCKED, "quiet_hours")]
    await chat.waits(hours=9)
    assert len(chat.cards) == 1


async def test_an_edit_touches_only_what_is_not_due_yet(
    open_chat: OpenChat, tmp_path: Path
) -> None:
    flow = MARKETING | {"purpose": "service"}
    chat = await opened(open_chat, tmp_path, flow)
    await chat.receives(added(chat))
    await chat.says("多久发货")
    await chat.waits(hours=2)
    assert chat.replies == ["第一句"]
    changed = flow | {
        "steps": [
            {"id": "a", "wait": "1小时", "text": "第一句，改过"},
            {"id": "b", "wait": "2天", "text": "第二句，改过"},
            {"id": "c", "text": "添上的"},
        ]
    }
    in_force(chat).replace(read(tmp_path, changed))
    await chat.waits(hours=24)
    assert chat.replies == []  # it is due a day later now
    await chat.waits(hours=24)
    assert (await steps(chat))["b"][1] == "done"
    in_force(chat).replace(read(tmp_path, flow | {"id": "another"}))
    await chat.waits(hours=1)
    assert await state(chat) in ("done", "cancelled")


def in_force(chat: Chat) -> Flows:
    return chat.engine.guide.flows


def read(folder: Path, *flows: dict[str, Any]) -> list[Any]:
    file = folder / "changed.yaml"
    file.write_text(yaml.safe_dump({"flows": flows}, allow_unicode=True), "utf-8")
    found, problems = flows_in([file])
    assert problems == []
    return found


@pytest.mark.parametrize("hours", [0, 1, 25, 49])
async def test_a_restart_at_any_step_changes_nothing(
    open_chat: OpenChat, tmp_path: Path, hours: int
) -> None:
    flow = MARKETING | {"purpose": "service"}
    chat = await opened(open_chat, tmp_path, flow)
    await chat.receives(added(chat))
    await chat.waits(hours=hours)
    again = await opened(open_chat, tmp_path, flow)  # another life over the same database
    await again.waits(hours=60 - hours)
    rows = await again.store.tasks.listed(all_of_them=True)
    assert len(rows) == 2
    assert await state(again) == "done"


async def test_one_of_a_kind_once_and_people_are_not_interrupted(
    open_chat: OpenChat, tmp_path: Path
) -> None:
    flow = MARKETING | {"purpose": "service"}
    chat = await opened(open_chat, tmp_path, flow, flow | {"id": "other"})
    await chat.receives(added(chat))
    await chat.receives(added(chat, "lisi"))
    await chat.says("多久发货")
    runs = await store.runs_of(chat.store, LAN)
    assert [one.flow for one in runs] == ["m"]
    await chat.waits(minutes=55)
    await chat.take_over()
    await chat.waits(minutes=10)
    assert chat.replies == []
    (row,) = await store.steps_of(chat.store, runs[0].id)
    assert (row.reach, row.why) == (Reach.BLOCKED, "with people")
    await chat.end()
    await chat.waits(hours=3)
    assert (await steps(chat))["a"][1] == "done"
