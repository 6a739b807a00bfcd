"""A code is given once and redeemed once, however many ask at once and however often."""

import asyncio

import pytest

from bot.store import Redeemed, Store, Unit, UnitConflict
from bot.store.benefits import returned
from bot.store.coupons import MISSES_WITHIN_S, taken

LAN, NOW = "wm_lan", 1000.0


async def give(store: Store, code: str = "A-1", pool: str = "five", now: float = NOW) -> None:
    whose = {"given_for": f"g-{pool}-{code}", "external_userid": LAN, "name": "5 元券"}
    await store.database.commit(Unit([taken(pool, code, **whose, now=now)]))


async def redeem(store: Store, code: str = "A-1", *, ref: str = "r1", now: float = NOW) -> Redeemed:
    return (await store.coupons.redeem(code, by="till", ref=ref, now=now))[0]


async def test_a_code_is_given_to_one(store: Store) -> None:
    assert await store.coupons.bring("five", ["A-1", "A-2"], NOW) == 2
    assert await store.coupons.bring("five", ["A-2", "A-3"], NOW) == 1
    await give(store)
    with pytest.raises(UnitConflict):
        await give(store)
    assert await store.coupons.free("five", NOW) == 2
    assert await store.coupons.choose("none", "g0000000000", NOW) == ""


async def test_of_a_hundred_tills_one_redeems(store: Store) -> None:
    await store.coupons.bring("five", ["A-1"], NOW)
    await give(store)
    said = await asyncio.gather(*(redeem(store, ref=f"r{n}") for n in range(100)))
    assert (said.count(Redeemed.DONE), said.count(Redeemed.ALREADY)) == (1, 99)


async def test_the_same_request_once_more_is_answered_alike(store: Store) -> None:
    await store.coupons.bring("five", ["A-1"], NOW)
    await give(store)
    assert await redeem(store) is Redeemed.DONE
    assert await redeem(store, now=NOW + 60) is Redeemed.DONE
    assert await redeem(store, ref="r2") is Redeemed.ALREADY


async def test_what_is_free_unknown_or_over_is_not_redeemed(store: Store) -> None:
    await store.coupons.bring("five", ["A-1"], NOW, expires_at=NOW + 10)
    assert await redeem(store) is Redeemed.NOT_GIVEN
    assert await redeem(store, "Z-9") is Redeemed.UNKNOWN
    await give(store)
    assert await redeem(store, now=NOW + 10) is Redeemed.EXPIRED
    assert await redeem(store, now=NOW + 9) is Redeemed.DONE


async def test_what_is_over_is_not_given(store: Store) -> None:
    await store.coupons.bring("five", ["A-1"], NOW, expires_at=NOW)
    assert await store.coupons.free("five", NOW) == 0
    with pytest.raises(UnitConflict):
        await give(store)


async def test_a_code_of_two_pools_is_asked_about(store: Store) -> None:
    for pool in ("five", "ten"):
        await store.coupons.bring(pool, ["A-1"], NOW)
        await give(store, pool=pool)
    assert await redeem(store) is Redeemed.AMBIGUOUS
    became, one = await store.coupons.redeem("A-1", by="till", ref="r", now=NOW, pool="ten")
    assert (became, one and one.pool) == (Redeemed.DONE, "ten")


async def test_a_welcome_s_code_is_redeemed_once_and_never_goes_back(store: Store) -> None:
    await store.benefits.bring("hello", ["W-1", "W-2"], NOW)
    assert await redeem(store, "W-1") is Redeemed.NOT_GIVEN
    assert await store.benefits.reserve("hello", LAN, NOW) == "W-1"
    said = await asyncio.gather(*(redeem(store, "W-1", ref=f"r{n}") for n in range(20)))
    assert (said.count(Redeemed.DONE), said.count(Redeemed.ALREADY)) == (1, 19)
    winner = f"r{said.index(Redeemed.DONE)}"
    assert await redeem(store, "W-1", ref=winner, now=NOW + 60) is Redeemed.DONE
    await store.database.commit(Unit([returned("hello", LAN)]))
    (one,) = await store.benefits.of(LAN)
    assert (one.code, one.redeemed_at) == ("W-1", NOW), "whoever used it has received it"


async def test_what_was_asked_for_in_vain_counts_wherever_and_for_a_while(store: Store) -> None:
    for userid in ("zhangsan", "zhangsan", "lisi"):
        await store.coupons.missed(userid, NOW)
    assert await store.coupons.misses("zhangsan", NOW + 1) == 2
    assert await store.coupons.misses("zhangsan", NOW + MISSES_WITHIN_S) == 0
