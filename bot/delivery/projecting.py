"""How do a customer's tags come to WeCom, and what people change there back to us?

All of it passes through the customer's one queue: what we read is never confused by what we write
at the same time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import structlog

from bot.delivery.contact_access import ContactAccess, ContactApi
from bot.delivery.corp_library import CorpLibrary
from bot.delivery.outcomes import Ended, Later, Outcome
from bot.delivery.tag_difference import Plan, plan
from bot.delivery.taking_in import TakingIn
from bot.errors import (
    MemberBarred,
    NotAuthorised,
    NotFriends,
    UnknownTag,
)
from bot.model import ProjectTags
from bot.model.tags import group_of
from bot.ports import Clock
from bot.store import CorpTag, Mark, Parcel, Relation, Store, Unit, UnitConflict
from bot.store.marks import ADDING, GONE, REMOVING, THERE

log = structlog.get_logger(__name__)

_PLANS = 2
"""A tag that is gone makes one more plan; after that something else is wrong."""


@dataclass(frozen=True, slots=True)
class NoContacts:
    """Where WeCom is not asked about contacts, tags stay in our own books."""

    store: Store
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Nothing to be done."""
        await self.store.outbox.claim(parcel, self.clock.now())
        return Ended("sent", result={"skipped": "no contacts"})


@dataclass(frozen=True, slots=True)
class NoFriends:
    """Where there is no customer contact, nobody is written to in a member's name."""

    async def __call__(self, _parcel: Parcel) -> Outcome:
        """Say so."""
        return Ended("dead", error="no customer contact here")


@dataclass(frozen=True, slots=True)
class ProjectCourier:
    """Brings one customer's tags to every member who is their friend; the state is read first.

    Of a stranger nothing is asked: becoming friends asks again. Where a mark is refused because
    they are no friends, that is remembered until they are.
    """

    store: Store
    access: ContactAccess
    library: CorpLibrary
    taking_in: TakingIn
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Take in what people changed where that is asked, then change what is to be changed."""
        effect = parcel.effect
        assert isinstance(effect, ProjectTags)
        friends = await self.store.contacts.friends_of(effect.external_userid)
        if not await self.store.outbox.claim(parcel, self.clock.now()):
            return Later(self.clock.now(), "withdrawn meanwhile")
        if not friends:
            return Ended("sent", result={"skipped": "stranger"})
        try:
            api = await self.access.api()
            if api is None:
                return Ended("sent", result={"skipped": "not permitted"})
            return await self._bring(api, effect, parcel.created_at)
        except NotAuthorised as error:
            await self.access.refused(error)
            return Ended("cancelled", error=str(error), errcode=error.errcode)
        except UnitConflict:  # the friendship ended meanwhile
            return Later(self.clock.now() + 0.1, "facts changed meanwhile")

    async def _bring(self, api: ContactApi, effect: ProjectTags, asked_at: float) -> Outcome:
        customer, settled_at = effect.external_userid, None
        friends = await self.store.contacts.friends_of(customer)
        if _must_read(friends, effect, asked_at):
            try:
                settled_at = await self.taking_in.customer(api, customer)
            except NotFriends:  # a deletion that was not told; comparing finds it
                return Ended("sent", result={"skipped": "nobody has this customer"})
        await self.taking_in.follow_library(customer)
        if self.store.tags.settings.project:
            for last in range(_PLANS):
                try:
                    await self._project(api, customer)
                    break
                except UnknownTag:
                    if last == _PLANS - 1:
                        raise
                    await self.library.refresh(api)
                    await self.taking_in.follow_library(customer)
        if settled_at is not None:
            return Later(settled_at, "a change of our own may not show yet")
        return Ended("sent")

    async def _project(self, api: ContactApi, customer: str) -> None:
        settings, now = self.store.tags.settings, self.clock.now()
        names = {
            name
            for name in await self.store.tags.names_of(customer, now)
            if settings.group(group_of(name)).project
        }
        ids = await self.library.ids_of(api, names)
        for friend in await self.store.contacts.friends_of(customer):
            if friend.unmarkable_at is None:
                await self._mark(api, friend, set(ids.values()))

    async def _mark(self, api: ContactApi, friend: Relation, wanted: set[str]) -> None:
        """Change what differs at one member, in one call (R-4.4)."""
        marks = await self.store.marks.of(friend.userid, friend.external_userid)
        known = await self.store.corp_tags.get(marks)
        await self._own(friend, wanted, marks)
        marks = {
            tag_id: Mark(tag_id, mark.status, mark.ours or tag_id in wanted, mark.at)
            for tag_id, mark in marks.items()
        }
        todo = plan(wanted, marks, self._managed(known))
        if not todo:
            return
        pair = (friend.userid, friend.external_userid)
        await self._intend(friend, todo)
        try:
            await api.library.mark(*pair, add=todo.add, remove=todo.remove)
        except (NotFriends, MemberBarred) as error:
            log.info("tags.not_friends", member=friend.userid, errcode=error.errcode)
            await self._undo(friend, todo, marks)
            return
        unit, now = Unit(), self.clock.now()
        done = [Mark(one, THERE, True, now) for one in todo.add]
        done += [Mark(one, GONE, True, now) for one in todo.remove]
        self.store.marks.put(unit, *pair, done)
        await self.store.database.commit(unit)

    async def _own(
        self, friend: Relation, wanted: Iterable[str], marks: Mapping[str, Mark]
    ) -> None:
        """What is in our own books, whoever put it there, is ours to take away later."""
        adopted = [
            Mark(one, marks[one].status, True, marks[one].at)
            for one in wanted
            if one in marks and not marks[one].ours
        ]
        if adopted:
            unit = Unit()
            self.store.marks.put(unit, friend.userid, friend.external_userid, adopted)
            await self.store.database.commit(unit)

    async def _intend(self, friend: Relation, todo: Plan) -> None:
        unit, now = Unit(), self.clock.now()
        intended = [Mark(one, ADDING, True, now) for one in todo.add]
        intended += [Mark(one, REMOVING, True, now) for one in todo.remove]
        self.store.marks.put(unit, friend.userid, friend.external_userid, intended)
        await self.store.database.commit(unit)

    async def _undo(self, friend: Relation, todo: Plan, marks: Mapping[str, Mark]) -> None:
        unit, pair = Unit(), (friend.userid, friend.external_userid)
        self.store.marks.drop(unit, *pair, todo.add)
        self.store.marks.put(unit, *pair, (marks[one] for one in todo.remove))
        self.store.contacts.cannot_mark(unit, friend, self.clock.now())
        await self.store.database.commit(unit)

    def _managed(self, known: Mapping[str, CorpTag]) -> set[str]:
        settings = self.store.tags.settings
        return {tag_id for tag_id, tag in known.items() if settings.group(tag.group_name).project}


def _must_read(friends: Iterable[Relation], effect: ProjectTags, asked_at: float) -> bool:
    """Whether the tags of a friendship are not known, or not as newly as was asked."""
    return any(
        friend.tags_known_at is None or (effect.read and friend.tags_known_at <= asked_at)
        for friend in friends
    )
