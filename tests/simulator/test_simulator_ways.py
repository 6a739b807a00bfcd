"""The simulator makes codes as wecom-api §4.4, §4.9 and §4.10 say, and refuses what they refuse."""

from typing import Any

import pytest
from simulator_support import Client

from simulator.errors import Impossible
from simulator.server import Simulator

LAN = "wmYunqi_customer_0000000000000001"
WAY = {"type": 2, "scene": 2, "state": "ch_1", "user": ["zhangsan", "lisi"]}


async def contact(client: Client, name: str, **body: Any) -> dict[str, Any]:
    return await client.post(f"/externalcontact/{name}", **body)


async def test_a_contact_way_is_made_read_changed_and_deleted(
    sim: Simulator, client: Client
) -> None:
    made = await contact(client, "add_contact_way", **WAY)
    assert made["errcode"] == 0
    assert made["qr_code"].endswith(f"/pictures/{made['config_id']}.png")
    config = {"config_id": made["config_id"]}
    shown = (await contact(client, "get_contact_way", **config))["contact_way"]
    assert (shown["state"], shown["user"], shown["type"]) == ("ch_1", ["zhangsan", "lisi"], 2)
    assert (await contact(client, "update_contact_way", **config, user=["Lisi"]))["errcode"] == 0
    assert sim.world.ways.users_of("ch_1") == ["lisi"]
    assert sim.world.ways.scan("ch_1", LAN) == "lisi"
    assert sim.friends.friendships["lisi", LAN].state == "ch_1"
    listed = await contact(client, "list_contact_way")
    assert listed["contact_way"] == [config]
    assert (await contact(client, "del_contact_way", **config))["errcode"] == 0
    assert (await contact(client, "get_contact_way", **config))["errcode"] == 41044
    with pytest.raises(Impossible):
        sim.world.ways.scan("ch_1", LAN)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"type": 3}, 41037),
        ({"scene": 0}, 41038),
        ({"style": 1}, 41042),
        ({"type": 1}, 40058),
        ({"user": []}, 40035),
        ({"user": ["zhangsan", "ZHANGSAN"]}, 40058),
        ({"user": ["nobody"]}, 60111),
        ({"user": "zhangsan"}, 40035),
        ({"user": [f"u{n}" for n in range(101)]}, 40058),
        ({"state": "x" * 31}, 40058),
        ({"remark": "备" * 31}, 40058),
        ({"skip_verify": 1}, 40035),
        ({"is_temp": True}, 40058),
    ],
)
async def test_what_is_not_as_documented_is_refused(
    client: Client, changed: dict[str, Any], code: int
) -> None:
    assert (await contact(client, "add_contact_way", **WAY | changed))["errcode"] == code


async def test_what_cannot_change_is_refused_and_blamed(sim: Simulator, client: Client) -> None:
    made = await contact(client, "add_contact_way", **WAY)
    answer = await contact(client, "update_contact_way", config_id=made["config_id"], type=1)
    assert answer["errcode"] == 40058
    assert [one.kind for one in sim.violations] == ["unknown_field"]
    sim.violations.clear()
    sim.friends.barred.add("lisi")
    answer = await contact(client, "update_contact_way", config_id=made["config_id"], user=["lisi"])
    assert answer["errcode"] == 84074


async def test_a_join_way_fills_its_groups_in_order_and_tells_its_code_when_asked(
    sim: Simulator, client: Client
) -> None:
    sim.world.ways.new_group("wr1", "zhangsan", members=199)
    sim.world.ways.new_group("wr2", "zhangsan")
    join = {"scene": 2, "chat_id_list": ["wr1", "wr2"], "state": "store", "auto_create_room": 0}
    made = await contact(client, "groupchat/add_join_way", **join)
    assert "qr_code" not in made
    config = {"config_id": made["config_id"]}
    shown = (await contact(client, "groupchat/get_join_way", **config))["join_way"]
    assert shown["chat_id_list"] == ["wr1", "wr2"]
    assert shown["qr_code"]
    assert [sim.world.ways.scan_group("store", f"wm{n}") for n in range(2)] == ["wr1", "wr2"]
    chat = (await contact(client, "groupchat/get", chat_id="wr2", need_name=0))["group_chat"]
    assert [(one["type"], one.get("state")) for one in chat["member_list"]] == [
        (1, None),
        (2, "store"),
    ]
    changed = join | {"chat_id_list": ["wr2"]}
    assert (await contact(client, "groupchat/update_join_way", **config, **changed))["errcode"] == 0
    for body, code in (
        (join | {"chat_id_list": []}, 40058),
        (join | {"chat_id_list": ["wr1"] * 6}, 40058),
        (join | {"chat_id_list": ["wr9"]}, 40050),
        (join | {"scene": 3}, 41038),
        (join | {"room_base_name": "群" * 41}, 40058),
    ):
        assert (await contact(client, "groupchat/add_join_way", **body))["errcode"] == code, body
    assert (await contact(client, "groupchat/update_join_way", **config))["errcode"] == 40058
    assert (await contact(client, "groupchat/del_join_way", **config))["errcode"] == 0
    assert (await contact(client, "groupchat/del_join_way", **config))["errcode"] == 41044
