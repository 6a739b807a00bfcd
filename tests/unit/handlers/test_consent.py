"""Consent is asked, decided by what customers say, and holds before the next thing is sent."""

from bot.model.consents import Purpose, Standing
from bot.model.tags import TagChange, TagSource
from bot.store import Unit
from tests.conftest import OpenChat
from tests.talk import Chat

ADS, TAGS = Purpose.MARKETING, Purpose.PROFILING_TAGS
ASKING = {"ask": ["profiling_tags", "marketing"]}


async def standing(chat: Chat, purpose: Purpose) -> Standing:
    return await chat.store.consents.standing(chat.conversation.external_userid, purpose)


async def test_after_the_first_answer_each_purpose_is_asked_by_itself_and_nothing_is_ticked(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(consent=ASKING)
    await chat.says("多久发货")
    assert chat.replies == ["现货 48 小时内发出。"], "the answer does not wait for consent"
    await chat.waits(seconds=5)
    assert len(chat.replies) == 1
    assert chat.menus[-1] == [
        *("同意打标签", "不同意打标签", "同意接收活动消息", "不同意接收活动消息"),
    ]
    assert await standing(chat, TAGS) is Standing.UNKNOWN
    await chat.says("运费多少钱")
    await chat.waits(minutes=5)
    assert chat.replies == [], "asked once"


async def test_a_choice_decides_its_own_purpose_and_can_be_changed(open_chat: OpenChat) -> None:
    chat = await open_chat(consent=ASKING)
    await chat.says("多久发货")
    await chat.waits(seconds=5)
    await chat.taps("同意打标签")
    assert "已记下您同意打标签" in chat.replies[0]
    assert (await standing(chat, TAGS), await standing(chat, ADS)) == (
        Standing.GIVEN,
        Standing.UNKNOWN,
    )
    (given, _) = (await chat.store.consents.history("wm_lan"))[-1]
    assert (given["notice_version"], given["channel"], given["by"]) == ("1", "kf", "customer")


async def test_a_refusal_costs_no_service_and_is_not_asked_about_again(open_chat: OpenChat) -> None:
    chat = await open_chat(consent=ASKING)
    await chat.says("多久发货")
    await chat.waits(seconds=5)
    await chat.taps("不同意打标签")
    await chat.says("运费多少钱")
    assert chat.outcome == "answered"
    await chat.waits(minutes=5)
    assert chat.replies == []


async def test_every_purpose_has_its_words(open_chat: OpenChat) -> None:
    asked = [one.value for one in Purpose if one is not Purpose.SERVICE]
    chat = await open_chat(consent={"ask": asked})
    for purpose in asked:
        for decision in ("yes", "no"):
            await chat.sends(
                "text", {"content": "选", "menu_id": f"consent:{purpose}:{decision}:1"}
            )
            assert len(chat.replies) == 1, (purpose, decision)
        assert await standing(chat, Purpose(purpose)) is Standing.REFUSED
    await chat.sends("text", {"content": "选", "menu_id": "consent:everything:yes:1"})
    assert await standing(chat, Purpose.SERVICE) is Standing.UNKNOWN


async def test_the_notice_waits_for_people_and_never_takes_the_last_message(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(consent=ASKING)
    await chat.says("转人工")
    await chat.waits(minutes=1)
    assert all("打标签" not in reply for reply in chat.replies)
    chat = await open_chat(consent=ASKING)
    await chat.take_over()
    await chat.says("多久发货")
    await chat.waits(minutes=1)
    assert chat.replies == []


async def test_a_notice_with_other_words_is_shown_to_who_said_nothing(
    open_chat: OpenChat,
) -> None:
    chat = await open_chat(consent=ASKING)
    await chat.says("多久发货")
    await chat.waits(seconds=5)
    await chat.taps("不同意打标签")
    again = await open_chat(consent=ASKING | {"notice_version": "2"}, welcomed=False)
    await again.says("运费多少钱")
    await again.waits(seconds=5)
    assert again.menus[-1] == ["同意接收活动消息", "不同意接收活动消息"]


async def test_unsubscribing_holds_at_once_and_is_said_once_without_winning_back(
    chat: Chat,
) -> None:
    await chat.agrees(ADS)
    await chat.says("退订")
    assert chat.replies == ["好的，不会再给您发营销消息。您来咨询，我们照常回答。"]
    assert await standing(chat, ADS) is Standing.WITHDRAWN
    await chat.waits(hours=30)
    assert chat.replies == []


async def test_people_having_the_conversation_changes_nothing_about_it(chat: Chat) -> None:
    await chat.agrees(ADS)
    await chat.take_over()
    await chat.says("别再给我发广告了")
    assert chat.replies == []
    assert await standing(chat, ADS) is Standing.WITHDRAWN


async def test_nor_does_a_silenced_bot(chat: Chat) -> None:
    await chat.agrees(ADS)
    await chat.store.switches.turn_on("silence", "all", "", by="x", reason="", now=0)
    await chat.says("退订")
    assert (chat.replies, await standing(chat, ADS)) == ([], Standing.WITHDRAWN)


async def test_who_unsubscribes_and_wants_a_person_gets_both(chat: Chat) -> None:
    await chat.agrees(ADS)
    await chat.says("退订！另外我要投诉，转人工")
    assert await standing(chat, ADS) is Standing.WITHDRAWN
    assert any("不会再给您发营销消息" in reply for reply in chat.replies)
    assert chat.outcome == "handed_off"


async def test_consent_can_be_given_again_in_the_customer_s_own_words(chat: Chat) -> None:
    await chat.says("别给我打标签")
    assert await standing(chat, TAGS) is Standing.WITHDRAWN
    await chat.says("我重新同意打标签")
    assert await standing(chat, TAGS) is Standing.GIVEN
    await chat.says("有优惠记得通知我")
    assert await standing(chat, ADS) is Standing.GIVEN


async def test_tags_go_with_the_consent_they_rested_on_and_so_does_what_led_to_them(
    chat: Chat,
) -> None:
    await chat.agrees()
    unit = Unit()
    change = TagChange(name="关注：运费", add=True, at=chat.clock.now(), rule="fee", msgid="m7")
    chat.store.tags.assign(unit, "wm_lan", [change])
    await chat.store.database.commit(unit)
    assert chat.tags == {"关注：运费"}
    await chat.says("别给我打标签")
    assert chat.replies == ["好的，不再给您打标签，原来打上的已经去掉。"]
    assert chat.tags == set()
    left = await chat.store.tags.history("wm_lan")
    assert [(row["rule"], row["msgid"], row["was"]) for row in left] == [("withdrawn", "", None)]


async def test_who_asks_why_is_told_the_tags_with_their_reasons(chat: Chat) -> None:
    await chat.says("为什么给我打标签")
    assert "没有给您打任何标签" in chat.replies[0]
    await chat.agrees()
    unit = Unit()
    for n, source in enumerate(TagSource):
        change = TagChange(name=f"关注：{n}", add=True, at=chat.clock.now(), source=source)
        chat.store.tags.assign(unit, "wm_lan", [change])
    await chat.store.database.commit(unit)
    await chat.says("我身上有哪些标签")
    assert f"您现在有 {len(TagSource)} 个标签" in chat.replies[0]
    assert "· 关注：0：2026-11-20 根据您说的话自动打上" in chat.replies[0]
