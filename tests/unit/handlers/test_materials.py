"""A customer who agrees opens what he was sent: the sender hears of it, rules tag, nothing nags."""

from pathlib import Path

import msgspec
import pytest

from bot.model import Attachment, Emitted, StaffAction
from bot.model.events import MATERIAL_OPENED
from bot.store import Material, Sent, Unit
from tests.conftest import OpenChat
from tests.talk import Chat

RULES = """
rules:
  - id: read-returns
    tag: 兴趣：售后
    event: {name: material_opened, fields: {category: [售后]}}
"""
LINK = Attachment(kind="link", title="退换货说明", url="https://shop.example.com/t/1")


async def sent_to(chat: Chat, customer: str | None = None) -> Emitted:
    """A link that was sent; returns what opening it tells."""
    where, unit, now = chat.conversation, Unit(), chat.clock.now()
    whose = customer or where.external_userid
    chat.store.materials.put(unit, [Material("r", "售后", "退换货说明", LINK)], by="test", now=now)
    sent = Sent("", whose, where.open_kfid, "zhangsan", "r", None, None)
    token = await chat.store.links.make(unit, sent, LINK.url, now)
    await chat.store.database.commit(unit)
    data = {"token": token, "material": "r", "title": "退换货说明", "category": "售后"}
    about = msgspec.structs.asdict(where)
    return Emitted(name=MATERIAL_OPENED, data=data, **about)


def told(chat: Chat) -> list[str]:
    """By the step that was last."""
    return [text for text in chat.staff_messages if "退换货说明" in text]


async def test_the_sender_is_told_once_an_hour_and_the_timeline_has_every_opening(
    chat: Chat,
) -> None:
    event = await sent_to(chat)
    await chat.agrees()
    heard = []
    for minutes in (0, 30, 31):
        await chat.waits(minutes=minutes)
        await chat.receives(event)
        heard.append(told(chat))
    said = ["有位客户刚刚打开了您发的《退换货说明》。"]
    assert heard == [said, [], said]
    page = await chat.store.timeline.page(chat.conversation.external_userid)
    lines = [(one.kind, one.what, one.why) for one in page if one.kind == "opened"]
    assert lines == [("opened", "opened", "退换货说明")] * 3


async def test_nobody_is_told_where_the_company_does_not_want_it(open_chat: OpenChat) -> None:
    chat = await open_chat(opened_links={"tell_staff": False})
    event = await sent_to(chat)
    await chat.agrees()
    await chat.receives(event)
    assert told(chat) == []
    assert chat.store.database.read_sync("SELECT COUNT(*) AS n FROM link_opens")[0]["n"] == 1


@pytest.mark.parametrize("agrees", [True, False])
async def test_a_rule_tags_whoever_agrees_and_has_opened_it(
    open_chat: OpenChat, tmp_path: Path, *, agrees: bool
) -> None:
    (tmp_path / "rules.yaml").write_text(RULES, "utf-8")
    groups = [{"name": "兴趣"}]
    chat = await open_chat(tagging={"groups": groups, "rules": [str(tmp_path / "rules.yaml")]})
    event = await sent_to(chat)
    if agrees:
        await chat.agrees()
    await chat.receives(event)
    assert chat.tags == ({"兴趣：售后"} if agrees else set())
    opens = chat.store.database.read_sync("SELECT COUNT(*) AS n FROM link_opens")[0]["n"]
    assert (opens, len(told(chat))) == ((1, 1) if agrees else (0, 0))


async def test_an_event_that_names_somebody_else_s_link_is_nobody_s_opening(chat: Chat) -> None:
    event = await sent_to(chat, customer="wm_other")
    await chat.agrees()
    await chat.receives(event)
    assert told(chat) == []
    assert chat.store.database.read_sync("SELECT * FROM link_opens") == []


def lets_the_bot_send(chat: Chat) -> StaffAction:
    data = {"material": "r", "attachment": msgspec.to_builtins(LINK)}
    about = msgspec.structs.asdict(chat.conversation)
    return StaffAction(
        userid="zhangsan",
        name="materials.send",
        data=data,
        client_id="c-000001",
        on_page=True,
        **about,
    )


async def test_the_bot_sends_it_while_the_session_is_its_own(chat: Chat) -> None:
    await sent_to(chat)
    await chat.says("运费多少钱？")
    await chat.receives(lets_the_bot_send(chat))
    rows = chat.store.database.read_sync("SELECT state FROM outbox WHERE because LIKE '%material%'")
    assert [row["state"] for row in rows] == ["sent"]
    assert (await chat.store.materials.all())[0].uses == 1


async def test_the_bot_sends_nothing_while_a_person_has_the_session(chat: Chat) -> None:
    await sent_to(chat)
    await chat.take_over("lisi")
    await chat.receives(lets_the_bot_send(chat))
    rows = chat.store.database.read_sync("SELECT 1 FROM outbox WHERE because LIKE '%material%'")
    assert rows == []
    answer = await chat.store.staff_answers.of(
        chat.conversation.external_userid, "c-000001", "zhangsan"
    )
    assert answer is not None
    assert not answer.done
