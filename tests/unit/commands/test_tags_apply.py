"""What today's rules would make of what was written before."""

import io
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_store
from bot.commands import tags_bulk
from bot.commands.tags_apply import apply
from bot.config import Config
from bot.model.consents import Purpose, Standing
from bot.model.tags import TagChange, TagSource
from bot.store import Handled, Store, Unit
from tests.builders import FRIDAY_MORNING, a_config, a_customer, a_message

NOW, DAY_S = FRIDAY_MORNING, 86_400.0
RULES = """\
rules:
  - {id: freight, tag: 关注：运费, contains: [运费, 邮费], mood: [says, asks, wants]}
  - {id: often, tag: 关注：质量, contains: [质量], hits: 2, mood: [says, asks, wants]}
  - {id: gold, tag: 会员：金卡, contains: [金卡], mood: [says, asks, wants]}
"""
GROUPS = [{"name": "关注"}, {"name": "会员", "exclusive": True}]


@pytest.fixture
async def config(home: Path) -> Config:
    """Two customers who wrote; one has agreed to be tagged."""
    file = home / "rules.yaml"
    file.write_text(RULES, "utf-8")
    made = a_config(home, tagging={"groups": GROUPS, "rules": [file]})
    store = open_store(made)
    for number, text in enumerate(("邮费多少，打 13800000001", "质量好吗", "质量怎么样", "谢谢")):
        await writes(store, "wm_lan", text, NOW - (9 - number) * DAY_S)
    await writes(store, "wm_lan", "运费多少", NOW - 90 * DAY_S)
    await writes(store, "wm_li", "运费多少", NOW - DAY_S)
    unit = Unit()
    await store.consents.decide(
        unit,
        "wm_lan",
        Purpose.PROFILING_TAGS,
        Standing.GIVEN,
        notice_version="1",
        channel="kf",
        evidence="同意",
        at=NOW - 10 * DAY_S,
    )
    await store.database.commit(unit)
    store.close()
    return made


async def writes(store: Store, who: str, text: str, at: float) -> str:
    where, unit = a_customer(who), Unit()
    message = a_message(text, of=where, sent_at=at)
    await store.vault.ready([where.subject])
    unit.add(
        "INSERT INTO conversations (open_kfid, external_userid, customer_wrote_at)"
        " VALUES (?, ?, ?) ON CONFLICT (open_kfid, external_userid) DO UPDATE SET"
        " customer_wrote_at = MAX(conversations.customer_wrote_at, excluded.customer_wrote_at)",
        *(where.open_kfid, where.external_userid, at),
    )
    store.transcript.record(unit, message, Handled("answered"), received_at=at, trace_id="")
    await store.database.commit(unit)
    return message.msgid


async def said(config: Config, **more: Any) -> str:
    out = io.StringIO()
    await apply(config, 30, out, now=NOW, **more)
    return out.getvalue()


async def on(config: Config, who: str = "wm_lan") -> set[str]:
    store = open_store(config)
    names = await store.tags.names_of(who, NOW)
    store.close()
    return set(names)


async def put(config: Config, name: str, **fields: Any) -> None:
    store, unit = open_store(config), Unit()
    given = {"add": True, "at": NOW - DAY_S} | fields
    store.tags.assign(unit, "wm_lan", [TagChange(name=name, **given)])
    await store.database.commit(unit)
    store.close()


async def msgid_of(config: Config, at: float) -> str:
    store = open_store(config)
    row = await store.database.fetch_one("SELECT msgid FROM messages WHERE sent_at = ?", at)
    store.close()
    assert row is not None
    return str(row["msgid"])


async def test_it_is_shown_before_it_is_done(config: Config) -> None:
    text = await said(config, dry_run=True)
    assert text.splitlines() == [
        "最近 30 天有 2 位客户写过话，或加了好友。",
        "  +1      关注：运费  freight",
        "           “邮费多少，打 [手机号1]”",
        "  +1      关注：质量  often",
        "           “质量怎么样”",
        "  另有 1 处规则符合、客户没有同意过，不打。",
        "按意思、按事件打过的只补不去。",
    ]
    assert await on(config) == set()
    assert "要写入请加 --yes" in await said(config), "nobody is asked where nobody sits"


async def test_what_was_done_can_be_undone(config: Config) -> None:
    text = await said(config, yes=True)
    assert await on(config) == {"关注：运费", "关注：质量"}
    assert await on(config, "wm_li") == set()
    assert "没有要改的" in await said(config, yes=True), "a second time there is nothing to do"
    run = text.split("undo ")[1].strip()
    await tags_bulk.undo(config, run, io.StringIO(), now=NOW + 1)
    assert await on(config) == set()


async def test_what_no_rule_gives_any_more_goes_but_only_what_rules_took_from_words(
    config: Config,
) -> None:
    msgid = await msgid_of(config, NOW - 6 * DAY_S)
    await put(config, "关注：谢意", msgid=msgid, rule="thanks")
    await put(config, "关注：心情", msgid=msgid, rule="mood", source=TagSource.MEANING)
    await put(config, "关注：旧事", msgid="long-gone", rule="old")
    await put(config, "关注：人选", msgid=msgid, source=TagSource.HUMAN, by="lisi")
    assert "  -1      关注：谢意  thanks" in await said(config, yes=True)
    assert await on(config) >= {"关注：心情", "关注：旧事", "关注：人选"}
    assert "关注：谢意" not in await on(config)


async def test_an_older_message_does_not_replace_what_is_newer(config: Config) -> None:
    store = open_store(config)
    await writes(store, "wm_lan", "我想办金卡", NOW - 5 * DAY_S)
    store.close()
    await put(config, "会员：银卡", at=NOW - 4 * DAY_S)
    await said(config, yes=True)
    assert "会员：银卡" in await on(config)
    await put(config, "会员：银卡", add=False, at=NOW - 3 * DAY_S)
    await said(config, yes=True)
    assert "会员：金卡" in await on(config)


async def test_events_that_are_still_known_are_looked_at_and_the_others_named(
    config: Config,
) -> None:
    (file,) = config.tagging.rules
    events = """\
  - {id: came, tag: 关注：门店, event: {name: customer_added, fields: {state: [shop_1]}}}
  - {id: paid, tag: 会员：银卡, event: {name: order_paid}}
"""
    file.write_text(RULES + events, "utf-8")
    store = open_store(config)
    await store.database.execute(
        "INSERT INTO relation_events VALUES ('wm_lan', 'lisi', ?, 'added', 'shop_1', '', 0)",
        NOW - DAY_S,
    )
    store.close()
    text = await said(config, yes=True)
    assert "+1      关注：门店  came" in text
    assert "这些事件没有留下记录，按它们的规则重看不了：order_paid。" in text
    store = open_store(config)
    (tag,) = [one for one in await store.tags.of("wm_lan", NOW) if one.rule == "came"]
    store.close()
    assert (tag.name, tag.source, tag.msgid) == ("关注：门店", TagSource.EVENT, "")
