"""Whose points and coupons end, and whose mailbox is told?

What is found is emitted to its customer's mailbox, where the behaviours decide. The same find is
emitted once a day: whoever cannot be told today may be tomorrow, and a start-up repeats nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.config import Config
from bot.model import Emitted, Lane
from bot.ports import Clock
from bot.store import Arrival, Store, Unit

EVERY_S = 600.0
AT_ONCE = 200

POINTS, COUPONS = "points_ending", "coupons_ending"

_DAY_S = 86_400.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ending:
    """Looks for what ends.

    Args:
        woken: told whose mailbox has something new.
    """

    store: Store
    config: Config
    clock: Clock
    woken: Callable[[str, Lane], None]

    async def look(self) -> int:
        """Look once; returns how many customers are told of."""
        now = self.clock.now()
        until = now + self.config.points.notice_days * _DAY_S
        found = [
            (customer, POINTS, at)
            for customer, at in await self.store.points.ending(now, until, AT_ONCE)
        ]
        until = now + self.config.coupons.notice_days * _DAY_S
        found += [
            (one.external_userid, COUPONS, one.expires_at or 0.0)
            for one in await self.store.coupons.ending(now, until, AT_ONCE)
        ]
        arrivals = [await self._arrival(*one, now) for one in dict.fromkeys(found)]
        if arrivals:
            unit = Unit()
            await self.store.mailbox.deliver(unit, arrivals, now)
            await self.store.database.commit(unit)
            for one in arrivals:
                self.woken(one.subject, one.lane)
            log.info("ending.emitted", customers=len(arrivals))
        return len(arrivals)

    async def _arrival(self, customer: str, name: str, at: float, now: float) -> Arrival:
        where = await self.store.conversations.last_of(customer)
        event = Emitted(name=name, open_kfid=where.open_kfid, external_userid=customer)
        stage = "over" if at <= now else "soon"
        key = f"{name}:{customer}:{at:.3f}:{stage}:{int(now // _DAY_S)}"
        return Arrival(where.subject, event, Lane.BACKGROUND, key, now)
