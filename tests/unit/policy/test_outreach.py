"""Who has not asked is written to seldom, by day, not with advertisements alone (R-10.2)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.config.outreach import OutreachLimits, QuietHours
from bot.model.outreach import Budget, Made, Outreach, Priority
from bot.policy.outreach import Refused, quiet_from, quiet_until, refusal

ZONE = ZoneInfo("Asia/Shanghai")
DAY_S = 86_400.0
NOON = datetime(2026, 11, 20, 12, tzinfo=ZONE)
LIMITS = OutreachLimits()
NEWS = Outreach(feature="campaign", reason="上新")
GUIDE = Outreach(feature="flow", reason="新人指南第 2 步", promo=False)


def ago(*days: float, promo: bool = True) -> tuple[Made, ...]:
    return tuple(Made(NOON.timestamp() - day * DAY_S, promo) for day in sorted(days, reverse=True))


def why(
    made: tuple[Made, ...], wanted: Outreach = NEWS, *, wrote_days_ago: float | None = None
) -> tuple[str, float] | None:
    wrote_at = None if wrote_days_ago is None else NOON.timestamp() - wrote_days_ago * DAY_S
    found = refusal(wanted, Budget(made, wrote_at), NOON, LIMITS)
    if found is None:
        return None
    return found.why, (found.until - NOON.timestamp()) / DAY_S


def test_the_first_advertisement_may_be_sent() -> None:
    assert why(()) is None


@pytest.mark.parametrize(
    ("made", "refused", "days"),
    [
        ((0.5,), Refused.DAY, 0.5),
        ((1.5, 3), Refused.WEEK, 4),
        ((8, 10, 15, 20, 25, 29), Refused.MONTH, 1),
    ],
)
def test_caps_hold_until_the_oldest_touch_that_counts_is_old_enough(
    made: tuple[float, ...], refused: Refused, days: float
) -> None:
    found = why(ago(*made, promo=False), GUIDE)
    assert found is not None
    assert found[0] is refused
    assert found[1] == pytest.approx(days)


def test_what_is_older_than_its_window_does_not_count() -> None:
    assert why(ago(1.0, 7.0, promo=False), GUIDE) is None


def test_of_two_touches_one_may_advertise() -> None:
    assert why(ago(10), NEWS) == (Refused.PROMO_SHARE, 20)
    assert why(ago(10), GUIDE) is None
    assert why((*ago(20), *ago(15, 12, promo=False)), NEWS) is None


def test_four_advertisements_without_an_answer_are_followed_by_two_quiet_weeks() -> None:
    made = ago(8, 10, 12, 14)
    assert why(made, GUIDE) == (Refused.COOL_DOWN, 6)
    assert why(made, GUIDE, wrote_days_ago=13) is None, "who answers is no silent listener"
    assert why(made, GUIDE, wrote_days_ago=15) == (Refused.COOL_DOWN, 6)
    assert why((*ago(14, 12, 10), *ago(8, promo=False)), GUIDE) is None
    assert why(ago(16, 18, 20, 22), GUIDE) is None


def test_what_serves_the_customer_is_exempt() -> None:
    parcel = Outreach(feature="orders", reason="包裹到了", promo=False, priority=Priority.SERVICE)
    assert why(ago(0.1, 0.2, 0.3), parcel) is None


def test_zero_means_never() -> None:
    limits = OutreachLimits(per_day=0)
    found = refusal(NEWS, Budget(), NOON, limits)
    assert found is not None
    assert found.why is Refused.DAY


@pytest.mark.parametrize(
    ("clock", "ends"),
    [
        ("20T22:00", "21T08:00"),
        ("20T23:59", "21T08:00"),
        ("21T00:00", "21T08:00"),
        ("21T07:59", "21T08:00"),
        ("20T21:59", None),
        ("20T08:00", None),
    ],
)
def test_the_night_goes_over_midnight(clock: str, ends: str | None) -> None:
    moment = datetime.fromisoformat(f"2026-11-{clock}").replace(tzinfo=ZONE)
    until = quiet_until(moment, LIMITS.quiet_hours)
    expected = ends and datetime.fromisoformat(f"2026-11-{ends}").replace(tzinfo=ZONE).timestamp()
    assert until == expected


def test_quiet_hours_of_one_day() -> None:
    siesta = QuietHours.model_validate({"from": "12:00", "to": "14:00"})
    assert quiet_until(NOON, siesta) == NOON.replace(hour=14).timestamp()
    assert quiet_until(NOON.replace(hour=14), siesta) is None
    assert quiet_from(NOON.replace(hour=14), siesta) == NOON.replace(day=21).timestamp()
    assert quiet_until(NOON, None) is None


def test_the_evening_begins_today_or_tomorrow() -> None:
    assert quiet_from(NOON, LIMITS.quiet_hours) == NOON.replace(hour=22).timestamp()


def test_nobody_is_written_to_without_a_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        Outreach(feature="campaign", reason="")
