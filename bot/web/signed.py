"""Is a request signed by a system that we know, fresh, and small enough?

Signed as our own webhooks are: HMAC-SHA256 over ``timestamp.body``, so that the body cannot be
changed; a request that is too old is refused, and whoever takes one sees to it that a repeat
changes nothing.
"""

import asyncio
import hmac

from aiohttp import web

from bot.tools.webhooks import signature
from bot.web.bearer import failed

MOST_BYTES = 1 << 20
BODY_TIMEOUT_S = 10.0
SKEW_S = 300
"""How far a request's timestamp may be from our clock, either way."""


class Refused(Exception):
    """The request is not answered

    Args:
        response: what is said instead.
    """

    def __init__(self, response: web.Response) -> None:
        self.response = response
        super().__init__(str(response.status))


async def signed_body(
    request: web.Request, secret: str, now: float, most: int = MOST_BYTES
) -> bytes:
    """The body of a request that may be answered.

    Args:
        secret: what it must be signed with; empty = there is no such address.

    Raises:
        Refused: it may not.
    """
    if not secret:
        raise Refused(failed(404, "not found"))
    body = await _body(request, most)
    if not _is_ours(request, body, secret, now):
        raise Refused(failed(401, "a fresh signature is needed"))
    return body


def _is_ours(request: web.Request, body: bytes, secret: str, now: float) -> bool:
    stamp = request.headers.get("X-Concierge-Timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return False
    given = request.headers.get("X-Concierge-Signature", "").encode("utf-8", "surrogateescape")
    wanted = signature(secret, int(stamp), body).encode()
    return hmac.compare_digest(given, wanted) and abs(now - int(stamp)) <= SKEW_S


async def _body(request: web.Request, most: int) -> bytes:
    too_large = Refused(failed(413, f"at most {most} bytes"))
    if (request.content_length or 0) > most:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > most:
                    raise too_large
    except TimeoutError:
        raise Refused(failed(413, "the body came too slowly")) from None
    return bytes(body)
