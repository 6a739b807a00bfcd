"""How is WeCom called: token, errors, retries, parking of an API that was called too often?"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from bot.errors import RetryLater, Throttled, WeComError
from bot.telemetry import Metrics
from bot.wecom.apis import Api
from bot.wecom.errors import FREQUENCY_CODES, TOKEN_CODES, error_for
from bot.wecom.limits import ApiLimits, platform_limits
from bot.wecom.rates import Limit, Rates
from bot.wecom.tokens import AccessTokens
from bot.wecom.transport import Answer, Fetched, Transport, answer_of, errcode_of

TRIES = 3  # the documentation asks for no more (wecom-api §1.6)
FIRST_BACKOFF_S = 0.2
MAX_ERRMSG_CHARS = 200

log = structlog.get_logger(__name__)


class WeComClient:
    """Calls WeCom's APIs with one app's identity.

    Args:
        transport: one HTTP exchange.
        tokens: the app's access token.
        limits: how often each API may be called, by default the platform's limits.
        rates: shared with whoever else calls for the company, by default nobody.
        clock: Unix seconds.
        sleep: waits between tries.
        metrics: counts every request and every one that was held back.
        ask_first: called before each request; raises where another process has taken over.
    """

    def __init__(
        self,
        transport: Transport,
        tokens: AccessTokens,
        *,
        limits: ApiLimits | None = None,
        rates: Rates | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        metrics: Metrics | None = None,
        ask_first: Callable[[], None] = lambda: None,
    ) -> None:
        self._ask_first = ask_first
        self._transport = transport
        self._tokens = tokens
        self._sleep = sleep
        self._metrics = metrics or Metrics()
        self._allowed, self._clock = limits or platform_limits().api, clock
        self.rates = rates or Rates(clock=clock)
        self._traffic: dict[str, _Traffic] = {}

    async def call(
        self, api: Api, *, params: Mapping[str, str] | None = None, body: Any = None
    ) -> Answer:
        """Call an API and return its answer, `errcode` 0.

        Raises:
            WeComError: by what can be done about it, see `bot.errors`.
            Misconfigured: WeCom refuses corp id or secret.
        """

        async def exchange(token: str) -> Answer:
            sent = {**(params or {}), "access_token": token}
            return await self._transport.exchange(api, sent, body)

        return await self._with_retries(api, lambda: self._with_token(api, exchange))

    async def download(
        self,
        api: Api,
        *,
        params: Mapping[str, str],
        headers: Mapping[str, str],
        max_bytes: int,
    ) -> Fetched:
        """Fetch a file; WeCom's error answers, which are JSON, become exceptions.

        Raises:
            WeComError: as `call`.
        """
        fetched: list[Fetched] = []

        async def exchange(token: str) -> Answer:
            fetched[:] = [
                await self._transport.fetch(
                    api, {**params, "access_token": token}, headers=headers, max_bytes=max_bytes
                )
            ]
            return {} if is_file(fetched[0]) else answer_of(api, fetched[0])

        await self._with_retries(api, lambda: self._with_token(api, exchange))
        return fetched[0]

    async def upload(
        self, api: Api, *, params: Mapping[str, str], filename: str, content: bytes
    ) -> Answer:
        """Post a file; a repeat makes another copy and does no harm.

        Raises:
            WeComError: as `call`.
        """

        async def exchange(token: str) -> Answer:
            sent = {**params, "access_token": token}
            return await self._transport.upload(api, sent, filename, content)

        return await self._with_retries(api, lambda: self._with_token(api, exchange))

    async def fetch_elsewhere(self, url: str, max_bytes: int) -> bytes:
        """A file from another server, without our token.

        Raises:
            Unreachable: no whole file within `max_bytes` and the time allowed.
        """
        return await self._transport.fetch_elsewhere(url, max_bytes)

    async def _with_retries(self, api: Api, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        for again in range(TRIES):
            try:
                return await attempt()
            except Throttled:
                raise
            except RetryLater as error:
                if not api.idempotent or again == TRIES - 1 or error.errcode in TOKEN_CODES:
                    raise
                log.info("wecom.retried", endpoint=api.path, errcode=error.errcode)
            await self._sleep(FIRST_BACKOFF_S * 2**again * random.uniform(0.5, 1.5))  # noqa: S311
        raise AssertionError("the last try returns or raises")

    async def _with_token(self, api: Api, exchange: Callable[[str], Awaitable[Answer]]) -> Answer:
        """One try; a refused token is replaced and the call made once more (R-1.9)."""
        token = await self._tokens.get()
        answer = await self._counted(api, token, exchange)
        if errcode_of(answer) in TOKEN_CODES:
            self._tokens.invalidate(if_equals=token)
            token = await self._tokens.get()
            answer = await self._counted(api, token, exchange)
        if (errcode := errcode_of(answer)) == 0:
            return answer
        raise self._error(api, errcode, str(answer.get("errmsg", ""))[:MAX_ERRMSG_CHARS])

    async def _counted(
        self, api: Api, token: str, exchange: Callable[[str], Awaitable[Answer]]
    ) -> Answer:
        traffic = self._traffic_of(api)
        if (retry_at := traffic.closed_until()) is not None:
            self._metrics.throttled.labels(api.path).inc()
            raise Throttled(api.path, None, "paused", retry_at=retry_at)
        self._ask_first()
        try:
            answer = await exchange(token)
        except WeComError:
            self._metrics.count_wecom_call(api.path, None)
            raise
        self._metrics.count_wecom_call(api.path, errcode_of(answer))
        if errcode_of(answer) not in FREQUENCY_CODES:
            traffic.answered()
        return answer

    def _error(self, api: Api, errcode: int, errmsg: str) -> WeComError:
        if errcode not in FREQUENCY_CODES:
            return error_for(api.path, errcode, errmsg)
        if not api.pauses:
            return error_for(api.path, errcode, errmsg)
        retry_at = self._traffic_of(api).blocked()
        log.warning("wecom.api_paused", endpoint=api.path, errcode=errcode, until=retry_at)
        return error_for(api.path, errcode, errmsg, retry_at=retry_at)

    def _traffic_of(self, api: Api) -> "_Traffic":
        if api.path not in self._traffic:
            allowed = self._allowed
            limit = self.rates.of(
                api.path,
                (int(allowed.per_minute * allowed.our_share), 60),
                (int(allowed.per_hour * allowed.our_share), 3600),
            )
            self._traffic[api.path] = _Traffic(limit, allowed.blocked_for_s, self._clock)
        return self._traffic[api.path]


class _Traffic:
    """One API: our own rate limit, and the pause after WeCom's frequency block.

    The block lasts as long as the window that was exceeded (wecom-api §1.6), which WeCom does not
    name: assume the minute, and the hour when the first call after a pause is refused as well.
    """

    def __init__(self, limit: Limit, pauses_s: tuple[int, ...], clock: Callable[[], float]) -> None:
        self._limit, self._pauses_s, self._clock = limit, pauses_s, clock
        self._pause = 0  # index of the next pause
        self._paused_until = 0.0

    def closed_until(self) -> float | None:
        """Count a call, or say until when none may be made."""
        if self._clock() < self._paused_until:
            return self._paused_until
        return self._limit.take()

    def answered(self) -> None:
        """An answer without a block; those still in flight at its beginning prove nothing."""
        if self._clock() >= self._paused_until:
            self._pause = 0

    def blocked(self) -> float:
        """Begin a pause, unless one has begun: calls in flight are refused together."""
        now = self._clock()
        if now >= self._paused_until:
            self._paused_until = now + self._pauses_s[self._pause]
            self._pause = min(self._pause + 1, len(self._pauses_s) - 1)
        return self._paused_until


def is_file(fetched: Fetched) -> bool:
    """Whether a download is the file rather than an error in JSON (wecom-api §1.9)."""
    if fetched.status != 200:
        return fetched.status == 206
    kind = fetched.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if "Content-Disposition" in fetched.headers:
        return True
    return kind not in {"application/json", "text/plain", "text/html", ""}
