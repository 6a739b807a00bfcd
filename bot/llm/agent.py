"""What does a model find out with tools, and may a customer read it?

The model chooses what to look up, never about whom; its words are checked against what the tools
told, as a written answer is against its passages.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import msgspec

from bot.config import Llm
from bot.llm.agent_tools import AgentTool
from bot.llm.breaker import CircuitBreaker
from bot.llm.caller import MAX_QUESTION, Caller
from bot.llm.grounding import Grounding
from bot.llm.masking import Masker
from bot.llm.plain import plain
from bot.llm.prompts import Prompt
from bot.telemetry import Metrics

if TYPE_CHECKING:
    from bot.llm.agent_endpoint import AgentEndpoint
    from bot.llm.endpoint import Endpoint

MAX_STEPS = 4
"""How often the model is asked about one message."""

MAX_CALLS = 6
"""How many tools it may call for one message, also side by side."""

MAX_TOLD = 3000
"""Characters of what one tool tells."""

NOTHING = "NONE"


class FoundOut(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it.

    Args:
        answer: what a customer may read, empty = nothing.
        refused: why the model's words may not be said.
        tokens: what it cost, 0 when that is not known.
    """

    answer: str = ""
    refused: str = ""
    prompt: str = ""
    tokens: int = 0


class Agent(Caller):
    """A model that uses tools on any OpenAI-compatible endpoint.

    Args:
        prompt: what it is told.
        texts: how its own tools are described.
    """

    def __init__(
        self,
        llm: Llm,
        prompt: Prompt,
        grounding: Grounding,
        metrics: Metrics,
        *,
        texts: Mapping[str, str],
        breaker: CircuitBreaker | None = None,
    ) -> None:
        super().__init__(llm, metrics, breaker)
        self._prompt, self._grounding, self.texts = prompt, grounding, texts

    async def find_out(
        self,
        question: str,
        tools: Sequence[AgentTool],
        *,
        recent: Sequence[str] = (),
        who: str = "",
    ) -> FoundOut:
        """What may be said to the question.

        Args:
            tools: bound to the customer who asks.

        Raises:
            ModelUnavailable: it came to no end within `llm.timeout_s` and `MAX_STEPS`.
        """
        case = _Case(tools)
        request = {
            "you_are": who,
            "recent": [case.masked(text)[:MAX_QUESTION] for text in recent],
            "question": case.masked(question)[:MAX_QUESTION],
        }
        self.admit()
        endpoint = cast("AgentEndpoint", await self._endpoint())
        async with self.in_time():
            said = await endpoint.run(
                self._prompt.text, msgspec.json.encode(request).decode(), case.tools, MAX_STEPS
            )
        refused, answer = "form", ""
        if said.whole:
            refused, answer = self._judged(question, said.text, case)
        self.count("refused" if refused else "written" if answer else "none")
        if refused:
            self.metrics.model_refusals.labels(refused).inc()
        return FoundOut(
            answer="" if refused else answer,
            refused=refused,
            prompt=self._prompt.version,
            tokens=said.tokens,
        )

    def _judged(self, question: str, text: str, case: "_Case") -> tuple[str, str]:
        if text.strip().strip(".。").upper() in ("", NOTHING):
            return "", ""
        if case.invented(text):
            return "placeholder", ""
        answer = plain(case.restored(text))
        return self._grounding.refuses(question, answer, case.told, self._prompt.text), answer

    @staticmethod
    def _open(llm: Llm) -> "Endpoint":
        from bot.llm.agent_endpoint import AgentEndpoint  # noqa: PLC0415 (3 s, 160 MB)

        return AgentEndpoint(llm)


class _Case:
    """One message: its placeholders, its tools, and what they told.

    Args:
        tools: which the model sees with arguments unmasked and results masked.
    """

    def __init__(self, tools: Sequence[AgentTool]) -> None:
        self._masker, self._calls = Masker(), 0
        self.told: list[str] = []
        self.tools = [self._wrapped(tool) for tool in tools]

    def masked(self, text: str) -> str:
        return self._masker.mask(text).text

    def restored(self, text: str) -> str:
        return self._masker.mask("").restore(text)

    def invented(self, text: str) -> bool:
        """Whether a placeholder is none of ours."""
        return bool(self._masker.mask("").unknown_placeholders(text))

    def _wrapped(self, tool: AgentTool) -> AgentTool:
        async def call(arguments: Mapping[str, Any]) -> str:
            self._calls += 1
            if self._calls > MAX_CALLS:
                return _result("too many calls")
            given = {
                name: self.restored(value) if isinstance(value, str) else value
                for name, value in arguments.items()
            }
            told = (await tool.call(given))[:MAX_TOLD]
            self.told.append(told)
            return _result(self.masked(told))

        return AgentTool(tool.name, tool.description, call, tool.parameters, tool.required)


def _result(text: str) -> str:
    """As JSON: whatever a system says stays a value in it."""
    return msgspec.json.encode({"result": text}).decode()
