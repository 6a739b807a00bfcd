"""What may other systems do with channel codes? `/api/v1/channels…`, with a token, audited."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, tzinfo
from typing import Any

import msgspec
from aiohttp import web
from pydantic import ValidationError

from bot.config import Channel, explained
from bot.measuring import Window, days_between, last_days
from bot.measuring.window import PERIODS, Period
from bot.ports import Clock
from bot.store import AuditEntry, ChannelRow, Store, Unit, WayRow
from bot.store.channel_facts import ChannelFacts
from bot.web.bearer import failed, refusal
from bot.web.code_images import Look, Undrawable, draw_png, draw_svg

PATH = "/api/v1/channels"
HAND = "hand"
MAX_DAYS = 366
_MOST_CENTS = 10**12

Count = Callable[[Window, float, Period | None], Awaitable[msgspec.Struct]]
"""The report of a window, at a moment, divided into days, weeks or months."""

_Handler = Callable[[web.Request, float], Awaitable[web.Response]]


class _Cost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a day cost, in 分."""

    amount: int


class ChannelsEndpoint:
    """Channels as JSON (docs/how-to/channels.md).

    Args:
        token: what a caller must show as a bearer; empty = there is no such address.
        zone: of the company.
        count: what the channels bring; asked one at a time.
    """

    def __init__(
        self, store: Store, token: str, clock: Clock, *, zone: tzinfo, count: Count
    ) -> None:
        self._store, self._token, self._clock = store, token.encode(), clock
        self._zone, self._count = zone, count
        self._one_at_a_time = asyncio.Lock()

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        one = f"{PATH}/{{id}}"
        return [
            web.get(PATH, self._guarded(self._list), allow_head=False),
            web.get(f"{PATH}/stats", self._guarded(self._stats), allow_head=False),
            web.get(one, self._guarded(self._show), allow_head=False),
            web.put(one, self._guarded(self._put)),
            web.post(f"{one}/pause", self._guarded(self._pause)),
            web.post(f"{one}/resume", self._guarded(self._resume)),
            web.put(f"{one}/costs/{{day}}", self._guarded(self._cost)),
            web.get(f"{one}/qr.{{kind:png|svg}}", self._guarded(self._draw), allow_head=False),
        ]

    def _guarded(self, handler: _Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            if (refused := refusal(request, self._token)) is not None:
                return refused
            try:
                return await handler(request, self._clock.now())
            except LookupError:
                return failed(404, "there is no such channel")
            except (ValueError, Undrawable) as error:
                return failed(400, str(error))

        return handle

    # ------------------------------------------------------------------ reading

    async def _list(self, _request: web.Request, _now: float) -> web.Response:
        ways = await self._store.ways.all()
        rows = await self._store.channels.all()
        told = [_told(row, ways.get(row.channel.id, WayRow(row.channel.id))) for row in rows]
        return web.json_response({"channels": told})

    async def _show(self, request: web.Request, _now: float) -> web.Response:
        row = await self._known(request)
        return web.json_response(_told(row, await self._store.ways.get(row.channel.id)))

    async def _stats(self, request: web.Request, now: float) -> web.Response:
        window, named = self._window(request.query, now), request.query.get("by")
        by = next((one for one in PERIODS if one == named), None)
        if by != named:
            raise ValueError(f"by is one of {', '.join(PERIODS)}")
        async with self._one_at_a_time:
            report = await self._count(window, now, by)
        return web.Response(body=msgspec.json.encode(report), content_type="application/json")

    async def _draw(self, request: web.Request, _now: float) -> web.Response:
        row = await self._known(request)
        content = (await self._store.ways.get(row.channel.id)).says
        if not content:
            return failed(409, "the code is not made yet")
        look = Look(caption=request.query.get("caption", ""))
        draw, mime = draw_png, "image/png"
        if request.match_info["kind"] == "svg":
            draw, mime = draw_svg, "image/svg+xml"
        body = await asyncio.to_thread(draw, content, look)
        return web.Response(body=body, content_type=mime)

    # ------------------------------------------------------------------ writing

    async def _put(self, request: web.Request, now: float) -> web.Response:
        """Make a channel, or change one that was made by hand; a repeat changes nothing."""
        channel = _channel(request.match_info["id"], await request.read())
        row = await self._store.channels.get(channel.id)
        if row is not None and row.origin != HAND:
            return failed(409, "this channel is described in config.yaml: change it there")
        if refused := await self._store.channels.take([channel], HAND, now):
            return failed(409, f"the code {refused[0][1]} means something else already")
        await self._note("channels.write", channel.id, now)
        row = await self._known(request)
        told = _told(row, await self._store.ways.get(channel.id))
        return web.json_response(told, status=201 if row.created_at == now else 200)

    async def _pause(self, request: web.Request, now: float) -> web.Response:
        return await self._paused(request, now, since=now)

    async def _resume(self, request: web.Request, now: float) -> web.Response:
        return await self._paused(request, now, since=None)

    async def _paused(
        self, request: web.Request, now: float, *, since: float | None
    ) -> web.Response:
        row = await self._known(request)
        unit = Unit()
        self._store.channels.pause(unit, row.channel.id, since)
        await self._store.database.commit(unit)
        await self._note("channels.pause" if since else "channels.resume", row.channel.id, now)
        return await self._show(request, now)

    async def _cost(self, request: web.Request, now: float) -> web.Response:
        row = await self._known(request)
        day = date.fromisoformat(request.match_info["day"]).isoformat()
        try:
            amount = msgspec.json.decode(await request.read(), type=_Cost).amount
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValueError(str(error)) from None
        if not 0 <= amount <= _MOST_CENTS:
            raise ValueError("amount is in 分, and not negative")
        unit = Unit()
        facts = ChannelFacts(self._store.database)
        facts.cost(unit, row.channel.id, [day], amount, by="api", at=now)
        await self._store.database.commit(unit)
        await self._note("channels.cost", row.channel.id, now, why=day)
        return web.json_response({"channel": row.channel.id, "day": day, "amount": amount})

    # ------------------------------------------------------------------ common

    async def _known(self, request: web.Request) -> ChannelRow:
        row = await self._store.channels.get(request.match_info["id"])
        if row is None:
            raise LookupError
        return row

    async def _note(self, action: str, channel_id: str, now: float, *, why: str = "") -> None:
        unit = Unit()
        entry = AuditEntry(
            at=now, actor="api", action=action, subject=f"channel:{channel_id}", why=why
        )
        self._store.audit.note(unit, entry)
        await self._store.database.commit(unit)

    def _window(self, query: Mapping[str, str], now: float) -> Window:
        if "from" in query or "to" in query:
            first, last = (date.fromisoformat(query.get(name, "")) for name in ("from", "to"))
            if not 0 <= (last - first).days < MAX_DAYS:
                raise ValueError(f"from is not after to, and at most {MAX_DAYS} days")
            return days_between(first, last, self._zone)
        days = float(query.get("days", "30"))
        if not math.isfinite(days) or int(days) != days or not 1 <= days <= MAX_DAYS:
            raise ValueError(f"days must be a whole number from 1 to {MAX_DAYS}")
        return last_days(int(days), now, self._zone)


def _channel(channel_id: str, body: bytes) -> Channel:
    try:
        values = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None
    if values.setdefault("id", channel_id) != channel_id:
        raise ValueError("the id in the body is another one")
    try:
        return Channel.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(explained(error))
    raise ValueError(problems)


def _told(row: ChannelRow, way: WayRow) -> dict[str, Any]:
    return {
        **row.channel.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "kind": row.channel.kind,
        "source": row.channel.source,
        "origin": row.origin,
        "created_at": row.created_at,
        "paused_at": row.paused_at,
        "code": way.says,
        "picture": way.url if way.config_id else "",
        "leads_to": list(way.leads_to or ()),
        "error": way.error,
    }
