"""What the tables of cases hold, and who may be given one."""

import asyncio

import pytest

from bot.model import Case, Conversation, Seat, Step
from bot.model.cases import advance
from bot.store import CaseChange, Store, Unit, UnitConflict

NOW = 1_800_000_000.0


def a_case(name: str, **more: object) -> Case:
    where = Conversation("wk", f"wm_{name}")
    case = Case(id=name, conversation=where, opened_at=NOW, active_at=NOW)
    return advance(case, Step(name="wanted", at=NOW, level=2, reason="asked", data=dict(more)))


async def keep(store: Store, case: Case, *steps: Step) -> Case:
    unit = Unit()
    await store.vault.ready([case.conversation.subject])
    await store.cases.save(unit, CaseChange(case, case, steps))
    await store.database.commit(unit)
    kept = await store.cases.get(case.id)
    assert kept is not None
    return kept


async def test_a_case_is_kept_as_it_is(store: Store) -> None:
    case = a_case("one")
    kept = await keep(store, case)
    assert kept == Case(
        **{name: getattr(case, name) for name in case.__struct_fields__ if name != "version"},
        version=0,
    )
    assert await store.cases.open_of(case.conversation) == kept


async def test_steps_come_back_in_order_with_their_notes(store: Store) -> None:
    told = (
        Step(name="opened", at=NOW),
        Step(name="closed", at=NOW + 1, reason="ended", note="客户很急", data={"code": "solved"}),
    )
    before = Case(id="x", conversation=Conversation("wk", "wm"), opened_at=NOW, active_at=NOW)
    unit = Unit()
    await store.vault.ready(["customer:wm"])
    after = advance(advance(before, told[0]), told[1])
    await store.cases.save(unit, CaseChange(before, after, told))
    await store.database.commit(unit)
    kept = await store.cases.get("x")
    assert kept is not None
    assert await store.cases.steps(kept) == list(told)
    assert await store.cases.open_of(kept.conversation) is None
    assert await store.cases.last_closed(kept.conversation) == kept


async def test_a_case_that_changed_meanwhile_is_not_overwritten(store: Store) -> None:
    kept = await keep(store, a_case("one"))
    assert await store.cases.reserve("one", Seat("zhangsan", 2, 1), NOW)
    unit = Unit()
    await store.cases.save(unit, CaseChange(kept, kept))
    with pytest.raises(UnitConflict):
        await store.database.commit(unit)


async def test_one_seat_is_given_to_one_of_two_cases(store: Store) -> None:
    for name in ("one", "two"):
        await keep(store, a_case(name))
    seat = Seat("ZhangSan", 2, 1)
    got = await asyncio.gather(
        store.cases.reserve("one", seat, NOW), store.cases.reserve("two", seat, NOW)
    )
    assert sorted(got) == [False, True]
    assert await store.cases.loads() == {"zhangsan": 1}


async def test_one_case_is_given_to_one_of_two_servicers(store: Store) -> None:
    await keep(store, a_case("one"))
    got = await asyncio.gather(
        store.cases.reserve("one", Seat("zhangsan", 2, 5), NOW),
        store.cases.reserve("one", Seat("lisi", 3, 5), NOW),
    )
    assert sorted(got) == [False, True]
    case = await store.cases.get("one")
    assert case is not None
    names = [(step.name, step.servicer) for step in await store.cases.steps(case)]
    assert names == [("assigned", case.servicer)]


async def test_a_repeat_of_the_same_reservation_is_harmless(store: Store) -> None:
    await keep(store, a_case("one"))
    seat = Seat("zhangsan", 2, 1)
    assert await store.cases.reserve("one", seat, NOW)
    assert await store.cases.reserve("one", seat, NOW + 1)
    assert await store.cases.loads() == {"zhangsan": 1}


async def test_who_does_not_answer_may_lose_the_case_and_who_answers_may_not(store: Store) -> None:
    await keep(store, a_case("one"))
    await store.cases.reserve("one", Seat("zhangsan", 2, 5), NOW)
    assert await store.cases.reserve("one", Seat("lisi", 3, 5), NOW + 9, away_from="zhangsan")
    await store.database.execute("UPDATE cases SET status = 'serving'")
    assert not await store.cases.reserve("one", Seat("wangwu", 2, 5), NOW + 10, away_from="lisi")


async def test_a_seat_that_wecom_refused_is_free_again(store: Store) -> None:
    await keep(store, a_case("one"))
    await store.cases.reserve("one", Seat("zhangsan", 2, 1), NOW)
    await store.cases.release("one", "zhangsan", NOW)
    assert await store.cases.loads() == {}
    case = await store.cases.get("one")
    assert case is not None
    assert case.status == "wanted"
    assert [step.name for step in await store.cases.steps(case)] == ["assigned", "released"]
