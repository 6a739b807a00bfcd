"""The clocks of a case: who is reminded, who is asked instead, and when nobody is."""

import pytest

from bot.routing import Router, Stage, Turn
from bot.store import Store
from handlers.escalation.requesting import Wish, want
from tests.cases import case_of, open_ticket_of, steps_of, told
from tests.conftest import OpenChat
from tests.talk import Chat

NUDGED = "【请尽快回复】"
TEAM = [
    {"userid": "zhangsan", "name": "张三", "level": "junior"},
    {"userid": "wangwu", "name": "王五", "level": "junior"},
    {"userid": "zhaoliu", "name": "赵六", "level": "expert"},
    {"userid": "lisi", "name": "李四", "level": "leader"},
]


@pytest.fixture
async def team(open_chat: OpenChat) -> Chat:
    """Two juniors, an expert and a leader, all of whom receive."""
    chat = await open_chat(staff=TEAM)
    chat.wecom.receiving = ["zhangsan", "wangwu", "zhaoliu", "lisi"]
    return chat


async def test_who_does_not_answer_is_reminded_twice_then_somebody_else_is_asked(
    team: Chat,
) -> None:
    await team.says("转人工")
    first = team.wecom.servicer
    assert first == "wangwu"
    await team.waits(seconds=59)
    assert told(team, first) == []
    await team.waits(seconds=2)
    assert [text[:7] for text in told(team, first)] == [NUDGED]
    await team.waits(seconds=36)
    assert [text[:7] for text in told(team, first)] == [NUDGED]
    await team.waits(seconds=24)
    assert team.wecom.servicer == "zhangsan"
    assert any("王五一直没有回复客户" in text for text in told(team, "lisi"))
    assert team.cards[0].replaced_by == "已改派给张三"
    assert team.cards[1].userids == ("zhangsan",)
    assert team.replies == []


async def test_when_two_have_not_answered_it_is_a_matter_for_experts(team: Chat) -> None:
    await team.says("转人工")
    await team.waits(seconds=121)
    await team.waits(seconds=121)
    assert team.wecom.servicer == "zhaoliu"
    assert (await case_of(team)).level == 3


async def test_whoever_was_asked_and_did_not_answer_is_not_asked_again(team: Chat) -> None:
    await team.says("转人工")
    await team.waits(minutes=60)
    given = [s.servicer for s in await team.store.cases.steps(await case_of(team)) if s.servicer]
    assigned = list(dict.fromkeys(given))
    assert assigned == ["wangwu", "zhangsan", "zhaoliu", "lisi"]
    assert team.wecom.servicer == "lisi"


async def test_the_last_one_keeps_the_case_and_the_leaders_know_it_once(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat()
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.waits(minutes=20)
    assert chat.wecom.servicer == "zhangsan"
    assert sum("【无人可换】" in text for text in told(chat, "lisi")) == 1
    assert (await case_of(chat)).status == "assigned"


async def test_whoever_comes_later_gets_what_is_with_somebody_silent(open_chat: OpenChat) -> None:
    chat = await open_chat(staff=TEAM)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.waits(minutes=5)
    chat.wecom.receiving = ["zhangsan", "wangwu"]
    await chat.waits(minutes=2)
    assert chat.wecom.servicer == "wangwu"


async def test_nobody_is_reminded_once_he_has_written(team: Chat) -> None:
    await team.says("转人工")
    await team.waits(seconds=30)
    await team.colleague_writes("您好，我是王五")
    await team.waits(minutes=10)
    assert team.staff_messages == []
    assert team.wecom.servicer == "wangwu"


async def test_nobody_is_reminded_once_he_has_pressed_the_button(team: Chat) -> None:
    await team.says("转人工")
    await team.presses("take", userid="wangwu")
    await team.waits(minutes=10)
    assert team.staff_messages == []
    assert (await case_of(team)).status == "serving"


async def test_reminders_that_came_due_while_the_process_was_down_are_one(team: Chat) -> None:
    await team.says("转人工")
    team.clock.reach(team.clock.now() + 3600)
    await team.waits(seconds=1)
    assert len([text for text in told(team, "wangwu") if text.startswith(NUDGED)]) == 1
    assert team.wecom.servicer == "zhangsan"


async def test_a_late_reminder_of_a_case_that_is_closed_does_nothing(team: Chat) -> None:
    """The timers are still there; they look before they act."""
    await team.says("转人工")
    await team.store.database.execute("UPDATE cases SET status='closed', closed_at=1, outcome='x'")
    await team.waits(minutes=60)
    assert team.staff_messages == []
    assert team.replies == []
    assert await steps_of(team) == ["opened", "wanted", "assigned", "briefed"]


async def test_a_late_reminder_of_a_case_that_has_moved_on_does_nothing(team: Chat) -> None:
    await team.says("转人工")
    await team.store.database.execute("UPDATE cases SET servicer='zhaoliu', given_at=given_at+1")
    await team.waits(minutes=10)
    assert told(team, "wangwu") == []
    assert team.wecom.servicer == "wangwu"


# -------------------------------------------------------------------- deadlines of a class


def complaining(**deadlines: int) -> Router:
    """A behaviour that takes 我要曝光 for a class with deadlines, in seconds."""
    router = Router("classes", stage=Stage.GUARD)

    @router.message()
    async def exposed(turn: Turn, facts: Store) -> None:
        if turn.text == "我要曝光":
            await want(turn, facts, Wish("asked", level=3, deadlines=tuple(deadlines.items())))

    return router


async def complains(open_chat: OpenChat, *there: str, **deadlines: int) -> Chat:
    chat = await open_chat(more=[complaining(**deadlines)])
    chat.wecom.receiving = list(there)
    await chat.says("我要曝光")
    return chat


def alarms(chat: Chat) -> list[str]:
    return [text for text in told(chat, "lisi") if "时限将到" in text or "已超时" in text]


async def test_the_clocks_of_a_class_are_heard_at_half_at_four_fifths_and_at_the_end(
    open_chat: OpenChat,
) -> None:
    chat = await complains(open_chat, first_response=7200)
    await chat.waits(seconds=3601)
    assert alarms(chat) == ["【时限将到】wk_shop：首次人工回复还剩 60 分钟。"]
    await chat.waits(seconds=2160)
    assert alarms(chat) == ["【时限将到】wk_shop：首次人工回复还剩 24 分钟。"]
    await chat.waits(seconds=1440)
    assert alarms(chat) == ["【已超时】wk_shop：首次人工回复已到期，请立即处理。"]


async def test_a_deadline_is_met_once_a_person_has_written(open_chat: OpenChat) -> None:
    chat = await complains(open_chat, "lisi", first_response=7200)
    await chat.colleague_writes("您好，我是负责人")
    await chat.waits(hours=3)
    assert alarms(chat) == []


async def test_a_report_is_due_although_the_conversation_is_over(open_chat: OpenChat) -> None:
    chat = await complains(open_chat, "lisi", report=86_400)
    await chat.colleague_writes("您好，我来处理")
    await chat.end()
    assert await open_ticket_of(chat) is not None
    await chat.waits(hours=25)
    assert len(alarms(chat)) == 3


async def test_what_came_due_while_the_process_was_down_is_told_once(open_chat: OpenChat) -> None:
    chat = await complains(open_chat, first_response=3600)
    chat.clock.reach(chat.clock.now() + 4000)
    await chat.waits(seconds=1)
    assert alarms(chat) == ["【已超时】wk_shop：首次人工回复已到期，请立即处理。"]
    await chat.waits(hours=5)
    assert alarms(chat) == []


async def test_complaining_again_does_not_turn_the_clock_back(open_chat: OpenChat) -> None:
    chat = await complains(open_chat, first_response=7200)
    await chat.waits(minutes=100)
    await chat.says("我要曝光")
    await chat.waits(minutes=21)
    assert alarms(chat)[-1] == "【已超时】wk_shop：首次人工回复已到期，请立即处理。"


async def test_a_customer_who_wants_nobody_any_more_has_no_deadline(open_chat: OpenChat) -> None:
    chat = await complains(open_chat, first_response=7200)
    await chat.says("算了，不等了")
    assert (await case_of(chat)).status == "bot"
    await chat.waits(hours=3)
    assert alarms(chat) == []
