"""Does a watched word reach a customer, on whatever way it is said?"""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.model import Attachment, Because, Button, Card, MenuItem, Reply, SessionEntered
from bot.policy.guard import Guard
from bot.policy.lexicon import Decision, Lexicon, WordGroup
from bot.routing import Router, Says, Stage, Turn
from knowledge import FaqEntry
from tests.builders import some_knowledge
from tests.conftest import OpenChat
from tests.talk import Chat

INSTEAD = "这个问题由同事来回答您，我已经请同事来看。"
NOBODY = "抱歉，现在没有同事在线"

LIST = """
groups:
  - {name: 不发的, decision: block, words: [红苹果]}
  - {name: 先看的, decision: review, words: [绿苹果]}
  - {name: 换掉的, decision: mask, words: {黄苹果: 苹果}}
"""
BLOCKED, LOOKED_AT, MASKED = "红 苹 果", "绿*苹*果", "黄苹果"


@pytest.fixture
def words(tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "ours.yaml"
    path.write_text(LIST, "utf-8")
    return {"safety": {"lists": [str(path)]}}


def an_entry(answer: str, **more: Any) -> FaqEntry:
    return FaqEntry(id="apple", question="有什么水果", answer=answer, **more)


async def proposals(chat: Chat) -> list[str]:
    rows = await chat.store.suggestions.of(chat.conversation)
    subject = chat.conversation.subject
    bodies = [chat.store.vault.open(subject, row["body"]) for row in rows]
    return [msgspec.json.decode(body, type=Reply).text for body in bodies]


def says(word: str, **more: Any) -> Router:
    """A behaviour that answers with the word, as a tool or model might."""
    router = Router("toy", stage=Stage.GUARD)

    @router.message(Says("greeting.thanks"))
    async def answer(turn: Turn) -> None:
        because = Because(source="toy")
        turn.reply(f"我们有{word}。", because=because, **more)

    return router


THANKS = "谢谢"


# ---------------------------------------------------------------------- answers


async def test_knowledge_with_a_blocked_word_is_not_said_and_a_person_comes(
    open_chat: OpenChat, words: dict[str, Any]
) -> None:
    chat = await open_chat(entries=[an_entry(f"我们有{BLOCKED}。")], **words)
    await chat.says("有什么水果")
    assert chat.replies[0] == INSTEAD
    assert chat.replies[1].startswith(NOBODY)
    assert (chat.outcome, await proposals(chat)) == ("handed_off", [])
    rows = await chat.store.audit.search(action="Withheld")
    assert [(row["why"], row["result"]) for row in rows] == [("lexicon:不发的", "block")]


async def test_what_is_to_be_looked_at_becomes_a_suggestion(
    open_chat: OpenChat, words: dict[str, Any]
) -> None:
    chat = await open_chat(entries=[an_entry(f"我们有{LOOKED_AT}。")], **words)
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("有什么水果")
    assert chat.replies[0] == INSTEAD
    assert chat.replies[1].startswith("已为您转接人工客服")
    assert await proposals(chat) == [f"我们有{LOOKED_AT}。"]
    assert any(LOOKED_AT in text for text in chat.staff_messages)


async def test_a_masked_word_is_replaced_and_the_rest_is_said(
    open_chat: OpenChat, words: dict[str, Any]
) -> None:
    chat = await open_chat(entries=[an_entry(f"我们有{MASKED}。")], **words)
    await chat.says("有什么水果")
    assert chat.replies == ["我们有苹果。"]
    assert chat.outcome == "answered"


async def test_what_a_model_wrote_is_no_exception(
    open_chat: OpenChat, words: dict[str, Any]
) -> None:
    chat = await open_chat(more=[says(BLOCKED, written_by_model=True)], **words)
    await chat.says(THANKS)
    assert chat.replies[0] == INSTEAD


async def test_what_a_system_of_the_company_told_is_no_exception(
    open_chat: OpenChat, words: dict[str, Any]
) -> None:
    chat = await open_chat(more=[says(BLOCKED, category="订单")], **words)
    await chat.says(THANKS)
    assert chat.replies[0] == INSTEAD


async def test_in_a_burst_the_other_answers_are_said(
    open_chat: OpenChat, words: dict[str, Any]
) -> None:
    chat = await open_chat(entries=[*some_knowledge(), an_entry(f"我们有{BLOCKED}。")], **words)
    await chat.says_at_once("有什么水果", "多久发货")
    assert "现货 48 小时内发出。" in chat.replies[0]
    assert INSTEAD in chat.replies[0]
    assert "苹" not in "".join(chat.replies)


async def test_a_customer_s_own_words_are_not_repeated_as_they_are(
    open_chat: OpenChat, words: dict[str, Any]
) -> None:
    chat = await open_chat(**words)
    await chat.says_at_once(f"{BLOCKED}多久发货", "运费多少钱")
    assert "红" not in "".join(chat.replies)
    assert "现货 48 小时内发出。" in chat.replies[0]


# ---------------------------------------------------------------------- around answers


async def test_an_item_of_a_menu_is_left_out(open_chat: OpenChat, words: dict[str, Any]) -> None:
    menu = (MenuItem("a", f"看看{BLOCKED}"), MenuItem("b", f"看看{MASKED}"))
    chat = await open_chat(more=[says("梨", menu=menu)], **words)
    await chat.says(THANKS)
    assert chat.menus == [["看看苹果"]]


async def test_an_attachment_whose_title_may_not_be_shown_is_left_out(
    open_chat: OpenChat, words: dict[str, Any]
) -> None:
    link = Attachment(kind="link", url="https://a.example/", title="果园")
    bad = msgspec.structs.replace(link, desc=BLOCKED)
    masked = msgspec.structs.replace(link, title=MASKED)
    chat = await open_chat(more=[says("梨", attachments=(bad, masked))], **words)
    await chat.says(THANKS)
    assert chat.replies == ["我们有梨。", "苹果\nhttps://a.example/"]


async def test_a_question_in_the_welcome_is_left_out(
    open_chat: OpenChat, words: dict[str, Any]
) -> None:
    bad = FaqEntry(id="bad", question=f"{BLOCKED}多少钱", answer="十元。", featured=True)
    chat = await open_chat(entries=[*some_knowledge(), bad], welcomed=False, **words)
    await chat.enters()
    assert chat.menus == [["多久发货", "运费多少钱", "怎么退货", "转人工客服"]]


async def test_of_two_welcomes_the_one_that_may_be_said_is(
    open_chat: OpenChat, words: dict[str, Any]
) -> None:
    router = Router("toy", stage=Stage.GUARD)

    @router.on(SessionEntered)
    async def greet(turn: Turn, entered: SessionEntered) -> None:
        reply = Reply(text=f"送您{BLOCKED}")
        turn.reply_by_code(entered.welcome_code or "", reply, expires_at=turn.now + 18)

    chat = await open_chat(more=[router], welcomed=False, **words)
    await chat.enters()
    assert chat.replies[0].startswith("您好，欢迎光临！")


async def test_what_the_hand_over_says_never_asks_for_another(
    open_chat: OpenChat, words: dict[str, Any]
) -> None:
    chat = await open_chat(more=[says(BLOCKED, category="service")], **words)
    await chat.says(THANKS)
    assert chat.replies == []
    assert chat.staff_messages == []


# ---------------------------------------------------------------------- staff, suggestions


async def test_staff_are_told_all_but_what_is_masked(
    open_chat: OpenChat, words: dict[str, Any]
) -> None:
    router = Router("toy", stage=Stage.GUARD)

    @router.message(Says("greeting.thanks"))
    async def tell(turn: Turn) -> None:
        text = f"客户要{BLOCKED}和{MASKED}"
        card = Card(
            title=text, lines=((text, text),), quote=text, buttons=(Button("take", MASKED),)
        )
        turn.notify(["zhangsan"], text)
        turn.send_card(["zhangsan"], card, task_id="t", fallback=text)
        turn.settle("noted")

    chat = await open_chat(more=[router], **words)
    await chat.says(THANKS)
    seen = f"客户要{BLOCKED}和苹果"
    assert chat.staff_messages == [seen]
    (card,) = (one.card for one in chat.cards)
    assert (card.title, card.quote, card.lines) == (seen, seen, ((seen, seen),))
    assert card.buttons[0].text == "苹果"


async def test_where_the_bot_only_suggests_blocked_words_are_not_suggested(
    open_chat: OpenChat, words: dict[str, Any]
) -> None:
    chat = await open_chat(
        entries=[an_entry(f"我们有{BLOCKED}。")], autonomy={"mode": "suggest"}, **words
    )
    await chat.says("有什么水果")
    assert await proposals(chat) == []


# ---------------------------------------------------------------------- the guard itself


def a_guard(*approved: str) -> Guard:
    words = {"国家级": "", "最佳": "", "顶级": "优质"}
    groups = [
        WordGroup("a", Decision.REVIEW, {"国家级": "", "最佳": ""}),
        WordGroup("b", Decision.MASK, {"顶级": words["顶级"]}),
    ]
    return Guard(Lexicon(groups), approved)


def test_a_text_known_to_be_clean_costs_a_look_up() -> None:
    guard = a_guard()
    guard.learn(["满 99 元包邮"])
    guard.lexicon = Lexicon([WordGroup("a", Decision.BLOCK, {"包邮": ""})])
    assert guard.check("满 99 元包邮").decision is Decision.ALLOW
    guard.follow(guard.lexicon)
    assert guard.check("满 99 元包邮").decision is Decision.BLOCK


def test_approved_words_may_be_said_in_their_text_only() -> None:
    guard = a_guard("我们获得国家级实验室认证，")
    assert guard.check("我们获得国家级实验室认证，王女士。").decision is Decision.ALLOW
    assert guard.check("我们获得国家级奖。").decision is Decision.REVIEW
    verdict = guard.check("我们获得国家级实验室认证，最佳顶级")
    assert [one.text for one in verdict.found] == ["最佳", "顶级"]
    assert verdict.text == "我们获得国家级实验室认证，最佳优质"


def test_what_must_be_said_is_said_without_the_words() -> None:
    assert a_guard().softened("国家级顶级的您好") == "***优质的您好"
    assert a_guard().masked("国家级顶级的您好") == "国家级优质的您好"
