"""How does a single customer get a contact way of his own, and when is it gone?

It is made once: what an earlier try may have made is looked for by its state first (R-3.2).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.delivery.channel_courier import SKEW_S
from bot.delivery.contact_access import ContactAccess
from bot.delivery.outcomes import Ended, Later, Outcome
from bot.errors import NotAuthorised, Rejected, UnknownWay, WeComError
from bot.model import DropWay, MakeWay
from bot.ports import Clock
from bot.store import Parcel, PersonalWay, Store
from bot.wecom.code_pictures import MOST_BYTES, read_code
from bot.wecom.ways import ContactWays

log = structlog.get_logger(__name__)

READ_AGAIN_S = 20.0

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
        kept, url = self.store.personal_ways, way.url
        if not way.config_id:
            config_id, url = await self._found(ways, way) or ("", "")
            if not config_id:
                await kept.trying(effect.state, self.clock.now())
                remark = effect.remark
                made = await ways.add(effect.state, effect.users, remark=remark, skip_verify=True)
                config_id, url = made.config_id, made.qr_code
            await kept.made(effect.state, config_id, url, self.clock.now())
        try:
            content = read_code(await self.fetch(url, MOST_BYTES))
        except WeComError as error:
            return Later(self.clock.now() + READ_AGAIN_S, str(error))
        if not content:
            return Later(self.clock.now() + READ_AGAIN_S, "the picture shows no code")
        return Ended("sent", result=result, statements=[kept.read(effect.state, content)])

    async def _found(self, ways: ContactWays, way: PersonalWay) -> tuple[str, str] | None:
        """What an earlier try made whose answer never came."""
        if way.tried_at is None:
            return None
        async for config_id in ways.made_since(way.tried_at - SKEW_S):
            made = await ways.get(config_id)
            if made.state == way.state:
                return made.config_id, made.qr_code
        return None

    async def _drop(self, ways: ContactWays, way: PersonalWay) -> Outcome:
        if way.config_id and way.deleted_at is None:
            try:
                await ways.delete(way.config_id)
            except UnknownWay:
                log.info("ways.gone_already", state=way.state)
        dropped = self.store.personal_ways.dropped(way.state, self.clock.now())
        return Ended("sent", result={"state": way.state}, statements=[dropped])


def _failed(state: str, error: Rejected) -> Outcome:
    log.error("ways.not_made", state=state, error=str(error))
    return Ended("sent", result={"state": state, "error": str(error)}, errcode=error.errcode)
