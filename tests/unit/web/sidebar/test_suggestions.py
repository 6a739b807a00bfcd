"""Suggestions on the page: where they come from, what becomes of them, and what is learned."""

import re
from collections.abc import AsyncIterator

import pytest

from bot.model import Conversation, CustomerAdded
from bot.store import Unit
from knowledge import FaqEntry
from tests.conftest import OpenChat
from tests.sidebar import STAFF, Browser, Office, opened_office


@pytest.fixture
async def office(open_chat: OpenChat) -> AsyncIterator[Office]:
    chat = await open_chat(staff=STAFF)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("我要人工")
    async with opened_office(chat) as office:
        yield office


def ids(page: str) -> list[str]:
    return re.findall(r'data-id="(\d+)"', page)


def texts(page: str) -> list[str]:
    return re.findall(r'data-text="([^"]*)"', page)


async def outcomes(office: Office) -> list[tuple[str, str, bool]]:
    rows = await office.chat.store.database.fetch(
        "SELECT outcome, source, confirmed_at FROM suggestion_outcomes ORDER BY id"
    )
    return [(row["outcome"], row["source"], row["confirmed_at"] is not None) for row in rows]


async def asks(office: Office, text: str) -> Browser:
    await office.chat.waits(seconds=2)
    await office.chat.says(text)
    return await office.signed_in("zhangsan")


async def test_a_question_to_people_has_answers_with_their_source_beside_it(office: Office) -> None:
    browser = await asks(office, "邮费要多少钱")
    page = await browser.sees("said")
    assert texts(page)[0] == "满 99 元包邮，不满 99 元运费 8 元。"
    for part in ("邮费要多少钱", "匹配", "知识库", "运费多少钱"):
        assert part in page
    assert "ship-fee" not in re.sub(r"<[^>]+>", " ", page), "no id of ours is shown"


async def test_what_is_sent_is_reported_and_confirmed_by_the_message_itself(office: Office) -> None:
    browser = await asks(office, "邮费要多少钱")
    page = await browser.sees("said")
    answer = await browser.does("sent", id=ids(page)[0], text=texts(page)[0])
    assert answer.status == 200
    assert await outcomes(office) == [("sent", "faq", False)]
    await office.chat.colleague_writes("满 99 元包邮，不满 99 元运费 8 元。")
    assert await outcomes(office) == [("sent", "faq", True)]
    assert "已发送" in await browser.sees("said")


async def test_a_change_before_sending_is_kept_with_both_texts(office: Office) -> None:
    browser = await asks(office, "邮费要多少钱")
    (first, *_) = ids(await browser.sees("said"))
    await browser.does("sent", id=first, text="您好，满 99 元就包邮哦。")
    where = office.chat.conversation
    kept = await office.chat.store.suggested.of_suggestion(where, int(first))
    assert kept is not None
    assert (kept.outcome, kept.sent) == ("edited", "您好，满 99 元就包邮哦。")
    assert kept.suggested == "满 99 元包邮，不满 99 元运费 8 元。"
    await browser.does("sent", id=first, text="another tap")
    assert len(await outcomes(office)) == 1


async def test_of_two_alike_the_rejected_one_comes_later_the_next_time(office: Office) -> None:
    for answer in ("有的，地下二层周末免费停两小时。", "有，门口左手边就是停车场。"):
        await office.chat.waits(seconds=2)
        await office.chat.says("你们的门店周末有停车位吗")
        await office.chat.colleague_writes(answer)
    await office.chat.waits(minutes=31)
    browser = await asks(office, "门店周末有没有停车位呀")
    page = await browser.sees("said")
    first, second = texts(page)[:2]
    assert (await browser.does("reject", id=ids(page)[0], reason="outdated")).status == 200
    await asks(office, "门店周末停车位有吗")
    assert texts(await browser.sees("said"))[:2] == [second, first]


async def test_what_a_colleague_answered_is_suggested_to_the_next_one(office: Office) -> None:
    await office.chat.waits(seconds=2)
    await office.chat.says("你们的门店周末有停车位吗")
    await office.chat.colleague_writes("有的，地下二层周末免费停两小时。")
    await office.chat.waits(minutes=31)
    browser = await asks(office, "周末去门店有没有停车位")
    page = await browser.sees("said")
    assert "有的，地下二层周末免费停两小时。" in texts(page)
    assert "同事答过" in page


async def test_what_was_just_said_is_not_offered_to_the_same_customer_again(office: Office) -> None:
    chat = office.chat
    await asks(office, "你们的门店周末有停车位吗")
    await chat.colleague_writes("有的，地下二层周末免费停两小时。")
    browser = await asks(office, "门店周末停车位多不多")
    assert "地下二层" not in "".join(texts(await browser.sees("said")))
    # half an hour later it may be what he needs
    await chat.waits(minutes=31)
    browser = await asks(office, "门店周末停车位还有没有")
    assert "有的，地下二层周末免费停两小时。" in texts(await browser.sees("said"))


async def test_an_entry_that_was_just_sent_comes_last_and_says_so(office: Office) -> None:
    chat = office.chat
    browser = await asks(office, "邮费要多少钱")
    first = texts(await browser.sees("said"))[0]
    await chat.colleague_writes(f" {first}")
    page = await browser.sees("said")
    assert page.count("刚发过") == 1
    assert 'class="button primary" data-do="send"' not in page.partition("</article>")[0]
    page = await (await asks(office, "邮费到底要多少钱")).sees("said")
    assert texts(page)[-1] == first
    assert page.rpartition("<article")[2].count("刚发过") == 1
    assert page.count("刚发过") == 1


@pytest.mark.parametrize("call", ["人呢？？", "在吗", "怎么没人理我", "？？？", "好的谢谢"])
async def test_a_call_is_no_question_to_suggest_for_or_to_learn_from(
    office: Office, call: str
) -> None:
    await asks(office, "你们的门店周末有停车位吗")
    browser = await asks(office, call)
    assert "客户问：</span>你们的门店周末有停车位吗" in await browser.sees("said")
    await office.chat.colleague_writes("有的，地下二层周末免费停两小时。")
    (learned,) = await office.chat.store.suggested.answered(0)
    assert learned.question == "你们的门店周末有停车位吗"


async def test_an_answer_is_proposed_for_the_knowledge_with_its_own_question(
    office: Office,
) -> None:
    """Not with what the customer asks next."""
    browser = await asks(office, "你们的门店周末有停车位吗")
    await office.chat.waits(seconds=1)
    await office.chat.colleague_writes("有的，地下二层周末免费停两小时。")
    form = (await browser.sees("said")).partition('data-post="draft"')[2]
    assert 'value="你们的门店周末有停车位吗"' in form
    assert ">有的，地下二层周末免费停两小时。</textarea>" in form
    await asks(office, "那附近有地铁站吗")
    form = (await browser.sees("said")).partition('data-post="draft"')[2]
    assert 'value="那附近有地铁站吗"' in form
    assert "地下二层" not in form.partition("</form>")[0]


async def test_who_has_only_asked_for_a_person_has_spoken(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    page = await browser.sees("said")
    assert "客户还没说是什么事" in page
    assert "客户还没有说话" not in page


async def test_a_weak_suggestion_looks_weak(open_chat: OpenChat) -> None:
    """By the gate's own band: what it would not even offer to the customer as a choice."""
    entries = [
        FaqEntry(id="fee", question="运费多少钱", answer="满 99 元包邮。"),
        FaqEntry(id="park", question="门店停车收费吗", answer="免费停两小时。"),
    ]
    chat = await open_chat(staff=STAFF, entries=entries)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("我要人工")
    async with opened_office(chat) as office:
        page = await (await asks(office, "运费多少钱")).sees("said")
        strong, *_ = page.split("</article>")
        assert "把握不大" not in strong
        assert 'class="button primary" data-do="send"' in strong
        page = await (await asks(office, "你们那儿收不收押金")).sees("said")
        weak, *_ = page.split("</article>")
        assert "把握不大" in weak
        assert 'class="button" data-do="send"' in weak


async def test_nobody_learns_from_what_holds_personal_data(office: Office) -> None:
    await office.chat.says("你们的门店周末有停车位吗")
    await office.chat.colleague_writes("有的，请打 13800138000 找王师傅。")
    rows = await office.chat.store.database.fetch("SELECT * FROM colleague_replies")
    assert rows == []


async def test_the_answer_of_an_erased_customer_is_not_suggested(office: Office) -> None:
    await office.chat.waits(seconds=2)
    await office.chat.says("你们的门店周末有停车位吗")
    await office.chat.colleague_writes("有的，地下二层周末免费停两小时。")
    browser = await asks(office, "周末去门店有没有停车位")
    await office.chat.store.database.execute("DELETE FROM colleague_replies")
    await office.chat.says("周末门店停车位好找吗")
    assert "有的，地下二层周末免费停两小时。" not in texts(await browser.sees("said"))


async def test_an_id_of_another_conversation_reports_nothing(office: Office) -> None:
    browser = await asks(office, "邮费要多少钱")
    for wrong in ("999999", "-1", "1 OR 1=1", "", "9" * 40):
        answer = await browser.does("sent", id=wrong, text="x")
        assert answer.status == 409
    assert await outcomes(office) == []


async def test_between_friends_a_pasted_text_finds_suggestions(office: Office) -> None:
    chat, unit = office.chat, Unit()
    friend = Conversation("", "wm_friend")
    await chat.store.vault.ready([friend.subject])
    added = CustomerAdded(userid="zhangsan", external_userid="wm_friend", at=chat.clock.now())
    chat.store.contacts.happened(unit, added, chat.clock.now())
    await chat.store.database.commit(unit)
    office.about = {"customer": "wm_friend", "open_kfid": ""}
    browser = await office.signed_in("zhangsan")
    assert "粘贴客户说的话" in await browser.sees("panel")
    page = await (await browser.does("suggest", text="邮费要多少钱")).text()
    assert texts(page)[0] == "满 99 元包邮，不满 99 元运费 8 元。"
    assert (await browser.does("sent", id=ids(page)[0], text=texts(page)[0])).status == 200
    assert await outcomes(office) == [("sent", "faq", False)]


async def test_a_watched_word_is_marked_or_kept_out(open_chat: OpenChat) -> None:
    entries = [
        FaqEntry(id="best", question="哪款最好", answer="这款全网第一，效果最好。"),
        FaqEntry(id="fine", question="哪款适合干皮", answer="干皮推荐滋润款。"),
    ]
    chat = await open_chat(staff=STAFF, entries=entries)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("我要人工")
    async with opened_office(chat) as office:
        page = await (await asks(office, "哪款最好")).sees("said")
        assert "全网第一" not in "".join(texts(page)) or "注意：" in page


async def test_what_customers_write_is_text_wherever_it_is_shown(office: Office) -> None:
    """Stored markup in message, nickname, tag, note and knowledge stays text."""
    evil = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>{{7*7}}"
    chat = office.chat
    await chat.waits(seconds=2)
    await chat.says(evil)
    await chat.engine.fetched.nickname.keep(chat.conversation.external_userid, evil)
    await chat.agrees()
    browser = await office.signed_in("zhangsan")
    await browser.does("tag", name=f"坏：{evil[:20]}", on="yes")
    for part in ("panel", "said", "person", "case"):
        page = await browser.sees(part)
        assert "<script" not in page
        assert "<img" not in page
        assert "49" not in re.sub(r"\d{2}-\d{2} \d{2}:\d{2}|data-\w+=\"[^\"]*\"", "", page)
    assert "&lt;script&gt;" in await browser.sees("said")


async def test_a_tag_of_a_member_stands_and_says_who_put_it_on(office: Office) -> None:
    browser = await office.signed_in("zhangsan")
    answer = await browser.does("tag", name="关注：运费", on="yes")
    assert (answer.status, (await answer.json())["text"]) == (
        409,
        "客户还没有同意打这类标签，先不能加。",
    )
    await office.chat.agrees()
    assert (await browser.does("tag", name="关注：运费", on="yes")).status == 200
    assert office.chat.tags == {"关注：运费"}
    page = await browser.sees("person")
    assert "关注：运费" in page
    assert "张敏" in page
    assert (await browser.does("tag", name="关注：运费", on="")).status == 200
    assert office.chat.tags == set()
    assert (await browser.does("tag", name="没有分组", on="yes")).status == 409
