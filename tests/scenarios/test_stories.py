"""Whole conversations, as a customer lives them."""

from tests.conftest import OpenChat
from tests.talk import Chat


async def test_a_customer_asks_returns_and_thanks(chat: Chat) -> None:
    await chat.plays("""
        客户：在吗
        机器人：您好，请问有什么可以帮您？可以直接输入问题，也可以点下面的常见问题。
        点选：怎么退货
        机器人：签收后 7 天内，在订单页点“申请退货”。
        点选：退货运费谁出
        机器人：质量问题我们出，其他原因由您承担。
        客户：谢谢
        机器人：不客气，有需要随时找我。
    """)


async def test_a_customer_asks_several_things_at_once(chat: Chat) -> None:
    await chat.plays("""
        客户：你好
        客户：多久发货
        客户：包邮吗
        机器人：「多久发货」
        现货 48 小时内发出。

        「包邮吗」
        满 99 元包邮，不满 99 元运费 8 元。
    """)


async def test_a_customer_is_handed_to_a_person_and_back(chat: Chat) -> None:
    chat.wecom.receiving = ["zhangsan"]
    await chat.plays("""
        客户：我要人工
        机器人：已为您转接人工客服，请稍候。同事能看到我们刚才的对话，您不用重复说明。
        客户：多久发货
        机器人：（不出声）
        同事：接入
        客户：在吗
        机器人：（不出声）
        同事：结束
        机器人：（不出声）
        客户：多久发货
        机器人：您好，我是云栖优选智能助手，由 AI 为您解答；需要人工服务请回复“人工”。

        现货 48 小时内发出。
    """)


async def test_at_night_the_bot_says_when_people_are_there(open_chat: OpenChat) -> None:
    hours = [{"days": ["mon", "tue", "wed", "thu"], "from": "09:00", "to": "18:00"}]
    chat = await open_chat(accounts={"wk_shop": {"opening_hours": hours}})
    await chat.says("转人工")
    assert "现在不在人工服务时间（周一至周四 09:00–18:00）" in chat.replies[0]
    await chat.says("多久发货")
    assert chat.replies == ["现货 48 小时内发出。"]


async def test_the_same_customer_at_another_account_is_another_conversation(chat: Chat) -> None:
    other = Chat(chat.engine, type(chat.conversation)("wk_other", "wm_lan"), chat.clock)
    await chat.take_over()
    await other.enters()
    await other.says("多久发货")
    assert other.replies == ["现货 48 小时内发出。"]
    await chat.says("多久发货")
    assert chat.replies == []
