"""Did all that happened at WeCom reach us? Asked once a day, of the days before (D78)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from bot.delivery.contact_access import ContactAccess
from bot.errors import Misconfigured, WeComError
from bot.ports import Clock
from bot.store import Store
from bot.store.completeness import FRIENDS, MESSAGES
from bot.wecom.statistics import KfStatistics

log = structlog.get_logger(__name__)

EVERY_S = 1800.0
WECOM = ZoneInfo("Asia/Shanghai")
"""Days at WeCom begin at this midnight, wherever the company is."""

_READY_AT_HOUR = 7
_DAYS_BACK = 7


@dataclass(frozen=True, slots=True)
class CompletenessLook:
    """Asks WeCom for the counts of days that are over, and writes ours beside them.

    Args:
        access: to customer contact, where WeCom lets us.
    """

    store: Store
    kf: KfStatistics
    access: ContactAccess
    clock: Clock

    async def look(self) -> None:
        """Ask for what is not known yet, and count again where something has come since.

        What WeCom does not answer is asked for again.
        """
        days = await self._days()
        if not days:
            return
        for account in await self.store.accounts.all():
            open_kfid = account.open_kfid
            wanted = [day for day in days if day >= account.first_started_at]
            await self._ask(MESSAGES, open_kfid, wanted)
        await self._ask(FRIENDS, "", days)
        await self.store.completeness.recount(self.clock.now())

    async def _days(self) -> list[float]:
        """Begins of the days that WeCom has counted and that we were there for as a whole."""
        began, now = await self.store.alarms.running_since(), self.clock.now()
        today = datetime.fromtimestamp(now, WECOM)
        if began is None or today.hour < _READY_AT_HOUR:
            return []
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
        days = (midnight - timedelta(days=n) for n in range(_DAYS_BACK, 0, -1))
        return [day.timestamp() for day in days if day.timestamp() >= began]

    async def _ask(self, source: str, account: str, days: list[float]) -> None:
        known = await self.store.completeness.known(source, account, days[0]) if days else set()
        missing = [day for day in days if day not in known]
        if not missing:
            return
        try:
            counts = await self._counts(source, account, missing[0], missing[-1])
        except (WeComError, Misconfigured) as error:
            log.info("completeness.not_told", source=source, error=type(error).__name__)
            return
        for day in missing:
            if day in counts:
                await self.store.completeness.keep(source, account, day, counts[day])

    async def _counts(
        self, source: str, account: str, first: float, last: float
    ) -> dict[float, int]:
        if source == MESSAGES:
            return await self.kf.customer_messages(account, first, last)
        api = await self.access.api()
        if api is None:
            return {}
        return await api.statistics.new_contacts(await api.contacts.members(), first, last)
