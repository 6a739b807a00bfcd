"""The simulator passes customers on as wecom-api §4.14 says: after a day, unless they refuse."""

from typing import Any

import pytest
from simulator_support import Client, Clock

from simulator.errors import Impossible
from simulator.friends import ContactChange
from simulator.server import Simulator

LAN, MEI = "wmYunqi_customer_0000000000000001", "wmYunqi_customer_0000000000000002"
PAIR = {"handover_userid": "ZhangSan", "takeover_userid": "lisi"}
DAY_S = 86_400.0


async def contact(client: Client, name: str, **body: Any) -> dict[str, Any]:
    await client.log_in()  # days go by: a token lives two hours
    return await client.post(f"/externalcontact/{name}", **body)


async def asked(client: Client, *customers: str, **changed: Any) -> list[int]:
    body = {**PAIR, "external_userid": list(customers), **changed}
    answer = await contact(client, "transfer_customer", **body)
    assert answer["errcode"] == 0
    return [one["errcode"] for one in answer["customer"]]


async def results(client: Client, family: str = "") -> dict[str, int]:
    answer = await contact(client, f"{family}transfer_result", **PAIR)
    return {one["external_userid"]: one["status"] for one in answer["customer"]}


async def test_a_day_later_the_customer_has_another_contact_and_both_are_told(
    sim: Simulator, client: Client, clock: Clock
) -> None:
    sim.friends.add("zhangsan", LAN)
    told: list[ContactChange] = []
    sim.friends.on_change = told.append
    assert await asked(client, LAN, transfer_success_msg="您好") == [0]
    assert await asked(client, LAN) == [40100]
    clock.advance(DAY_S - 1)
    assert await results(client) == {LAN: 2}
    clock.advance(1)
    assert await results(client) == {LAN: 1}
    assert list(sim.friends.friendships) == [("lisi", LAN)]
    assert [(one.change, one.fields["UserID"]) for one in told] == [
        ("del_external_contact", "zhangsan"),
        ("add_external_contact", "lisi"),
    ]
    assert told[0].fields["Source"] == "DELETE_BY_TRANSFER"
    assert "WelcomeCode" not in told[1].fields


async def test_a_customer_can_refuse_for_a_day(
    sim: Simulator, client: Client, clock: Clock
) -> None:
    sim.friends.add("zhangsan", LAN)
    told: list[ContactChange] = []
    await asked(client, LAN)
    sim.friends.on_change = told.append
    sim.world.transfers.refuse(LAN)
    clock.advance(2 * DAY_S)
    assert await results(client) == {LAN: 3}
    assert [one.fields.get("FailReason") for one in told] == ["customer_refused"]
    with pytest.raises(Impossible):
        sim.world.transfers.refuse(LAN)


async def test_each_customer_is_refused_by_itself(
    sim: Simulator, client: Client, clock: Clock
) -> None:
    sim.friends.add("zhangsan", LAN)
    assert await asked(client, LAN, MEI) == [0, 40096]
    clock.advance(DAY_S)
    back = {"handover_userid": "lisi", "takeover_userid": "zhangsan"}
    assert await asked(client, LAN, **back) == [0]
    clock.advance(DAY_S)
    assert await asked(client, LAN) == [40128]  # there and back is twice
    sim.world.transfers.room["lisi"] = 1
    sim.friends.add("lisi", MEI)
    clock.advance(90 * DAY_S)
    assert await asked(client, LAN) == [40099]


@pytest.mark.parametrize(
    ("path", "changed", "code"),
    [
        ("transfer_customer", {"external_userid": []}, 40058),
        ("transfer_customer", {"external_userid": [LAN] * 101}, 40058),
        ("transfer_customer", {"takeover_userid": "zhangsan"}, 40130),
        ("transfer_customer", {"takeover_userid": "nobody"}, 60111),
        ("transfer_customer", {"takeover_userid": "wangwu"}, 84074),
        ("transfer_customer", {"transfer_success_msg": "字" * 201}, 45002),
        ("resigned/transfer_customer", {}, 40097),
        ("resigned/transfer_customer", {"transfer_success_msg": "字"}, 40058),
    ],
)
async def test_what_cannot_be_is_refused(
    sim: Simulator, client: Client, path: str, changed: dict[str, Any], code: int
) -> None:
    sim.friends.barred.add("wangwu")
    answer = await contact(client, path, **{**PAIR, "external_userid": [LAN], **changed})
    assert answer["errcode"] == code
    sim.violations.clear()


async def test_those_whom_somebody_has_left_behind_are_listed_until_they_go(
    sim: Simulator, client: Client, clock: Clock
) -> None:
    for customer in (LAN, MEI):
        sim.friends.add("zhangsan", customer)
    sim.world.transfers.leave("zhangsan")
    page = await contact(client, "get_unassigned_list", page_size=1)
    assert (page["is_last"], page["info"][0]["external_userid"]) == (False, LAN)
    rest = await contact(client, "get_unassigned_list", page_size=1, cursor=page["next_cursor"])
    assert (rest["is_last"], rest["info"][0]["external_userid"]) == (True, MEI)
    body = {**PAIR, "external_userid": [LAN]}
    assert (await contact(client, "resigned/transfer_customer", **body))["errcode"] == 0
    assert await results(client) == {}
    assert await results(client, "resigned/") == {LAN: 2}
    clock.advance(DAY_S)
    assert await results(client, "resigned/") == {LAN: 1}
    left = (await contact(client, "get_unassigned_list"))["info"]
    assert [one["external_userid"] for one in left] == [MEI]
