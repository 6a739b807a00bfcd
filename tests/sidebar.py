"""How does a test open the sidebar as somebody? The real endpoint over a played conversation."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlsplit

from aiohttp import ClientResponse, TCPConnector, web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from bot.app import Concierge, web_app
from bot.delivery.contact_access import ContactAccess, ContactApi
from bot.errors import Rejected
from bot.model import Lane
from bot.redis import Alone
from bot.routing.live import Live
from bot.web.door import TOKEN_HEADER
from bot.web.signing_in import BACK
from bot.wecom.apis import GROUP_GET, KF_CUSTOMERS, USER_INFO, Api
from bot.wecom.client import WeComClient
from bot.wecom.tokens import AccessTokens
from tests.talk import Chat

if TYPE_CHECKING:
    from bot.delivery.intake import DurableIntake
    from bot.delivery.service import Service
    from bot.wecom.transport import Transport

PUBLIC = "https://kf.example.com"
STAFF: list[dict[str, Any]] = [
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
    """Gives userids for codes, each once, tickets, ids for files, and who is in `groups`.

    Read `calls`, `uploaded`. Make uploads fail through `failures`; `trouble` is what asking for a
    group raises.
    """

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}
        self.groups: dict[str, tuple[str, list[str], list[str]]] = {}
        self.trouble: Exception | None = None
        self.calls: list[str] = []
        self.uploaded: list[tuple[str, str]] = []
        self.failures: list[Exception] = []

    async def upload(
        self, api: Api, *, params: Mapping[str, str], filename: str, content: bytes
    ) -> dict[str, Any]:
        """As WeCom answers (wecom-api §1.9)."""
        if self.failures:
            raise self.failures.pop(0)
        self.uploaded.append((params.get("type", "picture for good"), filename))
        n = len(self.uploaded)
        return {"media_id": f"media-{n}", "url": f"https://pics.example.com/{n}.png"}

    async def call(
        self, api: Api, *, params: Mapping[str, str] | None = None, body: Any = None
    ) -> dict[str, Any]:
        """As WeCom answers (wecom-api §6.3, §6.4)."""
        self.calls.append(api.path)
        if api is KF_CUSTOMERS:
            return {"customer_list": []}
        if api is GROUP_GET:
            return self._group(str((body or {}).get("chat_id")))
        if api is not USER_INFO:
            return {"ticket": f"ticket-of-{api.path}", "expires_in": 7200}
        userid = self.codes.pop((params or {}).get("code", ""), None)
        if userid is None:
            raise Rejected(api.path, 40029, "invalid code")
        return {"openid": "o1"} if userid == "a customer" else {"userid": userid}

    def _group(self, chat_id: str) -> dict[str, Any]:
        if self.trouble is not None:
            raise self.trouble
        if chat_id not in self.groups:
            raise Rejected(GROUP_GET.path, 40050, "no such chat")
        owner, staff, customers = self.groups[chat_id]
        inside = [{"userid": one, "type": 1, "join_time": 1} for one in (owner, *staff)]
        inside += [
            {"userid": one, "type": 2, "join_time": at} for at, one in enumerate(customers, 1)
        ]
        about = {"chat_id": chat_id, "name": "福利群", "owner": owner}
        return {"group_chat": about | {"member_list": inside}}


class Browser:
    """One browser: keeps cookies as it is told to, and shows the page's token with writes."""

    def __init__(self, office: "Office") -> None:
        self.office, self.cookies = office, dict[str, str]()
        self.token, self.client_ids = "", 0

    async def get(self, path: str, /, **query: str) -> ClientResponse:
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

    async def sees(self, part: str = "panel", /, **query: str) -> str:
        """A part of the page about the customer of the chat."""
        answer = await self.get(f"/sidebar/{part}", **(self.office.about | query))
        assert answer.status == 200, f"{answer.status} {await answer.text()}"
        return await answer.text()


class Office:
    """The sidebar of one chat. Open a `browser`; `idle` waits for what actions bring about."""

    def __init__(
        self, chat: Chat, client: Any, wecom: PlayedSignIn, live: Live, service: "FakeService"
    ) -> None:
        self.chat, self.client, self.wecom, self.live = chat, client, wecom, live
        self.idle = service.idle
        where = chat.conversation
        self.addresses: set[str] = set()
        self.about = {"customer": where.external_userid, "open_kfid": where.open_kfid}

    def browser(self) -> Browser:
        return Browser(self)

    async def signed_in(self, userid: str) -> Browser:
        browser = self.browser()
        await browser.signs_in(userid)
        return browser


class FakeAccess:
    """Lets the pages ask WeCom about customer contact; set `api_` to ``None`` for no permission."""

    def __init__(self, wecom: PlayedSignIn) -> None:
        self.api_: ContactApi | None = ContactApi.over(wecom)

    async def api(self) -> ContactApi | None:
        return self.api_


class FakeService:
    """Takes the place of the loops: whoever is woken is handled at once. Ask `idle` to wait."""

    def __init__(self, chat: Chat, live: Live) -> None:
        self._chat, self._live = chat, live
        self._working: set[asyncio.Task[None]] = set()

    def woken(self, subject: str, _lane: Lane) -> None:
        task = asyncio.create_task(self._work(subject))
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def idle(self) -> None:
        await asyncio.gather(*self._working, return_exceptions=True)

    async def _work(self, subject: str) -> None:
        await self._chat.dialogue.catch_up()
        self._live.changed(subject)


def served(chat: Chat, wecom: PlayedSignIn, live: Live, service: FakeService) -> web.Application:
    """The product's own pages, as `bot.app` makes them, over the engine of a chat."""
    config = chat.engine.config
    wecom_section = config.wecom.model_copy(
        update={
            "corp_id": "ww1",
            "agent_id": 1000002,
            "callback_token": SecretStr("token"),
            "callback_aes_key": SecretStr("a" * 43),
        }
    )
    key = {"api_token": SecretStr("t" * 32)}
    server = config.server.model_copy(update={"public_url": PUBLIC, **key})
    orders = config.orders.model_copy(update={"secret": SecretStr("s" * 32)})
    coupons = config.coupons.model_copy(update={"secret": SecretStr("c" * 32)})
    channels = config.channels.model_copy(update={"landing": True})
    sections = {"wecom": wecom_section, "server": server, "orders": orders, "channels": channels}
    sections["coupons"] = coupons
    config = config.model_copy(update=sections)
    concierge = Concierge(
        engine=replace(chat.engine, config=config),
        service=cast("Service", None),
        intake=cast("DurableIntake", None),
        woken=service.woken,
        tokens=AccessTokens(cast("Transport", None), "ww1", "the-secret"),
        client=wecom,
        live=live,
        contacts=cast(ContactAccess, FakeAccess(wecom)),
    )
    return web_app(concierge)


@asynccontextmanager
async def opened_office(chat: Chat, wecom: PlayedSignIn | None = None) -> AsyncIterator[Office]:
    """The product's pages over the engine of a chat, their actions handled at once.

    Args:
        wecom: where members sign in, if several processes are to know the same codes.
    """
    live, wecom = Live(Alone()), wecom or PlayedSignIn()
    service = FakeService(chat, live)
    app = served(chat, wecom, live, service)
    async with TestClient(TestServer(app), connector=TCPConnector(limit=0)) as client:
        office = Office(chat, client, wecom, live, service)
        office.addresses = {
            f"{one.method} {one.resource.canonical}"
            for one in app.router.routes()
            if one.resource is not None and one.method != "HEAD"
        }
        yield office
        live.close()
        await service.idle()
