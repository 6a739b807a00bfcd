"""Which parts is the sidebar made of, and from where may it be reached?"""

import asyncio
from collections import OrderedDict
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from bot.app.content import bases_of
from bot.app.engine import Engine
from bot.app.reviewing import Reviewing
from bot.app.service import Concierge
from bot.delivery.pictures import Pictures
from bot.delivery.remarking import Remarks
from bot.errors import Misconfigured, NotAuthorised, WeComError
from bot.policy.roles import People
from bot.policy.seeing import Seeing, Sight
from bot.routing.panels import Panels
from bot.store import AuditEntry, Unit
from bot.web.acting import Acting
from bot.web.door import Door, Visitor
from bot.web.headers import page_headers
from bot.web.links import LinksEndpoint
from bot.web.sidebar.at_hand import AtHand
from bot.web.sidebar.beside import Beside
from bot.web.sidebar.consenting import ConsentQuestion
from bot.web.sidebar.contributing import ContributionDesk, Contributions
from bot.web.sidebar.endpoint import Page, Parts, SidebarEndpoint, root_of
from bot.web.sidebar.group import GroupPage, KnownGroups
from bot.web.sidebar.learning import Lessons
from bot.web.sidebar.materials import MaterialShelf
from bot.web.sidebar.reading import Reader
from bot.web.sidebar.remarks import RemarkForm
from bot.web.sidebar.rendering import Pages
from bot.web.sidebar.shelf import Shelf
from bot.web.signing_in import SigningIn
from bot.web.till.endpoint import TillEndpoint
from bot.wecom.apis import GROUP_GET
from bot.wecom.groups import GroupInfo
from bot.wecom.jssdk import JsSdk
from bot.wecom.kf import Kf
from bot.wecom.media import TemporaryMedia
from bot.wecom.oauth import SignIn

LOOK_NOTED_EVERY_S = 900.0
_REMEMBERED = 10_000

log = structlog.get_logger(__name__)


def sidebar_routes(concierge: Concierge, rehearsal: str = "") -> list[web.AbstractRouteDef]:
    """The sidebar's routes; none where browsers do not know under which address they reach us.

    Args:
        rehearsal: address of a simulator at which members sign in and in whose desk the page is
            shown; only a demo has one.

    Raises:
        Misconfigured: a rehearsal where the world can reach us.
    """
    engine, config = concierge.engine, concierge.engine.config
    public_url = config.server.public_url
    if rehearsal and public_url:
        raise Misconfigured("server.public_url: a demo's sign-in is not served to the world")
    if not rehearsal and not public_url:
        return []
    people, store, clock = People(config.staff), engine.store, engine.clock
    outside = (rehearsal,) if rehearsal else ()
    door = Door(
        store.web_sessions,
        people,
        clock,
        public_url=public_url,
        headers=page_headers(scripts=outside, frames=outside),
    )
    pages = Pages(ZoneInfo(config.timezone), root_of(public_url))
    corp_id, agent_id = config.wecom.corp_id, config.wecom.agent_id
    sign_in = SignIn(concierge.client, corp_id, agent_id)
    if rehearsal:
        authorize = f"{rehearsal}/connect/oauth2/authorize"
        sign_in = SignIn(concierge.client, corp_id, agent_id, authorize, scan="")
    looks = Looks(engine, concierge)
    parts = Parts(
        door=door,
        signing_in=SigningIn(door, sign_in, clock, pages.render("failed.html")),
        pages=pages,
        reader=Reader(
            *(store, people, Panels(engine.routers, engine.supplies), engine.phrases),
            *(engine.suggester, ZoneInfo(engine.config.timezone)),
        ),
        seeing=Seeing(store, people, clock),
        acting=Acting(store, concierge.live, clock, concierge.woken),
        jssdk=JsSdk(concierge.client, clock.now, concierge.tokens.credentials),
        live=concierge.live,
        page=Page(corp_id, agent_id, f"{rehearsal}/page/host.js" if rehearsal else ""),
        clock=clock,
        looked=looks.looked,
        close_reasons=tuple(config.escalation.close_reasons),
        drafts=engine.model is not None,
    )
    return _routes(concierge, SidebarEndpoint(parts), looks)


def _routes(
    concierge: Concierge, sidebar: SidebarEndpoint, looks: "Looks"
) -> list[web.AbstractRouteDef]:
    """Of the sidebar and of all that stands beside it."""
    engine, config, client = concierge.engine, concierge.engine.config, concierge.client
    store, clock, bases = engine.store, engine.clock, bases_of(config)
    lessons = Lessons(store, engine.library, engine.guard, lambda kf: kf if kf in bases else "")
    files = Pictures(store, TemporaryMedia(client), clock, client.fetch_elsewhere)
    known = KnownGroups(lambda chat_id: _read_group(concierge, chat_id), clock)
    endpoints = (
        sidebar,
        Shelf(sidebar, AtHand(engine.library), lessons, config.company.name or ""),
        Beside(sidebar, Reviewing(store, sidebar.parts.seeing, engine.phrases).waiting),
        MaterialShelf(sidebar, AtHand(engine.library), files),
        ContributionDesk(sidebar, Contributions(store, lessons.base_of)),
        ConsentQuestion(sidebar, config.consent),
        RemarkForm(sidebar, Remarks(concierge.contacts).of),
        _till(concierge, sidebar),
        LinksEndpoint(store, clock, concierge.woken),
        GroupPage(sidebar, known, looks.noted),
    )
    return [route for one in endpoints for route in one.routes()]


async def _read_group(concierge: Concierge, chat_id: str) -> GroupInfo:
    """Who is in a group, as whoever WeCom lets ask.

    Raises:
        NotAuthorised: nobody of us.
    """
    api = await concierge.contacts.api()
    if api is None:
        raise NotAuthorised(GROUP_GET.path, 0, "no permission for customer contact")
    return await api.groups.get(chat_id)


def _till(concierge: Concierge, sidebar: SidebarEndpoint) -> TillEndpoint:
    """The till has the session and the sign-in of the sidebar."""
    engine, config = concierge.engine, concierge.engine.config
    zone, root = ZoneInfo(config.timezone), root_of(config.server.public_url)
    return TillEndpoint(engine.store, engine.clock, sidebar.parts.signing_in, zone=zone, root=root)


class Looks:
    """What happens because somebody looks at a customer."""

    def __init__(self, engine: Engine, concierge: Concierge) -> None:
        self._engine, self._concierge = engine, concierge
        self._kf = Kf(concierge.client)
        self._noted: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._asking: set[asyncio.Task[None]] = set()

    async def looked(self, visitor: Visitor, sight: Sight) -> None:
        """Write it into the audit now and then, and have the nickname fetched if it is missing."""
        is_new = await self.noted(visitor, f"customer:{sight.external_userid}", sight.why)
        if is_new and sight.conversation is not None:
            task = asyncio.create_task(self._fetch_name(sight))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def noted(self, visitor: Visitor, subject: str, why: str) -> bool:
        """Write a look into the audit, unless the same one was a moment ago."""
        now, key = self._engine.clock.now(), (visitor.who.key, subject)
        if self._noted.get(key, 0.0) > now - LOOK_NOTED_EVERY_S:
            return False
        self._noted[key] = now
        self._noted.move_to_end(key)
        while len(self._noted) > _REMEMBERED:
            self._noted.popitem(last=False)
        unit = Unit()
        entry = AuditEntry(
            at=now,
            actor=f"staff:{visitor.who.userid}",
            action=f"{subject.partition(':')[0]}.seen",
            subject=subject,
            why=why,
        )
        self._engine.store.audit.note(unit, entry)
        await self._engine.store.database.commit(unit)
        return True

    async def _fetch_name(self, sight: Sight) -> None:
        known = self._engine.fetched.nickname
        assert sight.conversation is not None
        if await known.is_fresh(sight.conversation):
            return
        try:
            told = await self._kf.batch_get_customers([sight.external_userid])
        except WeComError as error:
            log.warning("nickname.unknown", error=type(error).__name__)
            return
        mine = [one.nickname for one in told if one.external_userid == sight.external_userid]
        await known.keep(sight.external_userid, mine[0].strip() if mine else "")
        self._concierge.live.changed(f"customer:{sight.external_userid}")
