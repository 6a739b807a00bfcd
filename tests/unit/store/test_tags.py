"""Tags: what may be put on, what stays off, and what is written down about it."""

import asyncio
import json
from typing import Any

import pytest

from bot.app import open_store
from bot.config import Tagging
from bot.model.tags import TagChange, TagSource
from bot.store import Store, Unit
from tests.builders import FRIDAY_MORNING, a_config, home_of

NOW, DAY_S = FRIDAY_MORNING, 86_400.0
LAN = "wm_lan"


@pytest.fixture(autouse=True)
def groups(store: Store) -> None:
    store.tags.consented = "1 = 1"
    store.tags.settings = Tagging.model_validate(
        {
            "groups": [
                {"name": "会员", "dimension": "消费层级", "exclusive": True},
                {"name": "意向", "expires_days": 7},
                {"name": "服务", "purpose": "service"},
            ],
            "max_per_customer": 4,
        }
    )


async def put(store: Store, name: str, *, at: float = NOW, of: str = LAN, **fields: Any) -> str:
    return await change(store, TagChange(name=name, add=True, at=at, **fields), of)


async def take(store: Store, name: str, *, at: float = NOW, of: str = LAN, **fields: Any) -> str:
    return await change(store, TagChange(name=name, add=False, at=at, **fields), of)


async def change(store: Store, one: TagChange, of: str) -> str:
    """What came of it: the outcome as written down, or empty when nothing changed."""
    unit = Unit()
    (key,) = store.tags.assign(unit, of, [one])
    await store.database.commit(unit)
    row = await store.database.fetch_one(
        "SELECT outcome FROM tag_history WHERE change = ? AND name = ?", key, one.name
    )
    return str(row["outcome"]) if row else ""


async def on(store: Store, at: float = NOW, of: str = LAN) -> set[str]:
    return set(await store.tags.names_of(of, at))


HUMAN: dict[str, Any] = {"source": TagSource.HUMAN, "by": "zhangsan"}


async def test_a_tag_keeps_where_it_came_from(store: Store) -> None:
    await put(store, "关注：运费", rule="freight", version="7", msgid="m1")
    (one,) = await store.tags.of(LAN, NOW)
    assert (one.rule, one.version, one.source, one.msgid, one.at) == (
        *("freight", "7", TagSource.RULE, "m1", NOW),
    )


async def test_without_consent_nothing_is_put_on_and_the_reason_is_kept(store: Store) -> None:
    store.tags.consented = "1 = 0"
    assert await put(store, "关注：运费") == "refused:consent"
    assert await put(store, "关注：运费", at=NOW + 1) == "", "told once a day"
    assert await put(store, "服务：待回访") == "applied", "what the service itself needs"
    assert await put(store, "关注：运费", at=NOW + 2 * DAY_S) == "refused:consent"
    assert await put(store, "关注：价格", **HUMAN) == "refused:consent", "nor by a person"
    assert await on(store) == {"服务：待回访"}


async def test_the_same_again_is_no_history(store: Store) -> None:
    assert await put(store, "关注：运费", rule="a") == "applied"
    assert await put(store, "关注：运费", rule="b") == ""
    assert [one.rule for one in await store.tags.of(LAN, NOW)] == ["a"]


async def test_what_a_person_took_off_stays_off_for_a_month(store: Store) -> None:
    await put(store, "关注：运费")
    assert await take(store, "关注：运费", at=NOW + 1, **HUMAN) == "applied"
    late = NOW + 29 * DAY_S
    assert await put(store, "关注：运费", at=late) == "refused:human_removed"
    assert await on(store, late) == set()
    assert await put(store, "关注：运费", at=NOW + 31 * DAY_S) == "applied"


async def test_a_person_may_put_back_what_a_person_took_off(store: Store) -> None:
    await take(store, "关注：运费", **HUMAN)
    assert await put(store, "关注：运费", at=NOW + 1, **HUMAN) == "applied"
    assert await take(store, "关注：运费", at=NOW + 2) == "refused:human_set"
    assert await take(store, "关注：运费", at=NOW + 40 * DAY_S) == "applied"


async def test_a_person_confirms_what_a_rule_put_on(store: Store) -> None:
    await put(store, "关注：运费")
    assert await put(store, "关注：运费", at=NOW + 1, **HUMAN) == "applied"
    assert await take(store, "关注：运费", at=NOW + 2) == "refused:human_set"


async def test_of_an_exclusive_group_the_new_one_replaces_the_old(store: Store) -> None:
    await put(store, "会员：银卡", rule="spent")
    await put(store, "会员：金卡", at=NOW + 1)
    assert await on(store) == {"会员：金卡"}
    rows = await store.tags.history(LAN)
    assert [(row["name"], row["added"], row["outcome"], row["rule"]) for row in rows] == [
        ("会员：银卡", 0, "applied", "replaced:会员：金卡"),
        ("会员：金卡", 1, "applied", ""),
        ("会员：银卡", 1, "applied", "spent"),
    ]
    assert json.loads(rows[0]["was"])["rule"] == "spent"
    assert await put(store, "会员：银卡", at=NOW - 5) == "refused:older"


async def test_a_rule_does_not_replace_what_a_person_chose(store: Store) -> None:
    await put(store, "会员：银卡")
    await put(store, "会员：金卡", at=NOW + 1, **HUMAN)
    assert await put(store, "会员：铜卡", at=NOW + 2) == "refused:human_set"
    assert await put(store, "会员：银卡", at=NOW + 2) == "refused:human_removed"
    assert await take(store, "会员：金卡", at=NOW + 3, **HUMAN) == "applied"
    assert await put(store, "会员：铜卡", at=NOW + 5) == "applied"


async def test_two_at_once_never_leave_two_of_an_exclusive_group(store: Store) -> None:
    names = [f"会员：{n}" for n in range(20)]
    await asyncio.gather(*(put(store, name) for name in names))
    assert len(await on(store)) == 1


async def test_nor_do_two_writers_of_one_file(store: Store) -> None:
    """A command writes beside the service: the statements decide, not what either read before."""
    other = open_store(a_config(home_of(store)))
    other.tags.consented, other.tags.settings = "1 = 1", store.tags.settings
    try:
        await asyncio.gather(
            *(put(one, f"会员：{n}", at=NOW + n) for n in range(10) for one in (store, other)),
            *(put(one, f"关注：{n}") for n in range(10) for one in (store, other)),
            *(take(one, "会员：9", at=NOW + 9, **HUMAN) for one in (store, other)),
        )
        names = await on(store)
    finally:
        other.close()
    assert len([name for name in names if name.startswith("会员")]) <= 1
    assert len(names) <= 4
    assert await put(store, "会员：9", at=NOW + 20) in ("", "refused:human_removed")
    assert "会员：9" not in await on(store, NOW + 20)


async def test_nobody_gets_more_tags_than_the_cap(store: Store) -> None:
    outcomes = await asyncio.gather(*(put(store, f"关注：{n}") for n in range(10)))
    assert sorted(outcomes) == ["applied"] * 4 + ["refused:cap"] * 6
    assert len(await on(store)) == 4
    assert await put(store, "会员：金卡") == "refused:cap"


async def test_in_a_full_house_one_of_a_group_may_still_replace_another(store: Store) -> None:
    for name in ("会员：银卡", "关注：1", "关注：2", "关注：3"):
        await put(store, name)
    assert await put(store, "会员：金卡", at=NOW + 1) == "applied"


async def test_a_tag_lapses_as_its_group_says_and_is_prolonged_when_seen_again(
    store: Store,
) -> None:
    await put(store, "意向：退货")
    assert await on(store, NOW + 6.9 * DAY_S) == {"意向：退货"}
    assert await on(store, NOW + 7 * DAY_S) == set()
    await put(store, "意向：退货", at=NOW + 5 * DAY_S)
    assert await on(store, NOW + 11 * DAY_S) == {"意向：退货"}
    assert await put(store, "意向：退货", at=NOW + 20 * DAY_S) == "applied"


async def test_when_consent_ends_everything_goes_that_rested_on_it(store: Store) -> None:
    for name in ("关注：运费", "会员：金卡", "服务：待回访"):
        await put(store, name)
    unit = Unit()
    store.tags.withdraw(unit, LAN, "profiling_tags", NOW + 1)
    await store.database.commit(unit)
    assert await on(store) == {"服务：待回访"}
    gone = [row["name"] for row in await store.tags.history(LAN) if row["rule"] == "withdrawn"]
    assert sorted(gone) == ["会员：金卡", "关注：运费"]


async def test_what_changed_is_told_to_followers_without_a_word_of_the_customer(
    store: Store,
) -> None:
    await put(store, "会员：银卡")
    await put(store, "会员：金卡", at=NOW + 1)
    await put(store, "会员：银卡", at=NOW - 9)
    rows = await store.database.fetch("SELECT kind, data FROM changes ORDER BY id")
    assert [(row["kind"], row["data"].split('"')[3]) for row in rows] == [
        ("customer.tagged", "会员：银卡"),
        ("customer.tagged", "会员：金卡"),
        ("customer.untagged", "会员：银卡"),
    ]


async def test_what_is_no_name_of_a_tag_is_refused_at_once() -> None:
    for name in ("运费", "：运费", "关注：", "关注:运费", " 关注：运费", "关注：" + "费" * 31):
        with pytest.raises(ValueError, match="："):
            TagChange(name=name, add=True, at=NOW)
