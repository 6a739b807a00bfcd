"""Over which days is measured? Whole days in the company's zone."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Window:
    """``[since, until)`` in Unix seconds."""

    since: float
    until: float


def last_days(days: int, now: float, zone: tzinfo) -> Window:
    """The last full days, up to the last midnight."""
    today = datetime.fromtimestamp(now, zone).date()
    return Window(_start(today - timedelta(days), zone), _start(today, zone))


def days_between(first: date, last: date, zone: tzinfo) -> Window:
    """These days and those between them."""
    return Window(_start(first, zone), _start(last + timedelta(1), zone))


def _start(day: date, zone: tzinfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()
