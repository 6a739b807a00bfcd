"""How do tills redeem coupons? `POST /api/v1/coupons/look` and `…/redeem`, signed.

A till names each request (`ref`); the same request once more is answered alike, so that one whose
answer was lost is simply sent again.
"""

from typing import Any

import msgspec
from aiohttp import web

from bot.ports import Clock
from bot.store import AuditEntry, Coupon, Redeemed, Store, Unit
from bot.web.bearer import failed
from bot.web.signed import Refused, signed_body

PATH = "/api/v1/coupons"
MOST_BYTES = 4096
API = "api"
"""Who redeems, when a till's own system does."""


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A wish of a till.

    Args:
        ref: names it; needed to redeem.
        pool: needed only where several have this code.
    """

    code: str
    ref: str = ""
    pool: str = ""


_decode = msgspec.json.Decoder(_Body).decode


class CouponsEndpoint:
    """Coupons at tills (docs/how-to/points.md).

    Args:
        secret: what requests are signed with; empty = there is no such address.
    """

    def __init__(self, store: Store, secret: str, clock: Clock) -> None:
        self._store, self._secret, self._clock = store, secret, clock

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [
            web.post(f"{PATH}/look", self._look),
            web.post(f"{PATH}/redeem", self._redeem),
        ]

    async def _look(self, request: web.Request) -> web.Response:
        now = self._clock.now()
        try:
            wish = await self._read(request, now)
        except Refused as refused:
            return refused.response
        found = await self._store.coupons.called(wish.code)
        found = [one for one in found if wish.pool in ("", one.pool)]
        if len(found) != 1:
            return _told(Redeemed.AMBIGUOUS if found else Redeemed.UNKNOWN, None)
        return _told(found[0].standing(now), found[0])

    async def _redeem(self, request: web.Request) -> web.Response:
        now = self._clock.now()
        try:
            wish = await self._read(request, now)
        except Refused as refused:
            return refused.response
        if not wish.ref:
            return failed(400, "ref names the request: it is needed")
        whose = {"by": API, "ref": wish.ref, "pool": wish.pool}
        return _told(*await redeem(self._store, wish.code, **whose, now=now))

    async def _read(self, request: web.Request, now: float) -> _Body:
        body = await signed_body(request, self._secret, now, MOST_BYTES)
        try:
            wish = _decode(body)
        except msgspec.DecodeError as error:
            raise Refused(failed(400, str(error))) from error
        if not 0 < len(wish.code.strip()) <= 100 or len(wish.ref) > 64 or len(wish.pool) > 30:
            raise Refused(failed(400, "code: 1 to 100 characters, ref: at most 64"))
        return msgspec.structs.replace(wish, code=wish.code.strip())


async def redeem(
    store: Store, code: str, *, by: str, ref: str, now: float, pool: str = ""
) -> tuple[Redeemed, Coupon | None]:
    """Redeem, and note in the audit who did, or tried to."""
    became, one = await store.coupons.redeem(code, by=by, ref=ref, now=now, pool=pool)
    unit = Unit()
    subject = f"coupon:{one.pool}" if one else "coupon"
    entry = AuditEntry(at=now, actor=by, action="coupon.redeem", subject=subject, result=became)
    store.audit.note(unit, entry)
    await store.database.commit(unit)
    return became, one


def _told(became: Redeemed, one: Coupon | None) -> web.Response:
    told: dict[str, Any] = {"state": became}
    if one is not None:
        told |= {"pool": one.pool, "code": one.code, "name": one.name or one.pool}
        told |= {"expires_at": one.expires_at, "redeemed_at": one.redeemed_at}
    return web.json_response(told)
