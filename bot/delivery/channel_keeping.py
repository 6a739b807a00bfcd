"""Which channels lead elsewhere than they should, whose members are gone, which groups are full?

One look every few seconds compares what rows and the clock want with what WeCom has: the edge of a
schedule, midnight and an add that reaches a cap need no timer that could be lost.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from bot.delivery.channel_courier import note_members, today, wanted
from bot.delivery.contact_access import ContactAccess, ContactApi
from bot.errors import NotAuthorised, WeComError
from bot.model import Lane, NotifyStaff
from bot.policy.receiving import missing_members, stood_in
from bot.ports import Clock
from bot.store import ChannelRow, Draft, Store, Unit, WayRow
from bot.store.keeping import ask_keeping
from bot.wecom.code_pictures import MOST_BYTES, read_code

log = structlog.get_logger(__name__)

LOOK_S = 5.0
"""How late a change of members may reach WeCom at most, beside the call itself."""

MEMBERS_EVERY_S, GROUPS_EVERY_S = 3600.0, 600.0
AFTER_ERROR_S = 600.0
"""How long a channel that WeCom refused is left alone."""

_DAY_S = 86_400.0
_PICTURES_AT_ONCE = 5

Say = Callable[[str, str], str]
"""A text for staff: what it is about, and the channel's name."""


@dataclass(slots=True)
class _Read:
    members_at: float = 0.0
    groups_at: float = 0.0


@dataclass(frozen=True, slots=True)
class ChannelKeeping:
    """Looks after all channels.

    Args:
        zone: of the company.
        full_at: from how many members on a group is left behind.
        leaders: who is told when a channel needs people.
        say: the text for them.
        fetch: a picture from an address, at most so many bytes.
        woken: told which queue of the outbox has something to send.
    """

    store: Store
    access: ContactAccess
    clock: Clock
    zone: ZoneInfo
    full_at: int
    leaders: tuple[str, ...]
    say: Say
    fetch: Callable[[str, int], Awaitable[bytes]]
    woken: Callable[[str, Lane], None]
    read: _Read = field(default_factory=_Read)

    async def look(self) -> int:
        """Look once; returns how many channels are to be changed."""
        rows = await self.store.channels.all()
        if not rows:
            return 0
        await self._read(rows)
        moment = datetime.fromtimestamp(self.clock.now(), self.zone)
        ways, unit, queues, now = await self.store.ways.all(), Unit(), [], self.clock.now()
        await self._read_pictures(ways.values())
        so_far = await today(self.store, moment, self.full_at)
        permitted = await self._is_permitted()
        for row in rows:
            if row.channel.kind != "kf" and not permitted:
                continue  # whoever is refused asks again in an hour, not every few seconds
            leads_to, is_well = wanted(row, so_far)
            if not is_well:
                about = "groups_full" if row.channel.kind == "group" else "nobody_receives"
                queues += await self._tell(unit, row, about)
            way = ways.get(row.channel.id)
            if way and way.error_at is not None and now - way.error_at < AFTER_ERROR_S:
                continue
            if leads_to and (way is None or not way.url or way.leads_to != leads_to):
                queues.append(await ask_keeping(self.store.outbox, unit, row.channel.id, now))
        if queues:
            await self.store.database.commit(unit)
        for queue in queues:
            self.woken(queue, Lane.BACKGROUND)
        return len(queues)

    # ------------------------------------------------------------------ reading WeCom

    async def _is_permitted(self) -> bool:
        """Whether WeCom lets us make codes, as far as that is known."""
        try:
            return await self.access.api() is not None
        except WeComError:
            return False

    async def _read(self, rows: Iterable[ChannelRow]) -> None:
        now = self.clock.now()
        read_members = now - self.read.members_at >= MEMBERS_EVERY_S
        read_groups = now - self.read.groups_at >= GROUPS_EVERY_S
        if not read_members and not read_groups:
            return
        try:
            api = await self.access.api()
            if api is None:
                return
            if read_members:
                self.read.members_at = now
                if await note_members(self.store, await api.contacts.members(), now):
                    await self._tell_of_missing(rows)
            if read_groups:
                self.read.groups_at = now
                await self._read_groups(api, rows)
        except NotAuthorised as error:
            await self.access.refused(error)
        except WeComError as error:
            log.warning("channels.not_read", error=str(error))

    async def _read_groups(self, api: ContactApi, rows: Iterable[ChannelRow]) -> None:
        chats = dict.fromkeys(chat for row in rows for chat in row.channel.groups)
        for chat_id in chats:
            try:
                count, customers = await api.ways.customers_in(chat_id)
            except NotAuthorised:
                raise
            except WeComError as error:
                log.warning("channels.group_not_read", error=str(error))
                continue
            unit = Unit()
            joined = [(one.userid, one.state, one.join_time) for one in customers if one.state]
            self.store.ways.filled(unit, chat_id, count, joined, self.clock.now())
            await self.store.database.commit(unit)

    async def _read_pictures(self, ways: Iterable[WayRow]) -> None:
        """What each code says, so that it can be drawn anew; a few at a time."""
        now = self.clock.now()
        unread = [
            way
            for way in ways
            if way.config_id
            and way.url
            and not way.content
            and now - (way.content_tried_at or 0.0) >= AFTER_ERROR_S
        ]
        for way in unread[:_PICTURES_AT_ONCE]:
            try:
                content = read_code(await self.fetch(way.url, MOST_BYTES))
            except WeComError as error:
                log.warning("channels.picture_not_read", error=str(error))
                content = ""
            unit = Unit()
            self.store.ways.read_picture(unit, way, content, now)
            await self.store.database.commit(unit)

    # ------------------------------------------------------------------ telling people

    async def _tell_of_missing(self, rows: Iterable[ChannelRow]) -> None:
        away, unit, queues = await self.store.ways.away(), Unit(), []
        stand_ins = await self.store.successions.stand_ins()
        for row in rows:
            if missing_members(stood_in(row.channel, stand_ins), away):
                queues += await self._tell(unit, row, "member_gone")
        await self.store.database.commit(unit)
        for queue in queues:
            self.woken(queue, Lane.BACKGROUND)

    async def _tell(self, unit: Unit, row: ChannelRow, about: str) -> list[str]:
        """Once a day and channel; the row's msgid keeps a second one out."""
        if not self.leaders:
            return []
        now = self.clock.now()
        day = datetime.fromtimestamp(now, self.zone).date()
        draft = Draft(
            subject="corp",
            queue=f"staff/{','.join(self.leaders)}",
            conversation=None,
            lane=Lane.BACKGROUND,
            effect=NotifyStaff(userids=self.leaders, text=self.say(about, row.channel.name)),
            expires_at=now + _DAY_S,
            msgid=f"ch_{about}_{row.channel.id}_{day:%Y%m%d}",
        )
        await self.store.outbox.post(unit, [draft], now)
        return [draft.queue]
