"""People, moments and rosters for the tests of who is on duty."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.config import WEEK, Calendar, Level, StaffMember
from bot.policy.calendar import WorkCalendar
from bot.policy.roster import Roster

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKDAYS = list(WEEK[:5])


def at(text: str, zone: str = "Asia/Shanghai") -> float:
    """A local time such as ``2026-10-01 10:00`` in Unix seconds."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def shift(begins: str, ends: str, days: Sequence[str] = WEEK) -> dict[str, Any]:
    return {"days": list(days), "from": begins, "to": ends}


def member(userid: str, level: Level = "junior", **more: Any) -> StaffMember:
    given = {"userid": userid, "name": f"名{userid}", "level": level} | more
    return StaffMember.model_validate(given)


def office(userid: str, level: Level = "junior", **more: Any) -> StaffMember:
    """Somebody who works Monday to Friday from nine to six."""
    return member(userid, level, shifts=[shift("09:00", "18:00", WEEKDAYS)], **more)


def roster(*staff: StaffMember, **calendar: Any) -> Roster:
    return Roster(staff, SHANGHAI, WorkCalendar(Calendar.model_validate(calendar)))
