"""Who evaluates K of the campaigns that run, and says what could help (R-3.5.4)?"""

import structlog

from bot.ports import Clock
from bot.store import Store
from handlers.referral import advice, store

log = structlog.get_logger(__name__)

CAMPAIGNS_S = 300.0
"""How often it is asked whether an evaluation is due."""


class CampaignWatch:
    """Looks at each running campaign once an hour.

    Args:
        alarm: below this K is low.
    """

    def __init__(self, facts: Store, alarm: float, clock: Clock) -> None:
        self._facts, self._alarm, self._clock = facts, alarm, clock

    async def look(self) -> int:
        """Evaluate what is due; a repeat within the hour changes nothing.

        Returns:
            How many suggestions are new.
        """
        now, new = self._clock.now(), 0
        for known in await store.running(self._facts, now):
            found = await advice.look(self._facts, known, self._alarm, now)
            new += len(found)
            if found:
                log.warning("referral.k_low", campaign=known.campaign.id, advised=len(found))
        return new
