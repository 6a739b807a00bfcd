"""How does what stands behind a channel at WeCom become what it should be?

Whom a code leads to follows from rows and the clock (`bot/policy/receiving.py`) when the row is
carried, so a repeat, and a row that waited, do what is right then. A code is made once: what an
earlier try may have made is looked for by its state first (R-3.2).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from bot.config import Channel
from bot.delivery.contact_access import ContactAccess
from bot.delivery.outcomes import Ended, Later, Outcome
from bot.errors import MemberBarred, NotAuthorised, Rejected, UnknownWay
from bot.model import KeepChannel
from bot.policy.receiving import on_code, open_groups, stood_in
from bot.ports import Clock
from bot.store import ChannelRow, Parcel, Store, Unit, WayRow
from bot.wecom.kf import Kf
from bot.wecom.ways import ContactWays

log = structlog.get_logger(__name__)

SKEW_S = 300.0
"""How far WeCom's clock may be behind ours when what we made is looked for."""


def midnight(moment: datetime) -> float:
    """The begin of the local day, Unix seconds."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


@dataclass(frozen=True, slots=True)
class Today:
    """What decides whom codes lead to, beside the codes themselves.

    Args:
        moment: now, in the company's zone.
        came: channel → member (lower-cased) → how many came since midnight.
        away: members (lower-cased) who cannot receive any more.
        fill: members of each group, where it is known.
        full_at: from how many members on a group is left behind.
        stand_ins: member → who stands in for him, lower-cased.
    """

    moment: datetime
    came: Mapping[str, Mapping[str, int]]
    away: Collection[str]
    fill: Mapping[str, int]
    full_at: int
    stand_ins: Mapping[str, str]


async def today(store: Store, moment: datetime, full_at: int) -> Today:
    """Read it once, for however many channels."""
    ways = store.ways
    came = await ways.came_since(midnight(moment))
    stand_ins = await store.successions.stand_ins()
    return Today(moment, came, await ways.away(), await ways.fill(), full_at, stand_ins)


def wanted(row: ChannelRow, now: Today) -> tuple[tuple[str, ...], bool]:
    """The members, groups or account that a channel leads to now, and whether all is well."""
    channel = row.channel
    if channel.kind == "kf":
        return (channel.open_kfid or "",), True
    if channel.kind == "group":
        chats, all_full = open_groups(channel, now.fill, now.full_at)
        return chats, not all_full or bool(channel.group_name)
    members = on_code(
        stood_in(channel, now.stand_ins),
        now.moment,
        came=now.came.get(channel.id, {}),
        away=now.away,
        paused=row.paused_at is not None,
    )
    return members, bool(members)


@dataclass(frozen=True, slots=True)
class ChannelCourier:
    """Brings WeCom in line with one channel.

    Args:
        zone: of the company.
        full_at: from how many members on a group is left behind.
    """

    store: Store
    access: ContactAccess
    kf: Kf
    clock: Clock
    zone: ZoneInfo
    full_at: int

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Make the code, or change whom it leads to, where that differs."""
        effect = parcel.effect
        assert isinstance(effect, KeepChannel)
        await self.store.outbox.claim(parcel, self.clock.now())
        row = await self.store.channels.get(effect.channel_id)
        if row is None:
            return Ended("sent", result={"skipped": "no such channel"})
        try:
            return await self._keep(row)
        except NotAuthorised as error:
            if row.channel.kind != "kf":
                await self.access.refused(error)
            return await self._failed(row, error)
        except Rejected as error:
            return await self._failed(row, error)

    async def _keep(self, row: ChannelRow) -> Outcome:
        now = datetime.fromtimestamp(self.clock.now(), self.zone)
        leads_to, _ = wanted(row, await today(self.store, now, self.full_at))
        way = await self.store.ways.get(row.channel.id)
        if not leads_to or (way.url and way.leads_to == leads_to):
            return Ended("sent", result={"skipped": "nothing to change"})
        if row.channel.kind == "kf":
            url = await self.kf.link(leads_to[0], row.channel.id)
            return await self._kept(row, leads_to, url=url)
        api = await self.access.api()
        if api is None:
            return Ended("sent", result={"skipped": "not permitted"})
        if row.channel.kind == "group":
            return await self._keep_group(api.ways, row, way, leads_to)
        return await self._keep_friends(api.ways, row, way, leads_to)

    async def _keep_friends(
        self, ways: ContactWays, row: ChannelRow, way: WayRow, users: Sequence[str]
    ) -> Outcome:
        channel, about = row.channel, {"remark": row.channel.name}
        try:
            if way.config_id:
                await ways.update(way.config_id, users, skip_verify=channel.skip_verify, **about)
                return await self._kept(row, users, config_id=way.config_id)
            found = await self._made_before(ways, way, channel)
            if found is not None:
                log.info("channels.found", channel=channel.id)
                await self._kept(row, None, config_id=found[0], url=found[1])
                return Later(self.clock.now(), "made by an earlier try")
            made = await ways.add(channel.id, users, skip_verify=channel.skip_verify, **about)
        except UnknownWay:
            return await self._lost(row)
        except MemberBarred as error:
            # who it is WeCom does not say: the list of members does, and it is read again now
            if await self._read_members():
                return Later(self.clock.now(), str(error), error.errcode)
            raise
        return await self._kept(row, users, config_id=made.config_id, url=made.qr_code)

    async def _keep_group(
        self, ways: ContactWays, row: ChannelRow, way: WayRow, chats: Sequence[str]
    ) -> Outcome:
        """Making a join way again leaves an orphan behind: WeCom cannot list them (§4.10)."""
        channel = row.channel
        about = {"remark": channel.name, "new_group": channel.group_name}
        config_id = way.config_id
        try:
            if config_id:
                await ways.update_join(config_id, channel.id, chats, **about)
            else:
                config_id = await ways.add_join(channel.id, chats, **about)
                await self._kept(row, None, config_id=config_id)
            url = way.url or (await ways.get_join(config_id)).qr_code
        except UnknownWay:
            return await self._lost(row)
        return await self._kept(row, chats, config_id=config_id, url=url)

    async def _made_before(
        self, ways: ContactWays, way: WayRow, channel: Channel
    ) -> tuple[str, str] | None:
        """Id and picture of the code that an earlier try made, if one did."""
        if way.tried_at is not None:
            known = {one.config_id for one in (await self.store.ways.all()).values()}
            async for config_id in ways.made_since(way.tried_at - SKEW_S):
                if config_id in known:  # of a whole batch, only what nobody knows is asked for
                    continue
                made = await ways.get(config_id)
                if made.state == channel.id:
                    return made.config_id, made.qr_code
        unit = Unit()
        self.store.ways.trying(unit, channel.id, self.clock.now())
        await self.store.database.commit(unit)
        return None

    async def _read_members(self) -> bool:
        api = await self.access.api()
        return api is not None and await note_members(
            self.store, await api.contacts.members(), self.clock.now()
        )

    async def _kept(
        self,
        row: ChannelRow,
        leads_to: Sequence[str] | None,
        *,
        config_id: str = "",
        url: str = "",
    ) -> Outcome:
        unit, now = Unit(), self.clock.now()
        self.store.ways.keep(unit, row.channel.id, leads_to, now, config_id=config_id, url=url)
        await self.store.database.commit(unit)
        return Ended("sent")

    async def _lost(self, row: ChannelRow) -> Outcome:
        """Somebody deleted it at WeCom: whatever is printed is dead, a new one is made."""
        log.error("channels.lost", channel=row.channel.id)
        unit = Unit()
        self.store.ways.lost(unit, row.channel.id)
        await self.store.database.commit(unit)
        return Later(self.clock.now(), "WeCom does not know it any more")

    async def _failed(self, row: ChannelRow, error: Rejected) -> Outcome:
        log.error("channels.not_kept", channel=row.channel.id, error=str(error))
        unit = Unit()
        self.store.ways.failed(unit, row.channel.id, str(error), self.clock.now())
        await self.store.database.commit(unit)
        return Ended("dead", error=str(error), errcode=error.errcode)


async def note_members(store: Store, members: Sequence[str], now: float) -> bool:
    """Write down who on any code has customer contact no more, and who has it again.

    An empty list says nothing: WeCom would have refused the call (R-1.8).

    Returns:
        Whether anything changed.
    """
    if not members:
        return False
    present = {one.lower() for one in members}
    named = {
        userid.lower()
        for row in await store.channels.all()
        for userid in (*(one.userid for one in row.channel.receivers), *row.channel.spare)
    }
    named |= {one.lower() for way in await store.personal_ways.living() for one in way.users or ()}
    named |= {*(await store.successions.stand_ins()).values()}
    away = await store.ways.away()
    gone, back = named - present - away, away & present
    if not gone and not back:
        return False
    log.warning("channels.members_changed", gone=len(gone), back=len(back))
    unit = Unit()
    store.ways.went_away(unit, sorted(gone), sorted(back), now)
    await store.database.commit(unit)
    return True
