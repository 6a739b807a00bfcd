"""Which welcome is chosen is a pure question, and has exactly one answer (R-2.2)."""

from datetime import UTC, date, datetime, time
from itertools import permutations
from typing import Any

import pytest

from handlers.welcome.choosing import FRIEND, KF, Occasion, WelcomeText, choose

FRIDAY = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)

WELCOMES = (
    WelcomeText(id="general"),
    WelcomeText(id="evening", hours=(time(18), time(2))),
    WelcomeText(id="zhang", staff=frozenset({"zhangsan"})),
    WelcomeText(id="poster", channels=frozenset({"poster-1"})),
    WelcomeText(id="poster-friday", channels=frozenset({"poster-1"}), weekdays=frozenset({5})),
    WelcomeText(
        id="poster-11",
        channels=frozenset({"poster-1"}),
        dates=(date(2026, 11, 11), date(2026, 11, 11)),
    ),
    WelcomeText(id="named"),
    WelcomeText(id="invited", referral=True, benefit="friends"),
    WelcomeText(id="back", returning=True),
    WelcomeText(id="session", at=KF),
)


@pytest.mark.parametrize(
    ("expected", "occasion"),
    [
        ("general", {}),
        ("general", {"channel": "unknown-1"}),
        ("zhang", {"userid": "ZhangSan"}),
        ("poster-friday", {"channel": "poster-1", "userid": "zhangsan"}),
        ("poster", {"channel": "poster-1", "moment": datetime(2026, 11, 21, 10, tzinfo=UTC)}),
        ("poster-11", {"channel": "poster-1", "moment": datetime(2026, 11, 11, 10, tzinfo=UTC)}),
        ("named", {"channel": "other", "welcome": "named", "userid": "zhangsan"}),
        ("invited", {"invited": True, "channel": "poster-1"}),
        ("evening", {"moment": datetime(2026, 11, 20, 23, tzinfo=UTC)}),
        ("evening", {"moment": datetime(2026, 11, 20, 1, 59, tzinfo=UTC)}),
        ("general", {"moment": datetime(2026, 11, 20, 2, tzinfo=UTC)}),
        ("back", {"returning": True, "invited": True, "channel": "poster-1"}),
        ("session", {"at": KF}),
    ],
)
def test_one_welcome_is_chosen(expected: str, occasion: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"at": FRIEND, "moment": FRIDAY}
    given = Occasion(**fields | occasion)
    chosen = choose(WELCOMES, given)
    assert chosen is not None
    assert chosen.id == expected


def test_the_order_in_which_they_are_written_decides_only_between_equals() -> None:
    some = [one for one in WELCOMES if one.id not in ("general", "named")]
    given = Occasion(at=FRIEND, moment=FRIDAY, channel="poster-1", userid="zhangsan")
    for order in list(permutations(some, len(some)))[:500]:
        assert getattr(choose(order, given), "id", "") == "poster-friday"


def test_who_comes_back_gets_nothing_that_is_for_newcomers() -> None:
    gift = WelcomeText(id="gift", benefit="new")
    given = Occasion(at=FRIEND, moment=FRIDAY, returning=True)
    assert choose([gift], given) is None
    assert choose([gift, WelcomeText(id="plain")], given) == WelcomeText(id="plain")
