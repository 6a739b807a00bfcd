"""What happens when WeCom calls us?

Verify, decrypt, parse, make it durable, answer: nothing else happens on that request. Whatever
fails verification gets a 4xx without detail; only a full disk may cause a 5xx (R-1.1, R-1.2).
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import structlog
from aiohttp import web

from bot.errors import Unreadable
from bot.telemetry import Metrics
from bot.wecom.callback import Delivery, read_notice
from bot.wecom.cipher import CallbackCipher
from bot.wecom.xml import encrypted_part

PATH = "/wecom/callback"
MAX_BODY_BYTES = 64 * 1024
BODY_TIMEOUT_S = 5.0  # WeCom itself gives up after 5 s (wecom-api §2.5)
MAX_PARAMETER_CHARS = 2_048

log = structlog.get_logger(__name__)


class Intake(Protocol):
    """Where verified callbacks go."""

    async def accept(self, delivery: Delivery) -> None:
        """Make it durable; a digest seen before stores nothing and is no error.

        Raises:
            Exception: it could not be stored; WeCom is told to come again.
        """


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class CallbackEndpoint:
    """The routes of the callback URL.

    Args:
        cipher: of this callback's Token and key.
        intake: makes deliveries durable.
        clock: Unix seconds.
        metrics: counts answers by result and times the durable ones.
    """

    def __init__(
        self,
        cipher: CallbackCipher,
        intake: Intake,
        *,
        clock: Callable[[], float] = time.time,
        metrics: Metrics | None = None,
        path: str = PATH,
    ) -> None:
        self._cipher = cipher
        self._intake = intake
        self._clock = clock
        self._metrics = metrics or Metrics()
        self._path = path

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        return [
            web.get(self._path, self._verify, allow_head=False),
            web.post(self._path, self._receive),
        ]

    async def _verify(self, request: web.Request) -> web.Response:
        try:
            echo = self._cipher.verify_url(*_signed(request), _parameter(request, "echostr"))
        except (Unreadable, _Refused) as error:
            return _refusal(error)
        # Neither quotes nor a line break may be added (wecom-api §2.2).
        return web.Response(body=echo, content_type="text/plain")

    async def _receive(self, request: web.Request) -> web.Response:
        started = time.perf_counter()
        try:
            signed = _signed(request)
            body = await _body(request)
            inner = self._cipher.open(*signed, encrypted_part(body))
            notice = read_notice(inner, self._path)
        except (Unreadable, _Refused) as error:
            self._metrics.acks.labels("refused").inc()
            return _refusal(error)
        delivery = Delivery(
            digest=notice.digest,
            received_at=self._clock(),
            hint=notice.hint,
            events=notice.events,
        )
        try:
            await self._intake.accept(delivery)
        except Exception as error:  # whatever kept it from being stored, WeCom must come again
            log.error("callback.not_stored", error=type(error).__name__)
            self._metrics.acks.labels("not_stored").inc()
            return web.Response(status=503)
        self._metrics.acks.labels("accepted").inc()
        self._metrics.ack_seconds.observe(time.perf_counter() - started)
        return web.Response(text="success")


def _signed(request: web.Request) -> tuple[str, str, str]:
    signature = _parameter(request, "msg_signature")
    return signature, _parameter(request, "timestamp"), _parameter(request, "nonce")


def _parameter(request: web.Request, name: str) -> str:
    values = request.query.getall(name, [])
    if len(values) != 1 or not 0 < len(values[0]) <= MAX_PARAMETER_CHARS:
        raise _Refused(400)
    return values[0]


async def _body(request: web.Request) -> bytes:
    """At most 64 KiB, whatever the headers say about its length."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise _Refused(415)
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise _Refused(413)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise _Refused(413)
    except TimeoutError:
        raise _Refused(408) from None
    except (web.RequestPayloadError, ConnectionError):  # cut off: it is delivered again
        raise _Refused(400) from None
    return bytes(body)


def _refusal(error: Unreadable | _Refused) -> web.Response:
    status = error.status if isinstance(error, _Refused) else 403
    reason = str(error) if isinstance(error, Unreadable) else "malformed request"
    log.info("callback.refused", status=status, reason=reason)
    response = web.Response(status=status)
    if status in {408, 413}:
        response.force_close()
    return response
