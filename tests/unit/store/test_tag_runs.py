"""Tags of many customers: renamed, merged, undone, lapsed, counted and sampled."""

from typing import Any

import pytest

from bot.config import Tagging
from bot.delivery.tag_keeping import TagKeeping
from bot.model.tags import TagChange, TagSource
from bot.store import Store, TagFigures, TagRuns, Unit
from tests.builders import FRIDAY_MORNING
from tests.talk import PlayedClock

NOW, DAY_S = FRIDAY_MORNING, 86_400.0
SETTINGS = Tagging.model_validate(
    {
        "groups": [
            {"name": "会员", "dimension": "消费层级", "exclusive": True},
            {"name": "关注", "dimension": "行为偏好"},
            {"name": "城市", "dimension": "基础属性"},
        ],
        "project": True,
    }
)


@pytest.fixture(autouse=True)
async def tagged(store: Store) -> None:
    store.tags.consented, store.tags.settings = "1 = 1", SETTINGS
    await store.vault.ready(f"customer:{name}" for name in "abc")
    await put(store, "a", "关注：运费", rule="freight", version="2")
    await put(store, "b", "关注：运费", source=TagSource.HUMAN, by="lisi")
    await put(store, "b", "关注：快递费", rule="fee")
    await put(store, "c", "会员：银卡", rule="spent")
    await store.database.execute("DELETE FROM outbox")


async def put(store: Store, who: str, name: str, **fields: Any) -> None:
    unit = Unit()
    fields = {"add": True, "at": NOW} | fields
    store.tags.assign(unit, who, [TagChange(name=name, **fields)])
    await store.database.commit(unit)


async def on(store: Store, at: float = NOW) -> dict[str, set[str]]:
    return {who: set(await store.tags.names_of(who, at)) for who in "abc"}


async def projected(store: Store) -> set[str]:
    rows = await store.database.fetch("SELECT queue FROM outbox WHERE kind = 'ProjectTags'")
    return {row["queue"] for row in rows}


async def test_a_tag_is_renamed_with_where_it_came_from_and_the_run_can_be_undone(
    store: Store,
) -> None:
    runs = TagRuns(store)
    before = await on(store)
    run = await runs.begin("rename", {"from": "关注：运费", "to": "关注：快递费"}, by="x", at=NOW)
    outcomes = await runs.rename("关注：运费", "关注：快递费", run, NOW + 1)
    assert await on(store) == {"a": {"关注：快递费"}, "b": {"关注：快递费"}, "c": {"会员：银卡"}}
    assert outcomes == {"applied": 2}
    (renamed,) = await store.tags.of("a", NOW)
    assert (renamed.rule, renamed.version) == ("freight", "2")
    (confirmed,) = await store.tags.of("b", NOW)
    assert (confirmed.source, confirmed.by) == (TagSource.HUMAN, "lisi")
    assert await projected(store) == {"tags/a", "tags/b"}
    assert await runs.finish(run, NOW + 1) == 4
    await runs.undo(run, by="x", now=NOW + 2)
    after = await on(store)
    assert after["a"] == before["a"]
    assert "关注：运费" in after["b"]
    (put_back,) = await store.tags.of("a", NOW)
    assert (put_back.rule, put_back.version) == ("freight", "2")
    found = await runs.get(run)
    assert found is not None
    assert found.undone_at == NOW + 2


async def test_what_was_touched_since_is_left_alone_by_the_undoing(store: Store) -> None:
    runs = TagRuns(store)
    run = await runs.begin("apply", {}, by="x", at=NOW)
    changes = [
        (who, TagChange(name="关注：价格", add=True, at=NOW, rule="price", run=run))
        for who in "abc"
    ]
    assert await runs.change(changes, NOW) == {"applied": 3}
    await put(store, "a", "关注：价格", source=TagSource.HUMAN, by="lisi", at=NOW + 1)
    await put(store, "b", "关注：价格", add=False, source=TagSource.HUMAN, by="lisi", at=NOW + 1)
    assert await runs.undo(run, by="x", now=NOW + 2) == (1, 2)
    assert await runs.undo(run, by="x", now=NOW + 3) == (0, 3), "again is harmless"
    tags = await on(store)
    assert ["关注：价格" in tags[who] for who in "abc"] == [True, False, False]


async def test_undoing_puts_back_what_an_exclusive_tag_replaced(store: Store) -> None:
    runs = TagRuns(store)
    run = await runs.begin("apply", {}, by="x", at=NOW)
    gold = TagChange(name="会员：金卡", add=True, at=NOW + 1, run=run)
    await runs.change([("c", gold)], NOW + 1)
    assert (await on(store))["c"] == {"会员：金卡"}
    assert await runs.undo(run, by="x", now=NOW + 2) == (2, 0)
    (silver,) = await store.tags.of("c", NOW)
    assert (silver.name, silver.rule) == ("会员：银卡", "spent")


async def test_a_rename_does_not_bring_back_what_a_person_took_off(store: Store) -> None:
    runs = TagRuns(store)
    await put(store, "a", "关注：快递费", add=False, source=TagSource.HUMAN, by="lisi")
    run = await runs.begin("merge", {}, by="x", at=NOW)
    outcomes = await runs.rename("关注：运费", "关注：快递费", run, NOW + 1)
    assert outcomes["refused:human_removed"] == 1
    assert (await on(store))["a"] == set()


async def test_what_lapsed_is_taken_off_and_wecom_told(store: Store, clock: PlayedClock) -> None:
    await put(store, "a", "关注：新品", expires_at=NOW + 60)
    woken: list[str] = []
    keeping = TagKeeping(store, clock, lambda queue, _lane: woken.append(queue))
    assert await keeping.look() == 0
    clock.reach(NOW + 60)
    assert await keeping.look() == 1
    assert (await projected(store), woken) == ({"tags/a"}, ["tags/a"])
    (row, *_) = await store.tags.history("a")
    assert (row["name"], row["added"], row["rule"]) == ("关注：新品", 0, "lapsed")
    assert await keeping.look() == 0


async def test_who_became_one_person_is_told_to_wecom_once(
    store: Store, clock: PlayedClock
) -> None:
    await store.people.merge("a", "c", evidence="hand", by="x", at=NOW)
    keeping = TagKeeping(store, clock, lambda _queue, _lane: None)
    await keeping.look()
    assert await projected(store) == {"tags/a", "tags/c"}
    await store.database.execute("DELETE FROM outbox")
    await keeping.look()
    assert await projected(store) == set()


async def test_people_are_covered_when_every_dimension_has_a_tag(store: Store) -> None:
    figures = TagFigures(store.database, SETTINGS)
    await put(store, "a", "城市：杭州")
    await store.people.merge("a", "c", evidence="hand", by="x", at=NOW)
    coverage = await figures.coverage(NOW)
    assert (coverage.people, coverage.covered) == (2, 1)
    assert coverage.dimensions == {"基础属性": 1, "行为偏好": 2, "消费层级": 1}


async def test_a_sample_is_random_repeatable_and_leaves_people_s_own_tags_out(
    store: Store,
) -> None:
    figures = TagFigures(store.database, SETTINGS)
    for number in range(30):
        await put(store, "a", f"话题：{number}", rule="topic")
    first = await figures.draw("one", 10, 7, by="x", now=NOW)
    second = await figures.draw("two", 10, 7, by="x", now=NOW)
    other = await figures.draw("three", 10, 8, by="x", now=NOW)
    assert [one.name for one in first] == [one.name for one in second]
    assert [one.name for one in first] != [one.name for one in other]
    whole = await figures.draw("four", 1000, 1, by="x", now=NOW)
    assert len(whole) == 33
    assert ("b", "关注：运费") not in [(one.external_userid, one.name) for one in whole]
    await figures.judge("one", [(1, "right"), (2, "wrong")], NOW)
    await figures.judge("one", [(2, "right")], NOW)
    verdicts = [one.verdict for one in await figures.judged("one")]
    assert verdicts == ["right", "right", *[""] * 8]
