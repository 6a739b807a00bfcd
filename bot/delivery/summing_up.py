"""How is the chat model asked what a case is about, so that nobody waits for it?"""

from dataclasses import dataclass
from typing import Any

import structlog

from bot.delivery.consulting import TokenBudget
from bot.delivery.outcomes import Ended, Later, Outcome
from bot.errors import ModelUnavailable
from bot.llm.summariser import Summariser
from bot.model import Conversation, SummedUp, SumUp
from bot.ports import Clock
from bot.store import Parcel, Store

log = structlog.get_logger(__name__)

_LINES = 20
"""Of what was said last."""

_UNSEEN_TOKENS = 1000
"""Of instructions and answer, roughly."""


@dataclass(frozen=True, slots=True)
class SummaryCourier:
    """Asks the model what a case is about. No answer is an answer too.

    What was said is read when the model is asked: the row itself holds none of it.

    Args:
        summariser: ``None`` when the configuration dropped it while a row waited.
        budget: ``None`` = it may cost what it likes.
    """

    store: Store
    summariser: Summariser | None
    clock: Clock
    budget: TokenBudget | None = None

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Ask once; retries are the model's own affair, within its deadline."""
        effect, customer = parcel.effect, parcel.conversation
        assert isinstance(effect, SumUp)
        assert customer is not None
        if not await self.store.outbox.claim(parcel, self.clock.now()):
            return Later(self.clock.now(), "withdrawn meanwhile")
        summed, error = await self._ask(effect, customer, parcel.trace_id)
        result: dict[str, Any] = {"case_id": effect.case_id}
        result |= {"wants": summed.wants, "told": summed.told}
        return Ended("sent", error=error, result=result)

    async def _ask(
        self, effect: SumUp, customer: Conversation, trace_id: str
    ) -> tuple[SummedUp, str | None]:
        said = await self.store.transcript.dialogue(customer, effect.since, _LINES)
        lines = [(line.who, line.text) for line in said if line.text]
        if self.summariser is None or not lines:
            return SummedUp(), None
        now, tokens = self.clock.now(), _UNSEEN_TOKENS + sum(len(text) for _, text in lines)
        if self.budget and not await self.budget.admits(customer.external_userid, tokens, now):
            return SummedUp(), "over budget"
        try:
            summed = await self.summariser.sum_up(lines)
        except ModelUnavailable as unavailable:
            log.warning("model.unavailable", error=str(unavailable), trace=trace_id)
            timed_out = isinstance(unavailable.__cause__, TimeoutError)  # and may have cost all
            if self.budget and not timed_out:
                await self.budget.correct(customer.external_userid, -tokens, now)
            return SummedUp(), str(unavailable)
        if self.budget and summed.tokens:
            await self.budget.correct(customer.external_userid, summed.tokens - tokens, now)
        return summed, f"refused: {summed.refused}" if summed.refused else None
