"""Who greets whoever joins a customer group: WeCom's own welcome, or its owner in time (R-9.6)?"""

import hashlib
from dataclasses import dataclass
from typing import Any

import structlog

from bot.config.welcome import GroupWelcome
from bot.delivery.contact_access import ContactAccess
from bot.delivery.outcomes import Ended, Outcome
from bot.errors import ConciergeError, NotAuthorised
from bot.model import ReadGroup
from bot.ports import Clock
from bot.store import Parcel, Store
from bot.wecom.groups import CUSTOMER

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GroupReader:
    """Asks whose a group is; it only reads."""

    store: Store
    access: ContactAccess
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Name and owner come back with what was asked."""
        effect = parcel.effect
        assert isinstance(effect, ReadGroup)
        await self.store.outbox.claim(parcel, self.clock.now())
        told: dict[str, Any] = {"chat_id": effect.chat_id, "at": effect.at, "joined": effect.joined}
        api = await self.access.api()
        if api is None:
            return Ended("sent", result=told)
        try:
            group = await api.groups.get(effect.chat_id)
        except NotAuthorised as error:
            await self.access.refused(error)
            return Ended("sent", result=told, error=str(error), errcode=error.errcode)
        told |= {"name": group.name, "owner": group.owner}
        if effect.since is not None:
            told["members"] = [
                (one.userid, one.state, one.join_time)
                for one in group.member_list
                if one.type == CUSTOMER and one.join_time >= effect.since
            ]
        return Ended("sent", result=told)


@dataclass(slots=True)
class GroupWelcomes:
    """Keeps the welcome of the configuration at WeCom, where owners choose it for their groups.

    A repeat after a kill makes a second one that nobody has chosen; the admin sees both.
    """

    store: Store
    access: ContactAccess
    settings: GroupWelcome
    clock: Clock
    _failed: str = ""

    async def look(self) -> None:
        """Make it, or change it, where it differs."""
        if self.settings.by != "template":
            return
        digest = hashlib.sha256(self.settings.text.encode()).hexdigest()
        row = await self.store.database.fetch_one("SELECT * FROM group_welcome")
        if row is not None and row["digest"] == digest:
            return
        try:
            api = await self.access.api()
            if api is None:
                return
            template_id = str(row["template_id"]) if row else ""
            if template_id:
                await api.groups.edit_welcome(template_id, self.settings.text)
            else:
                template_id = await api.groups.add_welcome(self.settings.text)
        except ConciergeError as error:
            if str(error) != self._failed:
                log.error("group_welcome.not_written", error=str(error))
            self._failed = str(error)
            return
        self._failed = ""
        await self.store.database.execute(
            "INSERT INTO group_welcome VALUES (1, ?, ?, ?) ON CONFLICT (one) DO UPDATE SET"
            " template_id = excluded.template_id, digest = excluded.digest,"
            " written_at = excluded.written_at",
            *(template_id, digest, self.clock.now()),
        )
        log.info("group_welcome.written", template=template_id)
