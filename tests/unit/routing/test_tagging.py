"""Tags in a turn: what a behaviour decides, and what the bot then knows."""

from bot.model import Because
from bot.routing import Router, Stage, Turn
from bot.store import Unit
from knowledge import FaqEntry
from tests.builders import some_knowledge
from tests.conftest import OpenChat
from tests.talk import Chat

GROUPS = {"groups": [{"name": "会员", "exclusive": True}]}


def a_tagger(*, fails: bool = False) -> Router:
    router = Router("tagger", stage=Stage.CAMPAIGN)

    @router.observe()
    async def hear(turn: Turn) -> None:
        if "运费" in turn.text:
            turn.tag("关注：运费", rule="freight", version="3")
        if "不关心" in turn.text:
            turn.untag("关注：运费")
        if "短" in turn.text:
            turn.tag("意向：退货", expires_after_s=3600)
        if fails:
            raise RuntimeError("no")

    @router.message()
    async def say(turn: Turn) -> None:
        if turn.text == "报一遍":
            turn.reply("、".join(sorted(turn.tags)), because=Because(source="reply"))

    return router


async def test_an_observer_tags_and_the_next_turn_knows(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_tagger()])
    await chat.agrees()
    msgid = await chat.says("运费多少钱")
    assert chat.tags == {"关注：运费"}
    assert chat.replies == ["满 99 元包邮，不满 99 元运费 8 元。"]
    (one,) = await chat.store.tags.of("wm_lan", chat.clock.now())
    assert (one.rule, one.version, one.msgid, one.at) == ("freight", "3", msgid, chat.clock.now())
    await chat.says("报一遍")
    assert chat.replies == ["关注：运费"]
    await chat.says("我不关心这个")
    assert chat.tags == set()


async def test_a_tag_lapses_without_anybody_doing_anything(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_tagger()])
    await chat.agrees()
    await chat.says("短短的一句")
    assert chat.tags == {"意向：退货"}
    await chat.waits(hours=1)
    assert chat.tags == set()


async def test_an_observer_that_fails_has_tagged_nobody(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_tagger(fails=True)])
    await chat.agrees()
    await chat.says("运费多少钱")
    assert (chat.tags, chat.outcome) == (set(), "answered")


async def test_without_consent_the_answer_is_given_and_nobody_tagged(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_tagger()])
    await chat.says("运费多少钱")
    assert chat.replies == ["满 99 元包邮，不满 99 元运费 8 元。"]
    assert chat.tags == set()


async def test_what_is_limited_to_tags_is_said_to_whom_it_is_for(open_chat: OpenChat) -> None:
    gold = FaqEntry(
        id="gold",
        question="金卡有什么权益",
        answer="金卡每月一张免邮券。",
        for_tags=("会员：金卡",),
    )
    chat = await open_chat(entries=[*some_knowledge(), gold], tagging=GROUPS)
    await chat.says("金卡有什么权益")
    assert "金卡每月一张免邮券。" not in chat.replies
    await chat.agrees()
    await becomes_gold(chat)
    await chat.says("金卡有什么权益")
    assert chat.replies == ["金卡每月一张免邮券。"]


async def becomes_gold(chat: Chat) -> None:
    unit = Unit()
    chat.store.tags.human(unit, "wm_lan", ["会员：金卡"], [], by="zhangsan", at=chat.clock.now())
    await chat.store.database.commit(unit)


async def test_wecom_is_to_be_told_once_of_what_changed(open_chat: OpenChat) -> None:
    chat = await open_chat(more=[a_tagger()], tagging={"project": True})
    await chat.agrees()
    await chat.decides_on(chat.text("运费多少钱"))
    await chat.decides_on(chat.text("运费多少钱"), chat.text("短"))
    rows = await chat.store.database.fetch("SELECT queue FROM outbox WHERE kind = 'ProjectTags'")
    assert [row["queue"] for row in rows] == ["tags/wm_lan"]
