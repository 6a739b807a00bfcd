"""What does an answer of the company's systems mean? Pure: JSON in, orders or named fields out.

The answer is foreign: whatever has not the expected shape is left out, and every text is cut.
"""

import math
import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.config import OrderFields, Tool
from bot.errors import ToolFailed
from bot.model import Order, Shipment

MAX_ORDERS = 50
MAX_SHIPMENTS = 5
MAX_TEXT = 200
"""Characters of one field that are kept."""

_STEP = re.compile(r"([\w-]+)|\[(\d+)\]")
_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_MILLISECONDS_FROM = 1e11


def at(value: Any, path: str | None) -> Any:
    """What stands at a path such as ``data.items[0].name``, ``None`` = nothing does."""
    for key, index in _STEP.findall(path or ""):
        if key:
            value = value.get(key) if isinstance(value, Mapping) else None
        else:
            number = int(index)
            value = value[number] if isinstance(value, list) and number < len(value) else None
    return value


def fields_in(tool: Tool, answer: Any) -> Any:
    """What is shown of an answer: the fields the configuration names, or the whole of it."""
    if not tool.result:
        return answer
    return {name: at(answer, path) for name, path in tool.result.items()}


def says_ok(tool: Tool, answer: Any) -> bool:
    """Whether the answer is a good one by its own words: many systems refuse with HTTP 200."""
    return all(_plain(at(answer, path)) == _plain(value) for path, value in tool.ok.items())


def orders_in(tool: Tool, answer: Any, identity: str, zone: tzinfo) -> list[Order]:
    """The customer's orders in an answer, in its order.

    No list at all means "no orders" only of an answer that says it is a good one.

    Args:
        identity: whose orders were asked for; one whose `owner` is somebody else is left out.
        zone: of times that name none.

    Raises:
        ToolFailed: there is no list where the configuration says.
    """
    fields = tool.orders
    assert fields is not None
    found = at(answer, fields.path)
    if found is None and tool.ok:
        return []
    if not isinstance(found, list):
        raise ToolFailed("unreadable", "no list of orders")
    mine = [one for one in found if not fields.owner or text_of(at(one, fields.owner)) == identity]
    orders = [_order(fields, one, zone) for one in mine[:MAX_ORDERS]]
    if mine and not any(orders):
        raise ToolFailed("unreadable", "no order has a number")
    return [order for order in orders if order is not None]


def _order(fields: OrderFields, found: Any, zone: tzinfo) -> Order | None:
    number = text_of(at(found, fields.number)) if isinstance(found, Mapping) else ""
    if not number:
        return None
    status = _read(found, fields.status)
    return Order(
        number=number,
        status=fields.statuses.get(status, status),
        title=_read(found, fields.title),
        amount=amount_of(at(found, fields.amount), fields.amount_unit) if fields.amount else None,
        paid_at=moment_of(at(found, fields.paid_at), zone) if fields.paid_at else None,
        shipments=tuple(_shipments(fields, found)),
    )


def _shipments(fields: OrderFields, order: Any) -> list[Shipment]:
    if fields.shipments is None:
        return []
    where = fields.shipments
    found = at(order, where.path)
    listed = found if isinstance(found, list) else [found] if isinstance(found, Mapping) else []
    shipments = [
        Shipment(
            carrier=_read(one, where.carrier),
            number=_read(one, where.number),
            status=_read(one, where.status),
            last_event=_read(one, where.last_event),
        )
        for one in listed[:MAX_SHIPMENTS]
    ]
    return [one for one in shipments if one != Shipment()]


def _read(found: Any, path: str | None) -> str:
    return text_of(at(found, path)) if path else ""


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else text_of(value)


def text_of(value: Any) -> str:
    """A text or number as one short line without signs that hide or turn text; else nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(_NOT_SHOWN.sub(" ", str(value)).split())[:MAX_TEXT]


def amount_of(value: Any, unit: str) -> int | None:
    """An amount in 分; ``None`` for what is no amount."""
    try:
        amount = Decimal(text_of(value).replace(",", "").lstrip("¥￥"))
    except InvalidOperation:
        return None
    if not amount.is_finite() or abs(amount) > 10**12:
        return None
    return int((amount * 100 if unit == "yuan" else amount).to_integral_value())


def moment_of(value: Any, zone: tzinfo) -> float | None:
    """A moment in Unix seconds: seconds, milliseconds or ISO 8601; ``None`` for anything else."""
    text = text_of(value)
    try:
        seconds = float(text)
    except ValueError:
        return _iso(text, zone)
    if not math.isfinite(seconds) or seconds <= 0:
        return None
    seconds = seconds / 1000 if seconds >= _MILLISECONDS_FROM else seconds
    return seconds if seconds < _MILLISECONDS_FROM else None


def _iso(text: str, zone: tzinfo) -> float | None:
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        return None
