"""How does one request reach WeCom, and what came back?

One HTTP exchange, no retries, no token handling. Exceptions of the HTTP library are never chained:
their texts hold the address, and the address holds the access token.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import msgspec

from bot.errors import Unreachable
from bot.wecom.apis import Api

CONNECT_TIMEOUT_S = 3.0
TOTAL_TIMEOUT_S = 10.0
CONNECTIONS = 100
MAX_ANSWER_BYTES = 64 * 1024 * 1024
TOO_MANY_REQUESTS = 429

Answer = dict[str, Any]


class Fetched(NamedTuple):
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def new_session() -> aiohttp.ClientSession:
    """A pool of kept-alive connections; the caller closes it."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=30, ttl_dns_cache=300),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


class Transport:
    """Sends requests to one WeCom server.

    Args:
        session: the connection pool, see `new_session`.
        api_base: scheme and host, honoured for every call, gettoken too.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        api_base: str,
        *,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        total_timeout_s: float = TOTAL_TIMEOUT_S,
    ) -> None:
        self._session = session
        self._base = api_base.rstrip("/")
        self._connect_timeout_s = connect_timeout_s
        self._total_timeout_s = total_timeout_s

    async def exchange(self, api: Api, params: Mapping[str, str], body: Any = None) -> Answer:
        """Make one call.

        Raises:
            Unreachable: no answer, or none that can be read.
        """
        return answer_of(api, await self.fetch(api, params, body))

    async def fetch(
        self,
        api: Api,
        params: Mapping[str, str],
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> Fetched:
        """Make one call and read its answer, whatever it is.

        Raises:
            Unreachable: no whole answer within `max_bytes` and the time allowed.
        """
        sent, data = dict(headers or {}), None
        if body is not None:
            data = msgspec.json.encode(body)  # real UTF-8, no escapes (40033, wecom-api §0)
            sent["Content-Type"] = "application/json"
        try:
            async with self._session.request(
                api.method,
                self._base + api.path,
                params=params,
                data=data,
                headers=sent,
                allow_redirects=api.method == "GET",  # a POST would be repeated as a GET
                timeout=self._timeout(api),
            ) as response:
                content = await _read_capped(response, max_bytes)
                return Fetched(response.status, response.headers, content)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            reason = type(error).__name__
        raise Unreachable(api.path, None, reason)

    async def upload(
        self, api: Api, params: Mapping[str, str], filename: str, content: bytes
    ) -> Answer:
        """Post one file as the part ``media`` (wecom-api §1.9).

        Raises:
            Unreachable: no answer, or none that can be read.
        """
        form = aiohttp.FormData(quote_fields=False)  # WeCom reads a raw UTF-8 name
        form.add_field("media", content, filename=filename)
        try:
            async with self._session.post(
                self._base + api.path,
                params=params,
                data=form,
                allow_redirects=False,
                timeout=self._timeout(api),
            ) as response:
                answered = await _read_capped(response, MAX_ANSWER_BYTES)
                return answer_of(api, Fetched(response.status, response.headers, answered))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            reason = type(error).__name__
        raise Unreachable(api.path, None, reason)

    async def fetch_elsewhere(self, url: str, max_bytes: int) -> bytes:
        """A file from another server, such as a picture of ours.

        Raises:
            Unreachable: no whole file within `max_bytes` and the time allowed.
        """
        timeout = aiohttp.ClientTimeout(
            total=self._total_timeout_s, sock_connect=self._connect_timeout_s
        )
        try:
            async with self._session.get(url, timeout=timeout) as response:
                response.raise_for_status()
                return await _read_capped(response, max_bytes)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            reason = type(error).__name__
        raise Unreachable(urlsplit(url).hostname or "", None, reason)

    def _timeout(self, api: Api) -> aiohttp.ClientTimeout:
        total = api.timeout_s or self._total_timeout_s
        # Not `connect`: that one would count the wait for a free connection of the pool.
        return aiohttp.ClientTimeout(total=total, sock_connect=self._connect_timeout_s)


async def _read_capped(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > max_bytes:
            raise aiohttp.ClientPayloadError("answer is too large")
    return bytes(content)


def answer_of(api: Api, fetched: Fetched) -> Answer:
    """The JSON object WeCom answered with; HTTP 429 counts as its frequency block.

    Raises:
        Unreachable: a server error, no JSON object, or a proxy's refusal, which has no errcode.
    """
    if fetched.status == TOO_MANY_REQUESTS:
        return {"errcode": 45009, "errmsg": "HTTP 429"}
    answer = read_json(fetched.content) if fetched.status < 500 else None
    if answer is None or (fetched.status >= 300 and not errcode_of(answer)):
        raise Unreachable(api.path, None, f"HTTP {fetched.status} without a readable answer")
    return answer


def read_json(content: bytes) -> Answer | None:
    """The JSON object in `content`, or ``None``.

    One message with a raw control character or half an emoji must not hide the page it came in:
    what strict decoding refuses is read leniently, unreadable characters replaced.
    """
    try:
        answer = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        answer = _read_leniently(content)
    return answer if isinstance(answer, dict) else None


def _read_leniently(content: bytes) -> Any:
    try:
        loose = json.loads(
            content.decode("utf-8-sig", "replace"),
            strict=False,
            parse_constant=lambda _: None,
            parse_float=_finite,
        )
        # Lone surrogates survive json.loads and would fail wherever the text is stored.
        return msgspec.json.decode(json.dumps(loose, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        return None


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def errcode_of(answer: Answer) -> int:
    """The errcode; none means success, and numbers may come as text (wecom-api §0)."""
    try:
        return int(answer.get("errcode") or 0)
    except (TypeError, ValueError):
        return -1
