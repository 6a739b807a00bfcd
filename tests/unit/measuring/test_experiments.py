"""Everybody gets one variant for good; nothing is said before enough people have seen theirs."""

import random
from collections import Counter

import pytest

from bot.measuring.experiments import (
    Verdict,
    arm_of,
    judge,
    planned_people,
    two_proportions,
    variant_of,
)
from bot.measuring.statistics import share_of

HALVES = {"a": 1, "b": 1}


def verdict(a: tuple[int, int], b: tuple[int, int], planned: int = 1000) -> Verdict:
    outcome = judge("tone", "wrote", HALVES, [arm_of("a", *a), arm_of("b", *b)], planned)
    return outcome.comparisons[0].verdict


def test_people_are_split_by_the_weights_and_each_for_good() -> None:
    weights = {"a": 3, "b": 1}
    got = Counter(variant_of("tone", weights, f"wm{n}") for n in range(20_000))
    assert got["a"] / 20_000 == pytest.approx(0.75, abs=0.01)
    assert variant_of("tone", weights, "wm7") == variant_of("tone", weights, "wm7")


def test_two_experiments_split_independently() -> None:
    both = Counter(
        (variant_of("tone", HALVES, f"wm{n}"), variant_of("gift", HALVES, f"wm{n}"))
        for n in range(20_000)
    )
    assert all(count / 20_000 == pytest.approx(0.25, abs=0.015) for count in both.values())


def test_the_planned_number_is_that_of_the_textbook() -> None:
    # 10 % against 12 %, two-sided 5 %, power 80 %: 3,841 a side (Fleiss, without correction)
    assert planned_people(0.10, 0.2) == pytest.approx(3841, abs=2)
    assert planned_people(0.10, 0.2, comparisons=3) > planned_people(0.10, 0.2)


def test_the_test_is_that_of_the_textbook() -> None:
    assert two_proportions(share_of(50, 500), share_of(80, 500)) == pytest.approx(0.0048, abs=5e-4)
    assert two_proportions(share_of(0, 10), share_of(0, 10)) == 1.0


def test_before_the_planned_number_nothing_is_said() -> None:
    assert verdict((100, 999), (300, 1000)) is Verdict.TOO_FEW
    assert verdict((100, 1000), (300, 1000)) is Verdict.BETTER
    assert verdict((300, 1000), (100, 1000)) is Verdict.WORSE
    assert verdict((300, 1000), (305, 1000)) is Verdict.NO_DIFFERENCE


def test_a_crooked_split_makes_the_figures_worthless() -> None:
    assert verdict((300, 2000), (500, 1500)) is Verdict.BAD_SPLIT
    assert verdict((300, 2000), (500, 1950)) is Verdict.BETTER


def test_an_interval_holds_the_difference() -> None:
    outcome = judge("t", "wrote", HALVES, [arm_of("a", 300, 1000), arm_of("b", 360, 1000)], 1000)
    [one] = outcome.comparisons
    assert one.difference == pytest.approx(0.06)
    # Newcombe's method 10, worked out by hand
    assert one.low == pytest.approx(0.0187, abs=1e-3)
    assert one.high == pytest.approx(0.1008, abs=1e-3)


def test_nobody_is_no_reason_to_fail() -> None:
    assert verdict((0, 0), (0, 0)) is Verdict.TOO_FEW


def test_where_there_is_no_difference_one_is_found_in_five_of_a_hundred() -> None:
    draw = random.Random(20261201)
    found = 0
    for _ in range(400):
        a, b = (sum(draw.random() < 0.3 for _ in range(500)) for _ in range(2))
        found += verdict((a, 500), (b, 500), planned=500) is not Verdict.NO_DIFFERENCE
    assert found / 400 == pytest.approx(0.05, abs=0.03)
