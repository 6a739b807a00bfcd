"""How is the company's library of corp tags followed, and extended on demand?"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import structlog

from bot.delivery.contact_access import ContactAccess, ContactApi
from bot.delivery.outcomes import Ended, Outcome
from bot.delivery.projections import post_projection, projection
from bot.errors import NameTaken, NotAuthorised, Rejected, UnknownTag
from bot.model import Lane
from bot.model.tags import COLON
from bot.ports import Clock
from bot.store import CorpTag, Parcel, Store, TagRuns, Unit
from bot.wecom.limits import platform_limits
from bot.wecom.tags import LibraryTag, fits

log = structlog.get_logger(__name__)

LEFT_ALONE_S = 3600.0
"""How long a name is not tried again that WeCom did not take."""

_AT_ONCE = 100
_CUSTOMERS_AT_ONCE = 500
_DAY_S = 86_400.0


class CorpLibrary:
    """Our mirror of the corp tags. One reading at a time; the mirror follows what is read."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._runs = TagRuns(store)
        self._reading = asyncio.Lock()
        self._left_alone: dict[str, float] = {}

    async def refresh(self, api: ContactApi) -> None:
        """Read the whole library.

        Raises:
            WeComError: as the client; nothing is changed then.
        """
        async with self._reading:
            await self._refresh(api)

    async def look_after(self) -> list[str]:
        """Let every customer be compared whose tag people have renamed or deleted.

        Who they are follows from the rows, so that nobody is forgotten when this dies half-way.

        Returns:
            The queues that have something to send.
        """
        after, queues = "", []
        while customers := await self._store.marks.outdated(after, _CUSTOMERS_AT_ONCE):
            unit = Unit()
            for one in customers:
                draft = projection(one, self._now)
                await post_projection(self._store, unit, draft, self._now)
                queues.append(draft.queue)
            await self._store.database.commit(unit)
            after = customers[-1]
        return queues

    async def follow_run(self, api: ContactApi, old: str, new: str) -> bool:
        """Give the corp tag of one name another one, where that does.

        It does within one group, while nobody has the old name in our books and no tag has the new
        one; a tag that people made stays as it is called.

        Raises:
            WeComError: as the client.
        """
        async with self._reading:
            return await self._rename(api, old, new)

    async def _rename(self, api: ContactApi, old: str, new: str) -> bool:
        tag, (group, _, name) = await self._known(old), new.partition(COLON)
        if not _exists(tag) or _exists(await self._known(new)) or not fits(name):
            return False
        assert tag is not None
        if tag.group_name != group or not tag.ours or await self._store.tags.are_on(old):
            return False
        try:
            await api.library.rename(tag.tag_id, name)
        except (UnknownTag, NameTaken) as error:  # people were faster
            log.info("corp_tags.not_renamed", group=group, errcode=error.errcode)
            await self._refresh(api)
            return False
        unit = Unit()
        self._store.corp_tags.rename(unit, tag.tag_id, name)
        await self._store.database.commit(unit)
        log.info("corp_tags.renamed", group=group)
        return True

    async def retire(self, api: ContactApi, tag: CorpTag) -> None:
        """Delete a corp tag that we made; one that is gone already is gone.

        Raises:
            WeComError: as the client.
        """
        async with self._reading:
            unit = Unit()  # first, so that nobody takes it for people's deed
            self._store.corp_tags.delete(unit, [tag.tag_id], self._now, by="us")
            await self._store.database.commit(unit)
            try:
                await api.library.delete([tag.tag_id])
            except UnknownTag:
                log.info("corp_tags.gone_already", group=tag.group_name)
            else:
                log.info("corp_tags.deleted", group=tag.group_name)

    async def ids_of(self, api: ContactApi, names: Iterable[str]) -> dict[str, str]:
        """The tag ids of these names, made where there are none; what cannot be is left out.

        Raises:
            WeComError: as the client.
        """
        found = {name: await self._known(name) for name in sorted(names)}
        missing = [name for name, tag in found.items() if await self._may_make(name, tag)]
        if missing:
            async with self._reading:
                await self._refresh(api)
                for name in missing:
                    if moved := await self._runs.instead_of(name):
                        await self._rename(api, moved[0], name)
                still = [name for name in missing if not _exists(await self._known(name))]
                for group, tags in _by_group(still).items():
                    await self._make(api, group, tags)
            found |= {name: await self._known(name) for name in missing}
        return {name: tag.tag_id for name, tag in found.items() if tag and _exists(tag)}

    async def _known(self, name: str) -> CorpTag | None:
        group, _, tag = name.partition(COLON)
        named = await self._store.corp_tags.named(group, tag)
        return named[0] if named else None

    async def _may_make(self, name: str, known: CorpTag | None) -> bool:
        now, sticky_s = self._clock.now(), self._store.tags.settings.sticky_days * _DAY_S
        if _exists(known) or now < self._left_alone.get(name, 0.0):
            return False
        if known is not None and known.deleted_by == "people":
            return now - (known.deleted_at or 0.0) >= sticky_s  # people do not want it
        return all(map(fits, name.split(COLON, 1)))

    async def _make(self, api: ContactApi, group: str, names: Sequence[str]) -> None:
        limits = platform_limits().contact
        room = max(0, limits.tags - len(await self._store.corp_tags.all()))
        if len(names) > room:
            log.error("corp_tags.full", group=group, most=limits.tags)
            self._leave_alone(group, names[room:])
        for begin in range(0, min(len(names), room), limits.tags_per_add):
            some = names[:room][begin : begin + limits.tags_per_add]
            try:
                made = await self._add(api, group, some)
            except NameTaken:  # somebody was faster, or WeCom shows us only a part
                await self._refresh(api)
                absent = [
                    name for name in some if not _exists(await self._known(f"{group}{COLON}{name}"))
                ]
                self._leave_alone(group, absent)
                continue
            except NotAuthorised:
                raise
            except Rejected as error:
                log.error("corp_tags.not_made", group=group, tags=len(some), error=str(error))
                self._leave_alone(group, some)
                continue
            unit = Unit()
            self._store.corp_tags.keep(unit, [_tag(one, ours=True) for one in made], self._now)
            await self._store.database.commit(unit)
            log.info("corp_tags.made", group=group, tags=len(made))

    async def _add(self, api: ContactApi, group: str, names: Sequence[str]) -> list[LibraryTag]:
        tags = await self._store.corp_tags.all()
        group_id = next((one.group_id for one in tags if one.group_name == group), "")
        return await api.library.add(group, names, group_id=group_id)

    def _leave_alone(self, group: str, names: Iterable[str]) -> None:
        until = self._now + LEFT_ALONE_S
        self._left_alone |= {f"{group}{COLON}{name}": until for name in names}

    @property
    def _now(self) -> float:
        return self._clock.now()

    # ------------------------------------------------------------------ what people changed

    async def _refresh(self, api: ContactApi) -> None:
        listed = {one.tag_id: one for one in await api.library.read()}
        known = {one.tag_id: one for one in await self._store.corp_tags.all()}
        gone = await self._confirmed_gone(api, [one for one in known if one not in listed])
        renamed = [
            tag_id
            for tag_id, tag in known.items()
            if (now := listed.get(tag_id)) is not None
            and (now.group_name, now.name) != (tag.group_name, tag.name)
        ]
        if gone or renamed:
            log.info("corp_tags.changed_by_people", deleted=len(gone), renamed=len(renamed))
        unit, now_s = Unit(), self._now
        fresh = [_tag(one) for one in listed.values() if _differs(one, known.get(one.tag_id))]
        self._store.corp_tags.keep(unit, fresh, now_s)
        self._store.corp_tags.delete(unit, gone, now_s, by="people")
        self._store.contact_sync.tags_read(unit, now_s)
        await self._store.database.commit(unit)

    async def _confirmed_gone(self, api: ContactApi, missing: Sequence[str]) -> list[str]:
        """Those that WeCom calls deleted when it is asked by id: a short list proves nothing."""
        gone: list[str] = []
        for begin in range(0, len(missing), _AT_ONCE):
            some = missing[begin : begin + _AT_ONCE]
            try:
                answered = {one.tag_id: one for one in await api.library.read_some(some)}
            except UnknownTag:
                if len(some) == 1:
                    gone += some
                else:
                    for one in some:
                        gone += await self._confirmed_gone(api, [one])
                continue
            gone += [one for one in some if one not in answered or answered[one].deleted]
        return gone


class LibraryCourier:
    """Reads the library when people have changed it; a repeat reads once more.

    Args:
        wake: told which queues have something to send.
    """

    def __init__(
        self,
        store: Store,
        access: ContactAccess,
        library: CorpLibrary,
        clock: Clock,
        wake: Callable[[str, Lane], None],
    ) -> None:
        self._store, self._access, self._library = store, access, library
        self._clock, self._wake = clock, wake

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Follow what people changed."""
        await self._store.outbox.claim(parcel, self._clock.now())
        state = await self._store.contact_sync.state()
        try:
            api = await self._access.api()
            if api is None:
                return Ended("sent", result={"skipped": "not permitted"})
            if state.tags_read_at <= parcel.created_at:
                await self._library.refresh(api)
        except NotAuthorised as error:
            await self._access.refused(error)
            return Ended("cancelled", error=str(error), errcode=error.errcode)
        for queue in await self._library.look_after():
            self._wake(queue, Lane.BACKGROUND)
        return Ended("sent")


def _by_group(names: Iterable[str]) -> dict[str, list[str]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        group, _, tag = name.partition(COLON)
        groups[group].append(tag)
    return groups


def _exists(tag: CorpTag | None) -> bool:
    return tag is not None and tag.deleted_at is None


def _differs(listed: LibraryTag, known: CorpTag | None) -> bool:
    return known is None or _tag(listed).full_name != known.full_name


def _tag(one: LibraryTag, *, ours: bool = False) -> CorpTag:
    return CorpTag(
        tag_id=one.tag_id,
        group_id=one.group_id,
        group_name=one.group_name,
        name=one.name,
        created_at=one.created_at,
        ours=ours,
    )
