"""What must be masked is found, and nothing else, on samples older than the rules and fresh."""

import pytest

from benchmarks.masking import (
    FRESH,
    SAMPLES,
    STRUCTURED,
    Sample,
    exact_round_trips,
    judge,
    ours,
    read_samples,
    textbook,
)

ALL = [*read_samples(SAMPLES), *read_samples(FRESH)]


def test_there_are_enough_samples_of_both_sorts() -> None:
    clean = [sample for sample in ALL if not sample.spans]
    assert len(ALL) >= 260
    assert len(clean) >= 100


def test_the_spans_of_a_sample_are_in_order_and_inside_it() -> None:
    for sample in ALL:
        bounds = [bound for span in sample.spans for bound in span[:2]]
        assert bounds == sorted(bounds)
        assert not bounds or bounds[-1] <= len(sample.text)
        assert all(sample.text[s.start : s.end].strip() for s in sample.spans)


@pytest.mark.parametrize("kind", STRUCTURED)
def test_numbers_are_found_whole_and_called_what_they_are(kind: str) -> None:
    tally = judge(ours, ALL)
    assert tally.covered[kind] >= 0.98 * tally.there[kind]
    assert tally.named_rightly[kind] >= 0.95 * tally.there[kind]


def test_known_names_and_addresses_mostly_are() -> None:
    tally = judge(ours, ALL)
    assert tally.recall("name") >= 0.95
    assert tally.recall("address") >= 0.9


def test_what_is_nobody_s_is_left_alone() -> None:
    tally = judge(ours, ALL)
    assert tally.clean_masked <= 0.01 * tally.clean
    assert tally.spans_beyond <= 2


@pytest.mark.parametrize("samples", [read_samples(SAMPLES), read_samples(FRESH)])
def test_every_sample_comes_back_exactly(samples: list[Sample]) -> None:
    assert exact_round_trips(samples) == len(samples)


def test_the_patterns_everybody_writes_first_would_not_do() -> None:
    """Otherwise the samples are too easy to show anything."""
    assert judge(textbook, ALL).recall(*STRUCTURED) < 0.8
