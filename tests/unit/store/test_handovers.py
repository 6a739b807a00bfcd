"""Whoever is left without a colleague after a member went is counted as such."""

from typing import Any

from bot.model import CustomerAdded, CustomerDeleted, TransferFailed
from bot.store import Store, Unit
from bot.store.handovers import Handover, handover_of
from tests.builders import FRIDAY_MORNING as NOW


async def test_a_handover_is_followed_by_what_wecom_tells(store: Store) -> None:
    def pair(customer: str, member: str = "zhangsan") -> dict[str, Any]:
        return {"userid": member, "external_userid": f"wm_{customer}"}

    customers = ("taken", "shared", "refused", "full", "left", "ended", "waiting", "gone-too")
    events: list[Any] = [CustomerAdded(**pair(one), at=NOW) for one in customers]
    events += [
        CustomerDeleted(**pair("taken"), by="staff", source="DELETE_BY_TRANSFER", at=NOW + 9),
        CustomerAdded(**pair("taken", "lisi"), at=NOW + 9),
        CustomerAdded(**pair("shared", "lisi"), at=NOW - 9),
        TransferFailed(**pair("refused"), reason="customer_refused", at=NOW + 9),
        TransferFailed(**pair("full"), reason="customer_limit_exceed", at=NOW + 9),
        CustomerDeleted(**pair("left"), by="customer", at=NOW + 9),
        CustomerDeleted(**pair("ended"), by="staff", at=NOW + 9),
        CustomerAdded(**pair("gone-too", "wangwu"), at=NOW + 9),
    ]
    unit = Unit()
    for event in events:
        store.contacts.happened(unit, event, NOW)
    store.ways.went_away(unit, ["zhangsan", "wangwu"], [], NOW)
    await store.database.commit(unit)
    found = await handover_of(store.database, "ZhangSan")
    assert found == Handover(taken_over=2, waiting=2, refused=1, failed=1, left=1, ended=1)
    assert found.covered == (2, 6)
    assert await handover_of(store.database, "nobody") == Handover()
