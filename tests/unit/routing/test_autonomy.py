from typing import Any

import msgspec

from bot.model import Reply
from tests.conftest import OpenChat
from tests.talk import Chat

SHIP_TIME = "现货 48 小时内发出。"
RETURN = "签收后 7 天内，在订单页点“申请退货”。"


async def proposals(chat: Chat) -> list[str]:
    rows = await chat.store.suggestions.of(chat.conversation)
    subject = chat.conversation.subject
    bodies = [chat.store.vault.open(subject, row["body"]) for row in rows]
    return [msgspec.json.decode(body, type=Reply).text for body in bodies]


async def test_a_bot_that_only_suggests_proposes_to_staff(open_chat: OpenChat) -> None:
    chat = await open_chat(autonomy={"mode": "suggest"})
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("多久发货")
    assert chat.outcome == "suggested"
    assert await proposals(chat) == [SHIP_TIME]
    assert any("【建议回复】" in text and SHIP_TIME in text for text in chat.staff_messages)
    assert SHIP_TIME not in chat.replies


async def test_a_suggesting_bot_brings_a_person_and_says_so(open_chat: OpenChat) -> None:
    chat = await open_chat(autonomy={"mode": "suggest"})
    chat.wecom.receiving = ["zhangsan"]
    await chat.says("多久发货")
    assert len(chat.replies) == 1
    assert chat.replies[0].startswith("已为您转接人工客服")


async def test_a_suggesting_bot_says_honestly_that_nobody_is_there(open_chat: OpenChat) -> None:
    chat = await open_chat(autonomy={"mode": "suggest"})
    await chat.says("多久发货")
    assert len(chat.replies) == 1
    assert chat.replies[0].startswith("抱歉，现在没有同事在线")


async def test_a_bot_that_is_off_says_nothing_at_all(open_chat: OpenChat) -> None:
    chat = await open_chat(autonomy={"mode": "off"}, welcomed=False)
    await chat.enters()
    assert chat.replies == []
    for text in ("多久发货", "你好", "明天火星天气怎么样", "转人工"):
        await chat.says(text)
        assert chat.replies == [], text
    assert await proposals(chat) == []


async def test_a_category_can_be_left_to_people(open_chat: OpenChat) -> None:
    chat = await open_chat(autonomy={"mode": "auto", "categories": {"售后": "suggest"}})
    await chat.says("多久发货")
    assert chat.replies == [SHIP_TIME]
    await chat.says("怎么退货")
    assert RETURN not in chat.replies
    assert await proposals(chat) == [RETURN]


async def test_a_category_can_be_opened_while_the_rest_is_suggested(open_chat: OpenChat) -> None:
    chat = await open_chat(autonomy={"mode": "suggest", "categories": {"物流": "auto"}})
    await chat.says("多久发货")
    assert chat.replies == [SHIP_TIME]
    assert await proposals(chat) == []


async def test_a_category_can_be_off(open_chat: OpenChat) -> None:
    chat = await open_chat(autonomy={"mode": "auto", "categories": {"售后": "off"}})
    await chat.says("怎么退货")
    assert chat.replies == []
    assert chat.outcome == "off"


async def test_of_a_burst_only_the_allowed_answers_are_said(open_chat: OpenChat) -> None:
    chat = await open_chat(autonomy={"mode": "auto", "categories": {"售后": "off"}})
    await chat.says_at_once("怎么退货", "多久发货")
    assert chat.replies == [SHIP_TIME]


async def test_an_account_has_its_own_autonomy(open_chat: OpenChat) -> None:
    accounts: dict[str, Any] = {"wk_shop": {"autonomy": {"mode": "auto"}}}
    chat = await open_chat(autonomy={"mode": "off"}, accounts=accounts)
    await chat.says("多久发货")
    assert chat.replies == [SHIP_TIME]


async def test_another_account_s_autonomy_changes_nothing(open_chat: OpenChat) -> None:
    chat = await open_chat(accounts={"wk_other": {"autonomy": {"mode": "off"}}})
    await chat.says("多久发货")
    assert chat.replies == [SHIP_TIME]
