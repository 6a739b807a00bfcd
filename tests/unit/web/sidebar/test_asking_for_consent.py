"""A member has the customer asked whether he may be tagged: in whose name, and how often."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientResponse

from bot.model.consents import Purpose, Standing
from tests.conftest import OpenChat
from tests.sidebar import STAFF, Office, opened_office

TAG = {"name": "关注：运费", "on": "yes"}


@pytest.fixture
async def office(open_chat: OpenChat) -> AsyncIterator[Office]:
    chat = await open_chat(staff=STAFF)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("运费多少钱")
    async with opened_office(chat) as office:
        yield office


async def with_people(office: Office) -> None:
    await office.chat.says("我要人工")


async def text_of(answer: ClientResponse) -> str:
    return str((await answer.json()).get("text", ""))


async def standing(office: Office) -> Standing:
    consents = office.chat.store.consents
    return await consents.standing(office.about["customer"], Purpose.PROFILING_TAGS)


async def test_where_people_have_the_session_the_member_asks_and_the_answer_counts(
    office: Office,
) -> None:
    await with_people(office)
    browser = await office.signed_in("zhangsan")
    assert "请客户同意" in await browser.sees("person")
    assert (await browser.does("tag", **TAG)).status == 409
    told = await (await browser.does("consent/ask")).json()
    assert "同意请回复“同意打标签”" in told["message"]["text"]["content"]
    assert await office.chat.store.consents.asked(office.about["customer"]) == [], "not sent yet"
    assert (await browser.does("consent/asked")).status == 200
    assert len(await office.chat.store.consents.asked(office.about["customer"])) == 1
    await office.chat.says("同意打标签")
    assert await standing(office) is Standing.GIVEN
    assert "请客户同意" not in await browser.sees("person")
    assert (await browser.does("tag", **TAG)).status == 200


async def test_nobody_is_asked_again_who_was_or_has_refused(office: Office) -> None:
    await with_people(office)
    browser = await office.signed_in("zhangsan")
    await browser.does("consent/asked")
    again = await browser.does("consent/ask")
    assert (again.status, await text_of(again)) == (
        409,
        "已经问过客户，或者他已经表示过，不能再问。",
    )
    await browser.does("consent/asked")
    assert len(await office.chat.store.consents.asked(office.about["customer"])) == 1
    await office.chat.says("不同意打标签")
    assert await standing(office) is Standing.WITHDRAWN
    assert "不再问他" in await browser.sees("person")


async def test_where_the_bot_speaks_it_asks_with_a_choice_once(office: Office) -> None:
    chat = office.chat
    await with_people(office)
    browser = await office.signed_in("zhangsan")
    case = await chat.store.cases.open_of(chat.conversation)
    assert case is not None
    await browser.does("act", name="take", case_id=case.id)
    await browser.does("act", name="back", to="bot", case_id=case.id)
    await chat.waits(seconds=5)
    await chat.says("运费多少钱")
    leader = await office.signed_in("boss")
    leader.client_ids = 100  # pages never have the same one
    answer = await leader.does("consent/ask")
    assert (answer.status, await text_of(answer)) == (200, "已请客户选择，他同意以后就能加标签。")
    assert chat.wecom.sent[-1]["msgtype"] == "msgmenu"
    assert (await leader.does("consent/ask")).status == 409
    assert len(await chat.store.consents.asked(office.about["customer"])) == 1


async def test_while_somebody_is_looked_for_nothing_is_asked(open_chat: OpenChat) -> None:
    chat = await open_chat(staff=STAFF)
    await chat.says("我要人工")
    async with opened_office(chat) as office:
        browser = await office.signed_in("boss")
        answer = await browser.does("consent/ask")
        assert answer.status == 409
        assert await chat.store.consents.asked(office.about["customer"]) == []
