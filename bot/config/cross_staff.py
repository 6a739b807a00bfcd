"""Do the members of staff, their shifts and the calendar fit together?

Like `cross`, these checks read the unvalidated values and step over what is misshapen.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.config.environment import Draft
from bot.config.hours import DAY_MINUTES, WEEK, Shift, read_dates, read_shift
from bot.config.problems import Problem
from bot.config.yaml_file import Loc, path_text

_WEEK_MINUTES = 7 * DAY_MINUTES
_DAYS = "一二三四五六日"

_WANT_SKILLS: tuple[Loc, ...] = ()
"""Mappings of the configuration whose items may name a `skill` that somebody must have."""


def staff_problems(draft: Draft) -> Iterator[Problem]:
    """Every value about people and days that does not fit another one."""
    members = dict(_mappings(draft.at(("staff",))))
    yield from _deputies(draft, members)
    yield from _accounts(draft, members)
    for index, member in members.items():
        yield from _overlaps(draft, ("staff", index, "shifts"), member.get("shifts"))
    yield from _skills(draft, members)
    yield from _days_both_ways(draft)


def _deputies(draft: Draft, members: Mapping[int, dict[str, Any]]) -> Iterator[Problem]:
    known = {key for member in members.values() if (key := _key(member.get("userid")))}
    for index, member in members.items():
        for number, deputy in _items(member.get("deputies")):
            here: Loc = ("staff", index, "deputies", number)
            if not (key := _key(deputy)):
                continue
            if key == _key(member.get("userid")):
                yield Problem(path_text(here), f"{deputy!r} 是本人", "别人", draft.where(here))
            elif key not in known:
                found, expected = f"staff 里没有 {deputy!r}", "staff 里某人的 userid"
                yield Problem(path_text(here), found, expected, draft.where(here))


def _accounts(draft: Draft, members: Mapping[int, dict[str, Any]]) -> Iterator[Problem]:
    served = [name for _, name in _items(draft.at(("wecom", "kf_accounts")))]
    if not served:
        return  # every account that the app can see
    for index, member in members.items():
        for number, name in _items(member.get("accounts")):
            if isinstance(name, str) and name not in served:
                here: Loc = ("staff", index, "accounts", number)
                found = f"wecom.kf_accounts 里没有 {name!r}"
                expected = "wecom.kf_accounts 里的客服账号"
                yield Problem(path_text(here), found, expected, draft.where(here))


def _overlaps(draft: Draft, loc: Loc, shifts: Any) -> Iterator[Problem]:
    """Two shifts of one member that share a minute of the week."""
    earlier: list[tuple[int, Shift]] = []
    for index, item in _mappings(shifts):
        shift = read_shift(item)
        if shift is None:
            continue
        for before, other in earlier:
            if (day := _shared_day(shift, other)) is not None:
                found = f"与 {path_text((*loc, before))} 在周{_DAYS[day]}重叠"
                here = (*loc, index)
                yield Problem(path_text(here), found, "互不重叠的班次", draft.where(here))
                break
        earlier.append((index, shift))


def _shared_day(one: Shift, other: Shift) -> int | None:
    """The weekday on which two shifts first overlap; the week is a ring."""
    for begin, end in _minutes(one):
        for start, stop in _minutes(other):
            for turn in (-_WEEK_MINUTES, 0, _WEEK_MINUTES):
                shared = max(begin, start + turn)
                if shared < min(end, stop + turn):
                    return shared // DAY_MINUTES % 7
    return None


def _minutes(shift: Shift) -> Iterator[tuple[int, int]]:
    for day in sorted({WEEK.index(name) for name in shift.days}):
        yield day * DAY_MINUTES + shift.opens, day * DAY_MINUTES + shift.ends


def _skills(draft: Draft, members: Mapping[int, dict[str, Any]]) -> Iterator[Problem]:
    had = {skill for member in members.values() for _, skill in _items(member.get("skills"))}
    for loc in _WANT_SKILLS:
        classes = draft.at(loc)
        for name, item in classes.items() if isinstance(classes, dict) else ():
            skill = item.get("skill") if isinstance(item, dict) else None
            if isinstance(skill, str) and skill not in had:
                here: Loc = (*loc, name, "skill")
                found, expected = f"没有人会 {skill!r}", "staff 里某人的 skills 之一"
                yield Problem(path_text(here), found, expected, draft.where(here))


def _days_both_ways(draft: Draft) -> Iterator[Problem]:
    """A day that is closed and worked."""
    closed: dict[Any, int] = {}
    for index, value in _items(draft.at(("calendar", "closed"))):
        if span := read_dates(value):
            closed |= dict.fromkeys(span.days(), index)
    for index, value in _items(draft.at(("calendar", "workdays"))):
        span = read_dates(value)
        for day in span.days() if span else ():
            if day in closed:
                here: Loc = ("calendar", "workdays", index)
                found = f"{day} 也写在 calendar.closed[{closed[day]}] 里"
                yield Problem(path_text(here), found, "只写在一处", draft.where(here))
                break


def _items(value: Any) -> Iterable[tuple[int, Any]]:
    return enumerate(value) if isinstance(value, list) else ()


def _mappings(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    return ((index, item) for index, item in _items(value) if isinstance(item, dict))


def _key(userid: Any) -> str:
    return userid.lower() if isinstance(userid, str) else ""
