"""Is a day a working day, a holiday, or a weekend that is worked instead of another day?"""

from datetime import date
from enum import Enum

import chinese_calendar

from bot.config import Calendar, DateSpan

_MAY_BE_SHIFTED = 4
"""The last weekday of an ordinary week: Friday."""


class DayKind(Enum):
    """What a day is, as far as shifts depend on it."""

    ORDINARY = "ordinary"
    """What its weekday says."""
    HOLIDAY = "holiday"
    """A public holiday, or a day on which the company is closed."""
    MAKE_UP = "make_up"
    """A Saturday or Sunday that is worked instead of another day (调休)."""


class WorkCalendar:
    """The company's days on top of the public ones.

    Args:
        settings: the section `calendar` of the configuration.
    """

    def __init__(self, settings: Calendar | None = None) -> None:
        settings = settings or Calendar()
        self._is_chinese = settings.holidays == "china"
        self._closed, self._worked = _days(settings.closed), _days(settings.workdays)
        self._kinds: dict[date, DayKind] = {}

    def kind(self, day: date) -> DayKind:
        """What a day is; beyond the years the public calendar covers, what its weekday says.

        The company's own words win: first `workdays`, then `closed`, then public holidays.
        """
        if day not in self._kinds:
            self._kinds[day] = self._judge(day)
        return self._kinds[day]

    def covers(self, day: date) -> bool:
        """Whether the public holidays of that year are known, or none are wanted."""
        return not self._is_chinese or _public(day) is not None

    def _judge(self, day: date) -> DayKind:
        if day in self._worked:
            return DayKind.MAKE_UP if day.weekday() > _MAY_BE_SHIFTED else DayKind.ORDINARY
        if day in self._closed:
            return DayKind.HOLIDAY
        return (_public(day) if self._is_chinese else None) or DayKind.ORDINARY


def _days(spans: tuple[DateSpan, ...]) -> frozenset[date]:
    return frozenset(day for span in spans for day in span.days())


def _public(day: date) -> DayKind | None:
    """What the State Council arranged, None where it is not known."""
    try:
        is_off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:  # a year it does not cover
        return None
    if not name:
        return DayKind.ORDINARY
    return DayKind.HOLIDAY if is_off else DayKind.MAKE_UP
