"""How is something told to an address of the company, so that it knows that we said it?

The signature is HMAC-SHA256 over ``timestamp.body`` with the address's secret.
"""

import hashlib
import hmac

import aiohttp
from yarl import URL

from bot.config import Webhook
from bot.errors import ToolFailed

_CONNECT_S = 2.0
_CONNECTIONS = 32


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """What a receiver computes, too."""
    signed = f"{timestamp}.".encode() + body
    return f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


class WebhookPoster:
    """Posts to the configured addresses; redirects are not followed."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def post(self, webhook: Webhook, *, event: str, key: str, body: bytes, now: float) -> int:
        """The status that the address answered.

        Raises:
            ToolFailed: no answer came in time.
        """
        timestamp = int(now)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Concierge-Event": event,
            "X-Concierge-Id": key,
            "X-Concierge-Timestamp": str(timestamp),
            "X-Concierge-Signature": signature(webhook.secret.get_secret_value(), timestamp, body),
        }
        try:
            async with self._opened().post(
                URL(webhook.url, encoded=True),
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=webhook.timeout_s, sock_connect=_CONNECT_S),
            ) as response:
                return response.status
        except TimeoutError:
            reason, detail = "timeout", f"no answer in {webhook.timeout_s:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason, detail = "unreachable", type(error).__name__
        raise ToolFailed(reason, detail)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS, ttl_dns_cache=300),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session
