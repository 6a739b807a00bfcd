"""Relations in whatever order their events arrive, and what they remember."""

import itertools

import pytest
from msgspec.structs import replace

from bot.model import ContactEvent, CustomerAdded, CustomerDeleted, TransferFailed
from bot.store import Mark, Relation, Store, Unit, UnitConflict

NOW = 1_000_000.0
LAN = "wm_lan"


def added(at: float, *, by: str = "ZhangSan", **fields: object) -> CustomerAdded:
    return CustomerAdded(userid=by, external_userid=LAN, at=at, **fields)  # type: ignore[arg-type]


def deleted(at: float, *, by: str = "customer", of: str = "zhangsan") -> CustomerDeleted:
    return CustomerDeleted(userid=of, external_userid=LAN, by=by, at=at)  # type: ignore[arg-type]


async def happen(store: Store, *events: ContactEvent) -> None:
    for event in events:
        unit = Unit()
        store.contacts.happened(unit, event, NOW)
        await store.database.commit(unit)


async def relation(store: Store) -> Relation:
    found = await store.contacts.relation("zhangsan", LAN)
    assert found is not None
    return found


async def test_a_friend_is_known_by_a_lower_case_userid(store: Store) -> None:
    await happen(store, added(NOW, state="ch_1"))
    (friend,) = await store.contacts.friends_of(LAN)
    assert (friend.userid, friend.state, friend.first_added_at) == ("zhangsan", "ch_1", NOW)
    assert await store.contacts.relation("ZHANGSAN", LAN) == friend


async def test_deleting_and_adding_end_as_the_later_create_time_says(store: Store) -> None:
    """R-1.7: in whatever order the callbacks come."""
    events: list[CustomerAdded | CustomerDeleted] = [added(NOW), deleted(NOW + 10), added(NOW + 20)]
    for number, order in enumerate(itertools.permutations(events)):
        for event in order:
            unit, moved = Unit(), f"wm_{number}"
            store.contacts.happened(unit, replace(event, external_userid=moved), NOW)
            await store.database.commit(unit)
        assert len(await store.contacts.friends_of(f"wm_{number}")) == 1, order
        assert len(await store.contacts.history(f"wm_{number}")) == 3, order


async def test_an_event_of_the_past_does_not_bring_a_friend_back(store: Store) -> None:
    await happen(store, deleted(NOW + 10, by="staff"), added(NOW))
    assert not (await relation(store)).is_friend


async def test_the_first_touch_stays_and_the_last_one_is_kept_beside_it(store: Store) -> None:
    await happen(store, added(NOW, state="ch_1"), deleted(NOW + 5), added(NOW + 9, state="ch_2"))
    now = await relation(store)
    assert (now.first_added_at, now.first_state) == (NOW, "ch_1")
    assert (now.added_at, now.state) == (NOW + 9, "ch_2")


async def test_a_half_friend_becomes_a_whole_one_and_stays_it(store: Store) -> None:
    await happen(store, added(NOW, half=True, state="ch_1"))
    assert (await relation(store)).half
    await happen(store, added(NOW + 3), added(NOW + 3, half=True))
    whole = await relation(store)
    assert (whole.half, whole.added_at, whole.state) == (False, NOW, "ch_1")


async def test_a_repeated_event_is_noted_once(store: Store) -> None:
    await happen(store, added(NOW), added(NOW), added(NOW), deleted(NOW + 1), deleted(NOW + 1))
    kinds = [event.kind for event in await store.contacts.history(LAN)]
    assert kinds == ["added", "deleted"]


async def test_who_was_ever_a_friend_is_not_new_to_the_company(store: Store) -> None:
    assert await store.contacts.first_known([LAN], before=NOW) is None
    await happen(store, added(NOW, by="lisi"), deleted(NOW + 5, of="lisi"))
    assert await store.contacts.first_known([LAN], before=NOW) is None
    before = await store.contacts.first_known(["wm_other", LAN], before=NOW + 100)
    assert before is not None
    assert before.userid == "lisi"


async def test_a_friend_whose_adding_was_never_told_counts_as_known(store: Store) -> None:
    await happen(store, deleted(NOW + 5))
    assert await store.contacts.first_known([LAN], before=NOW + 6) is not None


async def test_a_missed_welcome_and_a_failed_transfer_are_noted(store: Store) -> None:
    refused = TransferFailed(
        userid="zhangsan", external_userid=LAN, reason="customer_refused", at=NOW + 1
    )
    await happen(store, added(NOW, missed=True), refused)
    told = [(event.kind, event.detail) for event in await store.contacts.history(LAN)]
    assert told == [
        ("added", ""),
        ("welcome_missed", ""),
        ("transfer_failed", "customer_refused"),
    ]
    assert (await relation(store)).is_friend


async def test_the_end_of_a_friendship_forgets_its_marks(store: Store) -> None:
    await happen(store, added(NOW))
    unit = Unit()
    store.marks.put(unit, "zhangsan", LAN, [Mark("et1", "there", True, NOW)])
    store.marks.known(unit, "zhangsan", LAN, NOW, first=True)
    await store.database.commit(unit)
    await happen(store, deleted(NOW - 1))
    assert set(await store.marks.of("zhangsan", LAN)) == {"et1"}
    await happen(store, deleted(NOW + 1), added(NOW + 2))
    assert await store.marks.of("zhangsan", LAN) == {}
    assert (await relation(store)).tags_known_at is None


async def test_marks_are_first_read_once(store: Store) -> None:
    await happen(store, added(NOW))
    for again in (False, True):
        unit = Unit()
        store.marks.known(unit, "zhangsan", LAN, NOW, first=True)
        if again:
            with pytest.raises(UnitConflict):
                await store.database.commit(unit)
        else:
            await store.database.commit(unit)
