"""What becomes of a corp tag that our own books have renamed or merged?

The customers are brought to WeCom one by one (`bot.delivery.projecting`); here the library follows.
Nothing that people made, or put on a friend themselves, is ever renamed or deleted.
"""

from dataclasses import dataclass

import structlog

from bot.delivery.contact_access import ContactAccess, ContactApi
from bot.delivery.corp_library import CorpLibrary
from bot.delivery.outcomes import Ended, Later, Outcome
from bot.errors import NotAuthorised
from bot.model import FollowTagRun
from bot.model.tags import COLON
from bot.ports import Clock
from bot.store import Parcel, Run, Store, TagRuns

log = structlog.get_logger(__name__)

WORN_S, UNCOMPARED_S = 60.0, 3600.0
"""When is looked again: for friends who have it still, and for a comparison that has not been."""


@dataclass(frozen=True, slots=True)
class RunCourier:
    """Renames a corp tag where that does, or deletes the one that nobody has any more.

    It is deleted only after a whole comparison with WeCom has seen nobody with it: what a lost
    callback hid from us would go with the tag.
    """

    store: Store
    access: ContactAccess
    library: CorpLibrary
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Look what is so, and do what is left to do."""
        effect = parcel.effect
        assert isinstance(effect, FollowTagRun)
        if not await self.store.outbox.claim(parcel, self.clock.now()):
            return Later(self.clock.now(), "withdrawn meanwhile")
        run = await TagRuns(self.store).get(effect.run)
        if run is None:
            return Ended("sent", result={"skipped": "no such run"})
        try:
            api = await self.access.api()
            if api is None:
                return Ended("sent", result={"skipped": "not permitted"})
            return await self._follow(api, run)
        except NotAuthorised as error:
            await self.access.refused(error)
            return Ended("cancelled", error=str(error), errcode=error.errcode)

    async def _follow(self, api: ContactApi, run: Run) -> Outcome:
        old, new = run.moved
        if await self.library.follow_run(api, old, new):
            return Ended("sent", result={"done": "renamed"})
        group, _, name = old.partition(COLON)
        named = await self.store.corp_tags.named(group, name)
        tag = named[0] if named else None
        if tag is None or tag.deleted_at is not None:
            return Ended("sent", result={"skipped": "gone"})
        if not tag.ours:
            return Ended("sent", result={"skipped": "made by people"})
        if await self.store.tags.are_on(old):
            return Ended("sent", result={"skipped": "in use"})
        ours, worn = await self.store.marks.wearing(tag.tag_id)
        if worn > ours:
            return Ended("sent", result={"skipped": "put on by people"})
        if worn:
            return Later(self.clock.now() + WORN_S, "friends have it still")
        compared = (await self.store.contact_sync.state()).succeeded_at or 0.0
        if compared <= (run.undone_at or run.at):
            return Later(self.clock.now() + UNCOMPARED_S, "WeCom was not compared since")
        await self.library.retire(api, tag)
        return Ended("sent", result={"done": "deleted"})
