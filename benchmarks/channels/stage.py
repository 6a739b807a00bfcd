"""How does what was played come into a database, as the service would write it, in any order?"""

import random
from typing import Literal
from zoneinfo import ZoneInfo

from benchmarks.channels.played import CHANNELS, Period, Played
from bot.app.channel_stats import ChannelReport, channel_report
from bot.config import Channel, Config
from bot.measuring import Window
from bot.model.people import IdentityKind
from bot.store import Store, Unit
from bot.store.channel_facts import ChannelFacts

_AT_ONCE = 500

_MESSAGE = (
    "INSERT INTO messages (open_kfid, msgid, external_userid, origin, sent_at, received_at,"
    " msgtype, outcome) VALUES ('wk', ?, ?, 3, ?, ?, 'text', 'answered')"
)


async def stage(store: Store, played: Played, *, seed: int) -> None:
    """Write everything, shuffled, some of it twice or three times; who is who comes last."""
    chance = random.Random(seed)
    channels = [
        Channel.model_validate(
            {
                "id": name,
                "name": name,
                "receivers": [{"userid": "zhangsan"}],
                "states": ["dy2025"] if name == "douyin" else [],
            }
        )
        for name in CHANNELS
    ]
    await store.channels.take(channels, "config", 0.0)
    events = played.events + chance.choices(played.events, k=len(played.events) // 3)
    chance.shuffle(events)
    customers = sorted({event.external_userid for event in events})
    for begin in range(0, len(customers), _AT_ONCE):
        some = customers[begin : begin + _AT_ONCE]
        await store.vault.ready(f"customer:{customer}" for customer in some)
    for begin in range(0, len(events), _AT_ONCE):
        unit = Unit()
        for event in events[begin : begin + _AT_ONCE]:
            store.contacts.happened(unit, event, event.at + 1.0)
        await store.database.commit(unit)
    for begin in range(0, len(played.wrote), _AT_ONCE):
        unit = Unit()
        for number, (customer, at) in enumerate(played.wrote[begin : begin + _AT_ONCE], begin):
            unit.add(_MESSAGE, f"m{number}", customer, at, at)
        await store.database.commit(unit)
    unit = Unit()
    for (channel, day), amount in played.costs.items():
        ChannelFacts(store.database).cost(unit, channel, [day], amount, by="", at=1.0)
    await store.database.commit(unit)
    await _orders(store, played, chance)
    await _merges(store, played)


async def _orders(store: Store, played: Played, chance: random.Random) -> None:
    """Half of them before anybody is known, half after."""
    sales = list(played.sales)
    chance.shuffle(sales)
    half = len(sales) // 2
    for sale in sales[:half]:
        await store.sales.take(sale, sale.changed_at)
    for unionid in sorted({sale.unionid for sale in sales}):
        customer = unionid.removeprefix("o_")
        await store.people.identify(customer, IdentityKind.UNIONID, unionid, source="", at=1.0)
    for sale in sales[half:]:
        await store.sales.take(sale, sale.changed_at)
    while await store.sales.match_again(1.0):
        pass


async def _merges(store: Store, played: Played) -> None:
    """Who is one, as the merges add up; a merge itself would be refused over two unionids."""
    unit = Unit()
    for customer in played.twins:
        unit.add(
            "INSERT INTO kept_persons SELECT a.person_id, b.person_id FROM customers a,"
            " customers b WHERE a.external_userid = ? AND b.external_userid = ?"
            " ON CONFLICT (person_id) DO UPDATE SET kept = excluded.kept",
            *(customer, played.person(customer)),
        )
    await store.database.commit(unit)


async def report(
    config: Config, store: Store, window: Window, now: float
) -> dict[str, dict[str, object]]:
    """The product's own count, in the form of the one by hand."""
    zone = ZoneInfo(config.timezone)
    return told(await channel_report(config, store, window, zone, now))


def told(found: ChannelReport) -> dict[str, dict[str, object]]:
    """The same figures as the count by hand, of channels by which anybody came."""
    result: dict[str, dict[str, object]] = {}
    for line in found.channels:
        figures = line.figures
        if not figures.adds or line.family != "friends":
            continue
        net = figures.net or {}
        result[line.id] = {
            "adds": figures.adds,
            "new": figures.new_people,
            **{f"net{n}": (net[f"d{n}"].count, net[f"d{n}"].of) for n in (7, 30)},
            "converted": (figures.converted.count, figures.converted.of),
            "revenue": figures.revenue,
            "interacted": (figures.interacted.count, figures.interacted.of),
            **{
                f"retained{n}": (figures.retained[f"d{n}"].count, figures.retained[f"d{n}"].of)
                for n in (7, 30, 90)
            },
            "activated": (figures.activated.count, figures.activated.of),
        }
    return result


async def report_in_periods(
    config: Config, store: Store, window: Window, by: Literal["day", "week", "month"], now: float
) -> dict[str, list[Period]]:
    """The product's own series, in the form of the one by hand."""
    zone = ZoneInfo(config.timezone)
    found = await channel_report(config, store, window, zone, now, by=by)
    return {
        line.id: [
            (
                *(one.first, one.last, one.adds, one.new_people, one.revenue),
                *((one.worth.cost, one.worth.cac, one.worth.roi) if one.worth else [None] * 3),
            )
            for one in line.series or ()
        ]
        for line in found.channels
        if line.family == "friends"
    }
