import pytest

from bot.model import AppMessageReceived
from tests.talk import Chat


@pytest.mark.parametrize("text", ["帮助", "help", "HELP", "怎么用", "菜单"])
async def test_help_is_explained(chat: Chat, text: str) -> None:
    await chat.tells_app(text)
    assert chat.staff_messages[0].startswith("您可以这样用")
    assert chat.staff.sent[0][0] == ("zhangsan",)


async def test_a_question_is_looked_up_for_staff(chat: Chat) -> None:
    await chat.tells_app("多久发货")
    assert chat.staff_messages[0].startswith("多久发货\n现货 48 小时内发出。\n相近的还有：")


async def test_what_is_not_known_is_said(chat: Chat) -> None:
    await chat.tells_app("ζζζζ")
    assert chat.staff_messages == ["知识库里没有找到相近的内容，换个说法试试。"]


async def test_open_cases_are_listed(chat: Chat) -> None:
    await chat.store.accounts.register("wk_shop", "旗舰店", 0)
    await chat.take_over("ZhangSan")
    await chat.tells_app("待办")
    assert chat.staff_messages == ["正在接待：1 个\n排队等待：0 个\n· 旗舰店（11-20 10:00起）"]


async def test_waiting_customers_are_listed_for_everybody(chat: Chat) -> None:
    chat.wecom.receiving = ["lisi"]
    await chat.says("转人工")
    await chat.tells_app("排队", userid="lisi")
    assert "排队等待：1 个" in chat.staff_messages[0]


async def test_without_cases_that_is_said(chat: Chat) -> None:
    await chat.tells_app("待办")
    assert chat.staff_messages == ["现在没有等待处理的会话。"]


@pytest.mark.parametrize("msgtype", ["image", "voice", "location", "something_new"])
async def test_anything_but_text_is_answered_with_what_helps(chat: Chat, msgtype: str) -> None:
    await chat.receives(AppMessageReceived(userid="zhangsan", msgtype=msgtype))
    assert chat.staff_messages == ["我只能看懂文字，请输入“帮助”看看能做什么。"]


async def test_an_empty_text_is_answered_with_what_helps(chat: Chat) -> None:
    await chat.tells_app("   ")
    assert chat.staff_messages == ["我只能看懂文字，请输入“帮助”看看能做什么。"]


async def test_opening_the_app_is_no_question(chat: Chat) -> None:
    await chat.receives(AppMessageReceived(userid="zhangsan", msgtype="enter_agent"))
    assert chat.staff_messages == []


async def test_two_spellings_of_a_userid_are_one_mailbox(chat: Chat) -> None:
    await chat.tells_app("帮助", userid="ZhangSan")
    await chat.tells_app("帮助", userid="zhangsan")
    rows = await chat.store.database.fetch(
        "SELECT DISTINCT subject FROM mailbox WHERE kind = 'AppMessageReceived'"
    )
    assert [row["subject"] for row in rows] == ["member:zhangsan"]
