"""What must be masked is found, what must not be is left alone, on samples written before the rules."""

from benchmarks.masking import read_samples

SAMPLES = read_samples()


def test_there_are_enough_samples_of_both_sorts() -> None:
    clean = [sample for sample in SAMPLES if not sample.spans]
    assert len(SAMPLES) >= 260
    assert len(clean) >= 100


def test_the_spans_of_a_sample_are_in_order_and_inside_it() -> None:
    for sample in SAMPLES:
        bounds = [bound for span in sample.spans for bound in span[:2]]
        assert bounds == sorted(bounds)
        assert not bounds or bounds[-1] <= len(sample.text)
        assert all(sample.text[s.start : s.end].strip() for s in sample.spans)
