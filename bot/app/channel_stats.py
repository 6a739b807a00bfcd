"""What do the channels bring and cost in a window? Rows read, counted, and judged."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import msgspec

from bot.config import Channel, Config
from bot.measuring import Window
from bot.measuring.channel_series import PeriodLine, Series, lines_of, series_of
from bot.measuring.channels import (
    FRIENDS,
    Bounds,
    ChannelFigures,
    Episode,
    Facts,
    Family,
    Happened,
    Worth,
    episodes_of,
    figures_of,
    shares_of,
    worth_of,
)
from bot.measuring.statistics import Share
from bot.measuring.window import Period, Stretch, edges_of, stretches
from bot.store import CHANNEL, Store
from bot.store.channel_facts import ChannelFacts
from bot.store.database import Row

OTHERS = "unattributed"


class ChannelLine(msgspec.Struct, frozen=True, kw_only=True):
    """One channel in the report.

    Args:
        id: empty = came by nobody's channel.
        worth: ``None`` where there is nothing to be judged.
        series: the same by day, week or month, ``None`` = not asked for.
    """

    id: str
    name: str
    kind: str
    source: str
    family: Family
    figures: ChannelFigures
    worth: Worth | None
    series: list[PeriodLine] | None = None


class ChannelReport(msgspec.Struct, frozen=True, kw_only=True):
    """All channels in a window.

    Args:
        shares: of new friends, by class of source (R-3.6).
        external: share of those by paid channels and partners.
        at: when it was counted.
    """

    since: float
    until: float
    at: float
    channels: list[ChannelLine]
    shares: dict[str, Share]
    external: Share


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for: a window, and into what it is divided."""

    window: Window
    days: Sequence[str]
    parts: Sequence[Stretch]
    zone: tzinfo
    now: float


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was counted, by family and channel."""

    figures: Mapping[tuple[Family, str], ChannelFigures]
    series: Series


async def channel_report(
    config: Config,
    store: Store,
    window: Window,
    zone: tzinfo,
    now: float,
    *,
    by: Period | None = None,
) -> ChannelReport:
    """Count a window.

    Args:
        zone: of the company: days are its own.
        now: Unix seconds.
        by: into what the window is divided beside the whole, ``None`` = into nothing.
    """
    days = days_of(window, zone, now)
    asked = _Asked(window, days, stretches(days, by, zone) if by else (), zone, now)
    lines = await _lines(config, store, asked, await _counted(store, asked))
    by_class: defaultdict[str, int] = defaultdict(int)
    external = 0
    for line in lines:
        if line.family == FRIENDS:
            by_class[line.source] += line.figures.new_people
            if line.source == "paid" or line.kind == "partner":
                external += line.figures.new_people
    shares = shares_of(by_class)
    return ChannelReport(
        since=window.since,
        until=window.until,
        at=now,
        channels=lines,
        shares=shares,
        external=share_external(external, sum(by_class.values())),
    )


def share_external(count: int, of: int) -> Share:
    """The part that came from outside, with its interval."""
    return shares_of({"external": count, "rest": of - count})["external"]


async def _counted(store: Store, asked: _Asked) -> _Counted:
    """Read in scans, count in a thread: the service answers customers meanwhile."""
    reader, states = ChannelFacts(store.database), await _meanings(store)
    window, now = asked.window, asked.now
    rows = _Rows(
        await reader.persons(),
        await reader.friendships(now),
        {"chats": await reader.entrances(), "groups": await reader.group_joins()},
        await reader.wrote(window.since),
        await reader.paid(),
    )

    def count() -> _Counted:
        facts = _facts(rows, states, window.since)
        figures = figures_of(facts, window.since, window.until, now)
        return _Counted(figures, series_of(facts, edges_of(asked.parts)))

    return await asyncio.to_thread(count)


@dataclass(frozen=True, slots=True)
class _Rows:
    persons: Mapping[str, str]
    friendships: Sequence[Row]
    others: Mapping[Family, Sequence[Row]]
    wrote: Sequence[Row]
    paid: Sequence[Row]


def _facts(rows: _Rows, states: Mapping[str, str], since: float) -> Facts:
    def person(customer: str) -> str:
        return rows.persons.get(customer, customer)

    events = (
        Happened(person(customer), (userid, customer), at, kind, states.get(state, ""))
        for userid, customer, at, kind, state in rows.friendships
    )
    episodes = episodes_of(events)
    for family, came in rows.others.items():
        episodes += [
            Episode(person(customer), at, states.get(state, ""), None, family)
            for customer, at, state in came
        ]
    acts: defaultdict[str, list[float]] = defaultdict(list)
    paid: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
    for customer, at, kept in rows.paid:
        paid[person(customer)].append((at, kept))
        if at >= since:
            acts[person(customer)].append(at)
    for customer, at in rows.wrote:
        acts[person(customer)].append(at)
    for moments in acts.values():
        moments.sort()
    for orders in paid.values():
        orders.sort()
    return Facts(episodes, acts, paid)


async def _meanings(store: Store) -> dict[str, str]:
    """State → channel id, or the kind of what else it means."""
    rows = await store.database.scan("SELECT state, kind, id FROM channel_states")
    return {row["state"]: row["id"] if row["kind"] == CHANNEL else row["kind"] for row in rows}


async def _lines(config: Config, store: Store, asked: _Asked, found: _Counted) -> list[ChannelLine]:
    """A line for each channel, and for whatever else anybody came by."""
    rows = {row.channel.id: row for row in await store.channels.all()}
    days, bounds = asked.days, bounds_of(config)
    reader = ChannelFacts(store.database)
    costs = await reader.costs(days[0], days[-1]) if days else {}
    own = {(family_of(row.channel), id_): row for id_, row in rows.items()}
    lines = []
    for family, id_ in {**dict.fromkeys(found.figures), **dict.fromkeys(own)}:
        key = (family, id_)
        figures, row = found.figures.get(key, NOTHING), own.get(key)
        mine, worth, spent = list(days), None, None
        if row is not None:
            since = datetime.fromtimestamp(row.created_at, asked.zone).date().isoformat()
            spent = costs.get(id_, {})
            mine = [day for day in days if day >= since or day in spent]
            worth = worth_of(spent, mine, figures.new_people, bounds, revenue=figures.revenue)
        series = None
        if asked.parts:
            brought = found.series.get(key, ())
            series = lines_of(asked.parts, brought, spent, (mine, bounds), asked.now)
        channel = rows[id_].channel if id_ in rows else None
        lines.append(_line(key, channel, figures, worth, series))
    return sorted(lines, key=lambda one: (-one.figures.new_people, -one.figures.adds, one.id))


def _line(
    key: tuple[Family, str],
    channel: Channel | None,
    figures: ChannelFigures,
    worth: Worth | None,
    series: list[PeriodLine] | None,
) -> ChannelLine:
    """A line; what is no channel belongs to whoever handed its states out, or to nobody."""
    family, channel_id = key
    return ChannelLine(
        id=channel_id,
        name=channel.name if channel else channel_id,
        kind=channel.kind if channel else "",
        source=channel.source if channel else ("referral" if channel_id else OTHERS),
        family=family,
        figures=figures,
        worth=worth,
        series=series,
    )


def family_of(channel: Channel) -> Family:
    """Where its customers come to."""
    if channel.is_of_friends:
        return "friends"
    return "chats" if channel.kind == "kf" else "groups"


def bounds_of(config: Config) -> Bounds:
    """The bounds of the configuration, in 分."""
    given = config.channels
    return Bounds(
        stop_above=round(given.stop_above * 100),
        watch_above=round(given.watch_above * 100),
        minimum_people=given.minimum_people,
        minimum_days=given.minimum_days,
    )


def days_of(window: Window, zone: tzinfo, now: float) -> list[str]:
    """The local days of a window that have begun, as ``2026-11-20``."""
    day = datetime.fromtimestamp(window.since, zone).date()
    last = datetime.fromtimestamp(min(window.until - 1, now), zone).date()
    return [(day + timedelta(n)).isoformat() for n in range((last - day).days + 1)]


NOTHING = ChannelFigures(
    adds=0,
    new_people=0,
    net=None,
    converted=Share(0, 0, None, None, None),
    revenue=0,
    interacted=Share(0, 0, None, None, None),
    retained={},
    activated=Share(0, 0, None, None, None),
)
"""Nobody came."""
