"""The case on the page: who has the session, what is left for who comes next, and after the end."""

import re
from collections.abc import AsyncIterator

import pytest

from tests.conftest import OpenChat
from tests.sidebar import STAFF, Browser, Office, opened_office


@pytest.fixture
async def office(open_chat: OpenChat) -> AsyncIterator[Office]:
    chat = await open_chat(staff=STAFF)
    chat.wecom.receiving = ["zhangsan", "lisi"]
    async with opened_office(chat) as office:
        yield office


async def acts(browser: Browser, name: str, **more: str) -> int:
    chat = browser.office.chat
    case = await chat.store.cases.open_of(chat.conversation)
    given = {"name": name} | ({"case_id": case.id} if case else {})
    return (await browser.does("act", **(given | more))).status


def held(page: str) -> str:
    """Why nothing can be sent, as the page says it."""
    found = re.search(r"<p class=\"holds\" data-holds>(.*?)</p>", page)
    return found[1] if found else ""


async def test_who_has_the_session_himself_may_send(office: Office) -> None:
    await office.chat.says("我要人工")
    page = await (await office.signed_in("zhangsan")).sees("panel")
    assert held(page) == ""


async def test_where_a_colleague_has_it_his_name_is_said_once(office: Office) -> None:
    await office.chat.says("我要人工")
    page = await (await office.signed_in("lisi")).sees("case")
    assert held(page).startswith("由 张敏 接待，你现在发不了")
    assert page.count("张敏") == 1
    assert "zhangsan" not in page


async def test_where_the_bot_has_it_the_page_says_so(office: Office) -> None:
    await office.chat.says("多久发货")
    page = await (await office.signed_in("zhangsan")).sees("case")
    assert held(page).startswith("由机器人接待，现在发不了")


async def test_while_it_waits_the_way_out_is_to_take_it(open_chat: OpenChat) -> None:
    staff = [{"userid": "zhangsan", "name": "张敏", "level": "junior", "capacity": 0}]
    chat = await open_chat(staff=staff)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("我要人工")
    async with opened_office(chat) as office:
        page = await (await office.signed_in("zhangsan")).sees("case")
        assert held(page) == "还在排队，先接单才能发。"


async def test_who_only_looks_is_not_told_why_he_cannot_send(office: Office) -> None:
    await office.chat.says("我要人工")
    assert held(await (await office.signed_in("audit")).sees("case")) == ""


async def test_the_page_is_told_when_somebody_else_has_the_session(office: Office) -> None:
    await office.chat.says("我要人工")
    browser = await office.signed_in("lisi")
    assert "由 张敏 接待" in await browser.sees("case")
    first = await office.signed_in("zhangsan")
    assert await acts(first, "raise", note="客户等退款两周了，答应了今天给回复") == 200
    page = await browser.sees("case")
    assert held(page) == ""
    assert "<b>张敏留言</b> 客户等退款两周了，答应了今天给回复" in page
    assert held(await first.sees("case")).startswith("由 李航 接待")
    briefed = [text for userid, text in office.chat.staff.sent if "lisi" in userid]
    assert any("【张敏留言】客户等退款两周了" in text for text in briefed)


async def test_an_open_page_draws_the_case_anew_when_only_the_session_has_moved(
    office: Office,
) -> None:
    """WeCom tells of it after the case was given to him: nothing of the case itself changes."""
    await office.chat.says("我要人工")
    browser = await office.signed_in("lisi")
    seen = re.search(r"seen=([0-9a-f-]+)", await browser.sees("panel"))
    assert seen is not None
    await office.chat.store.database.execute("UPDATE conversations SET servicer_userid = 'lisi'")
    answer = await browser.get("/sidebar/events", **office.about, seen=seen[1])
    told = ""
    while "event: moved" not in told:
        told += (await answer.content.readline()).decode()
    answer.close()
    assert "event: case" in told
    assert held(await browser.sees("case")) == ""


async def test_after_the_end_its_servicer_sees_why_and_may_add_to_the_knowledge(
    office: Office,
) -> None:
    await office.chat.says("我要人工")
    await office.chat.waits(seconds=2)
    await office.chat.says("你们的门店周末有停车位吗")
    browser = await office.signed_in("zhangsan")
    await acts(browser, "take")
    assert await acts(browser, "end", reason="solved", note="说了地下二层") == 200
    assert await office.chat.store.cases.open_of(office.chat.conversation) is None
    page = await browser.sees("panel")
    assert "结束：已解决 · 说了地下二层" in page
    assert "你们的门店周末有停车位吗" in page
    entry = {"question": "门店周末有停车位吗", "answer": "有的，在地下二层。"}
    assert (await browser.does("draft", **entry)).status == 200
    # nobody else, and not for ever
    other = await (await office.signed_in("lisi")).get("/sidebar/panel", **office.about)
    assert other.status == 404
    await office.chat.waits(hours=25)
    browser = await office.signed_in("zhangsan")
    assert (await browser.get("/sidebar/panel", **office.about)).status == 404


async def test_a_reason_that_was_not_told_can_be_told_on_the_page(office: Office) -> None:
    chat = office.chat
    await chat.says("我要人工")
    browser = await office.signed_in("zhangsan")
    await acts(browser, "take")
    await chat.end()
    page = await browser.sees("case")
    assert "补上原因" in page
    found = re.search(r'name="case_id" value="([^"]+)"', page)
    assert found
    assert await acts(browser, "reason", reason="unreachable", case_id=found[1]) == 200
    page = await browser.sees("case")
    assert "联系不上客户" in page
    assert "补上原因" not in page
