"""How do a customer's tags come to WeCom, and what people change there back to us?"""

from dataclasses import dataclass

from bot.delivery.outcomes import Ended, Outcome
from bot.ports import Clock
from bot.store import Parcel, Store


@dataclass(frozen=True, slots=True)
class NoContacts:
    """Where WeCom is not asked about contacts, tags stay in our own books."""

    store: Store
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Nothing to be done."""
        await self.store.outbox.claim(parcel, self.clock.now())
        return Ended("sent", result={"skipped": "no contacts"})
