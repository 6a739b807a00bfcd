"""Whom does a channel code lead to now? Pure: the channel, what happened today, and the time.

Nothing is counted up: caps are judged by rows (R-3.3), so whoever asks twice gets the same answer.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from bot.config import DAY_MINUTES, WEEK, Channel, Receiver, Shift

CHATS_AT_ONCE = 5
"""Groups on one join way (wecom-api §4.10)."""


def on_code(
    channel: Channel,
    moment: datetime,
    *,
    came: Mapping[str, int],
    away: Collection[str],
    paused: bool = False,
) -> tuple[str, ...]:
    """The members on the code of a channel, empty when all of them are gone.

    Whoever is on hours and below the cap; else the spare ones; else whoever is left, because a
    code that leads nowhere is worse than a member with one customer too many.

    Args:
        moment: now, in the company's zone.
        came: how many came to each member (lower-cased) by this channel since local midnight.
        away: members (lower-cased) who cannot receive any more.
        paused: newcomers go to the spare ones; printed codes are never dead (R-3.2).
    """
    spare = tuple(one for one in channel.spare if one.lower() not in away)
    present = [one for one in channel.receivers if one.key not in away]
    scheduled = [one for one in present if is_on(one, moment)]
    free = [one for one in scheduled if one.daily_cap is None or _came(came, one) < one.daily_cap]
    if free and not paused:
        return tuple(one.userid for one in free)
    return spare or tuple(one.userid for one in scheduled or present)


def stood_in(channel: Channel, stand_ins: Mapping[str, str]) -> Channel:
    """The channel with everybody in whose place somebody else is now replaced by that one (C07).

    Who stands in has the hours and the cap of whom he replaces; one who was on the code before
    keeps his own.

    Args:
        stand_ins: member → who stands in for him at last, lower-cased.
    """
    if not channel.is_of_friends or not stand_ins:
        return channel
    own = {one.key for one in channel.receivers}
    receivers: dict[str, Receiver] = {}
    for one in channel.receivers:
        another = stand_ins.get(one.key)
        if another is None:
            receivers[one.key] = one
        elif another not in own:
            receivers.setdefault(another, one.model_copy(update={"userid": another}))
    spare = instead(channel.spare, stand_ins)
    return channel.model_copy(update={"receivers": tuple(receivers.values()), "spare": spare})


def instead(members: Sequence[str], stand_ins: Mapping[str, str]) -> tuple[str, ...]:
    """The members, with whoever stands in for one in his place; each once."""
    found = {one.lower(): one for one in members}
    named = (stand_ins.get(one.lower(), one) for one in members)
    return tuple({one.lower(): found.get(one.lower(), one) for one in named}.values())


def is_on(receiver: Receiver, moment: datetime) -> bool:
    """Whether a member receives at this local time; a shift past midnight belongs to its day."""
    return not receiver.hours or any(_covers(shift, moment) for shift in receiver.hours)


def open_groups(
    channel: Channel, fill: Mapping[str, int], full_at: int
) -> tuple[tuple[str, ...], bool]:
    """The groups a group code leads to, and whether all are full (R-3.7).

    Args:
        fill: members of each group, where it is known.
        full_at: from how many members on a group is left behind.
    """
    open_ones = [one for one in channel.groups if fill.get(one, 0) < full_at]
    if open_ones:
        return tuple(open_ones[:CHATS_AT_ONCE]), False
    return channel.groups[-CHATS_AT_ONCE:], True


def _came(came: Mapping[str, int], receiver: Receiver) -> int:
    return came.get(receiver.key, 0)


def _covers(shift: Shift, moment: datetime) -> bool:
    minute, today = moment.hour * 60 + moment.minute, moment.weekday()
    if WEEK[today] in shift.days and shift.opens <= minute < shift.ends:
        return True
    return WEEK[today - 1] in shift.days and minute + DAY_MINUTES < shift.ends


def missing_members(channel: Channel, away: Collection[str]) -> Sequence[str]:
    """Members of a channel who cannot receive any more."""
    named = [*(one.userid for one in channel.receivers), *channel.spare]
    return [one for one in dict.fromkeys(named) if one.lower() in away]
