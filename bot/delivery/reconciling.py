"""Does WeCom have the same friends and tags as our books, and what was never told to us?

Once a night, page by page, resumable: a callback that was lost costs a day, never a customer. An
answer that is an error says nothing about customers, and what a page does not show is gone only
when WeCom says so twice more.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from bot.delivery.contact_access import ContactAccess, ContactApi
from bot.delivery.corp_library import CorpLibrary
from bot.delivery.projections import post_projection, projection
from bot.delivery.taking_in import began_unnoticed, missed
from bot.errors import (
    Conflict,
    NotAuthorised,
    NotFriends,
    Rejected,
    RetryLater,
    Throttled,
)
from bot.model import Conversation, CustomerAdded, CustomerDeleted, Lane
from bot.model.tags import group_of
from bot.ports import Clock
from bot.store import Arrival, Draft, Relation, Store, SyncState, Unit
from bot.store.marks import THERE
from bot.telemetry import Metrics
from bot.wecom.contacts import Contact, ContactPage, Friend, Profile

log = structlog.get_logger(__name__)

EVERY_S = 10.0
"""How often the loop looks; each look has its share of the pages of a minute."""

MOST_GONE = 200
"""Friends of one member who are asked after one by one, in one comparison."""

_RETRY_S = 60.0
_DAY_S = 86_400.0
_ALL_READ = "\n"
"""In place of a cursor: every page of the member is read, who is gone is not known yet.
No NUL: PostgreSQL's text cannot hold one."""


@dataclass(slots=True)
class _Found:
    """What one page comes to: statements in a unit, and who is to be told."""

    unit: Unit = field(default_factory=Unit)
    counts: Counter[str] = field(default_factory=Counter)
    arrivals: list[Arrival] = field(default_factory=list)
    drafts: dict[str, Draft] = field(default_factory=dict)


class Reconciler:
    """The nightly comparison. One per database; a second one meets a conflict and stops.

    Args:
        pages_a_minute: calls that it makes at most.
        compare_at: minutes since midnight at which it begins.
        wake_queue: told which queue of the outbox has something new.
        wake_subject: told whose mailbox has.
    """

    def __init__(
        self,
        store: Store,
        access: ContactAccess,
        library: CorpLibrary,
        *,
        pages_a_minute: int,
        compare_at: int,
        zone: ZoneInfo,
        clock: Clock,
        metrics: Metrics,
        wake_queue: Callable[[str, Lane], None],
        wake_subject: Callable[[str, Lane], None],
    ) -> None:
        self._store, self._access, self._library = store, access, library
        self._pages = max(1, int(pages_a_minute * EVERY_S / 60))
        self._compare_at, self._zone = compare_at, zone
        self._clock, self._metrics = clock, metrics
        self._wake_queue, self._wake_subject = wake_queue, wake_subject
        self._members: tuple[float, list[str]] = (0.0, [])
        self._not_before = 0.0

    async def look(self) -> None:
        """Begin or go on, as far as one look goes."""
        now, state = self._clock.now(), await self._store.contact_sync.state()
        self._metrics.contacts_compared_at.set(state.succeeded_at or 0.0)
        if now < self._not_before or (state.started_at is None and not self._is_due(state, now)):
            return
        await self.step(self._pages)

    async def step(self, calls: int) -> bool:
        """Make so many calls at most, beginning a comparison where none is on its way.

        Returns:
            Whether there is more to do.
        """
        try:
            api = await self._access.api()
            if api is None:
                return False
            return await self._go_on(api, calls)
        except NotAuthorised as error:
            await self._access.refused(error)
            return False
        except RetryLater as error:
            later = error.retry_at if isinstance(error, Throttled) else 0.0
            self._not_before = max(later, self._clock.now() + _RETRY_S)
            log.warning("contacts.comparison_waits", error=str(error), until=self._not_before)
            return True
        except Conflict:  # another process has moved it, or facts changed: look again
            return True

    @property
    def waits_until(self) -> float:
        """When WeCom may be asked again."""
        return self._not_before

    def _is_due(self, state: SyncState, now: float) -> bool:
        if state.ended_at is None:
            return True
        local = datetime.fromtimestamp(now, self._zone)
        begin = local.replace(hour=0, minute=0, second=0, microsecond=0)
        slot = begin + timedelta(minutes=self._compare_at)
        if slot > local:
            slot -= timedelta(days=1)
        return state.ended_at < slot.timestamp()

    # ------------------------------------------------------------------ the run

    async def _go_on(self, api: ContactApi, calls: int) -> bool:
        state = await self._store.contact_sync.state()
        if state.started_at is None:
            await self._library.refresh(api)
            await self._store.contact_sync.begin(state, self._clock.now())
            log.info("contacts.comparison_began")
            for queue in await self._library.look_after():
                self._wake_queue(queue, Lane.BACKGROUND)
        for _ in range(calls):
            state = await self._store.contact_sync.state()
            member = await self._next_member(api, state)
            if member is None:
                await self._finish(state)
                return False
            await self._page(api, state, member)
        return True

    async def _next_member(self, api: ContactApi, state: SyncState) -> str | None:
        """Whose page is next: of the member who is half read, else of the next one."""
        assert state.started_at is not None
        if self._members[0] != state.started_at:
            listed = {userid.lower() for userid in await api.contacts.members()}
            self._members = (state.started_at, sorted(listed))
        if state.cursor:
            return state.member
        return next((one for one in self._members[1] if one > state.member), None)

    async def _page(self, api: ContactApi, state: SyncState, member: str) -> None:
        as_of, found = self._clock.now(), _Found(counts=Counter(state.counts))
        next_cursor = ""
        try:
            if state.cursor == _ALL_READ:
                await self._look_for_gone(api, found, member, state)
            else:
                page = await self._read(api, member, state.cursor)
                next_cursor = page.next_cursor or _ALL_READ
                found.counts["members"] += not page.next_cursor
                for profile, friend in page.items:
                    await self._compare(found, profile, friend, state, as_of)
        except NotAuthorised:
            raise
        except Rejected as error:  # this member alone; nobody counts as gone
            log.warning("contacts.member_not_read", member=member, error=str(error))
            found.counts["failed"] += 1
        await self._commit(state, member, next_cursor, found)

    async def _read(self, api: ContactApi, member: str, cursor: str) -> ContactPage:
        """One page; a cursor that WeCom does not know any more begins the member again."""
        try:
            return await api.contacts.page([member], cursor)
        except NotFriends:
            return ContactPage((), "")  # "no customers"; whoever was one is asked after
        except Rejected as error:
            if not cursor or isinstance(error, NotAuthorised):
                raise
            return await self._read(api, member, "")

    async def _commit(self, state: SyncState, member: str, cursor: str, found: _Found) -> None:
        now, unit = self._clock.now(), found.unit
        self._store.contact_sync.advance(unit, state, member, cursor, found.counts)
        await self._store.mailbox.deliver(unit, found.arrivals, now)
        for draft in found.drafts.values():
            await post_projection(self._store, unit, draft, now)
        await self._store.database.commit(unit)
        for arrival in found.arrivals:
            self._wake_subject(arrival.subject, arrival.lane)
        for draft in found.drafts.values():
            self._wake_queue(draft.queue, draft.lane)

    async def _finish(self, state: SyncState) -> None:
        unit, now = Unit(), self._clock.now()
        whole = not state.counts.get("failed")
        self._store.contact_sync.finish(unit, state, now, whole=whole)
        await self._store.database.commit(unit)
        if whole:
            self._metrics.contacts_compared_at.set(now)
        took_s = round(now - (state.started_at or now))
        log.info("contacts.compared", whole=whole, took_s=took_s, **state.counts)

    # ------------------------------------------------------------------ one friend

    async def _compare(
        self, found: _Found, profile: Profile, friend: Friend, state: SyncState, as_of: float
    ) -> None:
        customer, run_at = profile.external_userid, state.started_at
        found.counts["seen"] += 1
        relation = await self._store.contacts.relation(friend.userid, customer)
        if relation is not None and relation.is_friend:
            self._store.contacts.seen(
                found.unit, relation, state=friend.state, add_way=friend.add_way, run_at=run_at
            )
        elif (at := began_unnoticed(relation, friend, as_of)) is not None:
            await self._restore(found, customer, friend, at, state)
        else:
            return
        await self._compare_tags(found, customer, friend, relation)

    async def _restore(
        self, found: _Found, customer: str, friend: Friend, at: float, state: SyncState
    ) -> None:
        """A friendship that no callback told of.

        One that is older than we are missed nothing; and one that an earlier comparison must have
        seen is no news: we have forgotten it since, as we do when somebody asks us to.
        """
        found.counts["restored"] += 1
        seen_before = (state.succeeded_at or 0.0) - _DAY_S
        if state.since is not None and at > max(state.since, seen_before):
            found.counts["welcome_missed"] += 1
            found.arrivals.append(missed(customer, friend, at))
            return
        await self._store.vault.ready([Conversation("", customer).subject])
        event = CustomerAdded(
            userid=friend.userid, external_userid=customer, state=friend.state, at=at
        )
        self._store.contacts.happened(found.unit, event, self._clock.now())

    async def _compare_tags(
        self, found: _Found, customer: str, friend: Friend, relation: Relation | None
    ) -> None:
        shown = frozenset((await self._store.corp_tags.get(friend.tag_ids)).keys())
        marks = await self._store.marks.of(friend.userid, customer)
        on = frozenset(one for one, mark in marks.items() if mark.status == THERE)
        now = self._clock.now()
        if relation is None or relation.tags_known_at is None:
            read = bool(shown or await self._wanted(customer, now))
        else:
            read = shown != on
        if read:
            found.drafts[customer] = projection(customer, now, read=True)
        elif customer not in found.drafts and await self._differs(customer, on, now):
            found.drafts[customer] = projection(customer, now)
        found.counts["differing"] += customer in found.drafts

    async def _wanted(self, customer: str, now: float) -> set[str]:
        settings = self._store.tags.settings
        if not settings.project:
            return set()
        names = await self._store.tags.names_of(customer, now)
        return {name for name in names if settings.group(group_of(name)).project}

    async def _differs(self, customer: str, on: Iterable[str], now: float) -> bool:
        if not self._store.tags.settings.project:
            return False
        settings = self._store.tags.settings
        there = {
            tag.full_name
            for tag in (await self._store.corp_tags.get(on)).values()
            if settings.group(tag.group_name).project
        }
        return there != await self._wanted(customer, now)

    # ------------------------------------------------------------------ who is gone

    async def _look_for_gone(
        self, api: ContactApi, found: _Found, member: str, state: SyncState
    ) -> None:
        """Friends whom no page has shown: gone, once the list and the customer agree."""
        unseen = await self._store.contacts.unseen(member, state.started_at or 0.0, MOST_GONE)
        if not unseen:
            return
        listed = await self._listed(api, member)
        for relation in unseen:
            if relation.external_userid not in listed and await self._is_gone(api, relation):
                found.counts["gone"] += 1
                found.arrivals.append(_deleted(relation, self._clock.now()))

    async def _listed(self, api: ContactApi, member: str) -> set[str]:
        try:
            return set(await api.contacts.customers_of(member))
        except NotFriends:
            return set()

    async def _is_gone(self, api: ContactApi, relation: Relation) -> bool:
        try:
            contact = await api.contacts.get(relation.external_userid)
        except NotFriends:
            return True
        return not _has(contact, relation.userid)


def _has(contact: Contact, userid: str) -> bool:
    return any(friend.userid.lower() == userid for friend in contact.friends)


def _deleted(relation: Relation, now: float) -> Arrival:
    event = CustomerDeleted(
        userid=relation.userid, external_userid=relation.external_userid, by="unknown", at=now
    )
    return Arrival(
        Conversation("", relation.external_userid).subject,
        event,
        Lane.BACKGROUND,
        key=f"gone:{relation.userid}:{relation.external_userid}:{relation.version:.0f}",
        sent_at=now,
    )
