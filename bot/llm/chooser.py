"""Which of our own texts answers this question? Asks a chat model, and believes it little.

Whatever comes back is checked: only the id of a choice counts.
"""

import re
from collections.abc import Sequence

import msgspec

from bot.config import Llm
from bot.llm.breaker import CircuitBreaker
from bot.llm.caller import MAX_QUESTION, Caller, Said
from bot.llm.masking import Masker
from bot.llm.prompts import Prompt
from bot.model import AnswerRequest, Choice, Written
from bot.telemetry import Metrics

_FLAT_OBJECT = re.compile(r"\{[^{}]*\}")


class _Answer(msgspec.Struct):
    id: str | None


class Chooser(Caller):
    """A `ChatModel` that writes nothing: what the customer reads is the entry it chose.

    Args:
        prompt: what the model is told before each question.
    """

    def __init__(
        self, llm: Llm, prompt: Prompt, metrics: Metrics, breaker: CircuitBreaker | None = None
    ) -> None:
        super().__init__(llm, metrics, breaker)
        self._prompt = prompt

    async def answer(self, request: AnswerRequest) -> Written:
        """The entry that answers the question, if one does.

        Raises:
            ModelUnavailable: no answer within `llm.timeout_s`, or lately none at all.
        """
        question = Masker().mask(request.question).text[:MAX_QUESTION]
        asked = {"question": question, "choices": request.passages}
        said = await self.ask(self._prompt.text, msgspec.json.encode(asked).decode())
        return Written(
            chosen=self._checked(said, request.passages),
            prompt=self._prompt.version,
            tokens=said.tokens,
        )

    def _checked(self, said: Said, choices: Sequence[Choice]) -> str | None:
        """The last object of what was said, if it names a choice."""
        objects = _FLAT_OBJECT.findall(said.text)
        try:
            chosen = msgspec.json.decode(objects[-1], type=_Answer).id
        except (IndexError, msgspec.DecodeError, ValueError):
            self.count("invalid")
            return None
        if chosen is not None and chosen not in {choice.id for choice in choices}:
            self.count("invalid")
            return None
        self.count("none" if chosen is None else "chosen")
        return chosen
