"""A WeCom server of a few lines, and the product's client in front of it."""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.wecom.client import WeComClient
from bot.wecom.tokens import AccessTokens
from bot.wecom.transport import Transport, new_session

Answer = dict[str, Any] | bytes | Callable[[web.Request], Any]


class FakeClock:
    """Call it for the time; add to `now` to let time pass."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class FakeWeCom:
    """Answers each path with the next of `answers[path]`, the last one for ever.

    gettoken gives ``token-1``, ``token-2`` … unless `answers` has its path. An answer is a dict
    (JSON), bytes, or a function of the request. `calls[path]` are the requests seen, as
    ``(query, body)``. A test that needs more sets `handler`.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.calls: dict[str, list[tuple[dict[str, str], Any]]] = defaultdict(list)
        self.raw_bodies: list[bytes] = []
        self.handler: Callable[[web.Request], Awaitable[web.StreamResponse]] = self.handle

    async def serve(self, request: web.Request) -> web.StreamResponse:
        return await self.handler(request)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        if raw:
            self.raw_bodies.append(raw)
        calls = self.calls[request.path]
        calls.append((dict(request.query), msgspec.json.decode(raw) if raw else None))
        answers = self.answers.get(request.path)
        answer: Answer = {"errcode": 0, "errmsg": "ok"}
        if answers is not None:
            answer = answers[min(len(calls), len(answers)) - 1]
        elif request.path == "/cgi-bin/gettoken":
            answer = {"access_token": f"token-{len(calls)}", "expires_in": 7200}
        if callable(answer):
            response: web.StreamResponse = await answer(request)
            return response
        if isinstance(answer, bytes):
            return web.Response(body=answer)
        return web.json_response(answer)

    @property
    def tokens_fetched(self) -> int:
        return len(self.calls["/cgi-bin/gettoken"])


class Setup(msgspec.Struct):
    """The product's parts over one `FakeWeCom`."""

    wecom: FakeWeCom
    clock: FakeClock
    transport: Transport
    tokens: AccessTokens
    client: WeComClient
    slept: list[float]
    base: str


@asynccontextmanager
async def set_up(total_timeout_s: float = 5.0) -> AsyncIterator[Setup]:
    wecom, clock, slept = FakeWeCom(), FakeClock(), []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.now += seconds

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", wecom.serve)
    async with TestServer(app) as server, new_session() as session:
        base = str(server.make_url("/"))
        transport = Transport(session, base, total_timeout_s=total_timeout_s)
        tokens = AccessTokens(transport, "ww1", "the-secret", clock=clock)
        client = WeComClient(transport, tokens, clock=clock, sleep=sleep)
        yield Setup(wecom, clock, transport, tokens, client, slept, base)
