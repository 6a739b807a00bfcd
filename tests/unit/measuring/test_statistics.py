"""Shares with their intervals, and quantiles in which some never end."""

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.measuring.statistics import quantile, share_of, waits_of


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_wilson_s(pair: tuple[int, int]) -> None:
    """Its bounds are the shares from which the found one lies 1.96 standard errors away."""
    one, (count, of) = share_of(*pair), pair
    for bound in (one.low, one.high):
        assert bound is not None
        error = math.sqrt(bound * (1 - bound) / of)
        assert abs(count / of - bound) == pytest.approx(1.959964 * error, abs=1e-7)


def test_an_interval_that_is_in_every_table() -> None:
    one = share_of(5, 10)
    assert (round(one.low or 0, 4), round(one.high or 0, 4)) == (0.2366, 0.7634)


def test_of_nothing_there_is_no_share() -> None:
    assert share_of(0, 0).share is None
    assert share_of(0, 0).low is None


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share(pair: tuple[int, int]) -> None:
    one = share_of(*pair)
    assert one.share is not None
    assert one.low is not None
    assert one.high is not None
    assert 0.0 <= one.low <= one.share + 1e-12
    assert one.share - 1e-12 <= one.high <= 1.0


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([1.0], 0.9, 1.0),
        ([1.0, 2.0], 0.5, 1.0),
        ([float(v) for v in range(1, 11)], 0.9, 9.0),
        ([float(v) for v in range(1, 12)], 0.9, 10.0),
        ([1.0] * 9 + [math.inf], 0.9, 1.0),
        ([1.0] * 8 + [math.inf] * 2, 0.9, None),
        ([], 0.9, None),
    ],
)
def test_a_quantile_is_a_value_of_the_sample(
    values: list[float], share: float, expected: float | None
) -> None:
    assert quantile(values, share) == expected


def test_who_was_never_answered_stays_in_the_sample() -> None:
    waits = waits_of(array("d", [math.inf, 5.0, 30.0, 31.0]))
    assert (waits.n, waits.never, waits.p50, waits.p90) == (4, 1, 30.0, None)
    assert (waits.quick.count, waits.quick.of) == (2, 4)


def test_nobody_waited() -> None:
    waits = waits_of(array("d"))
    assert (waits.n, waits.p90, waits.quick.share) == (0, None, None)
