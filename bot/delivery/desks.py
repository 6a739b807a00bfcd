"""Who receives at each account now, and who has stopped without our being told?

The list of WeCom is read before each hand-over, and now and then while people have cases: what it
tells differently from what was known becomes the event that did not come.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from bot.delivery.intake import subject_of
from bot.errors import WeComError
from bot.model import Lane, ServicerStatusChanged
from bot.ports import Clock
from bot.store import Arrival, Store, Unit
from bot.wecom.kf import Kf

log = structlog.get_logger(__name__)

_RECEIVES, _STOPPED = 1, 2
"""Status of a servicer in the event (wecom-api §3.9)."""


@dataclass(frozen=True, slots=True)
class Desks:
    """The desks of all accounts; one of which nothing is known yet is looked at once.

    Args:
        woken: told whose mailbox has something new.
    """

    store: Store
    kf: Kf
    clock: Clock
    woken: Callable[[str, Lane], None]

    async def look(self) -> None:
        """Read the list of each account at which people have, or are to have, a case."""
        busy = await self.store.cases.accounts_with_people()
        known = await self.store.servicers.accounts()
        new = [one.open_kfid for one in await self.store.accounts.all()]
        for open_kfid in dict.fromkeys((*busy, *(one for one in new if one not in known))):
            try:
                await self.receiving(open_kfid)
            except WeComError as error:
                log.warning("desk.not_listed", account=open_kfid, error=str(error))

    async def receiving(self, open_kfid: str) -> dict[str, str]:
        """Who receives at an account, by lower-cased userid.

        Raises:
            WeComError: as the client.
        """
        servicers = await self.kf.list_servicers(open_kfid)
        status = {member.userid: member.receiving for member in servicers.members}
        known = await self.store.servicers.known(open_kfid)
        await self.store.servicers.replace(open_kfid, status, self.clock.now())
        await self._tell(open_kfid, known, await self.store.servicers.known(open_kfid))
        return {userid.lower(): userid for userid in servicers.receiving}

    async def _tell(
        self, open_kfid: str, before: Mapping[str, bool], after: Mapping[str, bool]
    ) -> None:
        changed = {
            userid: _RECEIVES if after.get(userid) else _STOPPED
            for userid, received in before.items()
            if received != after.get(userid, False)
        }
        now, unit = self.clock.now(), Unit()
        arrivals = [
            Arrival(subject_of(event), event, Lane.HANDOFF, sent_at=now)
            for event in (
                ServicerStatusChanged(
                    open_kfid=open_kfid, servicer_userid=userid, status=status, sent_at=now
                )
                for userid, status in changed.items()
            )
        ]
        if not arrivals:
            return
        await self.store.mailbox.deliver(unit, arrivals, now)
        await self.store.database.commit(unit)
        for one in arrivals:
            self.woken(one.subject, one.lane)
