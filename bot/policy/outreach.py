"""May this customer be written to now, though he has not asked? Pure.

One budget for everything that reaches out (R-10.2 to R-10.4): what one feature sent, all others
know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.config.outreach import OutreachLimits, QuietHours
from bot.model.outreach import MONTH_S, Budget, Made, Outreach, Priority

DAY_S = 86_400.0


class Refused(StrEnum):
    """Why somebody is not written to."""

    QUIET = "quiet_hours"
    COOL_DOWN = "cool_down"
    DAY = "per_day"
    WEEK = "per_week"
    MONTH = "per_month"
    PROMO_SHARE = "promo_share"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Not now.

    Args:
        until: Unix seconds; asking before is in vain.
    """

    why: Refused
    until: float


def refusal(
    wanted: Outreach, budget: Budget, moment: datetime, limits: OutreachLimits
) -> Refusal | None:
    """Why a person may not be written to now, or ``None``.

    Args:
        moment: now, in the company's zone.
    """
    if wanted.priority is Priority.SERVICE:
        return None
    now = moment.timestamp()
    quiet = quiet_until(moment, limits.quiet_hours)
    if quiet is not None:
        return Refusal(Refused.QUIET, quiet)
    made = budget.made
    return (
        _cooling(made, now, limits, budget.wrote_at)
        or _capped(made, now, limits)
        or _too_much_promo(wanted, made, now, limits)
    )


def quiet_until(moment: datetime, quiet: QuietHours | None) -> float | None:
    """When the quiet hours end in which this moment lies; ``None`` = it lies in none."""
    if quiet is None:
        return None
    minute = moment.hour * 60 + moment.minute
    over_midnight = quiet.begins >= quiet.ends
    if over_midnight and minute >= quiet.begins:
        return _at(moment + timedelta(days=1), quiet.ends)
    if minute < quiet.ends and (over_midnight or minute >= quiet.begins):
        return _at(moment, quiet.ends)
    return None


def quiet_from(moment: datetime, quiet: QuietHours | None) -> float | None:
    """When the next quiet hours begin after a moment that lies in none; ``None`` = never."""
    if quiet is None:
        return None
    today = _at(moment, quiet.begins)
    if today > moment.timestamp():
        return today
    return _at(moment + timedelta(days=1), quiet.begins)


def _at(moment: datetime, minute: int) -> float:
    """A minute of that day, as people there read their clocks; 24:00 is the next midnight."""
    days, rest = divmod(minute, 1440)
    day = moment + timedelta(days=days)
    # the later of two equal readings would be an hour too late: fold says which one is meant
    return day.replace(
        hour=rest // 60, minute=rest % 60, second=0, microsecond=0, fold=0
    ).timestamp()


def _cooling(
    made: Sequence[Made], now: float, limits: OutreachLimits, wrote_at: float | None
) -> Refusal | None:
    """Nobody hears a fifth advertisement who has answered none of four."""
    streak = made[-limits.promo_streak :] if limits.promo_streak else []
    if len(streak) < max(1, limits.promo_streak) or not all(one.promo for one in streak):
        return None
    if wrote_at is not None and wrote_at > streak[0].at:
        return None
    until = streak[-1].at + limits.cool_down_days * DAY_S
    return Refusal(Refused.COOL_DOWN, until) if until > now else None


def _capped(made: Sequence[Made], now: float, limits: OutreachLimits) -> Refusal | None:
    for why, cap, window_s in (
        (Refused.MONTH, limits.per_month, MONTH_S),
        (Refused.WEEK, limits.per_week, 7 * DAY_S),
        (Refused.DAY, limits.per_day, DAY_S),
    ):
        counted = [one.at for one in made if one.at > now - window_s]
        if len(counted) >= cap:
            freed = counted[-cap] if cap else now
            return Refusal(why, freed + window_s)
    return None


def _too_much_promo(
    wanted: Outreach, made: Sequence[Made], now: float, limits: OutreachLimits
) -> Refusal | None:
    """One advertisement is always within the share, or there could be no first one."""
    counted = [one for one in made if one.at > now - MONTH_S]
    promo = [one for one in counted if one.promo]
    if not wanted.promo or not promo:
        return None
    if len(promo) + 1 <= limits.promo_share * (len(counted) + 1):
        return None
    return Refusal(Refused.PROMO_SHARE, promo[0].at + MONTH_S)
