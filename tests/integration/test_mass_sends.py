"""A touch of a friend is a task that his member confirms, and is shown as what it is (R-9.6)."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app.engine import build_eraser
from bot.commands.flows import show
from bot.model.consents import Purpose
from bot.model.outreach import Reach
from bot.routing.panels import About
from handlers.tasks import panel as tasks_panel
from handlers.timeline.router import panel as timeline
from tests.conftest import OpenChat
from tests.friends import LAN, Town, a_town
from tests.mass_sends import (
    ADD,
    TEXT,
    asked_of_staff,
    flow,
    is_asked,
    passes,
    sends,
    step,
    touches,
    withdraws,
    written,
)
from tests.talk import PlayedClock


@pytest.fixture
async def town(open_chat: OpenChat, clock: PlayedClock, tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(open_chat, clock, flows=written(tmp_path, flow())) as town:
        await town.parts.access.api()
        await town.chat.agrees(Purpose.MARKETING)
        yield town


async def test_it_is_a_task_until_wecom_says_that_it_was_sent(town: Town) -> None:
    msgid = await is_asked(town)
    assert await step(town) == (Reach.CREATED, "")
    assert await touches(town) == 1
    await passes(town, hours=3)
    assert await step(town) == (Reach.CREATED, "")
    assert sends(town).received(LAN) == []
    sends(town).confirm("zhangsan", msgid)
    await passes(town, minutes=40)
    assert await step(town) == (Reach.DELIVERED, "")
    assert sends(town).received(LAN) == [TEXT]
    assert await touches(town) == 1
    assert await asked_of_staff(town) == [], "no card asks for the same"


async def test_what_is_confirmed_is_not_delivered_yet(town: Town) -> None:
    msgid = await is_asked(town)
    task = sends(town).tasks[msgid]
    sends(town).confirm("zhangsan", msgid)
    task.results["zhangsan"][LAN] = 0  # WeCom is still at it
    await passes(town, minutes=20)
    assert await step(town) == (Reach.CONFIRMED, "")
    task.results["zhangsan"][LAN] = 1
    await passes(town, minutes=20)
    assert await step(town) == (Reach.DELIVERED, "")


@pytest.mark.parametrize(("rule", "why"), [("gone", "not_friends"), ("day", "others_faster")])
async def test_what_comes_to_nothing_says_why_and_gives_its_touch_back(
    town: Town, rule: str, why: str
) -> None:
    msgid = await is_asked(town)
    if rule == "gone":
        town.friends.delete("zhangsan", LAN, by="customer", tells=False)
    else:
        sends(town).rule = rule
        sends(town).others_send(LAN)
    sends(town).confirm("zhangsan", msgid)
    await passes(town, minutes=20)
    assert await step(town) == (Reach.IMPOSSIBLE, why)
    assert await touches(town) == 0


@pytest.mark.parametrize("silent", [False, True])
async def test_whom_wecom_will_not_reach_is_no_touch(town: Town, silent: bool) -> None:
    sends(town).silent_when_nobody = silent
    town.friends.add("zhangsan", LAN)
    await town.settles()
    town.friends.delete("zhangsan", LAN, by="staff", tells=False)
    await passes(town, minutes=65)
    assert await step(town) == (Reach.IMPOSSIBLE, "fail_list" if silent else "not_friends")
    assert await touches(town) == 0


async def test_what_nobody_sends_is_reminded_of_in_the_day_and_cancelled_in_the_end(
    town: Town,
) -> None:
    msgid = await is_asked(town)  # at five past ten
    await passes(town, hours=13)
    assert len(sends(town).tasks[msgid].reminded) == 2  # not in the night
    await passes(town, hours=12)
    assert sends(town).tasks[msgid].cancelled
    assert await step(town) == (Reach.IMPOSSIBLE, "nobody_sent")
    assert await touches(town) == 0


async def test_a_reminder_takes_the_place_of_what_nobody_has_sent(
    open_chat: OpenChat, clock: PlayedClock, tmp_path: Path
) -> None:
    flows = written(tmp_path, flow(reminders=1, remind_text="还给您留着呢。"))
    async with a_town(open_chat, clock, flows=flows) as town:
        await town.parts.access.api()
        await town.chat.agrees(Purpose.MARKETING)
        await is_asked(town)
        await passes(town, hours=24)
        assert [one.text for one in sends(town).waiting_for("zhangsan")] == ["还给您留着呢。"]
        assert await step(town) == (Reach.CREATED, "")
        assert await touches(town) == 1, "what was never sent took nothing"
        sends(town).confirm_all("zhangsan")
        await passes(town, minutes=20)
        assert await step(town) == (Reach.DELIVERED, "")


async def test_what_is_sent_just_before_it_is_cancelled_was_sent(town: Town) -> None:
    msgid = await is_asked(town)
    await withdraws(town)
    sends(town).confirm("zhangsan", msgid)
    await passes(town, minutes=20)
    assert await step(town) == (Reach.DELIVERED, "")
    assert sends(town).received(LAN) == [TEXT]


@pytest.mark.parametrize("hides", [False, True])
async def test_a_withdrawn_consent_cancels_what_is_not_sent(town: Town, hides: bool) -> None:
    sends(town).hides_cancelled = hides
    msgid = await is_asked(town)
    assert sends(town).waiting_for("zhangsan") != [], "or the end of it would prove nothing"
    await withdraws(town)
    await town.works()
    assert sends(town).tasks[msgid].cancelled
    assert sends(town).waiting_for("zhangsan") == []
    assert await step(town) == (Reach.IMPOSSIBLE, "no_consent")
    assert await touches(town) == 0
    out = io.StringIO()
    await show(town.chat.engine.config, LAN, out)
    assert "发不了（no_consent）" in out.getvalue()
    assert "任务已建" not in out.getvalue()


async def test_a_withdrawn_consent_stops_a_task_that_is_about_to_be_made(town: Town) -> None:
    town.sim.fault("error", path=ADD, code=45009, times=1)
    town.friends.add("zhangsan", LAN)
    await town.settles()
    await passes(town, minutes=60)
    assert await step(town) == (Reach.PLANNED, "")
    await withdraws(town)
    await passes(town, minutes=20)
    assert sends(town).tasks == {}
    assert await step(town) == (Reach.IMPOSSIBLE, "no_consent")


async def test_a_consent_withdrawn_in_the_chat_cancels_it_as_well(town: Town) -> None:
    msgid = await is_asked(town)
    await town.chat.says("退订")
    await town.works()
    assert sends(town).tasks[msgid].cancelled
    assert await step(town) == (Reach.IMPOSSIBLE, "no_consent")


async def test_a_person_who_is_erased_gets_nothing_that_a_member_still_holds(town: Town) -> None:
    """The rows go only once the task is cancelled: afterwards nobody would know of it."""
    msgid = await is_asked(town)
    engine = town.chat.engine
    built = build_eraser(engine.config, town.store, engine.routers)
    eraser = replace(built, now=town.clock.now)
    await eraser.ask(LAN, by="command", now=town.clock.now())
    assert await eraser.look() == 0
    await town.works()
    assert sends(town).tasks[msgid].cancelled
    assert await eraser.look() == 1
    assert await town.store.mass_sends.of_customer(LAN) == []


async def test_who_is_blocked_is_written_to_by_nobody(town: Town) -> None:
    await town.store.switches.turn_on(
        *("block", "customer", LAN), by="zhangsan", reason="同行", now=town.clock.now()
    )
    town.friends.add("zhangsan", LAN)
    await town.settles()
    await passes(town, minutes=65)
    assert ADD not in town.sim.calls
    assert await step(town) == (Reach.IMPOSSIBLE, "silenced")
    assert await touches(town) == 0


async def test_what_was_not_made_in_time_is_not_made(town: Town) -> None:
    town.sim.fault("error", path=ADD, code=45009, times=999)
    town.friends.add("zhangsan", LAN)
    await town.settles()
    await passes(town, hours=13)  # into the night, for which it was not meant
    town.sim.world.faults.clear()
    await passes(town, hours=10)
    assert sends(town).tasks == {}
    assert await step(town) == (Reach.IMPOSSIBLE, "not_made")
    assert await touches(town) == 0


async def test_without_permission_it_is_blocked_and_the_next_one_is_a_card(
    open_chat: OpenChat, clock: PlayedClock, tmp_path: Path
) -> None:
    flows = written(tmp_path, flow(reminders=1) | {"purpose": "service"})
    async with a_town(open_chat, clock, flows=flows) as town:
        await town.parts.access.api()
        town.friends.add("zhangsan", LAN)
        await town.settles()
        town.friends.permitted.clear()
        await passes(town, minutes=65)
        assert await step(town) == (Reach.BLOCKED, "not_permitted")
        assert await asked_of_staff(town) == []
        await passes(town, hours=24)
        assert await asked_of_staff(town) == ["zhangsan"]


async def test_it_stands_in_the_timeline_with_its_reason(town: Town) -> None:
    msgid = await is_asked(town)
    town.friends.delete("zhangsan", LAN, by="customer", tells=False)
    sends(town).confirm("zhangsan", msgid)
    await passes(town, minutes=20)
    found = await town.store.timeline.page(LAN)
    (one,) = [one for one in found if one.kind == "mass_send"]
    assert (one.what, one.why, one.text) == (
        *("impossible", "zhangsan flow:m/a not_friends", TEXT),
    )
    about = About(LAN, None, "zhangsan", town.clock.now(), town.chat.engine.phrases)
    shown = await timeline(about, town.store, town.chat.engine.library)
    assert shown is not None
    (line,) = [one for one in shown.lines if one.label == "群发任务"]
    assert line.value == "发不了"
    assert "已经不是好友" in line.hint


async def test_who_looks_at_the_customer_sees_what_waits_to_be_sent(town: Town) -> None:
    about = About(LAN, None, "zhangsan", town.clock.now(), town.chat.engine.phrases)
    msgid = await is_asked(town)
    shown = await tasks_panel(about, town.store)
    assert shown is not None
    assert ("待发的群发", TEXT) in [(one.label, one.value) for one in shown.lines]
    sends(town).confirm("zhangsan", msgid)
    await passes(town, minutes=20)
    shown = await tasks_panel(about, town.store)
    assert shown is not None
    assert TEXT not in [one.value for one in shown.lines]


async def test_a_service_message_is_not_cancelled_by_it(
    open_chat: OpenChat, clock: PlayedClock, tmp_path: Path
) -> None:
    flows = written(tmp_path, flow() | {"purpose": "service"})
    async with a_town(open_chat, clock, flows=flows) as town:
        await town.parts.access.api()
        msgid = await is_asked(town)
        await withdraws(town)
        await passes(town, minutes=20)
        assert not sends(town).tasks[msgid].cancelled
        sends(town).confirm("zhangsan", msgid)
        await passes(town, minutes=20)
        assert await step(town) == (Reach.DELIVERED, "")


async def test_who_ended_the_step_himself_needs_no_message_any_more(
    open_chat: OpenChat, clock: PlayedClock, tmp_path: Path
) -> None:
    flows = written(tmp_path, flow(evidence="wrote"))
    async with a_town(open_chat, clock, flows=flows) as town:
        await town.parts.access.api()
        await town.chat.agrees(Purpose.MARKETING)
        msgid = await is_asked(town)
        await town.chat.says("多久发货")
        await town.works()
        assert sends(town).tasks[msgid].cancelled
        assert await step(town) == (Reach.IMPOSSIBLE, "step_done")


async def test_an_admin_who_cancels_it_at_wecom_is_followed(town: Town) -> None:
    sends(town).hides_cancelled = True
    msgid = await is_asked(town)
    sends(town).tasks[msgid].cancelled = True
    await passes(town, minutes=20)
    assert await step(town) == (Reach.IMPOSSIBLE, "cancelled_at_wecom")


async def test_words_that_may_not_be_said_are_not_put_into_a_members_mouth(
    open_chat: OpenChat, clock: PlayedClock, tmp_path: Path
) -> None:
    flows = written(tmp_path, flow(text="我们的面霜全国第一，包治百病。"))
    async with a_town(open_chat, clock, flows=flows) as town:
        await town.parts.access.api()
        await town.chat.agrees(Purpose.MARKETING)
        town.friends.add("zhangsan", LAN)
        await town.settles()
        await passes(town, minutes=65)
        assert ADD not in town.sim.calls
        reach, why = await step(town)
        assert reach is Reach.BLOCKED
        assert why.startswith("lexicon:")
        assert await touches(town) == 0


async def test_where_a_member_is_to_act_or_wecom_does_not_permit_it_he_gets_a_card(
    open_chat: OpenChat, clock: PlayedClock, tmp_path: Path
) -> None:
    flows = written(tmp_path, flow(way="staff"))
    async with a_town(open_chat, clock, flows=flows) as town:
        await town.parts.access.api()
        await town.chat.agrees(Purpose.MARKETING)
        town.friends.add("zhangsan", LAN)
        await town.settles()
        await passes(town, minutes=65)
        assert ADD not in town.sim.calls
        assert await asked_of_staff(town) == ["zhangsan"]
        assert await step(town) == (Reach.CREATED, "")


async def test_what_must_be_answered_to_the_bot_is_left_to_a_member(
    open_chat: OpenChat, clock: PlayedClock, tmp_path: Path
) -> None:
    asks = flow(evidence="reply", words=["=领"], text="回复“领”。")
    told = flow(
        evidence="reply", words=["=领"], text="回复“领”。", friend_text="到客服里回复“领”。"
    )
    async with a_town(open_chat, clock, flows=written(tmp_path, asks)) as town:
        await town.parts.access.api()
        await town.chat.agrees(Purpose.MARKETING)
        town.friends.add("zhangsan", LAN)
        await town.settles()
        await passes(town, minutes=65)
        assert await asked_of_staff(town) == ["zhangsan"]
        assert sends(town).tasks == {}
    async with a_town(
        open_chat, clock, flows=written(tmp_path, told | {"kind": "news-2", "id": "n"})
    ) as town:
        await town.parts.access.api()
        clock.reach(clock.now() + 86_400)
        town.friends.add("zhangsan", LAN)
        await town.settles()
        await passes(town, minutes=65)
        assert [one.text for one in sends(town).tasks.values()] == ["到客服里回复“领”。"]
