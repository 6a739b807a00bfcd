"""How is the chat model asked on behalf of a turn, so that the turn always hears back?"""

from dataclasses import dataclass, field
from datetime import datetime, tzinfo

import msgspec
import structlog

from bot.config import Llm
from bot.delivery.outcomes import Ended, Later, Outcome
from bot.errors import ModelUnavailable
from bot.model import Consult, DraftReply, Written
from bot.ports import ChatModel, Clock
from bot.store import Parcel, Store
from bot.telemetry import Metrics

log = structlog.get_logger(__name__)

_UNSEEN_TOKENS = 1500
"""Of instructions and answer, roughly; the server's own count takes its place after the call."""


@dataclass(frozen=True, slots=True)
class TokenBudget:
    """What the model may cost a day, for one customer and for all (`llm` of the configuration).

    Args:
        zone: in which a day begins.
    """

    store: Store
    llm: Llm
    zone: tzinfo
    metrics: Metrics
    _told: set[tuple[str, float]] = field(default_factory=set)

    async def admits(self, customer: str, tokens: int, now: float) -> bool:
        """Set tokens aside, if there are so many left; it is logged once a day if not."""
        day_at = self._day_at(now)
        spent = await self.store.model_usage.reserve(
            customer,
            day_at,
            tokens,
            customer_most=self.llm.customer_tokens_per_day,
            most=self.llm.tokens_per_day,
        )
        if not spent:
            return True
        self.metrics.model_calls.labels("over_budget").inc()
        if (spent, day_at) not in self._told:
            self._told.add((spent, day_at))
            log.warning("model.over_budget", scope=spent)
        return False

    async def correct(self, customer: str, by: int, now: float) -> None:
        """Put right what was set aside at this moment."""
        await self.store.model_usage.correct(customer, self._day_at(now), by)

    def _day_at(self, now: float) -> float:
        midnight = datetime.fromtimestamp(now, self.zone).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        return midnight.timestamp()


@dataclass(frozen=True, slots=True)
class ModelCourier:
    """Asks the model. No answer is an answer too: the customer is never left in silence.

    Its rows have a queue each and a lane of their own, so that a model that hangs delays neither
    the conversation's other sends nor other background rows.

    Args:
        model: ``None`` when the configuration dropped it while a row waited.
        budget: ``None`` = it may cost what it likes.
    """

    store: Store
    model: ChatModel | None
    clock: Clock
    budget: TokenBudget | None = None

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Ask once; retries are the model's own affair, within its deadline."""
        effect = parcel.effect
        assert isinstance(effect, Consult | DraftReply)
        if not await self.store.outbox.claim(parcel, self.clock.now()):
            return Later(self.clock.now(), "withdrawn meanwhile")
        written, error = await self._ask(parcel, effect)
        if written.refused:
            error = f"refused: {written.refused}"
        result = {"msgid": effect.msgid, **msgspec.to_builtins(written)}
        return Ended("sent", error=error, result=result)

    async def _ask(
        self, parcel: Parcel, effect: Consult | DraftReply
    ) -> tuple[Written, str | None]:
        if self.model is None:
            return Written(), None
        now, tokens = self.clock.now(), _estimate(effect)
        customer = parcel.conversation.external_userid if parcel.conversation else parcel.subject
        if self.budget and not await self.budget.admits(customer, tokens, now):
            return Written(), "over budget"
        try:
            written = await self.model.answer(effect.request)
        except ModelUnavailable as unavailable:
            log.warning("model.unavailable", error=str(unavailable), trace=parcel.trace_id)
            timed_out = isinstance(unavailable.__cause__, TimeoutError)  # and may have cost all
            if self.budget and not timed_out:
                await self.budget.correct(customer, -tokens, now)
            return Written(), str(unavailable)
        if self.budget and written.tokens:
            await self.budget.correct(customer, written.tokens - tokens, now)
        return written, None


def _estimate(effect: Consult | DraftReply) -> int:
    """Tokens of a request: a Chinese character is about one."""
    return len(msgspec.json.encode(effect).decode()) + _UNSEEN_TOKENS
