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

from bot.config import Tool
from bot.errors import ToolFailed
from bot.tools.answers import says_ok
from bot.tools.requests import Request, checked, request_for

CONNECTIONS = 32
_CONNECT_S = 2.0


class HttpTools:
    """Asks the configured tools.

    Args:
        tools: by name, as configured.
    """

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self._tools = tools
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, name: str, arguments: Mapping[str, Any], identity: str | None) -> Any:
        """The JSON that a tool answers.

        Args:
            arguments: as a model, or nobody, filled them in; they are checked here.
            identity: who the customer is; ours, never the model's.

        Raises:
            ToolFailed: the arguments do not fit, or no readable answer came in time.
        """
        tool = self._tools[name]
        if tool.identity is not None and not identity:
            raise ToolFailed("identity", f"the customer's {tool.identity} is not known")
        request = request_for(tool, checked(tool, arguments), identity if tool.identity else None)
        answer = _decoded(await self._fetch(tool, request))
        if not says_ok(tool, answer):
            raise ToolFailed("refused", "the answer is none of the good ones")
        return answer

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _fetch(self, tool: Tool, request: Request) -> bytes:
        try:
            async with self._opened().request(
                request.method,
                URL(request.url, encoded=True),
                headers=request.headers,
                data=request.body,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=tool.timeout_s, sock_connect=_CONNECT_S),
            ) as response:
                if 300 <= response.status < 400:
                    raise ToolFailed("redirect", f"HTTP {response.status}")
                if response.status >= 400:
                    raise ToolFailed("status", f"HTTP {response.status}")
                return await _read_capped(response, tool.max_bytes)
        except TimeoutError:
            reason, detail = "timeout", f"no answer in {tool.timeout_s:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason, detail = "unreachable", type(error).__name__
        raise ToolFailed(reason, detail)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, ttl_dns_cache=300),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


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
