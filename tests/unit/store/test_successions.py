"""Who stands in for whom follows from what was begun last, however often it is told."""

from bot.store import Passing, Store, Unit
from bot.store.successions import succession
from tests.builders import FRIDAY_MORNING as NOW


async def begins(store: Store, *pairs: tuple[str, str, float], has_left: bool = False) -> None:
    unit = Unit()
    for member, successor, at in pairs:
        begun = succession((member, successor), has_left=has_left, by="admin", at=at)
        store.successions.begin(unit, begun)
    await store.database.commit(unit)


async def test_a_chain_leads_to_its_end_and_a_circle_ends(store: Store) -> None:
    await begins(store, ("A", "b", NOW), ("b", "c", NOW + 1))
    assert await store.successions.stand_ins() == {"a": "c", "b": "c"}
    await begins(store, ("c", "a", NOW + 2))
    assert set(await store.successions.stand_ins()) == {"a", "b", "c"}
    assert await store.successions.successors_of(["a"]) == {"a", "b", "c"}


async def test_of_two_successors_the_one_who_was_named_last_stands_in(store: Store) -> None:
    await begins(store, ("a", "b", NOW), ("a", "c", NOW + 1))
    assert await store.successions.stand_ins() == {"a": "c"}
    await begins(store, ("a", "b", NOW + 2))
    assert await store.successions.stand_ins() == {"a": "b"}
    assert len(await store.successions.open()) == 2
    assert await store.successions.stand_ins(gone_only=True) == {}
    await begins(store, ("a", "d", NOW + 3), has_left=True)
    assert await store.successions.stand_ins(gone_only=True) == {"a": "d"}


async def test_nobody_is_moved_who_is_not_where_we_think(store: Store) -> None:
    begun, unit = succession(("a", "b"), has_left=False, by="admin", at=NOW), Unit()
    store.successions.begin(unit, begun)
    store.successions.plan(unit, begun, ["wm_1"], NOW)
    store.successions.learn(unit, begun, "wm_1", (Passing.REFUSED, None, None), NOW)
    store.successions.learn(unit, begun, "wm_1", (Passing.TAKEN_OVER, None, NOW), NOW)
    store.successions.plan(unit, begun, ["wm_1"], NOW)
    await store.database.commit(unit)
    (row,) = await store.successions.customers(begun.id)
    assert row.state is Passing.REFUSED  # final, and asked for no second time
