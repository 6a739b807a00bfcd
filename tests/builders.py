"""How does a test say "a customer", "a message", "a configuration" and mean only what matters?"""

import itertools
from pathlib import Path
from typing import Any

from bot.app import open_store
from bot.config import Config
from bot.model import Conversation, MessageReceived
from bot.store import Store
from knowledge import FaqEntry

KEY = "a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2U="
"""Base64 of 32 bytes; it protects nothing."""

STORAGE = "storage"
"""File of a test's folder with the address of its database, where that is a server."""

FRIDAY_MORNING = 1_795_140_000.0
"""2026-11-20 10:00 in Shanghai: a working day, in office hours."""

_numbers = itertools.count(1)


def a_customer(name: str = "wm_lan", *, at: str = "wk_shop") -> Conversation:
    """A customer at a kf account."""
    return Conversation(at, name)


def a_message(
    text: str = "多久发货",
    *,
    of: Conversation | None = None,
    sent_at: float = FRIDAY_MORNING,
    **fields: Any,
) -> MessageReceived:
    """A text of a customer; any field can be given."""
    where = of or a_customer()
    given: dict[str, Any] = {
        "open_kfid": where.open_kfid,
        "external_userid": where.external_userid,
        "msgid": f"m{next(_numbers)}",
        "origin": 3,
        "msgtype": "text",
        "content": {"content": text},
        "sent_at": sent_at,
    }
    return MessageReceived(**given | fields)


def a_config(folder: Path, **sections: Any) -> Config:
    """A valid configuration whose files lie in a folder; sections as in config.yaml."""
    given: dict[str, Any] = {
        "company": {"name": "云栖优选"},
        "storage": a_storage(folder),
        "security": {"encryption_key": KEY},
        "embeddings": {"provider": "none"},
        "staff": [
            {"userid": "zhangsan", "name": "张三", "level": "junior"},
            {"userid": "lisi", "name": "李四", "level": "leader"},
        ],
    }
    return Config.model_validate(given | sections)


def a_storage(folder: Path) -> dict[str, str]:
    """The section of a database: a file in the folder, or the one that its file `storage` names."""
    named = folder / STORAGE
    if not named.is_file():
        return {"url": f"sqlite:///{folder / 'concierge.db'}"}
    return {"url": named.read_text("utf-8"), "folder": str(folder)}


def open_quickly(config: Config) -> Store:
    """A store that does not wait for the disk: no test of this process survives a power cut."""
    store = open_store(config)
    if config.storage.sqlite_path is not None:
        for database in (store.database, store.keys):
            database.run_script("PRAGMA synchronous = OFF")
    return store


def home_of(store: Store) -> Path:
    """The folder in which the files of a store lie."""
    return store.media.folder.parent


_SHOP = [
    FaqEntry(
        id="ship-time",
        question="多久发货",
        similar=("什么时候发货", "下单了几天能发出来"),
        answer="现货 48 小时内发出。",
        category="物流",
        featured=True,
    ),
    FaqEntry(
        id="ship-fee",
        question="运费多少钱",
        similar=("包邮吗", "满多少包邮"),
        answer="满 99 元包邮，不满 99 元运费 8 元。",
        category="物流",
        featured=True,
    ),
    FaqEntry(
        id="return-how",
        question="怎么退货",
        similar=("想退货怎么操作", "退货流程是什么"),
        answer="签收后 7 天内，在订单页点“申请退货”。",
        category="售后",
        menu=("return-fee",),
        featured=True,
    ),
    FaqEntry(
        id="return-fee",
        question="退货运费谁出",
        similar=("退回去的邮费谁付",),
        answer="质量问题我们出，其他原因由您承担。",
        category="售后",
    ),
    FaqEntry(
        id="invoice",
        question="可以开发票吗",
        similar=("怎么开发票", "发票怎么开"),
        answer="可以，在订单页点“申请发票”，一天内开好。",
        category="发票",
    ),
    FaqEntry(
        id="points",
        question="积分怎么用",
        similar=("积分能抵多少钱",),
        answer="100 积分抵 1 元，下单时勾选即可。",
        category="会员",
    ),
    FaqEntry(
        id="care",
        question="羊毛衫怎么洗",
        similar=("羊毛衫可以机洗吗",),
        answer="\n\n".join(
            f"第 {step} 步：" + "用冷水轻轻按压，不要拧，平铺晾干。" * 40 for step in range(1, 8)
        ),
        category="商品",
    ),
]


def some_knowledge() -> list[FaqEntry]:
    """A small shop that every test may quote."""
    return list(_SHOP)
