"""How is the chat model asked on behalf of a turn, so that the turn always hears back?"""

from dataclasses import dataclass

import structlog

from bot.delivery.outcomes import Ended, Later, Outcome
from bot.errors import ModelUnavailable
from bot.model import Consult
from bot.ports import ChatModel, Clock
from bot.store import Parcel, Store

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ModelCourier:
    """Asks the model. No answer is an answer too: the customer is never left in silence.

    Its rows have a queue each and a lane of their own, so that a model that hangs delays neither
    the conversation's other sends nor other background rows.

    Args:
        model: ``None`` when the configuration dropped it while a row waited.
    """

    store: Store
    model: ChatModel | None
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Ask once; retries are the model's own affair, within its deadline."""
        effect = parcel.effect
        assert isinstance(effect, Consult)
        if not await self.store.outbox.claim(parcel, self.clock.now()):
            return Later(self.clock.now(), "withdrawn meanwhile")
        chosen, error = None, None
        try:
            if self.model is not None:
                chosen = await self.model.choose(effect.question, effect.choices)
        except ModelUnavailable as unavailable:
            error = str(unavailable)
            log.warning("model.unavailable", error=error, trace=parcel.trace_id)
        return Ended("sent", error=error, result={"msgid": effect.msgid, "chosen": chosen})
