"""While people have the session: what could be said is kept, core customers come first."""

from bot.model import ServiceState
from bot.model.people import Attribute
from bot.store import Unit
from tests.cases import SHIP_TIME, case_of, wants
from tests.conftest import OpenChat
from tests.talk import Chat


async def test_while_a_person_has_it_each_message_gets_its_suggestions_and_no_card(
    chat: Chat,
) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("转人工")
    await chat.colleague_writes("您好")
    cards = len(chat.cards)
    msgid = await chat.says("多久发货")
    assert chat.wecom.state is ServiceState.HUMAN
    assert (chat.replies, chat.staff_messages, len(chat.cards)) == ([], [], cards)
    kept = await chat.store.suggestions.for_message(chat.conversation, msgid)
    assert 1 <= len(kept) <= 3
    assert kept[0].text == SHIP_TIME
    scores = [one.because.score or 0.0 for one in kept if one.because]
    assert scores[0] == max(scores) > 0.9
    assert all(one.because and one.because.source == "faq" and one.because.ref for one in kept)
    rows = await chat.store.suggestions.of(chat.conversation)
    assert not any(SHIP_TIME.encode() in row["body"] for row in rows)


async def test_while_the_bot_answers_nothing_is_kept(chat: Chat) -> None:
    msgid = await chat.says("多久发货")
    assert await chat.store.suggestions.for_message(chat.conversation, msgid) == []


async def tagged(chat: Chat, tag: str) -> None:
    """A member of staff has given the customer a tag."""
    await chat.store.database.execute(
        "INSERT INTO customer_tags (external_userid, name, tag_group, source, rule, version, msgid,"
        " at, by, run) VALUES (?, ?, '价值', 'human', '', '', '', ?, 'lisi', '')",
        *(chat.conversation.external_userid, tag, chat.clock.now()),
    )


async def test_whoever_has_a_core_tag_goes_to_an_expert_first_however_he_asks(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(escalation={"core_tags": ["价值：VIP"]})
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("多久发货")
    await tagged(chat, "价值：VIP")
    await chat.receives(wants(chat, "unsolved"))
    case = await case_of(chat)
    assert (case.level, chat.wecom.servicer) == (3, "lisi")
    assert case.priority >= 100


async def test_the_card_says_who_it_is_what_is_known_and_until_when(chat: Chat) -> None:
    """Friday 10:00:00, and two minutes till somebody else is asked."""
    await tagged(chat, "价值：高价值")
    unit, customer = Unit(), chat.conversation.external_userid
    at = chat.clock.now()
    name = Attribute(
        external_userid=customer, name="nickname", value="小满", source="wecom", by="", at=at
    )
    await chat.store.profiles.set(unit, name)
    await chat.store.database.commit(unit)
    chat.wecom.receiving = ["zhangsan", "lisi"]
    await chat.says("转人工")
    card = chat.cards[-1].card
    assert card.desc == "wk_shop · 小满"
    lines = dict(card.lines)
    assert lines["标签"] == "价值：高价值"
    assert lines["时限"] == "请在 10:02:00 前回复"
    await chat.colleague_writes("您好")
    await chat.presses("take", userid=chat.wecom.servicer or "")
    assert "时限" not in dict(chat.cards[-1].card.lines)
