"""Replies at hand, and what members bring into the knowledge."""

from collections.abc import AsyncIterator

import pytest

from bot.web.sidebar.at_hand import filled, initials_of
from knowledge import body_of, entry_of
from tests.conftest import OpenChat
from tests.sidebar import STAFF, Browser, Office, opened_office
from tests.unit.web.sidebar.test_suggestions import ids, texts


@pytest.fixture
async def office(open_chat: OpenChat) -> AsyncIterator[Office]:
    chat = await open_chat(staff=STAFF)
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("我要人工")
    async with opened_office(chat) as office:
        yield office


async def keeps(browser: Browser, title: str, body: str, **more: str) -> int:
    form = {"title": title, "body": body, "category": "", **more}
    return (await browser.post("/sidebar/replies/add", form)).status


async def finds(browser: Browser, text: str, **more: str) -> list[str]:
    answer = await browser.get("/sidebar/replies", q=text, **more)
    return texts(await answer.text())


def test_initials_are_those_of_the_pinyin() -> None:
    assert initials_of("欢迎光临 VIP 客户！") == "hyglvipkh"
    assert initials_of("") == ""


def test_variables_are_filled_and_no_others() -> None:
    values = {"客户": "王女士", "我": "张敏"}
    assert filled("{客户}您好，我是{我}{公司}{别的}", values) == "王女士您好，我是张敏{别的}"


async def test_a_reply_is_found_by_words_letters_category_and_use(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    assert await keeps(browser, "欢迎", "欢迎光临，我是{我}，请问有什么可以帮您？") == 200
    assert await keeps(browser, "再见", "感谢您的咨询，祝您生活愉快。", category="结束") == 200
    welcome, bye = "欢迎光临，我是张敏，请问有什么可以帮您？", "感谢您的咨询，祝您生活愉快。"
    assert await finds(browser, "光临") == [welcome]
    assert await finds(browser, "hy") == [welcome]
    assert await finds(browser, "ZJ") == [bye]
    assert await finds(browser, "", category="结束") == [bye]
    assert await finds(browser, "没有这样的") == []
    page = await (await browser.get("/sidebar/replies", q="再见")).text()
    used = {"id": ids(page)[0]}
    assert (await browser.post("/sidebar/replies/used", used)).status == 200
    assert await finds(browser, "") == [bye, welcome]
    page = await (await browser.get("/sidebar/replies", q="")).text()
    assert f"standing={'%2C'.join(ids(page))}" in page
    assert await finds(browser, "", standing=",".join(reversed(ids(page)))) == [welcome, bye]


async def test_the_customer_s_name_is_filled_in_for_who_may_see_him(office: Office) -> None:
    chat = office.chat
    await chat.engine.fetched.nickname.keep(chat.conversation.external_userid, "林小满")
    for userid, wanted in (("zhangsan", "林小满您好"), ("stranger", "您好")):
        browser = await office.signed_in(userid)
        await keeps(browser, "问好", "{客户}您好")
        assert await finds(browser, "问好", **office.about) == [wanted]


async def test_one_s_own_replies_are_nobody_else_s_and_the_company_s_an_operator_s(
    office: Office,
) -> None:
    mine, other = await office.signed_in("zhangsan"), await office.signed_in("lisi")
    editor = await office.signed_in("editor")
    assert await keeps(mine, "我的", "只有我看得到的一句") == 200
    assert await keeps(mine, "公司", "不是我能写的", owner="company") == 403
    assert await keeps(editor, "公司的", "大家都看得到的一句", owner="company") == 200
    assert await finds(other, "") == ["大家都看得到的一句"]
    page = await (await mine.get("/sidebar/replies", q="只有我")).text()
    one = {"id": ids(page)[0]}
    for browser in (other, editor):
        assert (await browser.post("/sidebar/replies/remove", one)).status == 404
        assert (await browser.post("/sidebar/replies/used", one)).status == 404
    assert (await mine.post("/sidebar/replies/remove", one)).status == 200
    assert await finds(mine, "只有我") == []
    assert await keeps(mine, "", "没有名称") == 409
    assert await keeps(mine, "太长", "长" * 1001) == 409


async def told(browser: Browser, name: str, **form: str) -> tuple[int, str]:
    answer = await browser.does(name, **form)
    return answer.status, (await answer.json())["text"]


async def suggested(office: Office, userid: str, question: str) -> tuple[Browser, str]:
    await office.chat.waits(seconds=2)
    await office.chat.says(question)
    browser = await office.signed_in(userid)
    return browser, ids(await browser.sees("said"))[0]


async def seed(office: Office) -> None:
    """The knowledge as rows, as a deployment has it."""
    chat, statements = office.chat, []
    for entry in chat.engine.library.everything.entries:
        statements += chat.store.contents.put(
            *("", entry.id, body_of(entry)), by="test", why="", now=chat.clock.now()
        )
    await chat.store.contents.commit(statements)


async def test_a_phrasing_is_learned_from_an_expert_at_once(office: Office) -> None:
    await seed(office)
    browser, first = await suggested(office, "lisi", "邮递要几个钱啊")
    row = await office.chat.store.suggestions.get(office.chat.conversation, int(first))
    assert row is not None
    assert row.reply.because is not None
    status, text = await told(browser, "teach", id=first, text="邮递要几个钱啊")
    assert (status, text) == (200, "学会了：以后客户这么问，机器人就这么答。")
    kept = await office.chat.store.contents.get("", row.reply.because.ref)
    assert kept is not None
    assert "邮递要几个钱啊" in entry_of(kept.body).heard
    assert kept.by == "lisi"


async def test_what_would_take_from_another_entry_or_is_personal_is_not_learned(
    office: Office,
) -> None:
    await seed(office)
    browser, first = await suggested(office, "lisi", "邮费要多少钱")
    status, text = await told(browser, "teach", id=first, text="怎么退货")
    assert (status, "怎么退货" in text) == (409, True)
    status, text = await told(browser, "teach", id=first, text="我的电话是 13800138000")
    assert (status, "个人信息" in text) == (409, True)
    status, text = await told(browser, "teach", id="4711", text="什么")
    assert status == 409


async def test_a_new_entry_is_a_draft_unless_an_operator_writes_it(office: Office) -> None:
    await seed(office)
    browser = await office.signed_in("zhangsan")
    given = {"question": "门店周末有停车位吗", "answer": "有的，地下二层免费停两小时。"}
    status, text = await told(browser, "draft", **given)
    assert (status, "采用之后" in text) == (200, True)
    rows = await office.chat.store.contents.entries("")
    drafts = [entry_of(row.body) for row in rows if not entry_of(row.body).approved]
    assert [(one.question, one.answer) for one in drafts] == [
        ("门店周末有停车位吗", "有的，地下二层免费停两小时。")
    ]
    assert (await told(browser, "draft", **given)) == (200, "这一条已经交过了，正在等审核。")
    personal = given | {"answer": "打 13800138000 找王师傅"}
    assert (await told(browser, "draft", **personal))[0] == 409
    assert (await told(browser, "draft", question="", answer="x"))[0] == 409
