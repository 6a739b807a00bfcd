"""“AI 草稿”: a fourth suggestion that comes by itself, blocks nothing, and is only proposed."""

from collections.abc import AsyncIterator

import pytest

from bot.model import AnswerRequest, Because, Reply, Written
from bot.routing.suggesting import DRAFT
from bot.store import Unit
from tests.conftest import OpenChat
from tests.sidebar import STAFF, Office, opened_office
from tests.talk import Chat
from tests.unit.web.sidebar.test_suggestions import ids, texts

WISHES = "SELECT key FROM mailbox WHERE key LIKE 'draft:%'"


class Unasked:
    """A model that nobody may wait for: asking it fails the test."""

    async def answer(self, request: AnswerRequest) -> Written:
        raise AssertionError(f"asked in the page's own time: {request}")


@pytest.fixture
async def chat(open_chat: OpenChat) -> Chat:
    chat = await open_chat(staff=STAFF)
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("我要人工")
    await chat.waits(seconds=2)
    await chat.says("请问邮费要多少钱")
    return chat


@pytest.fixture
async def office(chat: Chat) -> AsyncIterator[Office]:
    """With a model."""
    chat.engine.model = Unasked()
    async with opened_office(chat) as office:
        yield office


async def test_without_a_model_nothing_is_wished_for(chat: Chat) -> None:
    async with opened_office(chat) as office:
        browser = await office.signed_in("zhangsan")
        await browser.sees("panel")
        assert "AI 草稿" not in await browser.sees("said")
    assert chat.store.database.read_sync(WISHES) == []


async def test_a_page_that_is_looked_at_wishes_for_one_once_and_waits_for_none(
    office: Office,
) -> None:
    browser = await office.signed_in("zhangsan")
    for part in ("panel", "said", "said"):
        assert len(texts(await browser.sees(part))) > 0, "the others are there at once"
    assert len(office.chat.store.database.read_sync(WISHES)) == 1
    await office.chat.says("那退货呢")
    await browser.sees("said")
    assert len(office.chat.store.database.read_sync(WISHES)) == 2


async def test_who_only_looks_wishes_for_none(office: Office) -> None:
    await (await office.signed_in("audit")).sees("panel")
    assert office.chat.store.database.read_sync(WISHES) == []


async def test_it_stands_last_is_marked_and_what_becomes_of_it_is_kept(office: Office) -> None:
    browser, chat = await office.signed_in("zhangsan"), office.chat
    before = texts(await browser.sees("said"))
    (msgid, _), *_ = await chat.store.transcript.last_words(chat.conversation, 1)
    because = Because(source=DRAFT, ref="ship", detail={"titles": ["运费怎么算"]})
    draft = Reply(text="满 99 元包邮哦。", because=because, written_by_model=True)
    kept = await chat.store.suggestions.prepared(
        chat.conversation, draft, msgid=msgid, now=chat.clock.now()
    )
    unit = Unit()
    unit.add(kept[0], *kept[1])
    await chat.store.database.commit(unit)
    page = await browser.sees("said")
    assert texts(page) == [*before, "满 99 元包邮哦。"]
    assert page.count("AI 草稿") == 1
    assert "运费怎么算" in page.partition("AI 草稿")[2]
    last = ids(page)[-1]
    assert (await browser.does("sent", id=last, text="满 99 元包邮。")).status == 200
    outcome = await chat.store.suggested.of_suggestion(chat.conversation, int(last))
    assert outcome is not None
    assert (outcome.source, outcome.outcome) == (DRAFT, "edited")
