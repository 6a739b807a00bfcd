"""What do people change about a customer in WeCom, and how do our own books follow?"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import structlog

from bot.delivery.contact_access import ContactApi
from bot.delivery.corp_library import CorpLibrary
from bot.delivery.tag_difference import Difference, compare
from bot.model import Conversation, CustomerAdded, Lane
from bot.model.people import IdentityKind
from bot.model.tags import name_problem
from bot.ports import Clock
from bot.store import Arrival, CorpTag, Relation, Store, Unit
from bot.store.marks import THERE
from bot.store.projecting import ask_projection
from bot.wecom.contacts import Friend
from bot.wecom.limits import platform_limits

log = structlog.get_logger(__name__)

CONSOLE = "wecom"
"""Who changed it, when WeCom does not say which person did."""


_DELETED_BEFORE_S = 60.0
"""A deletion younger than this may not show in a reading yet."""


def began_unnoticed(relation: Relation | None, friend: Friend, as_of: float) -> float | None:
    """When a friendship began that a reading shows and we do not know of; ``None`` = we do.

    What a customer has ended stays with the member one-sided, so that only a later beginning
    counts. What the member has ended is shown no more; if it is, they are friends again.
    """
    at = friend.added_at or as_of
    if relation is None or relation.deleted_at is None:
        return at if relation is None else None
    if relation.deleted_by == "customer":
        return at if at > relation.deleted_at else None
    if as_of - relation.deleted_at < _DELETED_BEFORE_S:
        return None
    return max(at, relation.version)


def missed(external_userid: str, friend: Friend, at: float) -> Arrival:
    """The event of a friendship that no callback told of (its welcome code died with it)."""
    event = CustomerAdded(
        userid=friend.userid,
        external_userid=external_userid,
        state=friend.state,
        at=at,
        missed=True,
    )
    return Arrival(
        Conversation("", external_userid).subject,
        event,
        Lane.BACKGROUND,
        key=f"found:{friend.userid.lower()}:{external_userid}:{at:.0f}",
        sent_at=at,
    )


@dataclass(frozen=True, slots=True)
class TakingIn:
    """Compares what WeCom shows of a customer with what we know. Runs in the customer's queue.

    Args:
        wake_queue: told which queue of the outbox has something new.
        wake_subject: told whose mailbox has.
        may_tag: whether a tag of this name may be in our books: one that speaks of health, religion
            or the like is not, unless its group asks for a consent of its own (R-4.8).
    """

    store: Store
    library: CorpLibrary
    clock: Clock
    wake_queue: Callable[[str, Lane], None]
    wake_subject: Callable[[str, Lane], None]
    may_tag: Callable[[str], bool]

    async def customer(self, api: ContactApi, external_userid: str) -> float | None:
        """Read a customer and follow what people changed.

        Returns:
            When to look once more, because a change of our own may not show yet; else ``None``.

        Raises:
            WeComError: as the client.
        """
        as_of = self.clock.now()
        contact = await api.contacts.get(external_userid)
        if contact.profile.unionid:
            await self._identify(external_userid, contact.profile.unionid)
        shown = {friend.userid.lower(): friend for friend in contact.friends}
        await self._know_tags(api, (one.tag_ids for one in contact.friends))
        unsettled = False
        relations = {one.userid: one for one in await self.store.contacts.of(external_userid)}
        for userid, friend in shown.items():
            relation = relations.get(userid)
            if relation is not None and relation.is_friend:
                unsettled |= await self._follow(relation, friend, as_of)
            elif (at := began_unnoticed(relation, friend, as_of)) is not None:
                await self._deliver(missed(external_userid, friend, at))
        settle_s = platform_limits().contact.settle_s
        return as_of + settle_s if unsettled else None

    async def _identify(self, external_userid: str, unionid: str) -> None:
        """Note who the customer is: a customer of another kind may be the same person."""
        people, kind = self.store.people, IdentityKind.UNIONID
        if external_userid not in await people.find(kind, unionid):
            now = self.clock.now()
            await people.identify(external_userid, kind, unionid, source="contact", at=now)

    async def follow_library(self, external_userid: str) -> None:
        """Follow what people renamed or deleted in the library."""
        now = self.clock.now()
        for relation in await self.store.contacts.friends_of(external_userid):
            marks = await self.store.marks.of(relation.userid, external_userid)
            tags = await self.store.corp_tags.get(marks)
            gone = [one for one, tag in tags.items() if tag.deleted_at is not None]
            renamed = [
                tag
                for one, tag in tags.items()
                if tag.deleted_at is None and (tag.renamed_at or 0.0) > marks[one].at
            ]
            if not gone and not renamed:
                continue
            unit = Unit()
            local = await self.store.tags.names_of(external_userid, now)
            by_people = [
                tags[one]
                for one in gone
                if tags[one].deleted_by == "people" and marks[one].status == THERE
            ]
            was = {tag.was for tag in renamed if tag.was in local}
            is_now = [tag for tag in renamed if tag.was in local]
            self.store.marks.drop(unit, relation.userid, external_userid, gone)
            kept = [replace(marks[tag.tag_id], at=now) for tag in renamed]
            self.store.marks.put(unit, relation.userid, external_userid, kept)
            queues = await self._human(
                unit,
                external_userid,
                added=_names(is_now) - local,
                removed=((_names(by_people) & local) | was) - _names(is_now),
                by=CONSOLE,
            )
            await self._commit(unit, queues)

    async def _deliver(self, arrival: Arrival) -> None:
        unit = Unit()
        await self.store.mailbox.deliver(unit, [arrival], self.clock.now())
        await self.store.database.commit(unit)
        self.wake_subject(arrival.subject, arrival.lane)

    async def _commit(self, unit: Unit, queues: Iterable[str]) -> None:
        await self.store.database.commit(unit)
        for queue in queues:
            self.wake_queue(queue, Lane.BACKGROUND)

    async def _follow(self, relation: Relation, friend: Friend, as_of: float) -> bool:
        """Follow one member's side; returns whether it is not settled yet."""
        pair = (relation.userid, relation.external_userid)
        marks = await self.store.marks.of(*pair)
        difference = compare(friend.tag_ids, marks, as_of, platform_limits().contact.settle_s)
        unit = Unit()
        self.store.marks.put(unit, *pair, difference.put)
        self.store.marks.drop(unit, *pair, difference.drop)
        if not difference.unsettled:
            self.store.marks.known(unit, *pair, as_of)
        self.store.contacts.seen(unit, relation, state=friend.state, add_way=friend.add_way)
        queues = await self._told(unit, relation, difference)
        await self._commit(unit, queues)
        return difference.unsettled

    async def _told(self, unit: Unit, relation: Relation, difference: Difference) -> list[str]:
        """Add what people did to our own books, as far as it is news to them."""
        tags = await self.store.corp_tags.get(difference.added | difference.removed)
        local = await self.store.tags.names_of(relation.external_userid, self.clock.now())
        added = _named(difference.added, tags) - local
        removed = _named(difference.removed, tags) & local
        return await self._human(
            unit,
            relation.external_userid,
            added=added,
            removed=removed - added,
            by=relation.userid,
        )

    async def _human(
        self,
        unit: Unit,
        external_userid: str,
        *,
        added: Collection[str],
        removed: Collection[str],
        by: str,
    ) -> list[str]:
        """Add a person's changes; returns the queues of who must be told of them."""
        sensitive = {name for name in added if not self.may_tag(name)}
        if sensitive:
            log.warning("tags.sensitive_left_at_wecom", tags=len(sensitive))
        usable = {name for name in {*added, *removed} - sensitive if not name_problem(name)}
        if not usable:
            return []
        log.info("tags.changed_by_people", added=len(added), removed=len(removed))
        now = self.clock.now()
        keys = self.store.tags.human(
            unit,
            external_userid,
            sorted(usable & set(added)),
            sorted(usable & set(removed)),
            by=by,
            at=now,
        )
        return await ask_projection(self.store, unit, external_userid, keys, now)

    async def _know_tags(self, api: ContactApi, shown: Iterable[Collection[str]]) -> None:
        wanted = {tag_id for ids in shown for tag_id in ids}
        if wanted - (await self.store.corp_tags.get(wanted)).keys():
            await self.library.refresh(api)


def _named(tag_ids: Iterable[str], tags: Mapping[str, CorpTag]) -> set[str]:
    return {tags[one].full_name for one in tag_ids if one in tags}


def _names(tags: Iterable[CorpTag]) -> set[str]:
    return {tag.full_name for tag in tags}
