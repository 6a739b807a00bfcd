"""May we ask WeCom about customer contact, and as whom?

An app must be in the list of those who may call 客户联系; an older company may have a secret for it
(wecom-api §1.3, §4.1; until when that works is not documented). Whoever is accepted is used.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from bot.errors import Misconfigured, NotAuthorised, Rejected, WeComError
from bot.ports import Clock
from bot.store import Store
from bot.wecom.client import WeComClient
from bot.wecom.contacts import ContactCalls, Contacts
from bot.wecom.groups import Groups
from bot.wecom.mass_sends import MassSendTasks
from bot.wecom.statistics import ContactStatistics
from bot.wecom.tags import TagLibrary
from bot.wecom.transfers import Transfers
from bot.wecom.ways import ContactWays
from bot.wecom.welcomes import WelcomeSender

log = structlog.get_logger(__name__)

ASK_AGAIN_S = 3600.0
"""How long to leave WeCom alone that has said no: an admin must change something."""


@dataclass(frozen=True, slots=True)
class ContactApi:
    """What may be called, with one secret."""

    contacts: Contacts
    library: TagLibrary
    ways: ContactWays
    welcomes: WelcomeSender
    groups: Groups
    transfers: Transfers
    mass_sends: MassSendTasks
    statistics: ContactStatistics

    @classmethod
    def over(cls, client: WeComClient) -> "ContactApi":
        """The calls that share this client's secret."""
        calls = ContactCalls(client)
        return cls(
            Contacts(calls),
            TagLibrary(calls),
            ContactWays(calls),
            WelcomeSender(calls),
            Groups(calls),
            Transfers(calls),
            MassSendTasks(calls),
            ContactStatistics(calls),
        )


class ContactAccess:
    """Who calls for us.

    Args:
        apis: by identity (``app``, ``contact``), in the order in which they are tried.
        enabled: ``False`` = never ask; ``None`` = when WeCom lets us; ``True`` = and say so loudly
            when it does not.
    """

    def __init__(
        self,
        store: Store,
        apis: Mapping[str, ContactApi],
        clock: Clock,
        *,
        enabled: bool | None = None,
    ) -> None:
        self._store, self._apis, self._clock, self._enabled = store, apis, clock, enabled
        self._accepted: ContactApi | None = None
        self._ask_at = 0.0
        self._asking = asyncio.Lock()

    async def api(self) -> ContactApi | None:
        """What to call, or ``None`` where WeCom does not let us.

        Raises:
            WeComError: that cannot be known now.
        """
        if self._enabled is False or not self._apis:
            return None
        async with self._asking:
            if self._accepted is None and self._clock.now() >= self._ask_at:
                await self._ask()
            return self._accepted

    def at_once(self) -> list[ContactApi]:
        """What may be called without asking first, whoever was accepted before everybody else.

        A callback of customer contact shows that it is there; a code that lives 20 s cannot wait.
        """
        others = [one for one in self._apis.values() if one is not self._accepted]
        return [self._accepted, *others] if self._accepted else others

    async def refused(self, error: NotAuthorised) -> None:
        """Remember that a call was refused for want of permission."""
        self._accepted = None
        self._ask_at = self._clock.now() + ASK_AGAIN_S
        await self._told(False, "", error)

    async def _ask(self) -> None:
        refusal: Rejected | Misconfigured | None = None
        unknown: WeComError | None = None
        for identity, api in self._apis.items():
            try:
                await api.contacts.members()
            except (Rejected, Misconfigured) as error:
                refusal = error
            except WeComError as error:
                unknown = error
            else:
                self._accepted = api
                await self._told(True, identity, None)
                return
        if unknown is not None:
            raise unknown
        self._ask_at = self._clock.now() + ASK_AGAIN_S
        await self._told(False, "", refusal)

    async def _told(
        self, permitted: bool, identity: str, error: Rejected | Misconfigured | None
    ) -> None:
        before = await self._store.contact_sync.state()
        await self._store.contact_sync.permit(permitted, identity, self._clock.now())
        if permitted:
            if (before.permitted, before.identity) != (permitted, identity):
                log.info("contacts.permitted", identity=identity)
        elif self._enabled:
            log.error("contacts.not_permitted", error=str(error))
        elif before.permitted is not False:  # said once: not every company uses it
            log.info("contacts.not_permitted", error=str(error))
