"""Stories of persons and tags, from what a customer writes to what colleagues read."""

import io
from pathlib import Path

from bot.commands import customers
from bot.config import Config
from bot.model.people import IdentityKind
from bot.store import Store, Unit
from tests.conftest import OpenChat
from tests.talk import Chat

RULES = """\
rules:
  - {id: freight, tag: 关注：运费, contains: [运费, 邮费], mood: [says, asks, wants]}
  - {id: gold, tag: 会员：金卡, contains: [金卡], mood: [says, asks, wants]}
  - {id: silver, tag: 会员：银卡, contains: [银卡], mood: [says, asks, wants]}
"""
GROUPS = [{"name": "关注"}, {"name": "会员", "exclusive": True}]


async def opened(open_chat: OpenChat, home: Path) -> Chat:
    file = home / "rules.yaml"
    file.write_text(RULES, "utf-8")
    return await open_chat(tagging={"groups": GROUPS, "rules": [file]})


async def takes_off(store: Store, name: str, at: float) -> None:
    unit = Unit()
    store.tags.human(unit, "wm_lan", (), (name,), by="zhangsan", at=at)
    await store.database.commit(unit)


async def test_from_the_first_word_to_the_reason_a_colleague_reads(
    open_chat: OpenChat, home: Path
) -> None:
    """Nothing before consent, a tag with its reason after it, none against a colleague, none left
    when consent ends."""
    chat = await opened(open_chat, home)
    await chat.says("运费多少钱")
    assert chat.tags == set()
    await chat.agrees()
    await chat.says("那邮费呢")
    assert chat.tags == {"关注：运费"}
    await takes_off(chat.store, "关注：运费", chat.clock.now())
    await chat.waits(hours=24 * 29)
    await chat.says("运费多少钱")
    assert chat.tags == set(), "a colleague took it off"
    await chat.waits(hours=24 * 2)
    await chat.says("运费多少钱")
    assert chat.tags == {"关注：运费"}
    config: Config = chat.engine.config
    out = io.StringIO()
    await customers.timeline(config, "wm_lan", out, now=chat.clock.now())
    told = out.getvalue()
    assert "-关注：运费  （applied human zhangsan）" in told
    assert "+关注：运费  （refused:human_removed rule freight@" in told
    await chat.says("别给我打标签")
    assert chat.tags == set()


async def test_two_accounts_of_one_person_have_one_membership(
    open_chat: OpenChat, home: Path
) -> None:
    chat = await opened(open_chat, home)
    await chat.agrees()
    await chat.says("我要办银卡")
    store, now = chat.store, chat.clock.now()
    for who in ("wm_lan", "wm_other"):
        await store.people.identify(who, IdentityKind.UNIONID, "u1", source="kf", at=now)
    await chat.waits(minutes=1)
    await chat.says("还是办金卡吧")
    assert await store.tags.names_of("wm_other", chat.clock.now()) == {"会员：金卡"}
    (merge,) = await store.people.merges("wm_lan")
    await store.people.unmerge(merge.id, by="lisi", at=chat.clock.now())
    assert await store.tags.names_of("wm_other", chat.clock.now()) == frozenset()
    assert await store.tags.names_of("wm_lan", chat.clock.now()) == {"会员：金卡"}
