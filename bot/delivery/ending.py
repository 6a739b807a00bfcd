"""Whose points and coupons end, and whose mailbox is told?

What is found is emitted to its customer's mailbox, where the behaviours decide. The same find is
emitted once a day: whoever cannot be told today may be tomorrow, and a start-up repeats nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from bot.config import Config
from bot.model import Emitted, Lane
from bot.ports import Clock
from bot.store import Arrival, Store, Unit, coupons, points

EVERY_S = 600.0
AT_ONCE = 200

_DAY_S = 86_400.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Ending:
    """Looks for what ends.

    Args:
        woken: told whose mailbox has something new.
    """

    store: Store
    config: Config
    clock: Clock
    woken: Callable[[str, Lane], None]
    _told_on: int = -1

    async def look(self) -> int:
        """Look once, for what ends soon once a day; returns how many customers are told of."""
        now = self.clock.now()
        found = [(*one, points.ENDING) for one in await self.store.points.ending(now, now)]
        if self._told_on != (today := int(now // _DAY_S)):
            found += await self._soon(now)
        some = list(dict.fromkeys(found))
        for begin in range(0, len(some), AT_ONCE):
            await self._emit(some[begin : begin + AT_ONCE], now)
        self._told_on = today
        if some:
            log.info("ending.emitted", customers=len(some))
        return len(some)

    async def _soon(self, now: float) -> list[tuple[str, float, str]]:
        until = now + self.config.points.notice_days * _DAY_S
        found = [(*one, points.ENDING) for one in await self.store.points.ending(now, until)]
        until = now + self.config.coupons.notice_days * _DAY_S
        ending = await self.store.coupons.ending(now, until)
        return found + [(*one, coupons.ENDING) for one in ending]

    async def _emit(self, some: Sequence[tuple[str, float, str]], now: float) -> None:
        arrivals = [await self._arrival(*one, now) for one in some]
        unit = Unit()
        await self.store.mailbox.deliver(unit, arrivals, now)
        await self.store.database.commit(unit)
        for one in arrivals:
            self.woken(one.subject, one.lane)

    async def _arrival(self, customer: str, at: float, name: str, now: float) -> Arrival:
        where = await self.store.conversations.last_of(customer)
        event = Emitted(name=name, open_kfid=where.open_kfid, external_userid=customer)
        stage = "over" if at <= now else "soon"
        key = f"{name}:{customer}:{at:.3f}:{stage}:{int(now // _DAY_S)}"
        return Arrival(where.subject, event, Lane.BACKGROUND, key, now)
