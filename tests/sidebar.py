"""How does a test open the sidebar as somebody? The real endpoint over a played conversation."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from aiohttp import ClientResponse, TCPConnector, web
from aiohttp.test_utils import TestClient, TestServer

from bot.errors import Rejected
from bot.model import Lane
from bot.policy.roles import People
from bot.policy.seeing import Seeing
from bot.routing.live import Live
from bot.routing.panels import Panels
from bot.web.acting import Acting
from bot.web.door import TOKEN_HEADER, Door
from bot.web.headers import page_headers
from bot.web.sidebar.at_hand import AtHand
from bot.web.sidebar.endpoint import Page, Parts, SidebarEndpoint
from bot.web.sidebar.learning import Lessons
from bot.web.sidebar.materials import MaterialShelf
from bot.web.sidebar.reading import Reader
from bot.web.sidebar.rendering import Pages
from bot.web.sidebar.shelf import Shelf
from bot.web.signing_in import BACK, SigningIn
from bot.wecom.apis import USER_INFO, Api
from bot.wecom.client import WeComClient
from bot.wecom.jssdk import JsSdk
from bot.wecom.oauth import SignIn
from tests.talk import Chat

PUBLIC = "https://kf.example.com"
STAFF = [
    {"userid": "zhangsan", "name": "张敏", "level": "junior", "unit": "华东/南京路店"},
    {"userid": "lisi", "name": "李航", "level": "expert", "unit": "华东"},
    {"userid": "boss", "name": "陈总", "level": "leader"},
    {
        "userid": "south",
        "name": "华南主管",
        "level": "leader",
        "unit": "华南",
        "accounts": ["wk_x"],
    },
    {
        "userid": "editor",
        "name": "编辑",
        "level": "junior",
        "capacity": 0,
        "accounts": ["wk_x"],
        "duties": ["operator"],
    },
    {
        "userid": "audit",
        "name": "审计",
        "level": "junior",
        "capacity": 0,
        "accounts": ["wk_x"],
        "duties": ["auditor"],
    },
]


class PlayedSignIn(WeComClient):
    """Gives userids for codes, each once, and tickets; read `calls`."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}
        self.calls: list[str] = []

    async def call(
        self, api: Api, *, params: Mapping[str, str] | None = None, body: Any = None
    ) -> dict[str, Any]:
        """As WeCom answers (wecom-api §6.3, §6.4)."""
        self.calls.append(api.path)
        if api is not USER_INFO:
            return {"ticket": f"ticket-of-{api.path}", "expires_in": 7200}
        userid = self.codes.pop((params or {}).get("code", ""), None)
        if userid is None:
            raise Rejected(api.path, 40029, "invalid code")
        return {"openid": "o1"} if userid == "a customer" else {"userid": userid}


class PlayedFiles:
    """Takes every file; read `uploaded`, fail through `failures`."""

    def __init__(self) -> None:
        self.uploaded: list[tuple[str, str]] = []
        self.failures: list[Exception] = []

    async def media_id(self, source: str, kind: str = "image") -> str:
        """A made id."""
        if self.failures:
            raise self.failures.pop(0)
        self.uploaded.append((kind, source))
        return f"media-{len(self.uploaded)}"

    async def address(self, source: str) -> str:
        """Its own address, or a made one."""
        return source if source.startswith("http") else "https://pics.example.com/1.png"


class Browser:
    """One browser: keeps cookies as it is told to, and shows the page's token with writes."""

    def __init__(self, office: "Office") -> None:
        self.office, self.cookies = office, dict[str, str]()
        self.token, self.client_ids = "", 0

    async def get(self, path: str, **query: str) -> ClientResponse:
        return await self.request("GET", path, params=query)

    async def post(
        self, path: str, form: dict[str, str], headers: Mapping[str, str] | None = None
    ) -> ClientResponse:
        given = {TOKEN_HEADER: self.token, "Origin": PUBLIC}
        return await self.request("POST", path, data=form, headers=given | dict(headers or {}))

    async def request(self, method: str, path: str, **more: Any) -> ClientResponse:
        headers = dict(more.pop("headers", {}))
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        answer: ClientResponse = await self.office.client.request(
            method, path, allow_redirects=False, headers=headers, **more
        )
        for line in answer.headers.getall("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    async def leaves_for_wecom(self, path: str = "/sidebar") -> str:
        """Open a page without a session; returns the state that WeCom is shown."""
        answer = await self.get(path)
        assert answer.status == 302
        return parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]

    async def signs_in(self, userid: str, path: str = "/sidebar") -> str:
        """Sign in; returns where the browser was sent."""
        state = await self.leaves_for_wecom(path)
        code = f"code-{len(self.office.wecom.calls)}-{userid}"
        self.office.wecom.codes[code] = userid
        answer = await self.get(BACK, code=code, state=state)
        assert answer.status == 302, await answer.text()
        text = await (await self.get("/sidebar")).text()
        found = re.search(r'data-token="([0-9a-f]{64})"', text)
        assert found
        self.token = found[1]
        return answer.headers["Location"]

    async def does(self, name: str, /, **form: str) -> ClientResponse:
        """Post an action about the customer of the chat."""
        self.client_ids += 1
        given = self.office.about | {"client_id": f"client-{self.client_ids:08d}"}
        return await self.post(f"/sidebar/{name}", given | form)

    async def sees(self, name: str = "panel", **query: str) -> str:
        """A part of the page about the customer of the chat."""
        answer = await self.get(f"/sidebar/{name}", **(self.office.about | query))
        assert answer.status == 200, f"{answer.status} {await answer.text()}"
        return await answer.text()


class Office:
    """The sidebar of one chat. Open a `browser`; `settles` does what actions have brought about."""

    def __init__(self, chat: Chat, client: Any, wecom: PlayedSignIn, live: Live) -> None:
        self.chat, self.client, self.wecom, self.live = chat, client, wecom, live
        where = chat.conversation
        self.addresses: set[str] = set()
        self.files = PlayedFiles()
        self.about = {"customer": where.external_userid, "open_kfid": where.open_kfid}

    def browser(self) -> Browser:
        return Browser(self)

    async def signed_in(self, userid: str) -> Browser:
        browser = self.browser()
        await browser.signs_in(userid)
        return browser


@asynccontextmanager
async def opened_office(chat: Chat) -> AsyncIterator[Office]:
    """The sidebar's endpoint over the engine of a chat, its actions handled at once."""
    engine, live, wecom = chat.engine, Live(), PlayedSignIn()
    working: set[asyncio.Task[None]] = set()

    async def work(subject: str) -> None:
        await chat.dialogue.catch_up()
        live.changed(subject)

    def woken(subject: str, _lane: Lane) -> None:
        task = asyncio.create_task(work(subject))
        working.add(task)
        task.add_done_callback(working.discard)

    async def looked(*_about: object) -> None:
        pass

    people, pages = People(engine.config.staff), Pages(ZoneInfo("Asia/Shanghai"))
    store, clock = engine.store, engine.clock
    door = Door(store.web_sessions, people, clock, public_url=PUBLIC, headers=page_headers())
    sign_in = SignIn(wecom, "ww1", 1000002)
    parts = Parts(
        door=door,
        signing_in=SigningIn(door, sign_in, clock, pages.render("failed.html")),
        pages=pages,
        reader=Reader(
            *(store, people, Panels(engine.routers, engine.supplies), engine.phrases),
            *(engine.suggester, ZoneInfo(engine.config.timezone)),
        ),
        seeing=Seeing(store, people),
        acting=Acting(store, live, clock, woken),
        jssdk=JsSdk(wecom, clock.now),
        live=live,
        page=Page("ww1", 1000002),
        clock=clock,
        looked=looked,
        close_reasons=tuple(engine.config.escalation.close_reasons),
    )
    app = web.Application()
    sidebar = SidebarEndpoint(parts)
    lessons = Lessons(store, engine.library, engine.guard, lambda _account: "")
    shelf = Shelf(sidebar, AtHand(store, engine.library), lessons, "云栖优选")
    files = PlayedFiles()
    materials = MaterialShelf(sidebar, AtHand(store, engine.library), files)
    app.add_routes([*sidebar.routes(), *shelf.routes(), *materials.routes()])
    async with TestClient(TestServer(app), connector=TCPConnector(limit=0)) as client:
        office = Office(chat, client, wecom, live)
        office.files = files
        office.addresses = {one.canonical for one in app.router.resources()}
        yield office
        live.close()
        await asyncio.gather(*working, return_exceptions=True)
