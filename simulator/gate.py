"""What happens to every API call: counting, faults, method, body, token, then the API itself.

Everything that wecom-api §0 asks of a request is checked here.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web

from simulator.arguments import Arguments
from simulator.errors import (
    API_NOT_PERMITTED,
    BAD_PARAMETER,
    EMPTY_PARAMETER,
    ESCAPED_UNICODE,
    GET_REQUIRED,
    TOO_OFTEN,
    TOO_PARALLEL,
    Refused,
)
from simulator.faults import Fault
from simulator.throttle import Throttle
from simulator.world import World

SYNC_MSG = "/cgi-bin/kf/sync_msg"
CONTACT = "/cgi-bin/externalcontact/"
_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?!00[0-7])[0-9a-fA-F]{4}")
"""An escape that stands for a character outside ASCII."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Endpoint(msgspec.Struct, frozen=True):
    """One API path.

    Args:
        methods: ``GET`` arguments come from the query, ``POST`` ones from a JSON body.
        run: does the work; raises `Refused`.
        needs_token: all but gettoken.
    """

    methods: tuple[str, ...]
    run: Callable[[World, Arguments], Mapping[str, Any]]
    needs_token: bool = True


class RawEndpoint(msgspec.Struct, frozen=True):
    """One API path that reads or answers something other than JSON."""

    methods: tuple[str, ...]
    run: Callable[[World, web.Request], Awaitable[web.Response]]


class Dropped(Exception):
    """The connection ends without an answer."""


class Gate:
    """Stands in front of all APIs of one world."""

    def __init__(self, world: World, endpoints: Mapping[str, Endpoint | RawEndpoint]) -> None:
        self._world = world
        self._endpoints = endpoints
        self._throttle = Throttle(world)
        self._contacting = 0
        self._pulling: defaultdict[str, list[web.Request]] = defaultdict(list)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer any request under ``/cgi-bin``."""
        path = request.path
        endpoint = self._endpoints.get(path)
        if endpoint is None:
            self._world.blame("unknown_api", path)
            raise web.HTTPNotFound
        self._world.calls[path] += 1
        self._world.telling = None
        try:
            response = await self._guarded(request, path, endpoint)
            if self._world.faults and self._world.faults.take("reset_after_accept", path):
                self._world.answer_lost()
                raise Dropped
            if self._world.faults and self._world.faults.take("truncate", path):
                self._world.answer_lost()
                return await _half(request, response)
        except Dropped:
            return _drop(request)
        return response

    async def _guarded(
        self, request: web.Request, path: str, endpoint: Endpoint | RawEndpoint
    ) -> web.Response:
        try:
            if isinstance(endpoint, RawEndpoint):
                return await self._raw(request, path, endpoint)
            arguments = await self._arguments(request, endpoint)
            if path.startswith(CONTACT):
                async with self._contact_slot(path):
                    return await self._plain(request, path, endpoint, arguments)
            if path == SYNC_MSG:
                async with self._one_pull(request, arguments):
                    return await self._plain(request, path, endpoint, arguments)
            return await self._plain(request, path, endpoint, arguments)
        except Refused as refused:
            return _refusal(refused, request)

    async def _plain(
        self, request: web.Request, path: str, endpoint: Endpoint, arguments: Arguments
    ) -> web.Response:
        if self._world.faults and (struck := await self._strike(path)):
            return struck
        self._throttle.check(path)
        if endpoint.needs_token:
            self._authorise(request, arguments)
        if path.startswith(CONTACT):
            self._permit(request)
            self._world.transfers.settle()
        return _answer(endpoint.run(self._world, arguments))

    async def _raw(self, request: web.Request, path: str, endpoint: RawEndpoint) -> web.Response:
        if request.method not in endpoint.methods:
            raise Refused(EMPTY_PARAMETER, f"use {endpoint.methods[0]}")
        if self._world.faults and (struck := await self._strike(path)):
            return struck
        self._throttle.check(path)
        self._check_token(request)
        return await endpoint.run(self._world, request)

    # -- the request ----------------------------------------------------------------------

    async def _arguments(self, request: web.Request, endpoint: Endpoint) -> Arguments:
        if request.method not in endpoint.methods:
            if request.method == "GET":
                raise Refused(EMPTY_PARAMETER, "use POST")
            raise Refused(GET_REQUIRED, "use GET")
        if request.method == "GET":
            return dict(request.query)
        return self._body(request.content_type, await request.read())

    def _body(self, content_type: str, body: bytes) -> Arguments:
        if "json" not in content_type:
            raise Refused(EMPTY_PARAMETER, f"JSON expected, not {content_type}")
        if b"\\u" in body and _ESCAPE.search(body):
            self._world.blame("escaped_unicode", body[:120].decode(errors="replace"))
            raise Refused(ESCAPED_UNICODE, "must not contain \\uxxxx")
        try:
            arguments = _decode(body or b"{}")
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refused(BAD_PARAMETER, f"malformed JSON: {error}") from error
        if not isinstance(arguments, dict):
            raise Refused(BAD_PARAMETER, "a JSON object expected")
        return arguments

    def _authorise(self, request: web.Request, arguments: Arguments) -> None:
        if request.method == "POST" and "access_token" in arguments:
            self._world.blame("token_in_body", request.path)
        if "Authorization" in request.headers:
            self._world.blame("token_in_header", request.path)
        self._check_token(request)

    def _check_token(self, request: web.Request) -> None:
        """A token that was refused some time ago must have been replaced by now (§1.2)."""
        world, token = self._world, request.query.get("access_token")
        if world.tokens.refused_since(token, world.now()) > world.options.token_grace_s:
            world.blame("dead_token", request.path)
        world.tokens.check(token, world.now())

    def _permit(self, request: web.Request) -> None:
        """The app must be in 客户联系's list of those who may call (§4.1)."""
        identity = self._world.tokens.identity_of(request.query.get("access_token"))
        if identity not in self._world.friends.permitted:
            raise Refused(API_NOT_PERMITTED, "no permission to call customer contact")

    @asynccontextmanager
    async def _contact_slot(self, path: str) -> AsyncIterator[None]:
        """A few calls at a time; 45033 beyond them (§4.5)."""
        world = self._world
        self._contacting += 1
        world.friends.seen_at_once = max(world.friends.seen_at_once, self._contacting)
        try:
            if self._contacting > world.options.contact_parallel:
                world.blame("too_many_concurrent_contact_calls", path)
                raise Refused(TOO_PARALLEL, "too many calls at a time")
            await asyncio.sleep(world.options.contact_latency_s)
            yield
        finally:
            self._contacting -= 1

    @asynccontextmanager
    async def _one_pull(self, request: web.Request, arguments: Arguments) -> AsyncIterator[None]:
        """Two pulls of one account at a time are one too many (§3.18)."""
        open_kfid = str(arguments.get("open_kfid", ""))
        pulling = self._pulling[open_kfid]
        if any(_is_alive(other) for other in pulling):
            self._world.blame("too_many_concurrent_pulls", open_kfid)
        pulling.append(request)
        try:
            await asyncio.sleep(self._world.options.sync_latency_s)
            yield
        finally:
            pulling.remove(request)

    # -- accidents ------------------------------------------------------------------------

    async def _strike(self, path: str) -> web.Response | None:
        faults = self._world.faults
        if fault := faults.take("expire_token", path):
            self._world.tokens.kill_all(fault.code, self._world.now())
        if faults.take("reset_before", path):
            raise Dropped
        if fault := faults.take("hang", path):
            await asyncio.sleep(60 if fault.seconds is None else fault.seconds)
            raise Dropped
        if fault := faults.take("delay", path):
            await asyncio.sleep(fault.seconds or 0)
        if fault := faults.take("http", path):
            return web.Response(status=fault.code or 502, text="<html>bad gateway</html>")
        if fault := faults.take("error", path):
            self._raise_code(path, fault)
        return None

    def _raise_code(self, path: str, fault: Fault) -> None:
        self._throttle.check(path)
        code = -1 if fault.code is None else fault.code
        if code in (TOO_OFTEN, TOO_PARALLEL):
            seconds = 60 if fault.seconds is None else fault.seconds
            self._throttle.block(path, code, seconds=seconds)
        raise Refused(code, "on demand")

    def forgive(self) -> None:
        """Lift the blocks that faults have left."""
        self._throttle.clear()


def _answer(fields: Mapping[str, Any]) -> web.Response:
    if "errcode" not in fields and "ip_list" not in fields:
        fields = {"errcode": 0, "errmsg": "ok", **fields}
    return web.Response(body=_encode(fields), content_type="application/json", charset="utf-8")


def _refusal(refused: Refused, request: web.Request) -> web.Response:
    """HTTP 200 with an errcode, and a text that differs each time (§0)."""
    errmsg = f"{refused.hint}, hint: [{id(request):x}], from ip: {request.remote}"
    return _answer({"errcode": refused.code, "errmsg": errmsg})


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _half(request: web.Request, response: web.Response) -> web.StreamResponse:
    """Promise all of it, send half."""
    body = response.body if isinstance(response.body, bytes) else b""
    cut = web.StreamResponse(status=response.status, headers=response.headers)
    cut.content_length = len(body)
    await cut.prepare(request)
    await cut.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return cut


def _is_alive(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()
