"""What is a conversation about, in a model's words, and may the staff read them?

What the customer wants and what he was told are two fields, each checked against those who may
have said it: what only the customer claims is never shown as something that he was told.
"""

import re
from collections.abc import Sequence

import msgspec

from bot.config import Llm
from bot.llm.breaker import CircuitBreaker
from bot.llm.caller import Caller, Said
from bot.llm.drafts import draft_in
from bot.llm.grounding import Grounding
from bot.llm.masking import Masked, Masker
from bot.llm.plain import plain
from bot.llm.prompts import Prompt
from bot.model import SummedUp
from bot.telemetry import Metrics

CUSTOMER = "customer"

_LINE_CHARS = 300
_LONGEST = 100
"""Characters of each field: a card shows 112 (wecom-api §5.3)."""

_ASKED = re.compile(r"(\w)[不没]\1")
"""能不能, 有没有: who asks whether denies nothing."""

Spoken = tuple[str, str]
"""Who said something (``customer``, ``servicer`` or ``bot``), and what."""


class _Draft(msgspec.Struct):
    wants: str
    told: str


class Summariser(Caller):
    """A model that sums up what was said.

    Args:
        prompt: what it is told.
        words: of its own that need no support.
    """

    def __init__(
        self,
        llm: Llm,
        prompt: Prompt,
        grounding: Grounding,
        metrics: Metrics,
        *,
        words: Sequence[str],
        breaker: CircuitBreaker | None = None,
    ) -> None:
        super().__init__(llm, metrics, breaker)
        self._prompt, self._grounding, self._words = prompt, grounding, "；".join(words)

    async def sum_up(self, lines: Sequence[Spoken]) -> SummedUp:
        """What may be shown to the staff of what was said.

        Args:
            lines: oldest first.

        Raises:
            ModelUnavailable: no answer within `llm.timeout_s`, or lately none at all.
        """
        masker = Masker()
        masked = [(who, masker.mask(text[:_LINE_CHARS]).text) for who, text in lines]
        request = {"lines": [{"who": who, "text": text} for who, text in masked]}
        said = await self.ask(self._prompt.text, msgspec.json.encode(request).decode())
        summed = self._judged(lines, said, masker.mask(""))
        if summed.refused:
            self.metrics.model_refusals.labels(summed.refused).inc()
        self.count("refused" if summed.refused else "written" if summed.wants else "none")
        return msgspec.structs.replace(summed, prompt=self._prompt.version, tokens=said.tokens)

    def _judged(self, lines: Sequence[Spoken], said: Said, masked: Masked) -> SummedUp:
        draft = draft_in(said.text, _Draft) if said.whole else None
        if draft is None:
            return SummedUp(refused="form")
        if not draft.wants.strip():
            return SummedUp()
        if masked.unknown_placeholders(draft.wants + draft.told):
            return SummedUp(refused="placeholder")
        wants, told = (_shown(masked.restore(one)) for one in (draft.wants, draft.told))
        ours = [text for who, text in lines if who != CUSTOMER]
        refused = self._refuses(wants, [text for _, text in lines]) or (
            self._refuses(told, ours) if told else ""
        )
        return SummedUp(refused=refused) if refused else SummedUp(wants=wants, told=told)

    def _refuses(self, text: str, said: Sequence[str]) -> str:
        """Why a field may not be shown: somebody must have said every number and promise of it."""
        if len(text) > _LONGEST:
            return "length"
        passages = [_ASKED.sub(r"\1", line) for line in said]
        asked = _ASKED.sub(r"\1", text)
        return self._grounding.refuses(self._words, asked, passages, self._prompt.text)


def _shown(text: str) -> str:
    return " ".join(plain(text).split())
