"""Fraud that can be seen is stopped with its reasons; honest people who come at once are not."""

import random

from benchmarks.referral.fraud import LEVELS, simulate, stopped
from handlers.referral.risk import Beside, Seen, Verdict, judge

BOUNDS = {"review_at": 40, "block_at": 70}
NOON = 12 * 3600.0


def at(times: list[float], *, left_after: float | None = None, tried: int = 1) -> Seen:
    left = [None if left_after is None else one + left_after for one in times]
    beside = [Beside(one, gone) for one, gone in zip(times, left, strict=True)]
    return Seen(times[len(times) // 2], 12, beside, tried)


def names(seen: Seen) -> dict[str, float]:
    return {one.name: one.seen for one in judge(seen, **BOUNDS).signals}


def test_crude_and_paced_fraud_is_stopped_and_bursts_of_honest_people_are_not() -> None:
    adds = [one for one in simulate(people=200) if one.kind != "influencer"]
    total, caught = stopped(adds)
    assert caught["crude"] / total["crude"] >= 0.95
    assert caught["paced"] / total["paced"] >= 0.9
    honest = [kind for kind in total if kind not in LEVELS]
    assert sum(caught[kind] for kind in honest) / sum(total[kind] for kind in honest) <= 0.01


def test_each_signal_says_what_it_saw() -> None:
    assert names(at([NOON + 0.5 * n for n in range(121)])) == {"speed": 120}
    assert names(at([NOON + 90.0 * n for n in range(20)])) == {"rhythm": 0.0}
    uneven = [NOON + 100.0 * n * n for n in range(20)]
    assert names(at(uneven, left_after=60)) == {"quick_leavers": 1.0}
    assert names(at([NOON], tried=10)) == {"helper": 10}


def test_a_class_of_forty_is_fast_and_passes() -> None:
    dice = random.Random(7)
    times = sorted(NOON + dice.randrange(60) for _ in range(40))
    judgement = judge(at(times), **BOUNDS)
    assert (judgement.verdict, judgement.device) == (Verdict.ALLOW, "absent")
