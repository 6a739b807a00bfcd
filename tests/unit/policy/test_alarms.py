"""What is wrong is said at its limit, is over only with some distance, and late steps are named."""

import pytest

from bot.config.alarms import Alarms
from bot.policy.alarms import Kind, Signs, Step, late, raised

LIMITS = Alarms()
WELL = Signs(accepted=10_000, turns=10_000, turn_p95_s=0.1)


@pytest.mark.parametrize(
    ("signs", "kind"),
    [
        (Signs(backlog=3_000), Kind.BACKLOG),
        (Signs(dead_letters=1), Kind.DEAD_LETTERS),
        (Signs(outbox_age_s=300.0), Kind.OUTBOX_AGE),
        (Signs(disk_free_mb=499.0), Kind.DISK),
        (Signs(accepted=2_000, not_stored=3), Kind.AVAILABILITY),
        (Signs(turns=20, turn_p95_s=3.0), Kind.LATENCY),
        (Signs(token_refused="invalid corpsecret"), Kind.CREDENTIALS),
        (Signs(not_authorised=("60020",)), Kind.NOT_AUTHORISED),
        (Signs(running_days=92.0), Kind.DRILL_DUE),
        (Signs(running_days=400.0, drilled_days_ago=92.0), Kind.DRILL_DUE),
    ],
)
def test_each_thing_that_is_wrong_is_said(signs: Signs, kind: Kind) -> None:
    assert set(raised(signs, LIMITS)) == {kind}


@pytest.mark.parametrize(
    "signs",
    [
        WELL,
        Signs(),
        Signs(backlog=2_999),
        Signs(outbox_age_s=299.0),
        Signs(disk_free_mb=500.0),
        Signs(accepted=10_000, not_stored=9),
        Signs(accepted=10, not_stored=2),
        Signs(turns=19, turn_p95_s=5.0),
        Signs(running_days=91.0),
        Signs(running_days=400.0, drilled_days_ago=10.0),
    ],
)
def test_what_is_well_or_says_nothing_yet_raises_nothing(signs: Signs) -> None:
    assert raised(signs, LIMITS) == {}


@pytest.mark.parametrize(
    ("kind", "trembling", "over"),
    [
        (Kind.BACKLOG, Signs(backlog=2_500), Signs(backlog=2_399)),
        (Kind.OUTBOX_AGE, Signs(outbox_age_s=250.0), Signs(outbox_age_s=239.0)),
        (Kind.DISK, Signs(disk_free_mb=600.0), Signs(disk_free_mb=626.0)),
        (Kind.LATENCY, Signs(turns=99, turn_p95_s=2.5), Signs(turns=99, turn_p95_s=2.3)),
        (
            Kind.AVAILABILITY,
            Signs(accepted=10_000, not_stored=9),
            Signs(accepted=10_000, not_stored=7),
        ),
    ],
)
def test_what_trembles_around_its_limit_goes_on(kind: Kind, trembling: Signs, over: Signs) -> None:
    assert set(raised(trembling, LIMITS, {kind})) == {kind}
    assert raised(over, LIMITS, {kind}) == {}


def test_no_drills_are_asked_for_where_they_are_switched_off() -> None:
    assert raised(Signs(running_days=999.0), Alarms(drill_every_days=0)) == {}


def test_a_step_is_late_when_its_time_is_over_and_it_is_not_done() -> None:
    assert late(0.0, (), 1_799.0, LIMITS) == {}
    assert late(0.0, (), 1_830.0, LIMITS) == {Step.DIAGNOSED: 30.0}
    assert set(late(0.0, {Step.DIAGNOSED}, 90_000.0, LIMITS)) == {Step.RESTORED, Step.REPORTED}
