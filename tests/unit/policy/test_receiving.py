"""Whom a code leads to follows from the channel, what happened today, and the time alone."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.config import Channel
from bot.policy.receiving import instead, missing_members, on_code, open_groups, stood_in

ZONE = ZoneInfo("Asia/Shanghai")
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]


def a_channel(**more: Any) -> Channel:
    receivers = [
        {
            "userid": "ZhangSan",
            "hours": [{"days": WEEKDAYS, "from": "09:00", "to": "18:00"}],
            "daily_cap": 2,
        },
        {"userid": "lisi", "hours": [{"days": ["fri"], "from": "17:00", "to": "02:00"}]},
    ]
    about = {"id": "a", "name": "a", "receivers": receivers, "spare": ["wangwu"]}
    return Channel.model_validate(about | more)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)  # the 27th is a Friday


@pytest.mark.parametrize(
    ("moment", "came", "expected"),
    [
        (at(27, 9), {}, ("ZhangSan",)),
        (at(27, 8, 59), {}, ("wangwu",)),
        (at(27, 17), {}, ("ZhangSan", "lisi")),
        (at(27, 18), {}, ("lisi",)),
        (at(28, 1, 59), {}, ("lisi",)),  # the shift of Friday, past midnight
        (at(28, 2), {}, ("wangwu",)),
        (at(27, 9), {"zhangsan": 1}, ("ZhangSan",)),
        (at(27, 9), {"zhangsan": 2}, ("wangwu",)),
        (at(27, 17), {"zhangsan": 2}, ("lisi",)),
    ],
)
def test_schedules_caps_and_spare_members(
    moment: datetime, came: dict[str, int], expected: tuple[str, ...]
) -> None:
    assert on_code(a_channel(), moment, came=came, away=()) == expected


def test_a_code_never_leads_nowhere_while_anybody_is_left() -> None:
    full = {"zhangsan": 2}
    assert on_code(a_channel(), at(27, 9), came=full, away={"wangwu"}) == ("ZhangSan",)
    assert on_code(a_channel(), at(28, 12), came={}, away={"wangwu"}) == ("ZhangSan", "lisi")
    gone = {"wangwu", "zhangsan"}
    assert on_code(a_channel(), at(28, 12), came={}, away=gone) == ("lisi",)
    assert on_code(a_channel(), at(27, 9), came={}, away={*gone, "lisi"}) == ()
    assert missing_members(a_channel(), gone) == ["ZhangSan", "wangwu"]


def test_a_paused_code_leads_to_the_spare_members() -> None:
    assert on_code(a_channel(), at(27, 9), came={}, away=(), paused=True) == ("wangwu",)
    alone = a_channel(spare=[], receivers=[{"userid": "lisi"}])
    assert on_code(alone, at(27, 9), came={}, away=(), paused=True) == ("lisi",)


def test_full_groups_are_left_behind_and_the_last_is_told() -> None:
    groups = [f"wr{number}" for number in range(8)]
    channel = Channel.model_validate({"id": "g", "name": "g", "kind": "group", "groups": groups})
    assert open_groups(channel, {}, 190) == (tuple(groups[:5]), False)
    assert open_groups(channel, {"wr0": 190, "wr2": 200}, 190) == (
        ("wr1", "wr3", "wr4", "wr5", "wr6"),
        False,
    )
    assert open_groups(channel, dict.fromkeys(groups, 190), 190) == (tuple(groups[3:]), True)


def test_who_stands_in_has_hours_and_cap_of_whom_he_replaces() -> None:
    channel = stood_in(a_channel(), {"zhangsan": "zhaoliu", "wangwu": "lisi"})
    first, second = channel.receivers
    assert (first.userid, first.daily_cap, len(first.hours)) == ("zhaoliu", 2, 1)
    assert (second.userid, channel.spare) == ("lisi", ("lisi",))
    assert on_code(channel, at(27, 9), came={"zhaoliu": 2}, away=()) == ("lisi",)


def test_who_was_on_the_code_before_keeps_his_own_place_and_stands_once() -> None:
    channel = stood_in(a_channel(), {"zhangsan": "lisi"})
    (only,) = channel.receivers
    assert (only.userid, only.daily_cap) == ("lisi", None)
    gone = stood_in(a_channel(), {"zhangsan": "zhaoliu", "lisi": "zhaoliu"})
    assert [one.userid for one in gone.receivers] == ["zhaoliu"]


def test_without_anybody_to_replace_the_channel_is_the_same_one() -> None:
    channel = a_channel()
    assert stood_in(channel, {}) is channel
    assert stood_in(channel, {"nobody": "zhaoliu"}) == channel
    assert instead(("ZhangSan", "lisi", "LiSi"), {"lisi": "zhangsan"}) == ("ZhangSan",)
