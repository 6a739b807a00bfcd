"""An order is written once, the later telling holds, and its buyer is told once when known."""

import itertools

import msgspec
import pytest

from bot.model import Emitted
from bot.model.people import IdentityKind
from bot.model.sales import Sale
from bot.store import Store, Taken
from tests.builders import FRIDAY_MORNING as NOW

PAID = Sale(
    number="T1",
    shop="taobao",
    status="交易成功",
    amount=12_900,
    paid_at=NOW - 60,
    changed_at=NOW - 60,
    phone="138 0000 0001",
    unionid="oLan",
    title="面霜",
    categories=("面霜",),
)


async def told(store: Store) -> list[Emitted]:
    letters = []
    for customer in ("wm_lan", "wm_bo"):
        letters += await store.mailbox.due(f"customer:{customer}", NOW + 1e6)
    return [one.event for one in letters if isinstance(one.event, Emitted)]


async def customer(store: Store, name: str, kind: IdentityKind, value: str) -> None:
    await store.vault.ready([f"customer:{name}"])
    await store.people.identify(name, kind, value, source="test", at=NOW)


async def test_a_buyer_is_found_by_unionid_and_told_once(store: Store) -> None:
    await customer(store, "wm_lan", IdentityKind.UNIONID, "oLan")
    await customer(store, "wm_bo", IdentityKind.PHONE, "13800000001")
    assert await store.sales.take(PAID, NOW) is Taken.NEW
    for _ in range(3):
        assert await store.sales.take(PAID, NOW + 1) is Taken.SAME
    known = await store.sales.get("T1")
    assert known is not None
    assert (known.match.external_userid, known.match.by) == ("wm_lan", "unionid")
    assert known.sale.title == "面霜"
    (event,) = await told(store)
    assert (event.name, event.external_userid) == ("order_paid", "wm_lan")
    assert event.data == {
        "number": "T1",
        "shop": "taobao",
        "amount": 12_900,
        "category": ["面霜"],
    }


async def test_an_order_waits_for_its_buyer_and_is_told_when_they_are_known(store: Store) -> None:
    await store.sales.take(PAID, NOW)
    assert await store.sales.match_counts() == {"unknown": 1}
    assert await store.sales.match_again(NOW) == 0
    await customer(store, "wm_bo", IdentityKind.PHONE, "13800000001")
    assert await store.sales.match_again(NOW) == 1
    assert await store.sales.match_again(NOW) == 0
    assert await store.sales.match_counts() == {"phone": 1}
    assert [one.external_userid for one in await told(store)] == ["wm_bo"]
    known = await store.sales.get("T1")
    assert known is not None
    assert known.sale.title == "面霜"


async def test_a_phone_that_two_persons_have_says_nothing(store: Store) -> None:
    for name, unionid in (("wm_lan", "o1"), ("wm_bo", "o2")):
        await customer(store, name, IdentityKind.UNIONID, unionid)
        await customer(store, name, IdentityKind.PHONE, "13800000001")
    await store.sales.take(msgspec.structs.replace(PAID, unionid=""), NOW)
    assert await store.sales.match_counts() == {"ambiguous": 1}
    assert await store.sales.match_again(NOW) == 0
    assert await store.sales.belongs_to("T1", "wm_bo", NOW)
    assert not await store.sales.belongs_to("T1", "wm_lan", NOW)
    assert await store.sales.match_counts() == {"hand": 1}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_the_later_telling_holds_in_whatever_order_they_come(
    store: Store, order: tuple[int, ...]
) -> None:
    await customer(store, "wm_lan", IdentityKind.UNIONID, "oLan")
    tellings = (
        msgspec.structs.replace(PAID, status="待付款", paid_at=None, changed_at=NOW - 90),
        PAID,
        msgspec.structs.replace(PAID, status="已退款", refunded=12_900, changed_at=NOW),
    )
    for index in order:
        await store.sales.take(tellings[index], NOW)
    known = await store.sales.get("T1")
    assert known is not None
    assert (known.sale.status, known.sale.refunded) == ("已退款", 12_900)
    assert not known.sale.counts
    assert len(await told(store)) <= 1


async def test_who_the_shop_names_is_the_buyer_if_there_is_such_a_customer(store: Store) -> None:
    await customer(store, "wm_lan", IdentityKind.UNIONID, "o")
    await store.sales.take(msgspec.structs.replace(PAID, external_userid="wm_lan"), NOW)
    nobody = msgspec.structs.replace(
        PAID, number="T2", unionid="", phone="", external_userid="wm_nobody"
    )
    await store.sales.take(nobody, NOW)
    assert await store.sales.match_counts() == {"customer": 1, "no_identity": 1}
    assert [one.sale.number for one in await store.sales.unmatched()] == ["T2"]
