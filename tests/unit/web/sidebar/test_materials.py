"""Materials: found as replies are, sent by a tap, and a link is this customer's own."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from bot.errors import Misconfigured, Unreachable
from bot.model import Attachment
from bot.store import Material, Unit
from bot.web.sidebar.at_hand import initials_of
from bot.web.sidebar.enclosing import chat_message
from knowledge import FaqEntry
from tests.conftest import OpenChat
from tests.sidebar import PUBLIC, STAFF, Browser, Office, opened_office
from tests.unit.web.sidebar.test_suggestions import ids

URL = "https://shop.example.com/help/returns"
PICTURE = "https://shop.example.com/returns.png"
LINK = Attachment(kind="link", title="退换货说明", url=URL, media=PICTURE)


@pytest.fixture
async def office(open_chat: OpenChat, tmp_path: Path) -> AsyncIterator[Office]:
    chat = await open_chat(staff=STAFF)
    chat.wecom.receiving = ["zhangsan", "lisi"]
    (tmp_path / "sizes.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "prices.pdf").write_bytes(b"%PDF-1.7")
    sizes = Attachment(kind="image", media=str(tmp_path / "sizes.png"))
    prices = Attachment(kind="file", media=str(tmp_path / "prices.pdf"))
    unit = Unit()
    for name, category, title, what in (
        ("returns", "售后", "退换货图文说明", LINK),
        ("sizes", "选购", "尺码对照表", sizes),
        ("prices", "采购", "企业报价单", prices),
    ):
        one = Material(name, category, title, what, f"{initials_of(title)} ")
        chat.store.materials.put(unit, [one], by="test", now=chat.clock.now())
    await chat.store.database.commit(unit)
    await chat.says("我要人工")
    async with opened_office(chat) as office:
        yield office


async def finds(browser: Browser, **query: str) -> list[str]:
    return re.findall(r"<b>(.*?)</b>", await browser.sees("materials", **query))


async def told(browser: Browser, name: str, **form: str) -> tuple[int, dict[str, Any]]:
    answer = await browser.does(name, **form)
    return answer.status, await answer.json()


async def test_what_is_sent_is_seen_before(office: Office) -> None:
    """What kind it is, and its first line; never where a file of ours lies."""
    page = await (await office.signed_in("zhangsan")).sees("materials")
    previews = re.findall(r'class="preview">(.*?)</p>', page, re.DOTALL)
    assert len(previews) == 3
    for part in ("链接", "图片", "文件", "sizes.png", "prices.pdf"):
        assert any(part in one for one in previews), part
    assert "/sizes.png" not in page


async def test_they_are_found_by_words_first_letters_meaning_and_category(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    assert len(await finds(browser)) == 3
    for text in ("尺码", "cmdz", "CM"):
        assert await finds(browser, q=text) == ["尺码对照表"], text
    assert await finds(browser, category="售后") == ["退换货图文说明"]
    assert (await finds(browser, q="怎么退换货"))[0] == "退换货图文说明"
    assert await finds(browser, q="qqqq") == []


async def test_what_is_sent_stays_where_it_is_until_they_are_opened_anew(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    page = await browser.sees("materials")
    shown = re.findall(r"<b>(.*?)</b>", page)
    [again] = re.findall(r'id="materials-list" hx-get="[^"?]*\?([^"]*)"', page)
    query = dict(parse_qsl(unescape(again), keep_blank_values=True))
    last = re.findall(r'data-id="(\w+)"', page)[-1]
    assert (await told(browser, "materials/sent", id=last))[0] == 200
    assert await finds(browser, **query) == shown
    assert (await finds(browser))[0] == shown[-1], "the most used first"


async def test_a_link_leads_by_one_of_ours_that_is_this_customer_s_and_this_sender_s(
    office: Office,
) -> None:
    links = []
    for userid in ("zhangsan", "zhangsan", "boss"):
        browser = await office.signed_in(userid)
        status, answer = await told(browser, "materials/ready", id="returns")
        assert status == 200
        news = answer["message"]["news"]
        assert (news["title"], news["desc"], news["imgUrl"]) == (
            "退换货说明",
            "退换货说明",
            PICTURE,
        )
        links.append(news["link"])
    assert links[0] == links[1] != links[2]
    assert re.fullmatch(re.escape(PUBLIC) + "/t/[0-9a-f]{32}", links[0])
    token = links[0].rpartition("/")[2]
    assert await office.chat.store.links.target(token) == (URL, "returns")


async def test_files_are_uploaded_when_they_are_asked_for(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    assert await told(browser, "materials/ready", id="sizes") == (
        200,
        {"state": "done", "message": {"msgtype": "image", "image": {"mediaid": "media-1"}}},
    )
    _, answer = await told(browser, "materials/ready", id="prices")
    assert answer["message"] == {"msgtype": "file", "file": {"mediaid": "media-2"}}
    assert office.wecom.uploaded == [("image", "sizes.png"), ("file", "prices.pdf")]
    await told(browser, "materials/ready", id="prices")
    assert len(office.wecom.uploaded) == 2, "what WeCom has is not uploaded again"


@pytest.mark.parametrize(
    ("failure", "says"),
    [(Misconfigured("gone"), "告诉维护素材"), (Unreachable("x", 0, "down"), "稍后再试")],
)
async def test_a_file_that_cannot_be_sent_is_said_and_nothing_is_counted(
    office: Office, failure: Exception, says: str
) -> None:
    browser = await office.signed_in("zhangsan")
    office.wecom.failures.append(failure)
    status, answer = await told(browser, "materials/ready", id="sizes")
    assert (status, says in answer["text"]) == (409, True)
    assert [one.uses for one in await office.chat.store.materials.all()] == [0, 0, 0]


async def test_what_was_sent_is_counted_shown_and_audited(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    await told(browser, "materials/ready", id="returns")
    assert "发给过他" not in await browser.sees("materials")
    assert (await told(browser, "materials/sent", id="returns"))[0] == 200
    page = await browser.sees("materials")
    assert "发给过他" in page
    assert "发过 1 次" in page
    rows = office.chat.store.database.read_sync("SELECT * FROM audit WHERE action='material.sent'")
    assert [row["result"] for row in rows] == ["returns"]
    where = office.chat.conversation.external_userid
    lines = [one for one in await office.chat.store.timeline.page(where) if one.kind == "link"]
    assert [one.why for one in lines] == ["退换货图文说明 zhangsan"]


async def test_an_opening_is_shown_and_moves_this_part_of_the_page_alone(office: Office) -> None:
    browser, store = await office.signed_in("zhangsan"), office.chat.store
    await told(browser, "materials/ready", id="returns")
    seen = re.search(r"seen=([0-9a-f-]+)", await browser.sees("panel"))
    assert seen is not None
    where = office.chat.conversation.external_userid
    rows = store.database.read_sync("SELECT token FROM link_sends")
    await store.database.execute(
        "INSERT INTO link_opens VALUES (?, ?, ?, 'returns')",
        *(rows[0]["token"], office.chat.clock.now(), where),
    )
    answer = await browser.get("/sidebar/events", **office.about, seen=seen[1])
    lines = [(await answer.content.readline()).decode().strip() for _ in range(9)]
    answer.close()
    assert [line for line in lines if line.startswith("event:")][1:] == [
        "event: materials",
        "event: moved",
    ]
    page = await browser.sees("materials")
    assert "客户打开了《退换货图文说明》" in page
    assert "客户打开过" in page


async def test_who_may_send_is_drawn_anew_when_somebody_else_has_the_session(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(staff=STAFF)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("运费多少钱？")
    one = Material("returns", "售后", "退换货图文说明", LINK)
    unit = Unit()
    chat.store.materials.put(unit, [one], by="test", now=chat.clock.now())
    await chat.store.database.commit(unit)
    async with opened_office(chat) as office:
        browser = await office.signed_in("boss")
        assert "由机器人发送" in await browser.sees("materials")
        seen = re.search(r"seen=([0-9a-f-]+)", await browser.sees("panel"))
        assert seen is not None
        await chat.says("我要人工")
        answer = await browser.get("/sidebar/events", **office.about, seen=seen[1])
        told = ""
        while "event: moved" not in told:
            told += (await answer.content.readline()).decode()
        answer.close()
        assert "event: materials" in told
        assert "由机器人发送" not in await browser.sees("materials")


async def test_the_bot_sends_it_where_it_has_the_session_and_once_for_one_tap(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(staff=STAFF)
    unit = Unit()
    plain = Attachment(kind="link", title="退换货说明", url=URL)
    one = Material("returns", "售后", "退换货图文说明", plain)
    chat.store.materials.put(unit, [one], by="test", now=chat.clock.now())
    await chat.store.database.commit(unit)
    await chat.says("运费多少钱？")
    async with opened_office(chat) as office:
        browser = await office.signed_in("boss")
        assert "由机器人发送" in await browser.sees("materials")
        form = office.about | {"id": "returns", "client_id": "client-of-one-tap"}
        for _ in range(2):
            answer = await browser.post("/sidebar/materials/send", form)
            assert (answer.status, (await answer.json())["text"]) == (200, "已交给机器人发送。")
    rows = chat.store.database.read_sync("SELECT state FROM outbox WHERE because LIKE '%material%'")
    assert [row["state"] for row in rows] == ["sent"]
    assert chat.wecom.sent[-1]["text"]["content"].startswith(f"退换货说明\n{PUBLIC}/t/")


async def test_what_goes_with_an_entry_is_shown_with_its_suggestion_and_can_be_sent(
    open_chat: OpenChat,
) -> None:
    entry = FaqEntry(id="ret", question="怎么退货", answer="7 天内可以退。", attachments=(LINK,))
    chat = await open_chat(staff=STAFF, entries=[entry])
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("我要人工")
    await chat.waits(seconds=2)
    await chat.says("请问怎么退货")
    async with opened_office(chat) as office:
        browser = await office.signed_in("zhangsan")
        page = await browser.sees("said")
        assert "链接：退换货说明" in page
        suggestion = ids(page)[0]
        status, answer = await told(browser, "attachment", id=suggestion, n="0")
        assert (status, answer["message"]["news"]["link"]) == (200, URL)
        for n in ("1", "-1", "x" * 30):
            status, _ = await told(browser, "attachment", id=suggestion, n=n)
            assert status == (409 if n == "1" else 200), n
        assert (await told(browser, "attachment", id="4711", n="0"))[0] == 409


class PlayedFiles:
    """Takes every file."""

    async def media_id(self, source: str, kind: str = "image") -> str:
        return f"{kind} {source}"

    async def address(self, source: str) -> str:
        return f"https://pics.example.com/{source}"


async def test_every_kind_is_what_the_client_takes() -> None:
    files = PlayedFiles()
    plain = Attachment(kind="link", title="说明", url=URL)
    assert await chat_message(plain, files) == {
        "msgtype": "text",
        "text": {"content": f"说明\n{URL}"},
    }
    for kind in ("image", "file", "video"):
        one = Attachment(kind=kind, media="a")
        assert await chat_message(one, files) == {"msgtype": kind, kind: {"mediaid": f"{kind} a"}}
    for given, shown in (("a/b", "a/b.html"), ("a.html?x=1", "a.html?x=1"), ("a?x", "a.html?x")):
        program = Attachment(
            kind="miniprogram", title="订单", appid="wx1", pagepath=given, media="p.png"
        )
        card = (await chat_message(program, files))["miniprogram"]
        assert card["page"] == shown
        assert card["imgUrl"] == "https://pics.example.com/p.png"
