"""What do people say in the played week, and what does it mean?

A human would label each phrase so. The customers speak from this book, and the oracle reads the
log with it; the product knows nothing of it but the shop's answers.
"""

from enum import Enum


class Meaning(Enum):
    """What a customer means."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    PERSON = "person"
    COMPLAINT = "complaint"
    GIVES_UP = "gives_up"
    SOLVED = "solved"
    UNSOLVED = "unsolved"
    GREETING = "greeting"
    FAREWELL = "farewell"
    TALK = "talk"
    """Said to a servicer."""


SHOP = {
    "多久发货": "现货 48 小时内发出。",
    "运费多少钱": "满 99 元包邮，不满 99 元运费 8 元。",
    "可以开发票吗": "可以，在订单页点“申请发票”，一天内开好。",
    "积分怎么用": "100 积分抵 1 元，下单时勾选即可。",
    "羊毛衫怎么洗": "用冷水轻轻按压，不要拧，平铺晾干。",
    "支持货到付款吗": "不支持，下单时请在线付清。",
}
"""Questions that the shop can answer, and what it answers."""

_SAID = {
    Meaning.KNOWN: tuple(SHOP),
    Meaning.UNKNOWN: ("火星上住着谁", "昨晚球赛踢成几比几？", "鲸鱼睡觉打呼噜吗"),
    Meaning.PERSON: ("转人工", "找人工客服", "我要人工"),
    Meaning.COMPLAINT: ("我要投诉你们", "我要投诉你们的客服"),
    Meaning.GIVES_UP: ("不等了",),
    Meaning.SOLVED: ("解决了",),
    Meaning.UNSOLVED: ("没解决",),
    Meaning.GREETING: ("你好", "在吗"),
    Meaning.FAREWELL: ("谢谢", "再见"),
    Meaning.TALK: ("订单尾号是 3345", "颜色发错了一件", "那我等你消息", "照片里能看到"),
}
MEANINGS = {text: meaning for meaning, texts in _SAID.items() for text in texts}

SERVICERS_SAY = ("我来看一下", "已经帮您登记", "明天补发", "还有别的吗")


def phrases(meaning: Meaning) -> tuple[str, ...]:
    """Every phrase that means this."""
    return _SAID[meaning]


NARROWED = "您想了解的是下面哪一个？"
"""What the bot says when it has narrowed the answer down to a few questions."""


def answers(text: str) -> bool:
    """Whether what the bot said holds one of the shop's answers, or a choice of them."""
    return text.startswith(NARROWED) or any(answer in text for answer in SHOP.values())
