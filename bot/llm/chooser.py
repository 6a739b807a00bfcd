"""Which of our own texts answers this question? Asks a chat model, and believes it little.

Whatever comes back is checked: only the id of a choice counts. What it may cost a customer is
bounded by a deadline, and by a breaker that stops asking a model that does not answer.
"""

import asyncio
import contextlib
import os
import random
import re
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import structlog

from bot.config import Llm
from bot.errors import Misconfigured, ModelUnavailable
from bot.llm.breaker import CircuitBreaker
from bot.llm.masking import Masker
from bot.model import Choice
from bot.telemetry import Metrics

if TYPE_CHECKING:
    from bot.llm.endpoint import Endpoint

log = structlog.get_logger(__name__)

MAX_QUESTION = 1000
"""Characters; the rest of a longer message costs money and adds nothing."""

_PAUSE_S = (0.2, 0.6)
_FLAT_OBJECT = re.compile(r"\{[^{}]*\}")
_TRACING = tuple(
    f"{maker}_{switch}"
    for maker in ("LANGSMITH", "LANGCHAIN")
    for switch in ("TRACING", "TRACING_V2")
)


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


class _Answer(msgspec.Struct):
    id: str | None


class Chooser:
    """A `ChatModel` on any OpenAI-compatible endpoint.

    Args:
        instructions: what the model is told before each question.
        breaker: when to stop asking.
    """

    def __init__(
        self,
        llm: Llm,
        instructions: str,
        metrics: Metrics,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self._llm, self._instructions, self._metrics = llm, instructions, metrics
        self._breaker = breaker or CircuitBreaker()
        self._opening: asyncio.Task[Endpoint] | None = None

    @classmethod
    def open(cls, llm: Llm | None, prompts: Path, metrics: Metrics) -> "Chooser | None":
        """The configured model, or ``None`` when none is.

        Args:
            prompts: folder of the model's instructions.

        Raises:
            Misconfigured: they are missing, or the environment would give customers' words away.
        """
        if llm is None:
            return None
        forbid_tracing(os.environ)
        try:
            return cls(llm, (prompts / "choose.md").read_text("utf-8"), metrics)
        except OSError as error:
            raise Misconfigured(f"prompts/llm/choose.md cannot be read: {error}") from error

    async def choose(self, question: str, choices: Sequence[Choice]) -> str | None:
        """The id of the choice that answers the question, ``None`` = none of them does.

        Raises:
            ModelUnavailable: no answer within `llm.timeout_s`, or lately none at all.
        """
        if not self._breaker.admits():
            self._count("resting")
            raise ModelUnavailable("not asked after too many failures")
        endpoint = await self._endpoint()  # its import, once, is not the model's delay
        try:
            async with asyncio.timeout(self._llm.timeout_s) as deadline:
                said = await self._ask(endpoint, _request(question, choices), deadline)
        except TimeoutError as error:
            self._failed("timeout")
            raise ModelUnavailable(f"no answer in {self._llm.timeout_s} s") from error
        except ModelUnavailable:
            self._failed("unavailable")
            raise
        self._breaker.succeeded()
        return self._checked(said, choices)

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

    async def _ask(self, endpoint: "Endpoint", request: str, deadline: asyncio.Timeout) -> str:
        """Ask, and once more where that may help and there is time."""
        try:
            return await endpoint.ask(self._instructions, request)
        except ModelUnavailable as error:
            if error.retry_after_s is None:
                raise
            pause_s = max(error.retry_after_s, random.uniform(*_PAUSE_S))  # noqa: S311 — jitter
            if asyncio.get_running_loop().time() + pause_s >= (deadline.when() or 0.0):
                raise
        await asyncio.sleep(pause_s)
        return await endpoint.ask(self._instructions, request)

    async def _endpoint(self) -> "Endpoint":
        if self._opening is None:
            self._opening = asyncio.create_task(asyncio.to_thread(_open, self._llm))
        try:
            # Shielded: one that is cancelled must not end what all wait for.
            return await asyncio.shield(self._opening)
        except (ImportError, ValueError) as error:  # not installed, or settings it refuses
            raise ModelUnavailable(f"no client: {type(error).__name__}") from error

    def _checked(self, said: str, choices: Sequence[Choice]) -> str | None:
        """The last object of what was said, if it names a choice."""
        objects = _FLAT_OBJECT.findall(said)
        try:
            chosen = msgspec.json.decode(objects[-1], type=_Answer).id
        except (IndexError, msgspec.DecodeError, ValueError):
            self._count("invalid")
            return None
        if chosen is not None and chosen not in {choice.id for choice in choices}:
            self._count("invalid")
            return None
        self._count("none" if chosen is None else "chosen")
        return chosen

    def _failed(self, result: str) -> None:
        self._breaker.failed()
        self._count(result)

    def _count(self, result: str) -> None:
        self._metrics.model_calls.labels(result).inc()


def _request(question: str, choices: Sequence[Choice]) -> str:
    asked = {"question": Masker().mask(question).text[:MAX_QUESTION], "choices": choices}
    return msgspec.json.encode(asked).decode()


def _open(llm: Llm) -> "Endpoint":
    from bot.llm.endpoint import Endpoint  # noqa: PLC0415 (2 s, 136 MB)

    return Endpoint(llm)
