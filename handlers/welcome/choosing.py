"""Which one welcome suits an occasion (R-2.2)? Pure: no clock, no store."""

from collections.abc import Iterable
from datetime import date, datetime, time

import msgspec

from bot.model import Attachment

FRIEND, KF = "friend", "kf"
"""Where a welcome is said: in the chat with a member, or in a 客服 session."""


class WelcomeText(msgspec.Struct, frozen=True, kw_only=True):
    """A welcome as somebody wrote it.

    Args:
        at: `FRIEND` or `KF`.
        text: with placeholders; one that names ``{code}`` needs a `benefit`.
        tail: under the menu of a kf welcome.
        returning: for whoever had left and comes back (R-2.6).
        referral: for whoever was invited by a customer.
        channels: ids of channels, empty = any.
        staff: userids, lower-cased, empty = anybody.
        dates: first and last day, ``None`` = without end.
        weekdays: 1 = Monday.
        hours: from and to, across midnight where the end comes first.
        benefit: campaign whose code is given, empty = none.
        without: said instead of `text` to whom no code is given.
    """

    id: str
    at: str = FRIEND
    text: str = ""
    tail: str = ""
    attachments: tuple[Attachment, ...] = ()
    returning: bool = False
    referral: bool = False
    channels: frozenset[str] = frozenset()
    staff: frozenset[str] = frozenset()
    dates: tuple[date | None, date | None] = (None, None)
    weekdays: frozenset[int] = frozenset()
    hours: tuple[time, time] | None = None
    benefit: str = ""
    without: str = ""


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """Who comes, by what, to whom and when.

    Args:
        returning: had left and comes back.
        invited: came by a customer's invitation.
        channel: id of the channel, empty = none.
        welcome: the welcome that the channel names, empty = none.
        userid: the member, empty in a kf session.
        moment: local time.
    """

    at: str
    moment: datetime
    returning: bool = False
    invited: bool = False
    channel: str = ""
    welcome: str = ""
    userid: str = ""


def choose(welcomes: Iterable[WelcomeText], occasion: Occasion) -> WelcomeText | None:
    """The one welcome: referral, then channel, then member, then the general one; among those of a
    rank a date goes before a weekday, that before an hour; then the first one written (R-2.2).

    Whoever comes back gets a welcome for returning customers; without one, one that gives nothing.
    """
    found = [one for one in welcomes if _suits(one, occasion)]
    if occasion.returning:
        back = [one for one in found if one.returning]
        found = back or [one for one in found if not one.benefit]
    else:
        found = [one for one in found if not one.returning]
    return max(found, key=lambda one: _rank(one, occasion), default=None)


def covers(hours: tuple[time, time], moment: time) -> bool:
    """Whether a time of day lies in these hours; equal ends are a whole day."""
    begin, end = hours
    if begin < end:
        return begin <= moment < end
    return moment >= begin or moment < end


def _suits(one: WelcomeText, occasion: Occasion) -> bool:
    today, first, last = occasion.moment.date(), *one.dates
    return (
        one.at == occasion.at
        and (not one.referral or occasion.invited)
        and (not one.channels or occasion.channel in one.channels or _is_named(one, occasion))
        and (not one.staff or occasion.userid.lower() in one.staff)
        and (first is None or first <= today)
        and (last is None or today <= last)
        and (not one.weekdays or occasion.moment.isoweekday() in one.weekdays)
        and (one.hours is None or covers(one.hours, occasion.moment.time()))
    )


def _is_named(one: WelcomeText, occasion: Occasion) -> bool:
    return bool(occasion.welcome) and one.id == occasion.welcome


def _rank(one: WelcomeText, occasion: Occasion) -> tuple[bool, ...]:
    return (
        one.referral,
        bool(one.channels) or _is_named(one, occasion),
        bool(one.staff),
        one.dates != (None, None),
        bool(one.weekdays),
        one.hours is not None,
    )
