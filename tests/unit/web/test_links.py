"""A link of ours leads where it was made to lead, and is told of its customer only if he agrees."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.model import Attachment, Lane
from bot.model.consents import Purpose, Standing
from bot.store import Material, Sent, Unit
from bot.web import links
from bot.web.links import ONE_OPENING_S, LinksEndpoint
from tests.talk import Chat

Client = TestClient[web.Request, web.Application]
URL = "https://shop.example.com/help/returns?from=wx"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Mobile/15E148 MicroMessenger/8.0.49(0x1800312d) NetType/WIFI Language/zh_CN"
)


class Town:
    """The endpoint over the engine of a chat."""

    def __init__(self, chat: Chat, client: Client) -> None:
        self.chat, self.client = chat, client

    async def makes(self, url: str = URL, userid: str = "zhangsan") -> str:
        chat = self.chat
        where, unit = chat.conversation, Unit()
        sent = Sent("", where.external_userid, where.open_kfid, userid, "returns", None, None)
        token = await chat.store.links.make(unit, sent, url, chat.clock.now())
        await chat.store.database.commit(unit)
        return token

    async def opens(self, token: str, method: str = "GET", **headers: str) -> web.StreamResponse:
        given = {"User-Agent": PHONE} | headers
        answer = await self.client.request(
            method, f"/t/{token}", headers=given, allow_redirects=False
        )
        await self.chat.dialogue.catch_up()
        return answer  # type: ignore[return-value]  # has the same status and headers

    @property
    def opened(self) -> int:
        return len(self.chat.store.database.read_sync("SELECT * FROM link_opens"))

    @property
    def counted(self) -> int:
        return int(self.chat.store.database.read_sync("SELECT opens FROM materials")[0]["opens"])


@pytest.fixture
async def town(chat: Chat) -> AsyncIterator[Town]:
    unit = Unit()
    card = Attachment(kind="link", title="退换货说明", url=URL)
    material = Material("returns", "售后", "退换货说明", card)
    chat.store.materials.put(unit, [material], by="test", now=chat.clock.now())
    await chat.store.database.commit(unit)

    def woken(_subject: str, _lane: Lane) -> None:
        pass

    app = web.Application()
    app.add_routes(LinksEndpoint(chat.store, chat.clock, woken).routes())
    async with TestClient(TestServer(app)) as client:
        yield Town(chat, client)


async def test_it_leads_to_what_was_stored_whatever_is_asked_for(town: Town) -> None:
    token = await town.makes()
    for query in ("", "?url=https://evil.example.com", "?next=//evil.example.com"):
        answer = await town.opens(token + query)
        assert (answer.status, answer.headers["Location"]) == (302, URL)
        assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "token", ["0" * 32, "x", "..%2f..", "%0d%0aLocation:%20https://evil.example.com", "A" * 32]
)
async def test_a_guess_leads_nowhere(town: Town, token: str) -> None:
    await town.makes()
    assert (await town.opens(token)).status == 404


async def test_each_sender_customer_material_and_target_has_a_link_of_its_own(town: Town) -> None:
    first = await town.makes()
    assert await town.makes() == first, "the same again is the same link"
    other = await town.makes(userid="lisi")
    moved = await town.makes("https://shop.example.com/help/new")
    assert len({first, other, moved}) == 3
    assert (await town.opens(first)).headers["Location"] == URL, "what was sent leads where it led"


async def test_without_consent_it_leads_on_and_nothing_of_the_customer_is_noted(
    town: Town,
) -> None:
    answer = await town.opens(await town.makes())
    assert answer.status == 302
    rows = town.chat.store.database.read_sync("SELECT 1 FROM mailbox WHERE key LIKE 'opened:%'")
    assert (len(rows), town.opened, town.counted) == (0, 0, 1)


async def test_a_consent_that_was_withdrawn_ends_it(town: Town) -> None:
    token = await town.makes()
    await town.chat.agrees()
    await town.opens(token)
    await town.chat.decides(Purpose.PROFILING_TAGS, Standing.WITHDRAWN)
    await town.chat.waits(seconds=ONE_OPENING_S + 1)
    await town.opens(token)
    assert (town.opened, town.counted) == (1, 2)


async def test_what_is_opened_again_soon_is_one_opening(town: Town) -> None:
    token = await town.makes()
    await town.chat.agrees()
    for _ in range(3):
        await town.opens(token)
    assert town.opened == 1
    await town.chat.waits(seconds=ONE_OPENING_S)
    await town.opens(token)
    assert town.opened == 2


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}),
        ("GET", {"Purpose": "preview"}),
        ("GET", {"X-Moz": "prefetch"}),
        ("GET", {"Sec-Fetch-Mode": "no-cors"}),
        ("GET", {"User-Agent": ""}),
        ("GET", {"User-Agent": "curl/8.5.0"}),
        ("GET", {"User-Agent": "Mozilla/5.0 (compatible; Baiduspider/2.0)"}),
        ("GET", {"User-Agent": "Mozilla/5.0 (compatible; bingbot/2.0)"}),
        ("GET", {"User-Agent": "facebookexternalhit/1.1 Mozilla/5.0"}),
        ("GET", {"User-Agent": "Mozilla/5.0 LinkPreview/1"}),
        ("GET", {"User-Agent": "python-requests/2.32"}),
    ],
)
async def test_what_looks_at_links_for_others_opens_nothing(
    town: Town, method: str, headers: dict[str, str]
) -> None:
    token = await town.makes()
    await town.chat.agrees()
    assert (await town.opens(token, method, **headers)).status == 302
    assert (town.opened, town.counted) == (0, 0)


async def test_a_flood_leads_on_and_is_not_counted(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "COUNTED_PER_MINUTE", 2)
    token = await town.makes()
    assert [(await town.opens(token)).status for _ in range(4)] == [302] * 4
    assert town.counted == 2


async def test_a_link_of_whoever_was_erased_still_leads_on(town: Town) -> None:
    token = await town.makes()
    await town.chat.agrees()
    await town.chat.store.database.execute("DELETE FROM link_sends")
    assert (await town.opens(token)).headers["Location"] == URL
    assert town.opened == 0
