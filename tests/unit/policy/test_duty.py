"""When is somebody on duty: shifts, midnights, holidays, make-up days and clocks that change."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import WEEK, StaffMember
from tests.unit.policy.rosters import at, member, office, roster, shift

HOUR = 3600.0
DAY = 24 * HOUR


def test_a_shift_begins_with_its_first_minute_and_ends_before_its_last() -> None:
    one = roster(office("a"))
    moments = ["08:59:59", "09:00", "17:59:59", "18:00"]
    assert [one.on_duty("A", at(f"2026-11-23 {m}")) for m in moments] == [False, True, True, False]
    assert one.off_duty_at("a", at("2026-11-23 09:00")) == at("2026-11-23 18:00")
    assert not one.on_duty("stranger", at("2026-11-23 10:00"))


def test_who_has_no_shifts_is_always_there() -> None:
    one = roster(member("a"))
    assert one.on_duty("a", at("2026-10-01 03:00"))
    assert one.off_duty_at("a", at("2026-10-01 03:00")) is None


@pytest.mark.parametrize(
    ("begins", "ends", "end"),
    [
        ("22:00", "06:00", "2026-11-24 06:00"),
        ("22:00", "00:00", "2026-11-24 00:00"),
        ("22:00", "24:00", "2026-11-24 00:00"),
        ("22:00", "22:00", "2026-11-24 22:00"),
    ],
)
def test_a_shift_may_reach_into_the_next_day(begins: str, ends: str, end: str) -> None:
    one = roster(member("a", shifts=[shift(begins, ends, ["mon"])]))
    assert one.on_duty("a", at("2026-11-23 22:00"))
    assert one.off_duty_at("a", at("2026-11-23 22:00")) == at(end)
    assert one.on_duty("a", at(end) - 1)
    assert not one.on_duty("a", at(end))
    assert not one.on_duty("a", at("2026-11-23 21:59"))
    assert not one.on_duty("a", at("2026-11-25 02:00"))


def test_the_day_on_which_a_shift_begins_decides_about_its_night() -> None:
    one = roster(member("a", shifts=[shift("22:00", "06:00")]))
    assert one.on_duty("a", at("2026-10-01 05:00"))  # begun on 30 September
    assert not one.on_duty("a", at("2026-10-01 23:00"))
    assert not one.on_duty("a", at("2026-10-08 05:00"))  # would have begun on the 7th
    assert one.on_duty("a", at("2026-10-08 22:00"))


def test_shifts_that_touch_are_one_spell() -> None:
    one = roster(member("a", shifts=[shift("20:00", "00:00"), shift("00:00", "04:00")]))
    assert one.off_duty_at("a", at("2026-11-23 20:00")) == at("2026-11-24 04:00")


def test_on_a_public_holiday_only_those_work_who_do_on_holidays() -> None:
    one = roster(office("a"), office("b", on_holidays=True))
    for day in ("2026-02-16", "2026-02-23", "2026-10-01", "2026-10-07"):
        assert not one.on_duty("a", at(f"{day} 10:00"))
        assert one.on_duty("b", at(f"{day} 10:00"))
    assert not one.on_duty("b", at("2026-02-15 10:00"))  # a Sunday: no shift of his
    assert one.on_duty("a", at("2026-10-08 10:00"))


def test_on_a_make_up_day_the_shifts_of_the_week_hold() -> None:
    one = roster(
        office("week"),
        member("monday", shifts=[shift("12:00", "20:00", ["mon"])]),
        member("saturday", shifts=[shift("10:00", "11:00", ["sat"])]),
        member("sunday", shifts=[shift("10:00", "11:00", ["sun"])]),
    )
    for day in ("2026-02-14", "2026-02-28", "2026-10-10"):  # Saturdays
        assert one.on_duty("week", at(f"{day} 17:00"))
        assert one.on_duty("monday", at(f"{day} 19:00"))
        assert one.on_duty("saturday", at(f"{day} 10:00"))
        assert not one.on_duty("sunday", at(f"{day} 10:00"))
    assert one.on_duty("week", at("2026-09-20 10:00"))  # a Sunday
    assert not one.on_duty("week", at("2026-10-11 10:00"))


def test_a_year_without_arrangement_goes_by_weekdays() -> None:
    one = roster(office("a"))
    assert one.on_duty("a", at("2099-10-01 10:00"))  # a Thursday
    assert not one.on_duty("a", at("2099-10-03 10:00"))


def test_a_member_has_the_time_of_his_own_zone() -> None:
    here, there = shift("09:00", "18:00", ["mon"]), "America/Los_Angeles"
    one = roster(member("a", shifts=[here], timezone=there), holidays="none")
    assert one.on_duty("a", at("2026-11-23 09:00", there))
    assert one.on_duty("a", at("2026-11-24 01:00"))  # the same moment in Shanghai
    assert not one.on_duty("a", at("2026-11-23 10:00"))


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-07", 8), ("2026-03-08", 7), ("2026-10-31", 8), ("2026-11-01", 9)],
)
def test_a_night_is_as_long_as_the_clocks_make_it(day: str, hours: int) -> None:
    """New York springs forward on 8 March and falls back on 1 November 2026, at two."""
    zone = "America/New_York"
    one = roster(member("a", shifts=[shift("00:00", "08:00")], timezone=zone), holidays="none")
    begin = at(f"{day} 00:00", zone)
    assert one.duty_seconds(begin, begin + 12 * HOUR, "wk") == hours * HOUR
    assert one.off_duty_at("a", begin) == begin + hours * HOUR


def test_the_next_opening_is_now_or_the_next_shift_that_takes_place() -> None:
    one = roster(office("a"), office("e", "expert", accounts=["wkA"]))
    assert one.next_opening("wkA", 2, at("2026-11-23 10:00")) == at("2026-11-23 10:00")
    assert one.next_opening("wkA", 2, at("2026-11-23 18:00")) == at("2026-11-24 09:00")
    assert one.next_opening("wkA", 2, at("2026-09-30 18:00")) == at("2026-10-08 09:00")
    assert one.next_opening("wkA", 3, at("2026-10-09 19:00")) == at("2026-10-10 09:00")
    assert one.next_opening("wkB", 3, at("2026-11-23 10:00")) is None


def test_an_opening_is_looked_for_within_two_weeks() -> None:
    one = roster(office("a"), closed=["2026-11-01 ~ 2026-11-30"])
    first = at("2026-12-01 09:00")
    assert one.next_opening("wk", 2, first - 14 * DAY) == first
    assert one.next_opening("wk", 2, first - 14 * DAY - 1) is None


def test_business_hours_are_those_with_somebody_on_duty_at_the_account() -> None:
    one = roster(
        office("a"),
        member("b", shifts=[shift("17:00", "20:00")], accounts=["wkB"]),
        member("boss", "leader", capacity=0),
    )
    day = at("2026-11-23 00:00")
    assert one.duty_seconds(day, day + DAY, "wkA") == 9 * HOUR
    assert one.duty_seconds(day, day + DAY, "wkB") == 11 * HOUR
    assert one.duty_seconds(day + 17.5 * HOUR, day + 33.25 * HOUR, "wkA") == 0.75 * HOUR
    assert one.duty_seconds(day, day + 7 * DAY, "wkA") == 45 * HOUR
    assert one.duty_seconds(at("2026-10-01 00:00"), at("2026-10-08 00:00"), "wkA") == 0
    assert one.duty_seconds(day + DAY, day, "wkA") == 0


def test_where_nobody_has_shifts_all_hours_are_business_hours() -> None:
    assert roster(member("a")).duty_seconds(0, 100, "wk") == 100
    assert roster().duty_seconds(0, 100, "wk") == 100
    assert roster(office("a", accounts=["wkA"])).duty_seconds(0, 100, "wkB") == 100


def test_business_hours_of_thousands_of_weeks_are_quick() -> None:
    staff = [
        member(f"m{n}", shifts=[shift(f"{n % 24:02}:30", f"{n % 12:02}:00")]) for n in range(40)
    ]
    one = roster(*staff)
    begin = at("2026-11-02 00:00")
    before = time.perf_counter()
    for number in range(5000):
        one.duty_seconds(begin + number * 60, begin + number * 60 + 7 * DAY, "wk")
    assert time.perf_counter() - before < 2


SHIFTS = st.builds(
    shift,
    st.sampled_from(["00:00", "07:15", "09:00", "22:30"]),
    st.sampled_from(["00:00", "06:00", "12:00", "18:45", "24:00"]),
    st.lists(st.sampled_from(WEEK), min_size=1, max_size=7, unique=True),
)
ZONES = st.sampled_from([None, "America/New_York", "Europe/London", "Pacific/Kiritimati"])
USERIDS = st.sampled_from("abcdef")
PEOPLE = st.builds(
    member,
    USERIDS,
    st.sampled_from(["junior", "expert", "leader"]),
    shifts=st.lists(SHIFTS, min_size=1, max_size=3),
    timezone=ZONES,
    on_holidays=st.booleans(),
    capacity=st.integers(0, 2),
    deputies=st.lists(USERIDS, max_size=2),
)
TEAMS = st.lists(PEOPLE, max_size=4, unique_by=lambda one: one.userid)
MOMENTS = st.integers(int(at("2026-01-01 00:00")) // 60, int(at("2026-12-31 00:00")) // 60).map(
    lambda minute: minute * 60.0
)


@given(TEAMS, MOMENTS)
def test_seconds_on_duty_are_the_minutes_counted_one_by_one(
    people: list[StaffMember], begin: float
) -> None:
    one = roster(*people)
    team = [person for person in people if person.capacity]
    minutes = [begin + 60 * n for n in range(36 * 60)]
    counted = sum(60 for m in minutes if any(one.on_duty(p.userid, m) for p in team))
    expected = counted if team else 36 * HOUR
    assert one.duty_seconds(begin, begin + 36 * HOUR, "wk") == expected


@given(TEAMS, MOMENTS, st.sampled_from([2, 3]))
def test_an_opening_is_the_first_moment_with_a_candidate(
    people: list[StaffMember], now: float, level: int
) -> None:
    one = roster(*people)

    def somebody(moment: float) -> bool:
        return bool(one.candidates(level=level, open_kfid="wk", at=moment, loads={}))

    opens = one.next_opening("wk", level, now)
    until = now + 14 * DAY if opens is None else opens
    assert opens is None or somebody(opens)
    step = max(900.0, (until - now) / 50)
    moments = [now + step * n for n in range(50) if now + step * n < until]
    assert not any(somebody(moment) for moment in moments)


@given(PEOPLE, MOMENTS)
def test_a_spell_lasts_until_the_first_moment_off_duty(person: StaffMember, now: float) -> None:
    one = roster(person)
    until = one.off_duty_at(person.userid, now)
    if until is None:
        assert one.on_duty(person.userid, now + 13.9 * DAY)
        return
    assert not one.on_duty(person.userid, until)
    assert one.duty_seconds(now, until, "wk") == until - now
