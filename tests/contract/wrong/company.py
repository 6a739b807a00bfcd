"""Which company does the script play in? A few questions, each answer told apart by its words."""

from pathlib import Path

import msgspec

from bot.config import Config, keygen, load_config
from simulator.credentials import Credentials
from simulator.scenery import AFTERSALE

SHIPPING = "多久发货"
FEE = "运费多少钱"
RETURNS = "支持退货吗"
INVOICE = "怎么开发票"
STORE = "门店在哪里"
BENEFITS = "会员有什么权益"
COUPON = "优惠券怎么用"
ADDRESS = "怎么修改地址"
WARRANTY = "质保多久"
HOURS = "几点营业"
CLOSING = "怎么注销账号"
RULES, TERMS = "退换货的全部细则", "会员协议的全文"
MENU = "都有哪些问题"

ANSWERS = {
    SHIPPING: "付款后两天内发出。",
    FEE: "满 99 元包邮。",
    RETURNS: "签收七天内可以退。",
    INVOICE: "订单页里可以申请电子票。",
    STORE: "总店在中山路 8 号。",
    BENEFITS: "每月领一张券。",
    COUPON: "结算时自动抵扣。",
    ADDRESS: "发货前能自助修改。",
    WARRANTY: "整机保修一年。",
    HOURS: "每天 9 点到 21 点。",
    CLOSING: "在设置里提交申请。",
    RULES: "退换细则如下：",
    TERMS: "协议全文如下：",
    MENU: "点一个就行：",
}
"""What the script's customers ask, and words that only the right answer has."""

AT_THE_DESK, BEFORE_US = "积分怎么兑换", "有没有赠品"
NOT_ASKED = {AT_THE_DESK: "每百积分抵一元。", BEFORE_US: "下单就送小样。"}
"""Known too, but written to or by a person, or before our time: nobody may be told this."""

ALSO_RIGHT = (
    *("配件齐全", "有什么可以帮您", "不客气", "没有把握回答", "收到了", "暂时看不了"),
    *("暂时转不了人工", "人工客服暂时接不进来", "的消息有点多"),
)
"""Words of what the bot says when it has no answer to give."""

HANDED_OVER = "已为您转接"
"""Only true once WeCom has accepted the hand-over (R-11.4)."""

STAFF = "zhangsan"
SERVICER = "wangwu"

MAP = b"\x89PNG\r\n\x1a\n the way to the shop"
"""Sent with the answer that tells where it is."""


def configuration(folder: Path, api_base: str, who: Credentials, poll_s: float) -> Config:
    """What an operator would have written into `folder`."""
    (folder / "map.png").write_bytes(MAP)
    (folder / "faq.yaml").write_bytes(msgspec.yaml.encode(_entries()))
    written = {
        "company": {"name": "云栖优选"},
        "wecom": {
            "corp_id": who.corp_id,
            "agent_id": who.agent_id,
            "secret": who.secret,
            "callback_token": who.token,
            "callback_aes_key": who.aes_key,
            "api_base": api_base,
        },
        "security": {"encryption_key": keygen()},
        "storage": {"url": "sqlite:///data/concierge.db"},
        "embeddings": {"provider": "none"},
        "knowledge": {"sources": ["faq.yaml"]},
        "staff": [
            {"userid": STAFF, "name": "张敏", "level": "expert", "capacity": 0},
            {"userid": SERVICER, "name": "王倩", "level": "junior", "accounts": [AFTERSALE]},
        ],
        "routing": {"merge_window_ms": 20},
        "delivery": {"poll_busy_s": poll_s},
    }
    path = folder / "config.yaml"
    path.write_bytes(msgspec.yaml.encode(written))
    return load_config(path, {})


def _entries() -> list[dict[str, object]]:
    known = ANSWERS | NOT_ASKED
    entries: dict[str, dict[str, object]] = {
        question: {"id": f"q{number}", "question": question, "answer": answer, "category": "常见"}
        for number, (question, answer) in enumerate(known.items())
    }
    for question in (SHIPPING, FEE, RETURNS):
        entries[question]["featured"] = True
    for question in (RULES, TERMS):  # two of them are more than one message holds
        clauses = (f"\n第 {number} 条：商品完好、配件齐全。" for number in range(1, 31))
        entries[question]["answer"] = ANSWERS[question] + "".join(clauses)
    entries[STORE]["attachments"] = [{"kind": "image", "media": "map.png"}]
    entries[MENU]["menu"] = [entries[question]["id"] for question in list(ANSWERS)[:12]]
    return list(entries.values())
