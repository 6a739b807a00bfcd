"""How is a chat model asked, so that nobody waits longer than it is worth?

A deadline, one more try where that may help, and a breaker that stops asking a model that does not
answer.
"""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator, MutableMapping
from typing import TYPE_CHECKING

import msgspec
import structlog

from bot.config import Llm
from bot.errors import Misconfigured, ModelUnavailable
from bot.llm.breaker import CircuitBreaker
from bot.telemetry import Metrics

if TYPE_CHECKING:
    from bot.llm.endpoint import Endpoint

log = structlog.get_logger(__name__)

MAX_QUESTION = 1000
"""Characters; the rest of a longer message costs money and adds nothing."""

_PAUSE_S = (0.2, 0.6)
_TRACING = tuple(
    f"{maker}_{switch}"
    for maker in ("LANGSMITH", "LANGCHAIN")
    for switch in ("TRACING", "TRACING_V2")
)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What came back.

    Args:
        whole: whether the model came to an end by itself, not by a limit or a filter.
        tokens: what it cost, as the server counts; 0 when it does not tell.
    """

    text: str
    whole: bool = True
    tokens: int = 0


def forbid_tracing(environ: MutableMapping[str, str]) -> None:
    """Keep langchain from copying what customers wrote to its maker's service.

    Raises:
        Misconfigured: the environment asks for just that.
    """
    asked_for = [name for name in _TRACING if environ.get(name, "").lower() in ("true", "1")]
    if asked_for:
        raise Misconfigured(
            f"{', '.join(asked_for)}: unset it, customers' words would be sent to a third party"
        )
    environ["LANGSMITH_TRACING"] = "false"


class Caller:
    """Asks any OpenAI-compatible endpoint.

    Args:
        breaker: when to stop asking.
    """

    def __init__(self, llm: Llm, metrics: Metrics, breaker: CircuitBreaker | None = None) -> None:
        self._llm, self.metrics = llm, metrics
        self._breaker = breaker or CircuitBreaker()
        self._opening: asyncio.Task[Endpoint] | None = None
        forbid_tracing(os.environ)

    async def ask(self, instructions: str, request: str) -> Said:
        """What the model says to a request.

        Raises:
            ModelUnavailable: no answer within `llm.timeout_s`, or lately none at all.
        """
        self.admit()
        endpoint = await self._endpoint()  # its import, once, is not the model's delay
        async with self.in_time() as deadline:
            return await self._ask(endpoint, instructions, request, deadline)

    @contextlib.asynccontextmanager
    async def in_time(self) -> AsyncIterator[asyncio.Timeout]:
        """Give a call its deadline, and tell the breaker how it ended.

        Raises:
            ModelUnavailable: no answer within `llm.timeout_s`.
        """
        try:
            async with asyncio.timeout(self._llm.timeout_s) as deadline:
                yield deadline
        except TimeoutError as error:
            self._failed("timeout")
            raise ModelUnavailable(f"no answer in {self._llm.timeout_s} s") from error
        except ModelUnavailable:
            self._failed("unavailable")
            raise
        self._breaker.succeeded()

    def admit(self) -> None:
        """Begin a call.

        Raises:
            ModelUnavailable: lately there was no answer at all.
        """
        if not self._breaker.admits():
            self.count("resting")
            raise ModelUnavailable("not asked after too many failures")

    async def warm(self) -> None:
        """Import what the first request needs, so that no customer waits for it."""
        try:
            await self._endpoint()
        except ModelUnavailable as error:
            log.error("model.unusable", error=str(error), cause=repr(error.__cause__))

    async def aclose(self) -> None:
        """Close the connections."""
        if self._opening is not None:
            with contextlib.suppress(ModelUnavailable):
                await (await self._endpoint()).aclose()

    def count(self, result: str) -> None:
        """Count how a call ended."""
        self.metrics.model_calls.labels(result).inc()

    async def _ask(
        self, endpoint: "Endpoint", instructions: str, request: str, deadline: asyncio.Timeout
    ) -> Said:
        """Ask, and once more where that may help and there is time."""
        try:
            return await endpoint.ask(instructions, request)
        except ModelUnavailable as error:
            if error.retry_after_s is None:
                raise
            pause_s = max(error.retry_after_s, random.uniform(*_PAUSE_S))  # noqa: S311 — jitter
            if asyncio.get_running_loop().time() + pause_s >= (deadline.when() or 0.0):
                raise
        await asyncio.sleep(pause_s)
        return await endpoint.ask(instructions, request)

    async def _endpoint(self) -> "Endpoint":
        if self._opening is None:
            self._opening = asyncio.create_task(asyncio.to_thread(self._open, self._llm))
        try:
            # Shielded: one that is cancelled must not end what all wait for.
            return await asyncio.shield(self._opening)
        except (ImportError, ValueError) as error:  # not installed, or settings it refuses
            raise ModelUnavailable(f"no client: {type(error).__name__}") from error

    @staticmethod
    def _open(llm: Llm) -> "Endpoint":
        from bot.llm.endpoint import Endpoint  # noqa: PLC0415 (2 s, 136 MB)

        return Endpoint(llm)

    def _failed(self, result: str) -> None:
        self._breaker.failed()
        self.count(result)
