"""What is counted is what happened, in whatever order and however often it was told."""

from datetime import date, timedelta
from typing import Literal

import pytest

from benchmarks.channels.played import BEGIN, DAY, ZONE, counted, in_periods, play
from benchmarks.channels.stage import report, report_in_periods, stage
from bot.measuring import Window
from bot.measuring.channels import (
    Bounds,
    Episode,
    Facts,
    Happened,
    episodes_of,
    figures_of,
    worth_of,
)
from bot.measuring.window import days_between
from bot.store import Store
from tests.builders import a_config, home_of

PAIR = ("zhangsan", "wm_lan")


async def _agree(store: Store, seed: int, events: int) -> None:
    played, config = play(seed, events), a_config(home_of(store))
    await stage(store, played, seed=seed + 1)
    now = BEGIN + 160 * DAY
    for first, last in ((0, 150), (20, 50), (100, 107), (130, 150)):
        window = Window(BEGIN + first * DAY, BEGIN + last * DAY)
        by_hand = counted(played, window.since, window.until, now)
        assert await report(config, store, window, now) == by_hand, (seed, first, last)
        assert sum(int(str(one["new"])) for one in by_hand.values()) > 0


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_count_is_the_one_by_hand(store: Store, seed: int) -> None:
    await _agree(store, seed, 400)


@pytest.mark.deep
async def test_the_count_is_the_one_by_hand_over_twenty_thousand_events(store: Store) -> None:
    await _agree(store, 3, 20_000)


EVERY: tuple[Literal["day", "week", "month"], ...] = ("day", "week", "month")


async def _series_agree(store: Store, seed: int, events: int) -> None:
    played, config = play(seed, events), a_config(home_of(store))
    await stage(store, played, seed=seed + 1)
    now, days = BEGIN + 160 * DAY, [date(2026, 6, 3) + timedelta(day) for day in range(110)]
    window = days_between(days[0], days[-1], ZONE)
    for by in EVERY:
        by_hand = in_periods(played, days, by, now)
        found = await report_in_periods(config, store, window, by, now)
        assert found == by_hand, (seed, by)
        lines = [one for lines in by_hand.values() for one in lines]
        assert sum(one[3] for one in lines) > 0
        costs = [one[5] for one in by_hand["douyin"]]
        assert by != "day" or (None in costs and 0 in costs)  # not entered, and free


async def test_each_day_week_and_month_is_the_one_counted_by_hand(store: Store) -> None:
    await _series_agree(store, 4, 500)


@pytest.mark.deep
async def test_so_is_each_over_twenty_thousand_events(store: Store) -> None:
    await _series_agree(store, 5, 20_000)


def test_a_half_friendship_and_its_confirmation_are_one() -> None:
    events = [
        Happened("p", PAIR, 1.0, "half"),
        Happened("p", PAIR, 5.0, "added", "douyin"),
        Happened("p", PAIR, 5.0, "added", "douyin"),
        Happened("p", PAIR, 9.0, "deleted"),
        Happened("p", PAIR, 9.0, "added", "store"),
        Happened("p", PAIR, 8.0, "deleted"),
    ]
    expected = [Episode("p", 1.0, "douyin", 8.0), Episode("p", 9.0, "store")]
    assert episodes_of(events) == expected
    assert episodes_of(events[::-1]) == expected


def test_whoever_left_before_we_knew_them_is_not_new_when_they_come_again() -> None:
    episodes = episodes_of(
        [
            Happened("p", PAIR, 3 * DAY, "added", "douyin"),
            Happened("p", PAIR, 1 * DAY, "deleted"),
        ]
    )
    assert episodes[0] == Episode("p", 0.0, "", 1 * DAY)
    figures = figures_of(Facts(episodes, {}, {}), 2 * DAY, 4 * DAY, 5 * DAY)
    assert (figures["friends", "douyin"].adds, figures["friends", "douyin"].new_people) == (1, 0)


def test_somebody_who_is_still_with_a_colleague_has_not_left() -> None:
    episodes = [Episode("p", 0.0, "a", DAY), Episode("p", 2 * DAY, "b")]
    figures = figures_of(Facts(episodes, {}, {}), 0.0, DAY, 8 * DAY)
    assert list(figures) == [("friends", "a")]
    net = figures["friends", "a"].net
    assert net is not None
    assert (net["d7"].count, net["d7"].of, net["d30"].of) == (1, 1, 0)


def test_a_chat_tells_nobody_who_left() -> None:
    figures = figures_of(Facts([Episode("p", 0.0, "live", None, "chats")], {}, {}), 0.0, DAY, DAY)
    assert figures["chats", "live"].net is None


BOUNDS = Bounds(stop_above=30_000, watch_above=2_000, minimum_people=30, minimum_days=7)
WEEK = [f"2026-11-{day}" for day in range(10, 17)]


@pytest.mark.parametrize(
    ("a_day", "new", "verdict"),
    [
        (10_000, 35, "keep"),  # exactly 20 yuan a person
        (10_010, 35, "watch"),
        (150_000, 35, "watch"),  # exactly 300
        (150_010, 35, "stop"),
        (0, 35, "keep"),  # entered as nothing is not missing
    ],
)
def test_the_verdict_follows_the_cost_of_a_person(a_day: int, new: int, verdict: str) -> None:
    worth = worth_of(dict.fromkeys(WEEK, a_day), WEEK, new, BOUNDS)
    assert (worth.verdict, worth.cac) == (verdict, 7 * a_day / new)


@pytest.mark.parametrize(
    ("days", "known", "new", "why"),
    [
        (WEEK, WEEK[:-1], 35, "no_cost"),
        (WEEK, [], 35, "no_cost"),
        (WEEK, WEEK, 29, "few_people"),
        (WEEK[:6], WEEK, 35, "short_window"),
        (WEEK, WEEK, 0, "few_people"),
    ],
)
def test_below_the_sample_there_is_no_verdict(
    days: list[str], known: list[str], new: int, why: str
) -> None:
    worth = worth_of(dict.fromkeys(known, 10**9), days, new, BOUNDS)
    assert (worth.verdict, worth.why) == (None, why)
    if why == "no_cost":
        assert worth.cac is None
