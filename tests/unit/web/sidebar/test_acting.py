"""What a member does on a page: done once, answered at once or later, and told who was faster."""

from collections.abc import AsyncIterator

import pytest

from bot.web import acting
from tests.conftest import OpenChat
from tests.sidebar import STAFF, Browser, Office, opened_office


@pytest.fixture
async def office(open_chat: OpenChat) -> AsyncIterator[Office]:
    chat = await open_chat(staff=STAFF)
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("我要人工")
    async with opened_office(chat) as office:
        yield office


async def acts(browser: Browser, name: str, client_id: str, **more: str) -> tuple[int, str]:
    chat = browser.office.chat
    case = await chat.store.cases.open_of(chat.conversation)
    form = {"name": name, "client_id": client_id, "case_id": case.id if case else ""}
    form |= browser.office.about | more
    answer = await browser.post("/sidebar/act", form)
    told = await answer.json() if answer.content_type == "application/json" else {}
    return answer.status, told.get("text", told.get("state", ""))


async def steps(office: Office) -> list[str]:
    rows = await office.chat.store.database.fetch("SELECT name FROM case_steps ORDER BY n")
    return [row["name"] for row in rows]


async def holder(office: Office) -> tuple[str, str]:
    """Who has the case, and who has not."""
    case = await office.chat.store.cases.open_of(office.chat.conversation)
    assert case is not None
    return case.servicer, next(one for one in ("zhangsan", "lisi") if one != case.servicer)


async def test_a_case_is_taken_once_however_often_it_is_sent(office: Office) -> None:
    mine, _ = await holder(office)
    browser = await office.signed_in(mine)
    for _ in range(3):
        assert (await acts(browser, "take", "client-take-1"))[0] == 200
    assert (await steps(office)).count("taken") == 1
    assert "人工接待中" in await browser.sees("case")


async def test_whoever_was_faster_is_named(office: Office) -> None:
    mine, other = await holder(office)
    await acts(await office.signed_in(mine), "take", "client-take-1")
    status, text = await acts(await office.signed_in(other), "take", "client-take-2")
    assert (status, text) == (
        409,
        f"这个会话已由{ {'zhangsan': '张敏', 'lisi': '李航'}[mine] }接待。",
    )
    told = [said for _, said in office.chat.staff.sent]
    assert text not in told, "he is told on the page, not by app message"


async def test_an_end_needs_a_reason_and_one_s_own_case(office: Office) -> None:
    mine, other = await holder(office)
    browser, second = await office.signed_in(mine), await office.signed_in(other)
    assert (await acts(browser, "end", "client-end-01"))[0] == 409
    assert (await acts(second, "end", "client-end-02", reason="solved"))[0] == 409
    assert (await acts(browser, "end", "client-end-03", reason="solved"))[0] == 200
    assert await office.chat.store.cases.open_of(office.chat.conversation) is None


async def test_what_takes_longer_is_told_later(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "WAIT_S", 0.0)
    mine, other = await holder(office)
    browser = await office.signed_in(mine)
    assert await acts(browser, "later", "client-later") == (202, "waiting")
    await office.chat.dialogue.catch_up()
    about = office.about | {"client_id": "client-later"}
    answer = await browser.get("/sidebar/result", **about)
    assert (answer.status, (await answer.json())["text"]) == (200, "好的，30 分钟后提醒您。")
    second = await office.signed_in(other)
    assert (await second.get("/sidebar/result", **about)).status == 202, "it is not his"


async def test_nonsense_is_refused(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    for name, client_id in (("gift", "client-0001"), ("take", "x"), ("take", ""), ("", "client-1")):
        assert (await acts(browser, name, client_id))[0] == 400
    big = {"text": "x" * 40_000}
    assert (await browser.does("sent", id="1", **big)).status == 413
