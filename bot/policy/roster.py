"""Who may be given a conversation now, and when is somebody there again (R-11.2, R-11.4)?

The plan only: who receives at this moment is known to WeCom alone, and is asked where a
conversation is handed over. Userids are compared without case.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from bot.config import Level, StaffMember
from bot.model import Seat
from bot.model.cases import EXPERT, JUNIOR
from bot.policy.calendar import WorkCalendar
from bot.policy.shifts import Timetable

_LEVELS: Mapping[Level, int] = {"junior": JUNIOR, "expert": EXPERT, "leader": EXPERT}
_TIERS: Mapping[int, tuple[Level, ...]] = {
    JUNIOR: ("junior", "expert"),
    EXPERT: ("expert", "leader"),
}


@dataclass(frozen=True, slots=True)
class Opening:
    """A moment as people tell it.

    Args:
        days: calendar days from now: 0 today, 1 tomorrow.
        moment: the local time.
    """

    days: int
    moment: datetime


@dataclass(frozen=True, slots=True)
class _Wish:
    """For whom somebody is looked for."""

    level: int
    open_kfid: str
    at: float
    skill: str
    barred: frozenset[str]


class Roster:
    """The members of staff and their shifts.

    Args:
        staff: as configured; deputies name each other by userid.
        zone: the company's time zone.
        calendar: holidays and make-up days.
    """

    def __init__(
        self,
        staff: Sequence[StaffMember] = (),
        zone: tzinfo = UTC,
        calendar: WorkCalendar | None = None,
    ) -> None:
        self._staff = tuple(staff)
        self._by_key = {member.key: member for member in self._staff}
        self._times = Timetable(zone, calendar or WorkCalendar())

    def name_of(self, userid: str) -> str:
        """What a member is called; the userid of one whom the configuration does not name."""
        member = self._by_key.get(userid.lower())
        return member.name if member else userid

    def level_of(self, userid: str) -> int:
        """2 for a junior and for a servicer whom the configuration does not name, otherwise 3."""
        member = self._by_key.get(userid.lower())
        return _LEVELS[member.level] if member else JUNIOR

    def on_duty(self, userid: str, at: float) -> bool:
        """Whether a member has a shift now, or has none at all; never one who is not named."""
        member = self._by_key.get(userid.lower())
        return member is not None and self._is_there(member, at)

    def off_duty_at(self, userid: str, at: float) -> float | None:
        """When the shift of a member who is on duty ends; None = not within 14 days."""
        member = self._by_key.get(userid.lower())
        return self._times.last((member,), at) if member else at

    def candidates(
        self,
        *,
        level: int,
        open_kfid: str,
        at: float,
        skill: str = "",
        loads: Mapping[str, int],
        last: str = "",
        exclude: Collection[str] = (),
    ) -> tuple[Seat, ...]:
        """Who may be given a conversation, the most suitable first (R-11.4).

        Level 2 goes to juniors, and to experts when no junior is there; level 3 to experts, after
        them to leaders, never to a junior. Within that: who has the skill, then who served last,
        then the lowest load for the capacity, then the userid. Somebody absent who has the wanted
        skill, or whose whole level is absent, is stood in for by the deputies who are there.

        Args:
            level: 2 or 3.
            open_kfid: the account.
            at: Unix seconds.
            skill: what the case asks for, empty = nothing special.
            loads: open conversations per userid; who is missing has none.
            last: who served this customer lately.
            exclude: who cannot take it, e.g. was tried or is not receiving; does not count as
                there.
        """
        wish = _Wish(level, open_kfid, at, skill, frozenset(one.lower() for one in exclude))
        busy: dict[str, int] = {}
        for userid, load in loads.items():
            busy[userid.lower()] = busy.get(userid.lower(), 0) + load
        found: dict[str, Seat] = {}
        for tier in _TIERS[level]:
            present = self._present(tier, wish)
            ordered = sorted(
                (not skilled, key != last.lower(), busy.get(key, 0) / member.capacity, key)
                for key, (member, skilled) in present.items()
                if busy.get(key, 0) < member.capacity
            )
            for *_, key in ordered:
                member = self._by_key[key]
                one = Seat(member.userid, _LEVELS[member.level], member.capacity)
                found.setdefault(key, one)
            if level == JUNIOR and present:
                break
        return tuple(found.values())

    def next_opening(self, open_kfid: str, level: int, at: float) -> float | None:
        """When somebody who may serve a level is on duty next; `at` itself when one is now.

        Returns:
            None when nobody is within 14 days.
        """
        return self._times.first(self._suitable(open_kfid, level), at)

    def leaders(self, open_kfid: str, at: float) -> tuple[str, ...]:
        """Whom to tell: leaders on duty, then deputies of those who are not; all if none is."""
        leaders = [one for one in self._staff if one.level == "leader" and one.serves(open_kfid)]
        there = {one.key: one for one in leaders if self._is_there(one, at)}
        for absent in leaders:
            if absent.key not in there:
                deputies = self._deputies(absent, open_kfid)
                there |= {one.key: one for one in deputies if self._is_there(one, at)}
        return tuple(one.userid for one in (there.values() or leaders))

    def operators(self, at: float) -> tuple[str, ...]:
        """Whom to tell what is wrong with the service: all operators, at any hour, else leaders."""
        named = tuple(one.userid for one in self._staff if "operator" in one.duties)
        return named or self.leaders("", at)

    def duty_seconds(self, begin: float, end: float, open_kfid: str) -> float:
        """How much of an interval lay in business hours (R-11.8), in seconds.

        Business hours are those during which anybody is on duty who may be given conversations at
        the account; all hours, when nobody there has shifts.
        """
        team = [one for one in self._staff if one.capacity and one.serves(open_kfid)]
        if not any(member.shifts for member in team):
            return max(0.0, end - begin)
        return self._times.seconds(team, begin, end)

    def _present(self, tier: Level, wish: _Wish) -> dict[str, tuple[StaffMember, bool]]:
        """Who of a level, or in place of one of it, is there, and whether he has the skill."""
        tier_members = list(self._of_level(tier, wish.open_kfid))
        found = {
            one.key: (one, wish.skill in one.skills)
            for one in tier_members
            if one.key not in wish.barred and self._is_there(one, wish.at)
        }
        level_is_absent = not found
        for absent in tier_members:
            skilled = wish.skill in absent.skills
            is_missed = (skilled or level_is_absent) and not self._is_there(absent, wish.at)
            for one in self._stand_ins(absent, wish.open_kfid, wish.level) if is_missed else ():
                if one.key not in wish.barred and self._is_there(one, wish.at):
                    _, has_skill = found.get(one.key, (one, wish.skill in one.skills))
                    found[one.key] = one, skilled or has_skill
        return found

    def _suitable(self, open_kfid: str, level: int) -> tuple[StaffMember, ...]:
        """Who may serve a level when on duty: the levels it goes to, and their deputies."""
        found: dict[str, StaffMember] = {}
        for tier in _TIERS[level]:
            for member in self._of_level(tier, open_kfid):
                found[member.key] = member
                found |= {one.key: one for one in self._stand_ins(member, open_kfid, level)}
        return tuple(found.values())

    def _of_level(self, tier: Level, open_kfid: str) -> Iterator[StaffMember]:
        for member in self._staff:
            if member.level == tier and member.capacity and member.serves(open_kfid):
                yield member

    def _deputies(self, absent: StaffMember, open_kfid: str) -> Iterator[StaffMember]:
        for userid in absent.deputies:
            member = self._by_key.get(userid.lower())
            if member is not None and member.serves(open_kfid):
                yield member

    def _stand_ins(self, absent: StaffMember, open_kfid: str, level: int) -> Iterator[StaffMember]:
        """Deputies who may be given a conversation of a level."""
        for one in self._deputies(absent, open_kfid):
            if one.capacity and _LEVELS[one.level] >= level:
                yield one

    def _is_there(self, member: StaffMember, at: float) -> bool:
        return self._times.covers((member,), at)


def opening(at: float, now: float, zone: tzinfo) -> Opening:
    """How far off a moment is, as people count: in calendar days of a zone."""
    moment = datetime.fromtimestamp(at, zone)
    return Opening((moment.date() - datetime.fromtimestamp(now, zone).date()).days, moment)
