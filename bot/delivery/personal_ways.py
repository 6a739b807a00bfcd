"""How does a single customer get a contact way of his own, whom is it for, and when is it gone?

It is made once: what an earlier try may have made is looked for by its state first (R-3.2).
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import structlog

from bot.delivery.channel_courier import SKEW_S
from bot.delivery.contact_access import ContactAccess
from bot.delivery.outcomes import Ended, Later, Outcome
from bot.errors import NotAuthorised, Rejected, UnknownWay, WeComError
from bot.model import DropWay, MakeWay
from bot.policy.receiving import instead
from bot.ports import Clock
from bot.store import Parcel, PersonalWay, Store, Unit
from bot.wecom.code_pictures import MOST_BYTES, read_code
from bot.wecom.ways import ContactWays

log = structlog.get_logger(__name__)

READ_AGAIN_S = 20.0
AFTER_ERROR_S = 600.0
CHANGED_AT_ONCE = 50
"""Codes that one look changes, of however many."""

GROUP = "group"
"""Kind of a way that leads into a group."""

Fetch = Callable[[str, int], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class PersonalWayCourier:
    """Makes and deletes contact ways of single customers.

    Args:
        fetch: a picture from an address, at most so many bytes.
    """

    store: Store
    access: ContactAccess
    clock: Clock
    fetch: Fetch

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Make the way and read its code, or delete it."""
        effect = parcel.effect
        assert isinstance(effect, MakeWay | DropWay)
        await self.store.outbox.claim(parcel, self.clock.now())
        way = await self.store.personal_ways.get(effect.state)
        try:
            api = await self.access.api()
            if api is None:
                return Ended("sent", result={"state": effect.state, "error": "not permitted"})
            if isinstance(effect, DropWay):
                return await self._drop(api.ways, way)
            return await self._make(api.ways, effect, way)
        except NotAuthorised as error:
            await self.access.refused(error)
            return _failed(effect.state, error)
        except Rejected as error:
            return _failed(effect.state, error)

    async def _make(self, ways: ContactWays, effect: MakeWay, way: PersonalWay) -> Outcome:
        result = {"state": effect.state}
        if way.is_usable:
            return Ended("sent", result=result)
        kept = self.store.personal_ways
        if effect.chats and not way.url:
            way = await self._into_group(ways, effect, way)
        elif not way.config_id:
            way = await self._found(ways, way) or await self._new(ways, effect, way)
            await kept.made(replace(way, users=effect.users), self.clock.now())
        try:
            content = read_code(await self.fetch(way.url, MOST_BYTES))
        except WeComError as error:
            return Later(self.clock.now() + READ_AGAIN_S, str(error))
        if not content:
            return Later(self.clock.now() + READ_AGAIN_S, "the picture shows no code")
        return Ended("sent", result=result, statements=[kept.read(effect.state, content)])

    async def _new(self, ways: ContactWays, effect: MakeWay, way: PersonalWay) -> PersonalWay:
        await self.store.personal_ways.trying(effect.state, self.clock.now())
        users = await members_now(self.store, effect.users)
        remark = effect.remark
        made = await ways.add(effect.state, users, remark=remark, skip_verify=True)
        return replace(way, config_id=made.config_id, url=made.qr_code, leads_to=users)

    async def _into_group(
        self, ways: ContactWays, effect: MakeWay, way: PersonalWay
    ) -> PersonalWay:
        """Making it does not tell the picture: its id is kept before that is asked for."""
        kept, now = self.store.personal_ways, self.clock.now()
        if not way.config_id:
            await kept.trying(effect.state, now)
            remark, chats = effect.remark, effect.chats
            made = await ways.add_join(effect.state, chats, remark=remark, new_group="")
            way = replace(way, config_id=made, kind=GROUP, users=(), leads_to=())
            await kept.made(way, now)
        way = replace(way, url=(await ways.get_join(way.config_id)).qr_code)
        await kept.made(way, now)
        return way

    async def _found(self, ways: ContactWays, way: PersonalWay) -> PersonalWay | None:
        """What an earlier try made whose answer never came."""
        if way.tried_at is None:
            return None
        async for config_id in ways.made_since(way.tried_at - SKEW_S):
            made = await ways.get(config_id)
            if made.state == way.state:
                return replace(way, config_id=config_id, url=made.qr_code, leads_to=made.user)
        return None

    async def _drop(self, ways: ContactWays, way: PersonalWay) -> Outcome:
        if way.config_id and way.deleted_at is None:
            try:
                delete = ways.delete_join if way.kind == GROUP else ways.delete
                await delete(way.config_id)
            except UnknownWay:
                log.info("ways.gone_already", state=way.state)
        dropped = self.store.personal_ways.dropped(way.state, self.clock.now())
        return Ended("sent", result={"state": way.state}, statements=[dropped])


def led_to(
    users: Collection[str], stand_ins: Mapping[str, str], away: Collection[str]
) -> tuple[str, ...]:
    """Whom a code made for these members leads to; where all are gone, to them all the same.

    Args:
        stand_ins: member → who stands in for him, lower-cased.
        away: members (lower-cased) who cannot receive any more.
    """
    found = instead(tuple(users), stand_ins)
    return tuple(one for one in found if one.lower() not in away) or found


async def members_now(store: Store, users: Collection[str]) -> tuple[str, ...]:
    """The same, by what the store knows now."""
    return led_to(users, await store.successions.stand_ins(), await store.ways.away())


@dataclass(frozen=True, slots=True)
class PersonalWayKeeping:
    """Lets the codes of single customers lead to whoever stands in for a member who is gone (C07).

    The code stays, so that a poster somebody has sent on still works. An update is the same however
    often it is made.
    """

    store: Store
    access: ContactAccess
    clock: Clock
    refused_at: dict[str, float] = field(default_factory=dict)

    async def look(self) -> int:
        """Bring some of those that lead elsewhere in line; returns how many were changed."""
        stand_ins, away = await self.store.successions.stand_ins(), await self.store.ways.away()
        now = self.clock.now()
        found = [
            way
            for way in await self.store.personal_ways.living()
            if _may_differ(way, stand_ins, away)
            and now - self.refused_at.get(way.state, 0.0) >= AFTER_ERROR_S
        ]
        if not found:
            return 0
        try:
            api = await self.access.api()
            if api is None:
                return 0
            return sum([await self._keep(api.ways, way) for way in found[:CHANGED_AT_ONCE]])
        except NotAuthorised as error:
            await self.access.refused(error)
        except WeComError as error:
            log.warning("ways.not_kept", error=str(error))
        return 0

    async def _keep(self, ways: ContactWays, way: PersonalWay) -> bool:
        kept, unit = self.store.personal_ways, Unit()
        try:
            if way.users is None or way.leads_to is None:
                users = (await ways.get(way.config_id)).user
                way = replace(way, users=way.users or users, leads_to=users)
            users = await members_now(self.store, way.users or ())
            changes = users != way.leads_to
            if changes:
                await ways.update(way.config_id, users)
            kept.led(unit, replace(way, leads_to=users))
            await self.store.database.commit(unit)
        except UnknownWay:
            unit.statements.append(kept.dropped(way.state, self.clock.now()))
            await self.store.database.commit(unit)
        except NotAuthorised:
            raise
        except Rejected as error:
            log.error("ways.not_kept", state=way.state, error=str(error))
            self.refused_at[way.state] = self.clock.now()
        else:
            return changes
        return False


def _may_differ(way: PersonalWay, stand_ins: Mapping[str, str], away: Collection[str]) -> bool:
    """Whether it leads elsewhere; of one whose members nobody noted, only where it may matter."""
    if way.users is None or way.leads_to is None:
        return bool(stand_ins or away)
    return led_to(way.users, stand_ins, away) != way.leads_to


def _failed(state: str, error: Rejected) -> Outcome:
    log.error("ways.not_made", state=state, error=str(error))
    return Ended("sent", result={"state": state, "error": str(error)}, errcode=error.errcode)
