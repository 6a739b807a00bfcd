"""Who plays the shop's order system? A local HTTP server that misbehaves to order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeOrderServer:
    """Answers any path.

    Drive it through `orders` (by whoever is named in `buyer`) or `behaviour`; read `asked`: path,
    query, headers and body of each request.
    """

    def __init__(self) -> None:
        self.orders: dict[str, list[dict[str, Any]]] = {}
        self.behaviour: Behaviour = self.serves
        self.asked: list[dict[str, Any]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        body = await request.text()
        self.asked.append(
            {
                "path": request.raw_path,
                "query": dict(request.query),
                "headers": dict(request.headers),
                "body": body,
            }
        )
        return await self.behaviour(request)

    async def serves(self, request: web.Request) -> web.Response:
        """The orders of the one who is named."""
        found = self.orders.get(request.query.get("buyer", ""), [])
        return web.json_response({"code": 0, "data": {"list": found}})

    def tool(self, **fields: Any) -> dict[str, Any]:
        """The section of the configuration that leads here."""
        orders = {
            "path": "data.list",
            "number": "no",
            "status": "state",
            "statuses": {"SENT": "运输中", "WAIT": "待发货"},
            "title": "items[0].name",
            "amount": "paid",
            "paid_at": "time",
            "shipments": {
                "path": "packages",
                "carrier": "by",
                "number": "no",
                "status": "state",
                "last_event": "events[0].text",
            },
        }
        return {
            "description": "客户本人的订单",
            "url": f"{self.url}/orders?buyer={{identity}}",
            "identity": "external_userid",
            "ok": {"code": 0},
            "orders": orders,
        } | fields


@asynccontextmanager
async def running_orders() -> AsyncIterator[FakeOrderServer]:
    """An order system that listens on a free port."""
    server = FakeOrderServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


def an_order(number: str = "2026112000015", **fields: Any) -> dict[str, Any]:
    """An order as the shop's system tells it."""
    return {
        "no": number,
        "state": "SENT",
        "items": [{"name": "羊毛围巾 灰色"}],
        "paid": "129.00",
        "time": "2026-11-18 09:30:00",
        "packages": [
            {
                "by": "顺丰",
                "no": "SF1234567890",
                "state": "运输中",
                "events": [{"text": "已到达杭州转运中心"}, {"text": "已揽收"}],
            }
        ],
    } | fields


def fails(status: int) -> Behaviour:
    """The server answers with this status and a body nobody should read."""

    async def behave(_: web.Request) -> web.Response:
        return web.json_response({"code": 0, "data": {"list": [an_order()]}}, status=status)

    return behave


def sends(body: bytes, content_type: str = "application/json") -> Behaviour:
    """The server sends just this."""

    async def behave(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type=content_type)

    return behave


def redirects(to: str) -> Behaviour:
    """The server sends elsewhere."""

    async def behave(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": to})

    return behave


async def pours(request: web.Request) -> web.StreamResponse:
    """The server's answer has no end."""
    response = web.StreamResponse()
    await response.prepare(request)
    with contextlib.suppress(ConnectionError, asyncio.CancelledError):
        while True:
            await response.write(b" " * 65_536)
    return response


async def hangs(_: web.Request) -> web.StreamResponse:
    """The server says nothing for 30 s."""
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(30)
    return web.Response(status=500)
