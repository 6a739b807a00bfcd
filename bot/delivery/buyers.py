"""Whose are the orders that nobody was known for when they came?"""

from dataclasses import dataclass

import structlog

from bot.ports import Clock
from bot.store import Store

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Buyers:
    """Gives orders to their buyers as unionids and verified phones become known.

    Whose mailbox has something new is noticed when the service looks ahead.
    """

    store: Store
    clock: Clock

    async def look(self) -> int:
        """Look once; returns how many found their buyer."""
        given = await self.store.sales.match_again(self.clock.now())
        if given:
            log.info("orders.matched", orders=given)
        return given
