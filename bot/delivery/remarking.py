"""How does what a member writes about a customer come to WeCom, and what stands there now?"""

from dataclasses import dataclass

from bot.delivery.contact_access import ContactAccess
from bot.delivery.outcomes import Ended, Later, Outcome
from bot.errors import NotAuthorised, NotFriends, Rejected
from bot.model import EditRemark
from bot.model.remarks import Remark
from bot.ports import Clock
from bot.store import Parcel, Store
from bot.wecom.contacts import Contacts


@dataclass(frozen=True, slots=True)
class Remarks:
    """Reads what members have written."""

    access: ContactAccess

    async def of(self, userid: str, external_userid: str) -> Remark | None:
        """What stands at WeCom; ``None`` = they are no friends, or we may not ask.

        Raises:
            WeComError: that cannot be known now.
        """
        api = await self.access.api()
        return None if api is None else await read_remark(api.contacts, userid, external_userid)


async def read_remark(contacts: Contacts, userid: str, external_userid: str) -> Remark | None:
    """What this member has written, ``None`` where they are no friends.

    Raises:
        WeComError: as the client.
    """
    try:
        found = await contacts.get(external_userid)
    except NotFriends:
        return None
    for one in found.friends:
        if one.userid.lower() == userid.lower():
            return Remark(one.remark, one.description, one.mobiles)
    return None


@dataclass(frozen=True, slots=True)
class RemarkCourier:
    """Writes it, unless somebody has changed it since the page was read."""

    store: Store
    access: ContactAccess
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Read, compare, write."""
        effect = parcel.effect
        assert isinstance(effect, EditRemark)
        if not await self.store.outbox.claim(parcel, self.clock.now()):
            return Later(self.clock.now(), "withdrawn meanwhile")
        try:
            outcome = await self._write(effect)
        except NotAuthorised as error:
            await self.access.refused(error)
            outcome = "not_permitted"
        except NotFriends:
            outcome = "no_friends"
        except Rejected as error:
            return Ended("dead", error=str(error), errcode=error.errcode)
        about = {"userid": effect.userid, "remark": effect.wanted.remark}
        return Ended("sent", result={"outcome": outcome, **about})

    async def _write(self, effect: EditRemark) -> str:
        api = await self.access.api()
        if api is None:
            return "not_permitted"
        there = await read_remark(api.contacts, effect.userid, effect.external_userid)
        if there is None:
            return "no_friends"
        if there == effect.wanted:
            return "written"  # by an earlier try, or by himself
        if there.digest != effect.seen:
            return "changed"
        await api.contacts.remark(effect.userid, effect.external_userid, effect.wanted)
        return "written"
