from datetime import date
from typing import Any

import pytest

from bot.config import Calendar
from bot.policy.calendar import DayKind, WorkCalendar

ORDINARY, HOLIDAY, MAKE_UP = DayKind


def calendar(**settings: Any) -> WorkCalendar:
    return WorkCalendar(Calendar.model_validate(settings))


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        # Spring Festival 2026: 15–23 February off, 14 and 28 February worked.
        ("2026-02-13", ORDINARY),
        ("2026-02-14", MAKE_UP),
        ("2026-02-15", HOLIDAY),
        ("2026-02-23", HOLIDAY),
        ("2026-02-24", ORDINARY),
        ("2026-02-28", MAKE_UP),
        # National Day 2026: 1–7 October off, 20 September and 10 October worked.
        ("2026-09-20", MAKE_UP),
        ("2026-09-30", ORDINARY),
        ("2026-10-01", HOLIDAY),
        ("2026-10-07", HOLIDAY),
        ("2026-10-08", ORDINARY),
        ("2026-10-10", MAKE_UP),
        ("2026-10-11", ORDINARY),  # a Sunday as any other
    ],
)
def test_the_arrangement_of_2026_is_known(day: str, kind: DayKind) -> None:
    assert calendar().kind(date.fromisoformat(day)) is kind


def test_a_year_that_is_not_arranged_yet_has_weekdays_only() -> None:
    days = calendar()
    assert [days.covers(date(year, 1, 1)) for year in (1999, 2026, 2099)] == [False, True, False]
    assert days.kind(date(2099, 10, 1)) is ORDINARY


def test_a_company_without_public_holidays_has_weekdays_only_and_lacks_nothing() -> None:
    days = calendar(holidays="none")
    assert days.kind(date(2026, 10, 1)) is ORDINARY
    assert days.kind(date(2026, 10, 10)) is ORDINARY
    assert days.covers(date(2099, 1, 1))


def test_the_company_s_own_days_come_on_top() -> None:
    days = calendar(
        closed=["2026-05-20", "2099-10-01 ~ 2099-10-03"],
        workdays=["2026-10-01", "2026-10-03", "2099-10-10"],
    )
    assert days.kind(date(2026, 5, 20)) is HOLIDAY
    assert days.kind(date(2026, 10, 1)) is ORDINARY  # a Thursday, worked like any Thursday
    assert days.kind(date(2026, 10, 2)) is HOLIDAY
    assert days.kind(date(2026, 10, 3)) is MAKE_UP  # a Saturday
    assert [days.kind(date(2099, 10, day)) for day in (1, 2, 3, 4)] == [HOLIDAY] * 3 + [ORDINARY]
    assert days.kind(date(2099, 10, 10)) is MAKE_UP
