"""Which access token is valid now?

One refresher per secret (wecom-api §1.2, R-1.9): everybody reads the same token, one task of one
process fetches the next one, and a secret that WeCom refuses is not asked about in a loop.
"""

import asyncio
import time
from collections.abc import Callable

import structlog

from bot.errors import ConciergeError, Misconfigured, Rejected, RetryLater, Throttled
from bot.ports import Shelf
from bot.wecom.apis import GET_TOKEN
from bot.wecom.credentials import NOTHING, Credential, Credentials
from bot.wecom.errors import credentials_error, error_for
from bot.wecom.limits import RateLimit, platform_limits
from bot.wecom.transport import Answer, Transport, errcode_of

DEFAULT_LIFETIME_S = 7200.0
COOL_DOWN_S = (60.0, 600.0)  # first and longest, when a person must change something
BREATHER_S = (1.0, 60.0)  # when WeCom was busy or did not answer
_LOOK_AGAIN_S = 1.0  # while another process fetches and ours is still valid

log = structlog.get_logger(__name__)


class AccessTokens:
    """The access token of one corp id and secret.

    Args:
        transport: carries gettoken to the same `api_base` as every other call.
        clock: Unix seconds.
        shelf: where processes leave tokens for each other, ``None`` = each fetches its own.
    """

    def __init__(
        self,
        transport: Transport,
        corp_id: str,
        secret: str,
        *,
        clock: Callable[[], float] = time.time,
        shelf: Shelf | None = None,
    ) -> None:
        self._transport = transport
        self._corp_id = corp_id
        self._secret = secret
        self._clock = clock
        self.credentials = Credentials(shelf, corp_id, secret, clock=clock)
        self._held, self._refused = NOTHING, ""
        self._refresh_at = 0.0
        self._refreshing = asyncio.Lock()
        self._refusal = _Refusal()
        limits = platform_limits().api
        self._rate = RateLimit(
            (limits.token_per_minute, 60), (limits.token_per_hour, 3600), clock=clock
        )

    async def get(self) -> str:
        """A token that is valid for some minutes yet.

        Raises:
            Misconfigured: WeCom refuses corp id or secret.
            WeComError: gettoken failed otherwise and there is no valid token left.
        """
        if self._clock() < self._refresh_at:
            return self._held.value
        async with self._refreshing:
            if self._clock() < self._refresh_at:
                return self._held.value
            try:
                await self._refresh()
            except RetryLater as error:
                if self._clock() >= self._held.expires_at:
                    raise
                log.warning("token.refresh_postponed", errcode=error.errcode)
            return self._held.value

    def refused(self) -> str:
        """What WeCom last said of corp id or secret, empty = it takes them."""
        return self._refusal.misconfigured

    def invalidate(self, *, if_equals: str) -> None:
        """Forget a token that WeCom refused, unless it was replaced in the meantime."""
        if self._held.value == if_equals:
            self._held, self._refused, self._refresh_at = NOTHING, if_equals, 0.0

    async def _refresh(self) -> None:
        self._refusal.raise_while_fresh(self._clock())
        obtain = self.credentials.obtain
        self._held = await obtain("token", self._fetch, self._held, self._refused)
        self._refresh_at = max(self._held.refresh_at, self._clock() + _LOOK_AGAIN_S)

    async def _fetch(self) -> Credential:
        if (retry_at := self._rate.take()) is not None:
            raise Throttled(GET_TOKEN.path, None, "own limit", retry_at=retry_at)
        try:
            answer = await self._ask()
        except ConciergeError as error:
            self._refusal.remember(error, self._clock())
            raise
        self._refusal, lifetime_s = _Refusal(), _lifetime_s(answer)
        log.info("token.refreshed", lifetime_s=lifetime_s)
        return Credential.lasting(answer["access_token"], self._clock(), lifetime_s)

    async def _ask(self) -> Answer:
        answer = await self._transport.exchange(
            GET_TOKEN, {"corpid": self._corp_id, "corpsecret": self._secret}
        )
        if errcode := errcode_of(answer):
            if misconfigured := credentials_error(errcode):
                raise misconfigured
            blocked_until = self._clock() + platform_limits().api.blocked_for_s[0]
            raise error_for(
                GET_TOKEN.path, errcode, str(answer.get("errmsg", "")), retry_at=blocked_until
            )
        if not isinstance(answer.get("access_token"), str) or not answer["access_token"]:
            raise RetryLater(GET_TOKEN.path, 0, "no access_token in the answer")
        return answer


class _Refusal:
    """The last failure of gettoken, told to everybody who asks before it may be tried again.

    Each failure in a row is remembered twice as long: failed calls are counted (wecom-api §1.2).
    """

    def __init__(self) -> None:
        self._again: Callable[[], ConciergeError] | None = None
        self._until = 0.0
        self._in_a_row = 0
        self.misconfigured = ""

    def raise_while_fresh(self, now: float) -> None:
        if self._again is not None and now < self._until:
            raise self._again()

    def remember(self, error: ConciergeError, now: float) -> None:
        first, longest = BREATHER_S if isinstance(error, RetryLater) else COOL_DOWN_S
        pause_s = min(first * 2**self._in_a_row, longest)
        self._until = error.retry_at if isinstance(error, Throttled) else now + pause_s
        self._in_a_row = min(self._in_a_row + 1, 10)
        self._again = lambda: _alike(error)
        self.misconfigured = str(error) if isinstance(error, Misconfigured) else ""


def _alike(error: ConciergeError) -> ConciergeError:
    """A fresh exception of the same content: one raised twice collects tracebacks."""
    if isinstance(error, Throttled):
        return Throttled(error.endpoint, error.errcode, error.errmsg, retry_at=error.retry_at)
    if isinstance(error, (RetryLater, Rejected)):
        return type(error)(error.endpoint, error.errcode, error.errmsg)
    return Misconfigured(str(error))


def _lifetime_s(answer: Answer) -> float:
    try:
        lifetime_s = float(answer.get("expires_in", DEFAULT_LIFETIME_S))
    except (TypeError, ValueError):
        return DEFAULT_LIFETIME_S
    return lifetime_s if 0 < lifetime_s < 86_400 else DEFAULT_LIFETIME_S
