"""How do shops tell us of orders? `POST /api/v1/orders`, signed, each order once.

Signed as our own webhooks are: HMAC-SHA256 over ``timestamp.body``, so that the body cannot be
changed; a request that is too old is refused, and one that is repeated in time changes nothing
because an order is written once by its number.
"""

import asyncio
import hmac
import math
from collections import Counter
from typing import Any

import msgspec
import structlog
from aiohttp import web

from bot.model.sales import Sale
from bot.ports import Clock
from bot.store import AuditEntry, Store, Unit
from bot.tools.webhooks import signature
from bot.web.bearer import failed

PATH = "/api/v1/orders"
MOST_BYTES = 1 << 20
MOST_ORDERS = 500
BODY_TIMEOUT_S = 10.0
SKEW_S = 300
"""How far a request's timestamp may be from our clock, either way."""

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
        if not self._secret:
            return failed(404, "not found")
        now = self._clock.now()
        try:
            body = await _body(request)
        except ValueError as error:
            return failed(413, str(error))
        if not self._is_ours(request, body, now):
            return failed(401, "a fresh signature is needed")
        try:
            sales = [_sale(one, now) for one in _read(body)]
        except (msgspec.DecodeError, ValueError) as error:
            return failed(400, str(error))
        async with self._one_at_a_time:
            taken = await self._store.sales.take_all(sales, now)
        became = Counter({str(what): count for what, count in taken.items()})
        await self._note(became, now)
        return web.json_response({"orders": len(sales), **became})

    def _is_ours(self, request: web.Request, body: bytes, now: float) -> bool:
        stamp = request.headers.get("X-Concierge-Timestamp", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            return False
        given = request.headers.get("X-Concierge-Signature", "").encode("utf-8", "surrogateescape")
        wanted = signature(self._secret, int(stamp), body).encode()
        return hmac.compare_digest(given, wanted) and abs(now - int(stamp)) <= SKEW_S

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


async def _body(request: web.Request) -> bytes:
    if (request.content_length or 0) > MOST_BYTES:
        raise ValueError(f"at most {MOST_BYTES} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise ValueError(f"at most {MOST_BYTES} bytes")
    except TimeoutError:
        raise ValueError("the body came too slowly") from None
    return bytes(body)


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
