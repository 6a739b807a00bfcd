"""On which days, and at which hours, do people work?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from bot.config.section import Section
from bot.config.values import Many, MinuteOfDay

DAY_MINUTES = 24 * 60

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class DateSpan:
    """Calendar days from the first to the last, both included."""

    first: date
    last: date

    def days(self) -> Iterator[date]:
        """Each day."""
        for number in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=number)


def _dates(value: Any) -> Any:
    """``2026-10-01``, or ``2026-10-01 ~ 2026-10-03``."""
    parts = [part.strip() for part in value.split("~")] if isinstance(value, str) else []
    try:
        days = [date.fromisoformat(part) for part in parts if _DATE.fullmatch(part)]
    except ValueError:  # 31 February
        days = []
    if len(days) != len(parts) or len(days) not in (1, 2):
        raise ValueError("日期，如 2026-10-01；或一段日期，如 2026-10-01 ~ 2026-10-03")
    if not 0 <= (days[-1] - days[0]).days < _MOST_DAYS:
        raise ValueError("先早后晚、不超过一年的一段日期")
    return DateSpan(days[0], days[-1])


Dates = Annotated[DateSpan, BeforeValidator(_dates)]


class Hours(Section):
    """Days of the week, and from when to when on them."""

    days: Many[Weekday] = Field(default=WEEK, min_length=1)
    opens: MinuteOfDay = Field(alias="from")
    closes: MinuteOfDay = Field(alias="to")


class OpeningHours(Hours):
    """Hours in the company's time zone; they end on the day on which they begin."""

    def covers(self, moment: datetime) -> bool:
        """Whether a local time falls into these hours."""
        minute = moment.hour * 60 + moment.minute
        return WEEK[moment.weekday()] in self.days and self.opens <= minute < self.closes


class Shift(Hours):
    """Hours of one person; one that ends no later than it begins ends on the next day."""

    @model_validator(mode="after")
    def _begins_on_its_day(self) -> "Shift":
        if self.opens == DAY_MINUTES:
            raise ValueError("from 早于 24:00 的一班；从午夜开始写第二天的 00:00")
        return self

    @property
    def ends(self) -> int:
        """Its end, in minutes since the midnight with which its first day began."""
        return self.closes if self.closes > self.opens else self.closes + DAY_MINUTES


class Calendar(Section):
    """Which days are not what their weekday says."""

    holidays: Literal["china", "none"] = "china"
    closed: Many[Dates] = ()
    workdays: Many[Dates] = ()


def read_shift(value: Any) -> Shift | None:
    """A shift that is not validated yet, or None when it is misshapen."""
    try:
        return Shift.model_validate(value)
    except ValidationError:
        return None


def read_dates(value: Any) -> DateSpan | None:
    """Dates that are not validated yet, or None when they are misshapen."""
    try:
        found: DateSpan = _dates(value)
    except ValueError:
        return None
    return found
