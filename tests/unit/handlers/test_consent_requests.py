"""What customers ask to have done with their data: erased, handed over, corrected."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.app import build_eraser
from bot.config import Calendar
from bot.policy.calendar import WorkCalendar
from bot.store.erasures import Eraser
from handlers.consent import requests
from handlers.consent.rules import Wish
from tests.talk import Chat


def eraser_of(chat: Chat) -> Eraser:
    eraser = build_eraser(chat.engine.config, chat.store, chat.engine.routers)
    return Eraser(eraser.store, eraser.tables, now=chat.clock.now)


async def open_requests(chat: Chat) -> list[tuple[Wish, str]]:
    found = await requests.listed(chat.store, all_of_them=True)
    return [(one.kind, one.state) for one in found]


async def test_an_erasure_is_confirmed_in_a_later_message_and_then_nothing_is_left(
    chat: Chat,
) -> None:
    await chat.agrees()
    await chat.says("我叫赵兰，手机 13900001111")
    await chat.says("删除我的信息")
    assert chat.menus[-1] == ["确认删除", "不删了"]
    assert await eraser_of(chat).look() == 0, "nothing before it is confirmed"
    await chat.taps("确认删除")
    assert "马上删除" in chat.replies[0]
    (receipt,) = (word for word in chat.replies[0].split() if word.startswith("e_"))
    assert await eraser_of(chat).look() == 1
    assert await chat.store.database.scan("SELECT 1 FROM messages") == []
    assert await chat.store.database.scan("SELECT 1 FROM customers") == []
    (kept,) = await eraser_of(chat).receipts()
    assert receipt.startswith(kept.id)
    assert kept.asked_by == "customer"
    assert kept.erased_at is not None


async def test_who_comes_back_is_met_for_the_first_time(chat: Chat) -> None:
    await chat.says("删除我的信息")
    await chat.says("确认删除")
    await eraser_of(chat).look()
    await chat.says("多久发货")
    assert chat.replies[0].endswith("现货 48 小时内发出。")
    rows = await chat.store.database.scan("SELECT 1 FROM messages")
    assert len(rows) == 1


async def test_an_erasure_is_dropped_when_it_was_not_meant(chat: Chat) -> None:
    await chat.says("删除我的信息")
    await chat.taps("不删了")
    assert chat.replies == ["好的，没有删除。"]
    assert await open_requests(chat) == [(Wish.ERASE, requests.DROPPED)]
    await chat.says("确认删除")
    assert await eraser_of(chat).look() == 0


async def test_a_confirmation_without_a_request_or_after_a_day_erases_nobody(chat: Chat) -> None:
    await chat.sends("text", {"content": "确认删除", "menu_id": "erase:sure"})
    assert "没有等待确认" in chat.replies[0]
    await chat.says("删除我的信息")
    await chat.waits(hours=25)
    await chat.says("确认删除")
    assert await eraser_of(chat).look() == 0


async def test_in_a_human_session_people_are_told_instead(chat: Chat) -> None:
    await chat.take_over()
    await chat.says("把我的资料全部删了")
    assert chat.replies == []
    assert "wm_lan" in chat.staff_messages[0]
    assert await open_requests(chat) == [(Wish.ERASE, requests.OPEN)]


@pytest.mark.parametrize(
    ("text", "wish", "said"),
    [
        ("导出我的信息", Wish.EXPORT, "转给同事整理"),
        ("我的信息有误，更正一下", Wish.CORRECT, "转给同事核对更正"),
    ],
)
async def test_what_a_person_must_do_has_a_day_by_which_it_must_be_done(
    chat: Chat, text: str, wish: Wish, said: str
) -> None:
    await chat.says(text)
    assert said in chat.replies[0]
    assert "12-11" in chat.replies[0]
    assert "2026-12-11" in chat.staff_messages[0]
    await chat.says(text)
    assert await open_requests(chat) == [(wish, requests.OPEN)], "asked twice is one request"


def test_working_days_leave_out_weekends_and_holidays_and_count_days_worked_instead() -> None:
    calendar = WorkCalendar(Calendar())
    # 中秋; then 国庆 from 1 to 7 October, for which 10 October is worked
    friday = datetime(2026, 9, 25, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert requests.due_after(friday, 1, calendar).date().isoformat() == "2026-09-28"
    assert requests.due_after(friday, 4, calendar).date().isoformat() == "2026-10-08"
    assert requests.due_after(friday, 6, calendar).date().isoformat() == "2026-10-10"
