"""People, shifts and days: what is accepted, and what does not fit together is named."""

from datetime import date
from pathlib import Path

import pytest

from bot.config import Config, ConfigErrors, DateSpan, Problem, cross_staff, load_config
from bot.config.cross_staff import staff_problems
from bot.config.environment import Draft
from bot.config.yaml_file import Document


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def load(folder: Path, text: str, **environ: str) -> Config:
    path = folder / "config.yaml"
    path.write_text(text, "utf-8")
    return load_config(path, environ)


def problems(folder: Path, text: str) -> list[Problem]:
    with pytest.raises(ConfigErrors) as caught:
        load(folder, text)
    return caught.value.problems


def person(more: str, userid: str = "a") -> str:
    return f"{{userid: {userid}, name: x, level: junior, {more}}}"


def test_a_member_may_be_short_and_is_then_always_there(folder: Path) -> None:
    (one,) = load(folder, "staff: [{userid: A, name: x, level: junior}]").staff
    assert (one.capacity, one.skills, one.shifts, one.on_holidays) == (5, (), (), False)
    assert one.serves("wk")
    assert one.key == "a"


def test_shifts_and_days_are_read(folder: Path) -> None:
    config = load(
        folder,
        "staff:\n"
        "  - userid: a\n"
        "    name: x\n"
        "    level: expert\n"
        "    accounts: [wk1]\n"
        "    shifts:\n"
        "      - {days: [fri], from: 22:00, to: 06:00}\n"
        "      - {days: [sun], from: 09:00, to: 24:00}\n"
        "calendar: {closed: [2026-05-20, 2026-02-10 ~ 2026-02-12], holidays: none}\n",
        CONCIERGE_CALENDAR__WORKDAYS="2026-10-01,2026-10-02~2026-10-03",
    )
    (one,) = config.staff
    assert [shift.ends for shift in one.shifts] == [30 * 60, 24 * 60]
    assert (one.serves("wk1"), one.serves("wk2")) == (True, False)
    assert config.calendar.holidays == "none"
    first, span = config.calendar.closed
    assert first == DateSpan(date(2026, 5, 20), date(2026, 5, 20))
    assert list(span.days()) == [date(2026, 2, day) for day in (10, 11, 12)]
    assert config.calendar.workdays[1].last == date(2026, 10, 3)


@pytest.mark.parametrize(
    ("more", "path", "expected"),
    [
        ("capacity: -1", "staff[0].capacity", "不小于 0"),
        ("skills: 退款", "staff[0].skills", "列表"),
        ("timezone: Mars/Base", "staff[0].timezone", "Asia/Shanghai"),
        ("shifts: [{from: 9am, to: 10:00}]", "staff[0].shifts[0].from", "时:分"),
        ("shifts: [{from: 09:00}]", "staff[0].shifts[0].to", "必须"),
        ("shifts: [{from: 24:00, to: 06:00}]", "staff[0].shifts[0]", "00:00"),
        ("shifts: [{days: [], from: 09:00, to: 10:00}]", "staff[0].shifts[0].days", "至少一项"),
        ("deputies: [A]", "staff[0].deputies[0]", "别人"),
        ("deputies: [b]", "staff[0].deputies[0]", "staff 里某人的 userid"),
    ],
)
def test_a_wrong_value_is_refused(folder: Path, more: str, path: str, expected: str) -> None:
    (problem,) = problems(folder, f"staff: [{person(more)}]")
    assert problem.path == path
    assert expected in problem.expected


@pytest.mark.parametrize(
    "dates",
    [
        "2026-13-01",
        "2026-02-29",
        "2026/10/01",
        "10-01",
        "2026-10-03 ~ 2026-10-01",
        "2026-01-01 ~ 2029-01-01",
        "2026-10-01 ~",
        "a ~ b ~ c",
        "1",
    ],
)
def test_impossible_dates_are_refused(folder: Path, dates: str) -> None:
    (problem,) = problems(folder, f"calendar: {{closed: ['{dates}']}}")
    assert problem.path == "calendar.closed[0]"
    assert "日期" in problem.expected


def test_one_userid_in_two_cases_is_one_member_twice(folder: Path) -> None:
    (problem,) = problems(folder, f"staff: [{person('')}, {person('', 'A')}]")
    assert (problem.path, problem.expected) == ("staff[1].userid", "各不相同")


def test_a_deputy_may_be_spelled_in_another_case(folder: Path) -> None:
    assert load(folder, f"staff: [{person('deputies: [B]')}, {person('', 'b')}]")


def test_an_account_must_be_one_that_the_product_serves(folder: Path) -> None:
    staff = f"staff: [{person('accounts: [wk1, wk9]')}]\n"
    assert load(folder, staff)  # every account that the app can see
    (problem,) = problems(folder, f"{staff}wecom: {{kf_accounts: [wk1]}}")
    assert problem.path == "staff[0].accounts[1]"
    assert "wk9" in problem.found


@pytest.mark.parametrize(
    ("one", "other", "day"),
    [
        ("{from: 09:00, to: 12:00}", "{days: [wed], from: 11:59, to: 13:00}", "三"),
        ("{days: [fri], from: 22:00, to: 06:00}", "{days: [sat], from: 05:00, to: 07:00}", "六"),
        ("{days: [sun], from: 22:00, to: 06:00}", "{days: [mon], from: 05:00, to: 07:00}", "一"),
        ("{days: [mon], from: 05:00, to: 07:00}", "{days: [sun], from: 22:00, to: 06:00}", "一"),
        ("{days: [mon], from: 08:00, to: 08:00}", "{days: [tue], from: 07:00, to: 08:00}", "二"),
    ],
)
def test_shifts_that_overlap_are_named_with_the_day(
    folder: Path, one: str, other: str, day: str
) -> None:
    (problem,) = problems(folder, f"staff: [{person(f'shifts: [{one}, {other}]')}]")
    assert problem.path == "staff[0].shifts[1]"
    assert f"staff[0].shifts[0] 在周{day}重叠" in problem.found


def test_shifts_that_touch_do_not_overlap(folder: Path) -> None:
    shifts = (
        "[{days: [sun], from: 22:00, to: 06:00}, {days: [mon], from: 06:00, to: 22:00},"
        " {days: [mon], from: 22:00, to: 24:00}, {days: [tue], from: 00:00, to: 01:00}]"
    )
    assert load(folder, f"staff: [{person(f'shifts: {shifts}')}]")


def test_a_day_is_not_closed_and_worked(folder: Path) -> None:
    text = "calendar: {closed: [2026-10-01 ~ 2026-10-03], workdays: [2026-09-01, 2026-10-03]}"
    (problem,) = problems(folder, text)
    assert problem.path == "calendar.workdays[1]"
    assert "2026-10-03 也写在 calendar.closed[0] 里" in problem.found


def test_misshapen_people_hide_nothing_else(folder: Path) -> None:
    text = (
        "staff:\n"
        "  - 1\n"
        "  - {userid: 7, name: x, level: junior, deputies: 3, shifts: [1, {from: 09:00}]}\n"
        "  - {userid: b, name: x, level: junior, accounts: {}, deputies: [nobody, 1]}\n"
    )
    paths = {problem.path for problem in problems(folder, text)}
    assert {"staff[0]", "staff[1].shifts[0]", "staff[2].deputies[0]"} <= paths


def test_a_skill_that_is_wanted_must_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_staff, "_WANT_SKILLS", (("wishes",),))
    values = {
        "staff": [{"userid": "a", "skills": ["退款"]}],
        "wishes": {"refund": {"skill": "退款"}, "legal": {"skill": "法务"}, "other": {}},
    }
    (problem,) = staff_problems(Draft(Document("config.yaml", values), Path()))
    assert problem.path == "wishes.legal.skill"
    assert "法务" in problem.found
