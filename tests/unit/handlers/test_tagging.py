"""Customers are tagged by what they write and do, once they have agreed to that."""

from pathlib import Path

import pytest

from bot.model import Emitted, MessageRecalled, StaffAction
from bot.model.consents import Purpose, Standing
from bot.routing import Router, Stage, Turn
from bot.store import Unit
from handlers.tagging.router import SAID
from tests.conftest import OpenChat
from tests.talk import Chat

RULES = """
rules:
  - {id: fee, tag: "关注：运费", contains: [运费, 包邮]}
  - {id: want, tag: "意向：面霜", mood: wants, contains: [面霜]}
  - {id: often, tag: "行为：常问价", contains: [多少钱], hits: 3, within_days: 7}
  - {id: age, tag: "月龄：0-6个月", contains: ["宝宝...个月"]}
  - {id: skin, tag: "肤质：敏感肌", contains: [敏感肌]}
  - {id: photo, tag: "行为：发过图", when: {msgtype: [image]}}
  - {id: tapped, tag: "关注：退货", when: {menu: [help:returns]}}
  - {id: bought, tag: "行为：买过面霜", event: {name: order_paid, fields: {category: [面霜]}}}
  - {id: came, tag: "来源：直播", when: {channel: [live_]}}
"""
GROUPS = [
    *({"name": name} for name in ("关注", "意向", "行为", "来源")),
    {"name": "月龄", "purpose": "minor"},
    {"name": "肤质", "purpose": "sensitive"},
]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES, "utf-8")
    return file


@pytest.fixture
async def chat(open_chat: OpenChat, rules: Path) -> Chat:
    opened = await open_chat(tagging={"groups": GROUPS, "rules": [str(rules)]})
    await opened.agrees()
    return opened


async def history_of(chat: Chat) -> list[tuple[str, str, str, str]]:
    rows = await chat.store.tags.history(chat.conversation.external_userid)
    return [(row["name"], row["outcome"], row["rule"], row["source"]) for row in rows]


async def test_a_question_about_shipping_tags_with_its_provenance(chat: Chat) -> None:
    msgid = await chat.says("运费多少？")
    (assignment,) = await chat.store.tags.of(chat.conversation.external_userid, chat.clock.now())
    assert assignment.name == "关注：运费"
    assert (assignment.rule, assignment.msgid) == ("fee", msgid)
    assert assignment.version == chat.engine.tag_rules.book.by_id["fee"].version


async def test_wanting_is_no_asking_and_no_refusing(chat: Chat) -> None:
    for text in ("面霜是什么", "不想买面霜了", "我朋友想买面霜", "已经买了面霜"):
        await chat.says(text)
        assert chat.tags == set(), text
    await chat.says("想买面霜")
    assert chat.tags == {"意向：面霜"}


async def test_nobody_is_tagged_who_has_not_agreed_nor_is_anything_counted(
    open_chat: OpenChat, rules: Path
) -> None:
    chat = await open_chat(tagging={"groups": GROUPS, "rules": [str(rules)]})
    for _ in range(3):
        await chat.says("运费多少钱")
    assert chat.tags == set()
    assert await history_of(chat) == []
    assert await chat.store.database.fetch("SELECT * FROM tag_hits") == []


async def test_what_was_written_before_counts_once_the_customer_agrees(
    open_chat: OpenChat, rules: Path
) -> None:
    chat = await open_chat(tagging={"groups": GROUPS, "rules": [str(rules)]})
    first = await chat.says("包邮吗")
    await chat.says("想买面霜")
    await chat.says("我是敏感肌")
    await agrees_to(chat, Purpose.PROFILING_TAGS)
    assert chat.tags == {"关注：运费", "意向：面霜"}
    found = await chat.store.tags.of(chat.conversation.external_userid, chat.clock.now())
    assert first in {one.msgid for one in found}
    await agrees_to(chat, Purpose.SENSITIVE)
    assert chat.tags == {"关注：运费", "意向：面霜", "肤质：敏感肌"}, (
        "each group by its own purpose"
    )


async def agrees_to(chat: Chat, purpose: Purpose) -> None:
    await chat.agrees(purpose)
    where = chat.conversation
    await chat.receives(
        Emitted(
            name="consent_given",
            data={"purpose": purpose.value},
            open_kfid=where.open_kfid,
            external_userid=where.external_userid,
        )
    )


async def test_a_childs_age_needs_a_consent_of_its_own(chat: Chat) -> None:
    await chat.says("宝宝5个月了")
    assert chat.tags == set()
    await chat.decides(Purpose.MINOR, Standing.GIVEN)
    await chat.says("宝宝5个月了")
    assert chat.tags == {"月龄：0-6个月"}


async def test_a_servicers_words_and_our_own_tag_nobody(chat: Chat) -> None:
    await chat.take_over()
    await chat.colleague_writes("亲，运费8元，面霜您想买几瓶？")
    assert chat.tags == set()
    await chat.says("包邮吗")
    assert chat.tags == {"关注：运费"}, "what the customer writes counts whoever owns the session"


async def test_the_words_of_a_menu_item_are_ours_and_its_id_counts(chat: Chat) -> None:
    await chat.sends("text", {"content": "查运费", "menu_id": "help:shipping"})
    assert chat.tags == set()
    await chat.sends("text", {"content": "退换货", "menu_id": "help:returns:1"})
    assert chat.tags == {"关注：退货"}


async def test_a_picture_may_tag(chat: Chat) -> None:
    await chat.sends("image", {"media_id": "m1"})
    assert chat.tags == {"行为：发过图"}


async def test_what_needs_three_times_in_a_week_is_given_at_the_third(chat: Chat) -> None:
    await chat.says("多少钱")
    await chat.waits(hours=24 * 8)
    await chat.says("这个多少钱")
    await chat.says("那个多少钱")
    assert "行为：常问价" not in chat.tags, "the first one was too long ago"
    await chat.says_at_once("红的多少钱", "蓝的多少钱")
    assert "行为：常问价" in chat.tags


async def test_a_burst_counts_each_of_its_messages(chat: Chat) -> None:
    await chat.says_at_once("红的多少钱", "蓝的多少钱", "绿的多少钱")
    assert "行为：常问价" in chat.tags


async def test_the_same_message_counts_once(chat: Chat) -> None:
    one, two = chat.text("红的多少钱"), chat.text("蓝的多少钱")
    for message in (one, one, two, one):
        await chat.receives(message)
    assert "行为：常问价" not in chat.tags


async def test_an_event_of_another_behaviour_tags(chat: Chat) -> None:
    where = chat.conversation
    for category, expected in (("口红", set()), ("面霜", {"行为：买过面霜"})):
        await chat.receives(
            Emitted(
                name="order_paid",
                data={"category": [category]},
                open_kfid=where.open_kfid,
                external_userid=where.external_userid,
            )
        )
        assert chat.tags == expected


async def test_what_a_member_hands_in_counts_as_the_customers(chat: Chat) -> None:
    where = chat.conversation
    await chat.receives(
        StaffAction(
            open_kfid=where.open_kfid,
            external_userid=where.external_userid,
            userid="zhangsan",
            name=SAID,
            data={"text": "运费太贵了"},
            client_id="sidebar-1",
        )
    )
    assert chat.tags == {"关注：运费"}


async def test_the_archive_is_read_only_with_a_consent_of_its_own(chat: Chat) -> None:
    where = chat.conversation
    kept = Emitted(
        name="archive_text",
        data={"text": "运费多少", "msgid": "a1", "at": chat.clock.now()},
        open_kfid=where.open_kfid,
        external_userid=where.external_userid,
    )
    await chat.receives(kept)
    assert chat.tags == set()
    await chat.decides(Purpose.ARCHIVE_ANALYSIS, Standing.GIVEN)
    await chat.receives(kept)
    assert chat.tags == {"关注：运费"}


async def test_what_a_person_took_off_no_rule_puts_on_again(chat: Chat) -> None:
    await chat.says("运费多少")
    unit = Unit()
    where = chat.conversation.external_userid
    chat.store.tags.human(unit, where, (), ("关注：运费",), by="lisi", at=chat.clock.now())
    await chat.store.database.commit(unit)
    await chat.waits(hours=1)
    await chat.says("运费多少")
    assert chat.tags == set()
    await chat.waits(hours=24 * 31)
    await chat.says("运费多少")
    assert chat.tags == {"关注：运费"}


async def test_a_rule_that_fails_costs_nobody_an_answer(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat.engine.tag_rules, "book", None)
    await chat.says("多久发货")
    assert chat.replies, "the observer failed, the answer came"


greeter = Router("spring", stage=Stage.CAMPAIGN)


@greeter.message()
async def spring(turn: Turn) -> None:
    """Says words that would tag, were they the customer's."""
    turn.reply("运费全免，想买面霜吗？")


async def test_what_the_bot_says_tags_nobody(open_chat: OpenChat, rules: Path) -> None:
    sections = {"groups": GROUPS, "rules": [str(rules)]}
    chat = await open_chat(tagging=sections, more=[greeter])
    await chat.agrees()
    await chat.says("你们有什么新东西")
    assert chat.replies == ["运费全免，想买面霜吗？"]
    assert chat.tags == set()


async def recall(chat: Chat, msgid: str) -> None:
    where = chat.conversation
    await chat.receives(
        MessageRecalled(
            open_kfid=where.open_kfid, external_userid=where.external_userid, recall_msgid=msgid
        )
    )


async def test_a_recalled_message_takes_its_tags_along_unless_another_says_the_same(
    chat: Chat,
) -> None:
    first = await chat.says("运费多少？")
    wish = await chat.says("想买面霜")
    again = await chat.says("这个包邮吗")
    for msgid, left in (
        (first, {"关注：运费", "意向：面霜"}),
        (wish, {"关注：运费"}),
        (again, set()),
    ):
        await recall(chat, msgid)
        assert chat.tags == left
    asked = [await chat.says("多少钱") for _ in range(3)]
    assert "行为：常问价" in chat.tags
    await recall(chat, asked[0])
    assert "行为：常问价" not in chat.tags
