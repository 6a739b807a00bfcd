"""How many come by each channel, who stays, who buys, and is it worth what it costs? Pure.

Everything is made of rows each time (R-1.6): no counter can be doubled by a repeat, and the order
in which events came does not matter. Definitions: docs/how-to/channels.md.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import msgspec

from bot.measuring.statistics import Share, share_of

DAY_S = 86_400.0
NET_DAYS = (7, 30)
RETENTION_DAYS = (7, 30, 90)
CONVERTED_DAYS, INTERACTED_DAYS, ALERT_DAYS, ACTIVATED_DAYS = 30, 7, 3, 7

FRIENDS, CHATS, GROUPS = "friends", "chats", "groups"
"""Families of channels: a person is new to each of them once."""

Family = Literal["friends", "chats", "groups"]
Verdict = Literal["keep", "watch", "stop"]

_ORDER = {"deleted": 0, "half": 1, "brought": 2, "added": 3}
"""Of events of one second: a deletion first, so that what is known last is the friendship."""


class Happened(NamedTuple):
    """An event of one member and one customer.

    Args:
        person: whose it is, merges followed.
        pair: member and customer.
        kind: ``half``, ``added``, ``deleted``, or ``brought`` by a colleague who has gone.
        channel: what its state means, empty = unattributed.
    """

    person: str
    pair: tuple[str, str]
    at: float
    kind: str
    channel: str = ""


class Episode(NamedTuple):
    """A person came, and stayed until a moment (``None`` = is still there, or cannot leave).

    Args:
        brought: by a colleague: nobody's add, and nobody new.
    """

    person: str
    at: float
    channel: str
    until: float | None = None
    family: Family = "friends"
    brought: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is counted.

    Args:
        episodes: of everybody who came in the window: all of them, earlier ones too.
        acts: person → moments at which they did something of their own, ascending.
        paid: person → when they paid for what was not wholly refunded, and how much they kept
            paid, in 分; ascending.
    """

    episodes: Sequence[Episode]
    acts: Mapping[str, Sequence[float]]
    paid: Mapping[str, Sequence[tuple[float, int]]]


class ChannelFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What a window says of one channel.

    Args:
        adds: friendships (chats, group joins) that began in the window.
        new_people: persons whose first ever one is among them; all shares are of these.
        net: still there N days later, of those for whom that day has come; ``None`` where nobody
            tells us who left.
        converted: first paid order within 30 d.
        revenue: what they paid within 30 d and did not get back, in 分.
        interacted: did something of their own within 7 d.
        retained: did so within the 7 days that end N days after they came (bounded).
        activated: of those who did nothing for 3 d, did something in the 7 d after that.
    """

    adds: int
    new_people: int
    net: dict[str, Share] | None
    converted: Share
    revenue: int
    interacted: Share
    retained: dict[str, Share]
    activated: Share


def episodes_of(events: Iterable[Happened]) -> list[Episode]:
    """Friendships from their events, told in any order, each any number of times.

    A half one and its confirmation are one; its channel is the first that either names. What is
    added again after a deletion is another. One of which only the end is known began at 0.
    """
    by_pair: defaultdict[tuple[str, str], list[Happened]] = defaultdict(list)
    for event in set(events):
        by_pair[event.pair].append(event)
    found = []
    for mine in by_pair.values():
        mine.sort(key=lambda one: (one.at, _ORDER[one.kind], one.channel))
        begun: Happened | None = None
        channel = ""
        for event in mine:
            if event.kind == "deleted":
                if begun is not None:
                    found.append(_episode(begun, channel, event.at))
                elif event is mine[0]:  # friends before anybody told us: nobody new
                    found.append(Episode(event.person, 0.0, "", event.at))
                begun, channel = None, ""
            elif begun is None:
                begun, channel = event, event.channel
            else:
                channel = channel or event.channel
        if begun is not None:
            found.append(_episode(begun, channel))
    return found


def _episode(begun: Happened, channel: str, until: float | None = None) -> Episode:
    brought = begun.kind == "brought"
    return Episode(begun.person, begun.at, channel, until, brought=brought)


def figures_of(
    facts: Facts, since: float, until: float, now: float
) -> dict[tuple[Family, str], ChannelFigures]:
    """The figures of every channel by which anybody came in ``[since, until)``.

    Args:
        now: Unix seconds; whoever came too lately for a day to be over is not judged by it.
    """
    of_person: defaultdict[tuple[Family, str], list[Episode]] = defaultdict(list)
    adds: defaultdict[tuple[Family, str], int] = defaultdict(int)
    for one in facts.episodes:
        of_person[one.family, one.person].append(one)
        if since <= one.at < until and not one.brought:
            adds[one.family, one.channel] += 1
    new: defaultdict[tuple[Family, str], list[Episode]] = defaultdict(list)
    for mine in of_person.values():
        first = first_of(mine)
        if since <= first.at < until and not first.brought:
            new[first.family, first.channel].append(first)
    return {
        key: _figures(count, new[key], of_person, facts, now) for key, count in sorted(adds.items())
    }


def first_of(episodes: Iterable[Episode]) -> Episode:
    """With which of a person's he was new (R-3.4)."""
    return min(episodes, key=lambda one: (one.at, one.channel))


def _figures(
    adds: int,
    new: Sequence[Episode],
    of_person: Mapping[tuple[Family, str], Sequence[Episode]],
    facts: Facts,
    now: float,
) -> ChannelFigures:
    def acted(first: Episode, after_days: float, by_days: float, *, at_once: bool = False) -> bool:
        """Whether they did something later than one day and not later than another."""
        moments = facts.acts.get(first.person, ())
        low, high = first.at + after_days * DAY_S, first.at + by_days * DAY_S
        begin = bisect_left(moments, low) if at_once else bisect_right(moments, low)
        return begin < bisect_right(moments, high)

    def old(days: float) -> list[Episode]:
        return [one for one in new if one.at + days * DAY_S <= now]

    def stays(first: Episode, days: float) -> bool:
        moment = first.at + days * DAY_S
        mine = of_person[first.family, first.person]
        return any(one.at <= moment and (one.until is None or moment < one.until) for one in mine)

    family = new[0].family if new else FRIENDS
    alerted = [
        one
        for one in old(ALERT_DAYS + ACTIVATED_DAYS)
        if not acted(one, 0, ALERT_DAYS, at_once=True)
    ]
    return ChannelFigures(
        adds=adds,
        new_people=len(new),
        net={
            f"d{days}": share_of(sum(stays(one, days) for one in old(days)), len(old(days)))
            for days in NET_DAYS
        }
        if family == FRIENDS
        else None,
        converted=share_of(sum(_converted(one, facts) for one in new), len(new)),
        revenue=sum(revenue_of(one, facts) for one in new),
        interacted=share_of(
            sum(acted(one, 0, INTERACTED_DAYS, at_once=True) for one in old(INTERACTED_DAYS)),
            len(old(INTERACTED_DAYS)),
        ),
        retained={
            f"d{days}": share_of(
                sum(acted(one, days - 7, days) for one in old(days)), len(old(days))
            )
            for days in RETENTION_DAYS
        },
        activated=share_of(
            sum(acted(one, ALERT_DAYS, ALERT_DAYS + ACTIVATED_DAYS) for one in alerted),
            len(alerted),
        ),
    )


def _converted(first: Episode, facts: Facts) -> bool:
    """Whether the first order that they ever paid (and kept) was within 30 d of coming."""
    paid = facts.paid.get(first.person, ())
    return bool(paid) and first.at <= paid[0][0] <= first.at + CONVERTED_DAYS * DAY_S


def revenue_of(first: Episode, facts: Facts) -> int:
    """What a person paid within 30 d of coming and did not get back, in 分."""
    until = first.at + CONVERTED_DAYS * DAY_S
    return sum(kept for at, kept in facts.paid.get(first.person, ()) if first.at <= at <= until)


# ---------------------------------------------------------------------- cost


@dataclass(frozen=True, slots=True)
class Bounds:
    """By which a channel is judged (R-3.5); money in 分."""

    stop_above: int
    watch_above: int
    minimum_people: int
    minimum_days: int


class Worth(msgspec.Struct, frozen=True):
    """What a channel costs, and whether it is worth it.

    Args:
        cost: in 分, of the days that were entered; ``None`` when none was: that is unknown.
        days_known: days of the window for which a cost was entered.
        days: of the window, since the channel is there.
        cac: in 分 a person; ``None`` while a day is unknown or nobody is new.
        roi: revenue per 分 of cost; ``None`` while a day is unknown or it cost nothing.
        verdict: ``None`` where there is none, and `why` says why: ``no_cost``, ``few_people``,
            ``short_window``.
    """

    cost: int | None
    days_known: int
    days: int
    cac: float | None
    roi: float | None
    verdict: Verdict | None
    why: str = ""


def worth_of(
    costs: Mapping[str, int], days: Sequence[str], new: int, bounds: Bounds, *, revenue: int = 0
) -> Worth:
    """Judge a channel.

    Args:
        costs: day (``2026-11-20``) → 分; a day that is missing is unknown, not free.
        days: of the window.
        new: people who were new by this channel.
        revenue: what they paid, in 分.
    """
    known = [costs[day] for day in days if day in costs]
    cost = sum(known) if known else None
    whole = cost is not None and len(known) == len(days)
    cac = cost / new if cost is not None and whole and new else None
    roi = revenue / cost if cost and whole else None
    why = ""
    if not whole:
        why = "no_cost"
    elif new < bounds.minimum_people:
        why = "few_people"
    elif len(days) < bounds.minimum_days:
        why = "short_window"
    verdict: Verdict | None = None
    if not why and cac is not None:
        verdict = "keep"
        if cac > bounds.watch_above:
            verdict = "stop" if cac > bounds.stop_above else "watch"
    return Worth(cost, len(known), len(days), cac, roi, verdict, why)


def shares_of(new_by_class: Mapping[str, int]) -> dict[str, Share]:
    """How large a part of the new people came by each class of source (R-3.6)."""
    total = sum(new_by_class.values())
    return {name: share_of(count, total) for name, count in sorted(new_by_class.items())}
