"""What does a member see of the customer group beside which he opened the page (wecom-api §6.8)?

Its name and owner, and of its customers those that he may see anyway. WeCom is asked who is in it;
what the browser says is only which group is meant.
"""

import re
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from aiohttp import web

from bot.errors import ConciergeError, NotAuthorised, Rejected, Throttled
from bot.policy.roles import Who
from bot.policy.seeing import Sight
from bot.ports import Clock
from bot.web.door import Visitor
from bot.web.sidebar.endpoint import PATH, SidebarEndpoint
from bot.web.sidebar.reading import CaseView
from bot.wecom.groups import GroupInfo

SHOWN = 50
KNOWN_FOR_S = 60.0
"""So long who has left a group may still see it."""

ASKED_PER_MINUTE = 120
_REMEMBERED = 1000
_ID = re.compile(r"[A-Za-z0-9_\-]{1,64}", re.ASCII)

log = structlog.get_logger(__name__)

Read = Callable[[str], Awaitable[GroupInfo]]


class KnownGroups:
    """Who is in which group, asked at WeCom at most once a minute, what does not exist too.

    Args:
        read: asks WeCom.
    """

    def __init__(self, read: Read, clock: Clock) -> None:
        self._read, self._clock = read, clock
        self._known: OrderedDict[str, tuple[float, GroupInfo | None]] = OrderedDict()
        self._asked: deque[float] = deque()

    async def get(self, chat_id: str) -> GroupInfo | None:
        """The group, ``None`` = there is none of this id.

        Raises:
            ConciergeError: that cannot be known now.
        """
        now = self._clock.now()
        at, known = self._known.get(chat_id, (0.0, None))
        if at > now - KNOWN_FOR_S:
            return known
        self._may_ask(now)
        try:
            found: GroupInfo | None = await self._read(chat_id)
        except NotAuthorised:
            raise
        except Rejected:
            found = None
        self._known[chat_id] = now, found
        self._known.move_to_end(chat_id)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return found

    def _may_ask(self, now: float) -> None:
        while self._asked and self._asked[0] <= now - 60:
            self._asked.popleft()
        if len(self._asked) >= ASKED_PER_MINUTE:
            raise Throttled(PATH, 0, "more groups than a minute allows")
        self._asked.append(now)


@dataclass(frozen=True, slots=True)
class GroupCustomer:
    """A customer in the group that this member may see."""

    name: str
    external_userid: str
    tags: tuple[str, ...]
    case: CaseView | None


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group as one member sees it.

    Args:
        owner: his name.
        seen: how many of its customers this member may see; `customers` are the first of them.
    """

    name: str
    owner: str
    is_mine: bool
    staff: int
    total: int
    seen: int
    customers: tuple[GroupCustomer, ...]


class GroupPage:
    """The page beside a group.

    Args:
        looked: told that a member looks at a group, and why he may.
    """

    def __init__(
        self,
        sidebar: SidebarEndpoint,
        groups: KnownGroups,
        looked: Callable[[Visitor, str, str], Awaitable[object]],
    ) -> None:
        self._sidebar, self._groups, self._looked = sidebar, groups, looked

    def routes(self) -> list[web.AbstractRouteDef]:
        """What to add to the application's router."""
        read = self._sidebar.door.read(self._group)
        return [web.get(f"{PATH}/group", read, allow_head=False)]

    async def _group(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        chat_id, part = request.query.get("chat_id", ""), self._sidebar.part
        if not _ID.fullmatch(chat_id):
            return part("no_group.html", status=404)
        try:
            found = await self._groups.get(chat_id)
        except ConciergeError as error:
            log.warning("group.unknown", error=type(error).__name__)
            return part("group.html", group=None, chat_id=chat_id)
        why = self._sidebar.parts.seeing.group(visitor.who, found.staff) if found else ""
        if found is None or not why:
            return part("no_group.html", status=404)
        await self._looked(visitor, f"group:{chat_id}", why)
        now, phrases = self._sidebar.clock.now(), self._sidebar.parts.reader.phrases
        view = await self._view(visitor.who, found, now)
        return part("group.html", group=view, chat_id=chat_id, now=now, phrases=phrases)

    async def _view(self, who: Who, group: GroupInfo, now: float) -> GroupView:
        seeing, reader = self._sidebar.parts.seeing, self._sidebar.parts.reader
        sights = [
            sight for one in group.customers if (sight := await seeing.sight(who, one)) is not None
        ]
        sights.sort(key=_urgency)
        return GroupView(
            name=group.name,
            owner=reader.people.name_of(group.owner) if group.owner else "",
            is_mine=group.owner.lower() == who.key,
            staff=len(group.staff),
            total=len(group.customers),
            seen=len(sights),
            customers=tuple([await self._customer(who, one, now) for one in sights[:SHOWN]]),
        )

    async def _customer(self, who: Who, sight: Sight, now: float) -> GroupCustomer:
        reader = self._sidebar.parts.reader
        person = await reader.person(sight.external_userid, now)
        tags = tuple(one.tag.name for one in person.tags[:3])
        return GroupCustomer(person.name, sight.external_userid, tags, reader.case(who, sight.case))


def _urgency(sight: Sight) -> tuple[bool, float]:
    """Whoever has a case first, whoever has waited longest before the others."""
    case = sight.case
    if case is None:
        return True, 0.0
    return False, case.waiting_since or case.wanted_at or case.active_at
