"""Which words ask for one's own orders, and which ask something about orders?"""

import pytest

from bot.app import PROMPTS
from bot.routing.phrases import Phrases

PHRASES = Phrases.load(PROMPTS)

ASKS = [
    "我的快递到哪了",
    "我的快遞到哪了",
    "查订单",
    "帮我查一下订单",
    "我的订单",
    "看看我的订单",
    "我的包裹怎么还没到",
    "东西到哪儿了呀",
    "物流信息",
    "订单",
    "到哪了？",
    "我的订单什么时候发货",
    "快递在哪",
    "我的东西寄到哪了",
]
ASKS_SOMETHING_ELSE = [
    "多久发货",
    "我的订单想退款",
    "我的快递丢了",
    "物流信息一直停在郑州不走了",
    "我的快递卡在郑州三天了",
    "我的包裹异常",
    "物流好几天没更新",
    "订单怎么取消",
    "我的订单可以改地址吗",
    "我的订单能开发票吗",
    "你们店搬到哪里了",
    "帮我催一下我的快递",
    "能寄到哪些地方",
    "下单",
    "我的快递少了一件",
]


@pytest.mark.parametrize("text", ASKS)
def test_asking_for_one_s_own_orders_is_understood(text: str) -> None:
    assert PHRASES.heard("orders.mine", text)


@pytest.mark.parametrize("text", ASKS_SOMETHING_ELSE)
def test_what_is_asked_about_orders_is_for_others(text: str) -> None:
    assert not PHRASES.heard("orders.mine", text)


@pytest.mark.parametrize("word", ["订单 {} 到哪了", "查 {}", "单号{}", "{} 这个快递呢"])
def test_a_number_with_a_word_asks_for_that_order(word: str) -> None:
    assert PHRASES.heard("orders.number", word.format("2026112000015"))


@pytest.mark.parametrize(
    "text", ["订单 2026112000015 我要退货", "2026112000015 改地址", "我的号码是 2026112000015"]
)
def test_a_number_with_another_matter_does_not(text: str) -> None:
    assert not PHRASES.heard("orders.number", text)
