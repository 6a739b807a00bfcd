"""From when to when is somebody on duty? Shifts and days as spans of Unix seconds.

A shift belongs to the local day on which it begins, in the member's own time zone: that day's kind
and weekday decide whether it takes place, however far it reaches into the next one. On a make-up
day every shift of Monday to Friday takes place, and those of its own weekday too.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.config import WEEK, Shift, StaffMember
from bot.policy.calendar import DayKind, WorkCalendar

Span = tuple[float, float]
"""Unix seconds: begin, and end, which belongs to it no more."""

DAY_S = 86_400
LOOK_AHEAD_DAYS = 14

_MOST_KEPT = 20_000
_WORKING_WEEK = frozenset(WEEK[:5])


class Timetable:
    """When members are on duty, alone or at least one of several.

    Args:
        zone: of members who name none.
        calendar: which days are no ordinary ones.
    """

    def __init__(self, zone: tzinfo, calendar: WorkCalendar) -> None:
        self._zone, self._calendar = zone, calendar
        self._kept: dict[tuple[tuple[str, ...], int], tuple[Span, ...]] = {}

    def covers(self, members: Sequence[StaffMember], at: float) -> bool:
        """Whether one of them is on duty at a moment."""
        return any(begin <= at < end for begin, end in self._day(members, _day_of(at)))

    def first(self, members: Sequence[StaffMember], at: float) -> float | None:
        """The first moment from `at` on with one of them on duty, within 14 days."""
        limit = at + LOOK_AHEAD_DAYS * DAY_S
        for begin, end in self._spans(members, at, limit):
            if end > at and begin <= limit:
                return max(begin, at)
        return None

    def last(self, members: Sequence[StaffMember], at: float) -> float | None:
        """When the time ends during which, from `at` on, one of them is always on duty.

        Returns:
            `at` itself when nobody is; None when no end comes within 14 days.
        """
        reached = at
        for begin, end in self._spans(members, at, at + LOOK_AHEAD_DAYS * DAY_S):
            if begin > reached:
                return reached
            reached = max(reached, end)
        return reached if reached < at + LOOK_AHEAD_DAYS * DAY_S else None

    def seconds(self, members: Sequence[StaffMember], begin: float, end: float) -> float:
        """How long at least one of them is on duty between two moments."""
        spans = self._spans(members, begin, end)
        return sum(max(0.0, min(stop, end) - max(start, begin)) for start, stop in spans)

    def _spans(self, members: Sequence[StaffMember], begin: float, end: float) -> Iterator[Span]:
        """Spans that touch the time between two moments, in order, cut at midnight UTC."""
        for day in range(_day_of(begin), _day_of(end) + 1):
            yield from self._day(members, day)

    def _day(self, members: Sequence[StaffMember], day: int) -> tuple[Span, ...]:
        """Spans of one UTC day, merged and in order."""
        key = tuple(member.key for member in members), day
        known = self._kept.get(key)
        if known is None:
            if len(members) == 1:
                known = _merged(self._own(members[0], day))
            else:
                known = _merged(span for one in members for span in self._day((one,), day))
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = known
        return known

    def _own(self, member: StaffMember, day: int) -> Iterator[Span]:
        first, last = float(day * DAY_S), float((day + 1) * DAY_S)
        if not member.shifts:
            yield first, last
            return
        zone = ZoneInfo(member.timezone) if member.timezone else self._zone
        middle = datetime.fromtimestamp(first, UTC).date()
        for offset in (-2, -1, 0, 1):  # zones are up to a day apart, and a shift reaches into two
            local_day = middle + timedelta(days=offset)
            for shift in member.shifts:
                if self._takes_place(shift, local_day, member.on_holidays):
                    begin = max(first, _unix(local_day, shift.opens, zone))
                    end = min(last, _unix(local_day, shift.ends, zone))
                    if begin < end:
                        yield begin, end

    def _takes_place(self, shift: Shift, day: date, on_holidays: bool) -> bool:
        kind = self._calendar.kind(day)
        if kind is DayKind.HOLIDAY and not on_holidays:
            return False
        if kind is DayKind.MAKE_UP and not _WORKING_WEEK.isdisjoint(shift.days):
            return True
        return WEEK[day.weekday()] in shift.days


def _unix(day: date, minute: int, zone: tzinfo) -> float:
    """Minutes after a local midnight, by the clock on the wall."""
    return (datetime.combine(day, time(), zone) + timedelta(minutes=minute)).timestamp()


def _day_of(moment: float) -> int:
    return int(moment // DAY_S)


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return tuple(found)
