"""How do shops tell us of orders? `POST /api/v1/orders`, signed, each order once.

A request that is repeated in time changes nothing: an order is written once by its number.
"""

import asyncio
import math
from collections import Counter
from typing import Any

import msgspec
import structlog
from aiohttp import web

from bot.model.sales import Sale
from bot.ports import Clock
from bot.store import AuditEntry, Store, Unit
from bot.web.bearer import failed
from bot.web.signed import Refused, signed_body

PATH = "/api/v1/orders"
MOST_ORDERS = 500

_MOST_TEXT = 200
_MOST_AMOUNT = 10**11

log = structlog.get_logger(__name__)


class _Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order as it is told; amounts in 分, moments in Unix seconds."""

    number: str
    amount: int
    changed_at: float
    shop: str = ""
    status: str = ""
    refunded: int = 0
    paid_at: float | None = None
    external_userid: str = ""
    unionid: str = ""
    phone: str = ""
    title: str = ""
    categories: tuple[str, ...] = ()


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    orders: list[_Order]


_decode = msgspec.json.Decoder(_Body).decode


class SalesEndpoint:
    """Orders from shops (docs/how-to/channels.md).

    Args:
        secret: what requests are signed with; empty = there is no such address.
    """

    def __init__(self, store: Store, secret: str, clock: Clock) -> None:
        self._store, self._secret, self._clock = store, secret, clock
        self._one_at_a_time = asyncio.Lock()

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [web.post(PATH, self._orders)]

    async def _orders(self, request: web.Request) -> web.Response:
        now = self._clock.now()
        try:
            body = await signed_body(request, self._secret, now)
        except Refused as refused:
            return refused.response
        try:
            sales = [_sale(one, now) for one in _read(body)]
        except (msgspec.DecodeError, ValueError) as error:
            return failed(400, str(error))
        async with self._one_at_a_time:
            taken = await self._store.sales.take_all(sales, now)
        became = Counter({str(what): count for what, count in taken.items()})
        await self._note(became, now)
        return web.json_response({"orders": len(sales), **became})

    async def _note(self, became: Counter[str], now: float) -> None:
        log.info("orders.taken", **became)
        unit = Unit()
        entry = AuditEntry(
            at=now,
            actor="api",
            action="orders.write",
            subject="orders",
            result=" ".join(f"{name}={count}" for name, count in sorted(became.items())),
        )
        self._store.audit.note(unit, entry)
        await self._store.database.commit(unit)


def _read(body: bytes) -> list[_Order]:
    orders = _decode(body).orders
    if not 1 <= len(orders) <= MOST_ORDERS:
        raise ValueError(f"1 to {MOST_ORDERS} orders at a time")
    return orders


def _sale(one: _Order, now: float) -> Sale:
    fields: dict[str, Any] = msgspec.structs.asdict(one)
    for name, value in fields.items():
        if isinstance(value, str) and len(value) > _MOST_TEXT:
            raise ValueError(f"{name} of order {one.number[:40]!r} is too long")
    if not one.number.strip():
        raise ValueError("an order without a number")
    if not 0 <= one.refunded <= one.amount <= _MOST_AMOUNT:
        raise ValueError(f"order {one.number!r}: 0 <= refunded <= amount, in 分")
    if len(one.categories) > 20 or any(len(each) > _MOST_TEXT for each in one.categories):
        raise ValueError(f"order {one.number!r}: too many categories")
    for moment in (one.changed_at, one.paid_at):
        if moment is not None and not (math.isfinite(moment) and 0 < moment <= now + 86_400):
            raise ValueError(f"order {one.number!r}: moments are Unix seconds, not in the future")
    return Sale(**fields)
