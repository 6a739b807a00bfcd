"""What a member wrote for the knowledge: who hears of it, who decides, and what became of it."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import OpenChat
from tests.sidebar import STAFF, Browser, Office, opened_office

GIVEN = {"question": "能开专票吗", "answer": "可以，下单时备注税号即可。"}


@pytest.fixture
async def office(open_chat: OpenChat) -> AsyncIterator[Office]:
    chat = await open_chat(staff=STAFF)
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("我要人工")
    async with opened_office(chat) as office:
        yield office


async def told(browser: Browser, name: str, **form: str) -> tuple[int, str]:
    answer = await browser.does(name, **form)
    return answer.status, str((await answer.json()).get("text", ""))


async def entry_id(office: Office) -> str:
    rows = await office.chat.store.contents.written_for("", "contributed")
    return rows[0].id


def messages(office: Office, userid: str) -> list[str]:
    return [text for to, text in office.chat.staff.sent if userid in to]


async def test_a_contribution_waits_is_taken_and_the_bot_says_it(office: Office) -> None:
    servicer, leader = await office.signed_in("zhangsan"), await office.signed_in("boss")
    assert (await told(servicer, "draft", **GIVEN))[0] == 200
    page = await servicer.sees("knowledge")
    assert "待审核" in page
    assert "不采用的原因" not in page, "he does not decide"
    assert "能开专票吗" in await leader.sees("knowledge")
    given = {"id": await entry_id(office), "take": "yes"}
    assert (await told(servicer, "knowledge/decide", **given))[0] == 409
    assert await told(leader, "knowledge/decide", **given) == (
        200,
        "已采用，机器人现在就会这么答。",
    )
    assert "已采用" in await servicer.sees("knowledge")
    assert "待审核" not in await leader.sees("knowledge")
    assert (await told(leader, "knowledge/decide", **given))[0] == 409, "once"
    assert await told(servicer, "draft", **GIVEN) == (
        409,
        "知识库里已经有这个问题了。要改它的回答，请告诉维护知识库的同事。",
    )


async def test_a_refusal_has_a_reason_that_its_author_reads_and_may_be_written_anew(
    office: Office,
) -> None:
    servicer, leader = await office.signed_in("zhangsan"), await office.signed_in("boss")
    await told(servicer, "draft", **GIVEN)
    given = {"id": await entry_id(office), "take": ""}
    assert await told(leader, "knowledge/decide", **given) == (409, "不采用要写原因。")
    await told(leader, "knowledge/decide", why="说得太满", **given)
    page = await servicer.sees("knowledge")
    assert "未采用" in page
    assert "说得太满" in page
    again = GIVEN | {"answer": "可以开专票，请把税号发给同事。"}
    assert (await told(servicer, "draft", **again))[0] == 200
    assert "待审核" in await servicer.sees("knowledge")


async def test_who_decides_is_told_once_and_so_is_who_wrote(office: Office) -> None:
    servicer, leader = await office.signed_in("zhangsan"), await office.signed_in("boss")
    for _ in range(2):
        await told(servicer, "draft", **GIVEN)
    waits = "【知识待审核】张敏交了一条：能开专票吗"
    await office.idle()
    assert sum(text.startswith(waits) for text in messages(office, "editor")) == 1
    await told(leader, "knowledge/decide", id=await entry_id(office), take="", why="已有")
    await office.idle()
    assert "【知识未采用】能开专票吗：已有" in messages(office, "zhangsan")


async def test_where_nobody_may_approve_he_who_wrote_it_is_told_so(open_chat: OpenChat) -> None:
    chat = await open_chat(staff=[one for one in STAFF if one["userid"] in ("zhangsan", "lisi")])
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("我要人工")
    async with opened_office(chat) as office:
        status, text = await told(await office.signed_in("zhangsan"), "draft", **GIVEN)
        await office.idle()
        assert status == 200
        assert "没有主管或维护知识的同事来审核" in text
        assert "已交给" not in text
        assert not any("知识待审核" in sent for _, sent in office.chat.staff.sent)
