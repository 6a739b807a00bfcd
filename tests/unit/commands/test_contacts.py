"""What an operator sees of a customer's friends."""

import io
from pathlib import Path

from bot.app import open_store
from bot.commands import contacts
from bot.model import CustomerAdded, CustomerDeleted
from bot.store import CorpTag, Mark, Unit
from tests.builders import FRIDAY_MORNING, a_config

LAN = "wmYunqi_customer_0000000000000001"


async def test_a_customer_s_friends_tags_and_history_are_shown(home: Path) -> None:
    config = a_config(home)
    store, unit = open_store(config), Unit()
    at = FRIDAY_MORNING
    for userid in ("zhangsan", "lisi"):
        added = CustomerAdded(userid=userid, external_userid=LAN, state="ch_1", at=at)
        store.contacts.happened(unit, added, at)
    store.corp_tags.keep(unit, [CorpTag("et1", "g1", "关注", "运费")], at)
    store.marks.put(unit, "zhangsan", LAN, [Mark("et1", "there", True, at)])
    store.marks.known(unit, "zhangsan", LAN, at)
    gone = CustomerDeleted(userid="lisi", external_userid=LAN, by="customer", at=at + 3600)
    store.contacts.happened(unit, gone, at)
    await store.database.commit(unit)
    store.close()
    out = io.StringIO()
    assert await contacts.show(config, LAN, out) == 0
    said = out.getvalue()
    assert "zhangsan：2026-11-20 10:00 成为好友，来自 ch_1\n  标签：关注：运费\n" in said
    assert "lisi：2026-11-20 10:00 成为好友，来自 ch_1，2026-11-20 11:00 不再是（客户删的）" in said
    assert "2026-11-20 11:00  lisi  不再是好友（客户删的）" in said


async def test_a_stranger_has_nothing_to_show(home: Path) -> None:
    out = io.StringIO()
    assert await contacts.show(a_config(home), "wm_nobody", out) == 1
    assert "没有这位客户的好友关系" in out.getvalue()
    assert "从来没有" in out.getvalue()
