"""Points are booked twice, once each, never below nothing; what expires first is used first."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import StoreRefused
from bot.store import Statement, Store, Unit, UnitConflict
from bot.store.points import Posting, booked_back, earned, lapsed, lots, spent

LAN = "wm_lan"


async def book(store: Store, *statements: Statement) -> None:
    await store.database.commit(Unit(list(statements)))


def gift(points: int, source_id: str = "g1", expires_at: float | None = None) -> Statement:
    return earned(
        LAN, points, source="referral", source_id=source_id, at=1.0, expires_at=expires_at
    )


async def test_the_same_gift_is_booked_once_and_all_adds_up_to_nothing(store: Store) -> None:
    await book(store, gift(100), gift(100))
    await book(store, gift(100))
    assert await store.points.balance(LAN) == 100
    assert await store.points.total() == 0


async def test_of_many_who_spend_at_once_nobody_spends_what_is_not_there(store: Store) -> None:
    await book(store, gift(100))

    async def spend(n: int) -> bool:
        try:
            await book(store, spent(LAN, 30, source="redeem", source_id=f"r{n}", at=2.0))
        except UnitConflict:
            return False
        return True

    assert sum(await asyncio.gather(*(spend(n) for n in range(100)))) == 3
    assert await store.points.balance(LAN) == 10
    assert await store.points.total() == 0


async def test_a_booking_is_taken_back_once_and_nothing_is_ever_changed(store: Store) -> None:
    await book(store, gift(100))
    (posting,) = await store.points.of(LAN)
    for _ in range(2):
        await book(store, booked_back(LAN, posting, at=3.0, by="lisi", why="错发"))
    assert await store.points.balance(LAN) == 0
    with pytest.raises(StoreRefused, match="booked"):
        await store.database.execute("UPDATE points_postings SET amount = 1000")


async def test_what_has_expired_is_booked_out_once(store: Store) -> None:
    await book(store, gift(100, "g1", expires_at=10.0), gift(50, "g2"))
    await book(store, spent(LAN, 30, source="redeem", source_id="r1", at=5.0))
    due = [one for one in lots(await store.points.of(LAN)) if one.expires_at == 10.0]
    assert [one.left for one in due] == [70]
    for _ in range(2):
        await book(store, lapsed(LAN, due[0], 10.0))
    assert await store.points.balance(LAN) == 50
    assert [one.left for one in lots(await store.points.of(LAN))] == [50]


@given(
    st.lists(st.tuples(st.integers(1, 50), st.none() | st.integers(100, 200)), max_size=8),
    st.lists(st.integers(1, 40), max_size=8),
)
def test_lots_hold_what_the_balance_says(
    gifts: list[tuple[int, int | None]], outs: list[int]
) -> None:
    postings = [
        Posting(n, f"t{n}", amount, float(n), expires, "referral", str(n))
        for n, (amount, expires) in enumerate(gifts)
    ]
    left = sum(amount for amount, _ in gifts)
    for n, out in enumerate(outs):
        if out <= left:
            left -= out
            postings.append(Posting(100 + n, f"s{n}", -out, 50.0 + n, None, "redeem", str(n)))
    assert sum(one.left for one in lots(postings)) == left
