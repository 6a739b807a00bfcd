"""Over which days is measured? Whole days in the company's zone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Literal

Period = Literal["day", "week", "month"]
PERIODS: tuple[Period, ...] = ("day", "week", "month")
_NAMES: Mapping[Period, str] = {"day": "%Y-%m-%d", "week": "%G-%V", "month": "%Y-%m"}
"""What days of one stretch have in common; a week begins on Monday."""


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


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some local days in a row; the first and the last one of a window may be shorter."""

    days: tuple[str, ...]
    window: Window


def stretches(days: Sequence[str], by: Period, zone: tzinfo) -> list[Stretch]:
    """Divide local days (``2026-11-20``, ascending)."""
    grouped: dict[str, list[str]] = {}
    for day in days:
        grouped.setdefault(date.fromisoformat(day).strftime(_NAMES[by]), []).append(day)
    return [Stretch(tuple(mine), days_between(*_ends(mine), zone)) for mine in grouped.values()]


def _ends(days: Sequence[str]) -> tuple[date, date]:
    return date.fromisoformat(days[0]), date.fromisoformat(days[-1])


def edges_of(parts: Sequence[Stretch]) -> list[float]:
    """Where each begins, and where the last one ends."""
    return [*(one.window.since for one in parts), *(one.window.until for one in parts[-1:])]


def _start(day: date, zone: tzinfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()
