"""How does a reranker behind an endpoint read a question together with our entries?

``POST {base_url}/rerank`` with ``{model, query, documents, top_n}`` gives
``{results: [{index, relevance_score}]}``: Jina, Cohere, vLLM and Xinference share this form.
"""

import asyncio
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog

from bot.config import Reranker
from bot.errors import ModelUnavailable
from bot.llm.breaker import CircuitBreaker
from bot.llm.masking import Masker

if TYPE_CHECKING:
    from openai import AsyncOpenAI

log = structlog.get_logger(__name__)

_NO_KEY = "none"
"""Local servers want none; the client would take the environment's for an empty one."""

_PHRASINGS = 4  # of an entry; what was heard of it may be many


class EndpointReader:
    """Any endpoint of this form. Implements `bot.ports.Reader`.

    Args:
        breaker: what keeps questions from waiting for an endpoint that is down.
    """

    def __init__(self, settings: Reranker, breaker: CircuitBreaker | None = None) -> None:
        self.name = f"{settings.model}@{settings.base_url}"
        self.most = settings.candidates
        self.settings = settings
        self._breaker = breaker or CircuitBreaker()
        self._client: AsyncOpenAI | None = None

    async def read(self, asked: str, texts: Sequence[tuple[str, ...]]) -> list[float]:
        """One score a text, higher = answers better. Personal data of the question stays here.

        Raises:
            ModelUnavailable: no complete answer within the deadline.
        """
        if not texts:
            return []
        if not self._breaker.admits():
            raise ModelUnavailable(f"{self.name}: resting after failures")
        if self._client is None:  # outside the deadline: once, half a second
            self._client = await asyncio.to_thread(self._connect)
        try:
            async with asyncio.timeout(self.settings.timeout_ms / 1000):
                documents = [_document(parts) for parts in texts]
                answer = await self._post(self._client, Masker().mask(asked).text, documents)
            scores = _scores(answer, len(texts))
        except TimeoutError as error:
            self._breaker.failed()
            raise ModelUnavailable(f"{self.name}: nothing in time") from error
        except ModelUnavailable:
            self._breaker.failed()
            raise
        self._breaker.succeeded()
        return scores

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client:
            await self._client.close()

    async def _post(self, client: "AsyncOpenAI", asked: str, texts: list[str]) -> object:
        from openai import OpenAIError  # noqa: PLC0415 (0.5 s, 50 MB)

        body = {"query": asked, "documents": texts, "top_n": len(texts)}
        try:
            answer: object = await client.post(
                "/rerank", body={"model": self.settings.model, **body}, cast_to=object
            )
        except (OpenAIError, ValueError, TypeError) as error:
            raise ModelUnavailable(f"{self.name}: {type(error).__name__}") from error
        return answer

    def _connect(self) -> "AsyncOpenAI":
        from openai import AsyncOpenAI  # noqa: PLC0415 (0.5 s, 50 MB)

        return AsyncOpenAI(
            base_url=self.settings.base_url,
            api_key=self.settings.api_key.get_secret_value() or _NO_KEY,
            max_retries=0,
        )


def _document(parts: tuple[str, ...]) -> str:
    answer, *questions = parts
    return "\n".join([*questions[:_PHRASINGS], *([answer] if answer else [])])


def _scores(answer: object, wanted: int) -> list[float]:
    """The scores in the order of the texts; all of them, or none can be trusted."""
    results = answer.get("results") if isinstance(answer, dict) else None
    found: dict[int, float] = {}
    for one in results if isinstance(results, list) else ():
        index, score = (
            (one.get("index"), one.get("relevance_score"))
            if isinstance(one, dict)
            else (None, None)
        )
        if type(index) is int and isinstance(score, int | float) and math.isfinite(score):
            found[index] = float(score)
    if sorted(found) != list(range(wanted)):
        raise ModelUnavailable(f"unreadable: scores for {len(found)} of {wanted} texts")
    return [found[i] for i in range(wanted)]
