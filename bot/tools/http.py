"""How does a request reach one of the company's systems, and how may that fail?

Redirects are not followed, cookies are not kept, the environment's proxies are not used, and no
more than `max_bytes` of an answer are held. Errors never quote the address: it may name the
customer.
"""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
from yarl import URL

from bot.config import Tool, checked
from bot.errors import ToolFailed
from bot.tools.answers import says_ok
from bot.tools.requests import Request, request_for

CONNECTIONS = 32
_CONNECT_S = 2.0


class HttpTools:
    """Asks the configured tools.

    Args:
        tools: by name, as configured.
    """

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self._tools = tools
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def ask(self, name: str, arguments: Mapping[str, Any], identity: str | None) -> Any:
        """The JSON that a tool answers.

        Args:
            arguments: as a model, or nobody, filled them in; they are checked here.
            identity: who the customer is; ours, never the model's.

        Raises:
            ToolFailed: the arguments do not fit, or no readable answer came in time.
        """
        tool = self._tools[name]
        answer = _decoded(await self._fetch(tool, _request(tool, arguments, identity)))
        if not says_ok(tool, answer):
            raise ToolFailed("refused", "the answer is none of the good ones")
        return answer

    async def change(
        self, name: str, arguments: Mapping[str, Any], identity: str | None, key: str
    ) -> None:
        """Let a tool that writes do its work, once; what it answers counts only as yes or no.

        Args:
            key: the same for every try of one errand, so that the system can know a repeat.

        Raises:
            ToolFailed: it was not done (``refused``, a status of 4xx, or not `reached`), or nobody
                knows whether it was.
        """
        tool = self._tools[name]
        content = await self._fetch(tool, _request(tool, arguments, identity, key))
        if tool.ok and not says_ok(tool, _decoded(content)):
            raise ToolFailed("refused", "the answer is none of the good ones")

    async def aclose(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            await session.close()

    async def _fetch(self, tool: Tool, request: Request) -> bytes:
        try:
            async with self._opened(tool.writes is not None).request(
                request.method,
                URL(request.url, encoded=True),
                headers=request.headers,
                data=request.body,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=tool.timeout_s, sock_connect=_CONNECT_S),
            ) as response:
                if 300 <= response.status < 400:
                    raise ToolFailed("redirect", f"HTTP {response.status}", status=response.status)
                if response.status >= 400:
                    raise ToolFailed("status", f"HTTP {response.status}", status=response.status)
                return await _read_capped(response, tool.max_bytes)
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
            reason = "timeout" if isinstance(error, TimeoutError) else "unreachable"
            raise ToolFailed(reason, type(error).__name__, reached=False) from None
        except TimeoutError:
            reason, detail = "timeout", f"no answer in {tool.timeout_s:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason, detail = "unreachable", type(error).__name__
        raise ToolFailed(reason, detail)

    def _opened(self, writes: bool) -> aiohttp.ClientSession:
        """Who writes uses no connection twice: one that was dropped meanwhile is no answer."""
        if writes not in self._sessions:
            self._sessions[writes] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=CONNECTIONS, ttl_dns_cache=300, force_close=writes
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._sessions[writes]


def _request(
    tool: Tool, arguments: Mapping[str, Any], identity: str | None, key: str | None = None
) -> Request:
    try:
        if tool.identity is not None and not identity:
            raise ToolFailed("identity", f"the customer's {tool.identity} is not known")
        fitting = checked(tool, arguments)
        return request_for(tool, fitting, identity if tool.identity else None, key)
    except ToolFailed as failed:
        failed.reached = False
        raise


async def _read_capped(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > max_bytes:
            raise ToolFailed("too_large", f"more than {max_bytes} bytes")
    return bytes(content)


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        raise ToolFailed("unreadable", "no JSON") from None
