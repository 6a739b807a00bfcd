from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.errors import Unreachable
from tests.conftest import OpenChat
from tests.surveys import (
    CASE,
    INTRODUCTION,
    ITEMS,
    OTHER,
    asked,
    cases_of,
    closed,
    ends,
    ends_with_code,
    reason_of,
    row_of,
    solved,
    the_case,
    told,
)
from tests.talk import Chat

AFTER_PEOPLE = "本次人工服务已结束，您对这次服务满意吗？点一下就能评分："
AFTER_BOT = "您对这次服务满意吗？点一下就能评分："
SHIP_TIME = "现货 48 小时内发出。"


# ---------------------------------------------------------------------- who is asked


async def test_after_a_servicer_the_end_code_carries_the_invitation(chat: Chat) -> None:
    await ends_with_code(chat)
    assert chat.replies == [AFTER_PEOPLE]
    assert chat.menus == [ITEMS]
    assert await asked(chat) == ("code", "")


async def test_an_end_code_is_as_urgent_as_a_welcome(chat: Chat) -> None:
    await ends_with_code(chat)
    rows = await chat.store.database.fetch(
        "SELECT lane FROM outbox WHERE kind = 'SendOnEvent' ORDER BY id"
    )
    assert [row["lane"] for row in rows] == ["urgent", "urgent"]


async def test_the_ids_of_the_menu_fit_into_what_wecom_takes(chat: Chat) -> None:
    await ends_with_code(chat, "c" * 56)
    (payload,) = chat.wecom.sent
    ids = [item["click"]["id"] for item in payload["msgmenu"]["list"]]
    assert ids[0] == f"csat:{'c' * 56}:5"
    assert max(len(one.encode()) for one in ids) <= 64


@pytest.mark.parametrize(
    ("age_s", "how"), [(0, ("code", "")), (17, ("code", "")), (18, ("none", "code_too_late"))]
)
async def test_a_code_is_used_within_18_seconds_or_not_at_all(
    chat: Chat, age_s: float, how: tuple[str, str]
) -> None:
    await chat.take_over()
    await chat.end()
    await chat.receives(closed(chat, end_code="end-1", code_at=chat.clock.now() - age_s))
    assert await asked(chat) == how
    assert bool(chat.replies) == (how[0] == "code")


async def test_without_an_end_code_nobody_is_asked_after_a_servicer(chat: Chat) -> None:
    await chat.take_over()
    await chat.end()
    await chat.receives(closed(chat))
    assert chat.replies == []
    assert await asked(chat) == ("none", "no_code")


async def test_after_the_bot_has_solved_it_the_customer_is_asked(chat: Chat) -> None:
    await chat.says("谢谢")
    await solved(chat)
    assert chat.replies == [AFTER_BOT]
    assert chat.menus == [ITEMS]
    assert await asked(chat) == ("message", "")


async def test_after_a_case_of_the_bot_an_end_code_is_no_reason_to_ask(chat: Chat) -> None:
    await chat.receives(closed(chat, served_level=0, end_code="end-1", code_at=chat.clock.now()))
    assert chat.replies == []
    assert await asked(chat) == ("none", "not_solved")


async def test_who_asked_for_a_person_in_vain_is_not_asked(chat: Chat) -> None:
    await chat.says("转人工")
    await chat.says("多久发货")
    await chat.says("解决了")
    assert AFTER_BOT not in chat.replies
    case = await the_case(chat)
    assert await asked(chat, case) == ("none", "nobody_served")
    await chat.waits(hours=25)
    assert chat.replies == []
    assert await asked(chat, case) == ("none", "nobody_served")


async def test_who_has_left_is_not_called_back(chat: Chat) -> None:
    await chat.says("谢谢")
    await chat.waits(minutes=11)
    await solved(chat)
    assert chat.replies == []
    assert await asked(chat) == ("none", "too_late")


async def test_who_asks_the_next_thing_already_is_left_alone(chat: Chat) -> None:
    await chat.says("运费多少钱")
    await solved(chat)
    assert chat.replies == []
    assert await asked(chat) == ("none", "busy")


async def test_what_is_left_of_the_allowance_is_for_the_next_question(chat: Chat) -> None:
    await chat.says("羊毛衫怎么洗")
    assert len(chat.replies) == 3
    case = await the_case(chat)
    await solved(chat, case)
    assert chat.replies == []
    assert await asked(chat, case) == ("none", "no_room")


# ---------------------------------------------------------------------- once, and when not


async def test_a_case_that_is_told_closed_twice_is_asked_about_once(chat: Chat) -> None:
    await ends_with_code(chat)
    await chat.receives(closed(chat, end_code="end-2", code_at=chat.clock.now()))
    assert chat.replies == []
    await chat.waits(hours=25)
    await chat.receives(closed(chat, end_code="end-3", code_at=chat.clock.now()))
    assert chat.replies == []
    assert await asked(chat) == ("code", "")


async def test_closed_twice_in_one_turn_is_asked_about_once(chat: Chat) -> None:
    await chat.take_over()
    await chat.end()
    event = closed(chat, end_code="end-1", code_at=chat.clock.now())
    with capture_logs() as logs:
        await chat.receives(event, event)
    assert chat.replies == [AFTER_PEOPLE]
    assert [one for one in logs if one["event"] == "turn.failed"] == []


async def test_a_code_that_only_a_repeat_brings_is_used(chat: Chat) -> None:
    await chat.take_over()
    await chat.end()
    await chat.receives(closed(chat))
    assert await asked(chat) == ("none", "no_code")
    await chat.receives(closed(chat, end_code="end-1", code_at=chat.clock.now()))
    assert chat.replies == [AFTER_PEOPLE]
    assert await asked(chat) == ("code", "")


async def test_what_is_told_again_never_forgets_that_the_customer_was_asked(chat: Chat) -> None:
    await ends_with_code(chat)
    await chat.receives(closed(chat))
    await solved(chat)
    assert chat.replies == []
    assert await asked(chat) == ("code", "")


async def test_an_invitation_that_may_have_left_is_not_tried_again(chat: Chat) -> None:
    await chat.take_over()
    await chat.receives(closed(chat, end_code="end-1", code_at=chat.clock.now()))
    await chat.waits(minutes=15)
    await chat.end()
    await chat.receives(closed(chat, end_code="end-2", code_at=chat.clock.now()))
    assert chat.replies == []
    assert await asked(chat) == ("none", "code_unsent")


async def test_solved_first_and_served_by_a_person_then_is_asked_about_once(chat: Chat) -> None:
    await chat.says("多久发货")
    await chat.says("解决了")
    assert chat.replies[-1] == AFTER_BOT
    await chat.take_over()
    await chat.colleague_writes("您好，我来为您服务")
    await ends(chat)
    assert chat.replies == []
    assert await asked(chat, await the_case(chat)) == ("message", "")


async def test_who_was_asked_lately_is_left_alone_for_a_day(chat: Chat) -> None:
    await ends_with_code(chat)
    await chat.waits(hours=23)
    await ends_with_code(chat, OTHER, "end-2")
    assert chat.replies == []
    assert await asked(chat, OTHER) == ("none", "asked_lately")
    await chat.waits(hours=2)
    await ends_with_code(chat, "third", "end-3")
    assert chat.replies == [AFTER_PEOPLE]


@pytest.mark.parametrize(
    ("kind", "scope", "key"),
    [
        ("silence", "all", ""),
        ("silence", "account", "wk_shop"),
        ("silence", "customer", "wm_lan"),
        ("block", "customer", "wm_lan"),
    ],
)
async def test_whom_we_may_not_disturb_is_not_asked(
    chat: Chat, kind: str, scope: str, key: str
) -> None:
    await chat.store.switches.turn_on(kind, scope, key, by="test", reason="", now=0)
    await ends_with_code(chat)
    assert chat.replies == []
    assert await asked(chat) == ("none", "silenced")


@pytest.mark.parametrize(
    ("sections", "why_not"),
    [
        ({"satisfaction": {"enabled": False}}, "off"),
        ({"satisfaction": {"after_human": False}}, "off"),
        ({"autonomy": {"mode": "off"}}, "silenced"),
        ({"satisfaction": {"after_bot": False}}, ""),
    ],
)
async def test_what_the_configuration_says_holds(
    open_chat: OpenChat, sections: dict[str, Any], why_not: str
) -> None:
    chat = await open_chat(**sections)
    await ends_with_code(chat)
    assert await asked(chat) == ("none" if why_not else "code", why_not)


async def test_after_the_bot_nobody_is_asked_where_that_is_switched_off(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(satisfaction={"after_bot": False})
    await chat.says("谢谢")
    await solved(chat)
    assert await asked(chat) == ("none", "off")


# ---------------------------------------------------------------------- people come first


async def test_while_a_person_has_the_session_no_invitation_goes_out(chat: Chat) -> None:
    """The end code holds in state 4 only; the courier sees that the session has moved on."""
    await chat.take_over()
    await chat.receives(closed(chat, end_code="end-1", code_at=chat.clock.now()))
    assert chat.replies == []
    await chat.waits(minutes=15)
    assert await asked(chat) == ("none", "code_unsent")


async def test_an_invitation_that_a_restart_delayed_is_not_sent_any_more(chat: Chat) -> None:
    """Row and invitation are one commit; the outbox row dies with its code."""
    await chat.take_over()
    await chat.end()
    await chat.decides_on(closed(chat, end_code="end-1", code_at=chat.clock.now()))
    assert await asked(chat) == ("code", "")
    chat.clock.reach(chat.clock.now() + 19)
    await chat.waits(minutes=15)
    assert chat.replies == []
    assert await asked(chat) == ("none", "code_unsent")


async def test_a_code_whose_first_try_had_no_answer_is_tried_again_in_time(chat: Chat) -> None:
    await chat.take_over()
    await chat.end()
    chat.wecom.failures = [Unreachable("kf/send_msg_on_event")]
    await chat.receives(closed(chat, end_code="end-1", code_at=chat.clock.now()))
    await chat.waits(seconds=10)
    assert chat.replies == [AFTER_PEOPLE]
    await chat.waits(minutes=15)
    assert await asked(chat) == ("code", "")


async def test_a_customer_who_writes_on_before_the_code_is_used_is_not_asked(chat: Chat) -> None:
    await chat.take_over()
    await chat.end()
    await chat.decides_on(closed(chat, end_code="end-1", code_at=chat.clock.now()))
    await chat.says("多久发货")
    assert chat.replies == [INTRODUCTION + SHIP_TIME]
    await chat.waits(minutes=15)
    assert await asked(chat) == ("none", "code_unsent")


async def test_a_take_over_withholds_the_invitation_of_the_bot(chat: Chat) -> None:
    await chat.says("谢谢")
    await chat.decides_on(told(chat, "case_solved", case_id=CASE))
    await chat.take_over()
    await chat.waits(minutes=15)
    assert chat.replies == []
    assert await asked(chat) == ("none", "message_unsent")


async def test_what_never_left_keeps_nobody_from_being_asked_the_next_time(chat: Chat) -> None:
    await chat.take_over()
    await chat.receives(closed(chat, end_code="end-1", code_at=chat.clock.now()))
    await chat.waits(minutes=15)
    await ends_with_code(chat, OTHER, "end-2")
    assert chat.replies == [AFTER_PEOPLE]


async def test_after_the_message_was_refused_a_tap_still_counts(chat: Chat) -> None:
    """A send without an answer may have arrived: what the customer taps has been seen."""
    await ends_with_code(chat)
    await chat.store.database.execute(
        "UPDATE ratings SET asked_how = 'none', why_not = 'code_unsent'"
    )
    await chat.taps(ITEMS[0])
    row = await row_of(chat)
    assert (row["score"], row["asked_how"], row["why_not"]) == (5, "code", "")


async def test_a_rating_made_while_a_person_has_the_session_is_kept_without_a_word(
    chat: Chat,
) -> None:
    await ends_with_code(chat)
    await chat.take_over()
    await chat.taps(ITEMS[1])
    assert chat.replies == []
    assert chat.outcome == "silent"
    assert (await row_of(chat))["score"] == 4
    assert (await row_of(chat))["reason_until"] is None
    assert await cases_of(chat) == 0


async def test_what_is_written_to_a_person_is_no_reason(chat: Chat) -> None:
    await ends_with_code(chat)
    await chat.taps(ITEMS[2])
    await chat.take_over()
    await chat.says("发货太慢了")
    assert await reason_of(chat) == ""
