"""How are orders, opening hours and openings put into words, wherever they are told?"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime

from bot.config import WEEK, AccountSettings
from bot.model import Order, Shipment
from bot.policy.roster import Opening
from bot.routing.phrases import Phrases

ORDERS_CATEGORY = "订单"
"""What `autonomy.categories` calls answers about orders."""

ERRANDS_CATEGORY = "办理"
"""What it calls offers to have something done in the company's systems."""

_TAIL = 4
_TITLE = 16
"""Characters of a title in a menu line, which may have 128 bytes (wecom-api §3.10)."""


def order_lines(
    phrases: Phrases, order: Order, local_time: Callable[[float], datetime]
) -> Iterator[str]:
    """How an order stands, line by line; what is not known has no line."""
    status = order.status or phrases.say("orders.no_status")
    yield phrases.say("orders.order", number=order.number, status=status)
    if order.title:
        yield phrases.say("orders.title", title=order.title)
    if order.amount is not None:
        amount = f"{order.amount / 100:.2f}".removesuffix(".00")
        yield phrases.say("orders.amount", amount=amount)
    if order.paid_at is not None:
        paid_at = local_time(order.paid_at).strftime("%Y-%m-%d %H:%M")
        yield phrases.say("orders.paid_at", paid_at=paid_at)
    for shipment in order.shipments:
        yield from _shipment_lines(phrases, shipment)


def order_item(phrases: Phrases, order: Order) -> str:
    """One order in a menu, its number masked."""
    title = order.title if len(order.title) <= _TITLE else f"{order.title[:_TITLE]}…"
    line = phrases.say(
        "orders.item", tail=order.number[-_TAIL:], title=title, status=order.status[:_TITLE]
    )
    return " ".join(line.split())


def order_key(order: Order) -> str:
    """What a menu item names an order by: short enough for its id, and no number to read."""
    return hashlib.sha256(order.number.encode()).hexdigest()[:16]


def _shipment_lines(phrases: Phrases, shipment: Shipment) -> Iterator[str]:
    named = (shipment.carrier, shipment.number, shipment.status)
    if any(named):
        yield phrases.say("orders.shipment", shipment=" ".join(part for part in named if part))
    if shipment.last_event:
        yield phrases.say("orders.last_event", event=shipment.last_event)


def hours_text(phrases: Phrases, account: AccountSettings) -> str:
    """The opening hours as people say them: 周一至周五 09:00–18:00; empty = always open."""
    names = phrases.say("engine.day_names")
    spans = []
    for hours in account.opening_hours:
        days = [WEEK.index(day) for day in hours.days]
        shown = "、".join(f"周{names[day]}" for day in days)
        if len(days) > 1 and days == list(range(days[0], days[-1] + 1)):
            shown = f"周{names[days[0]]}至周{names[days[-1]]}"
        spans.append(f"{shown} {_clock(hours.opens)}–{_clock(hours.closes)}")
    return "；".join(spans)


def opening_text(phrases: Phrases, opening: Opening) -> str:
    """When somebody is there again: 今天 14:00, 明天 09:00, 周一（3月2日）09:00."""
    moment = opening.moment
    values = {
        "time": _clock(moment.hour * 60 + moment.minute),
        "day": phrases.say("engine.day_names")[moment.weekday()],
        "month": moment.month,
        "date": moment.day,
    }
    known = {0: "engine.opens_today", 1: "engine.opens_tomorrow"}
    return phrases.say(known.get(opening.days, "engine.opens_later"), **values)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
