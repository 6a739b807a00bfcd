"""The session state machine and the people around it (wecom-api §3.2-3.5, §3.9)."""

import itertools
from typing import Any

import pytest
from simulator_support import Client, Clock, kinds

from simulator.errors import Impossible
from simulator.server import Simulator

ALLOWED = {(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 3), (3, 4)}


async def _bring_to(client: Client, sim: Simulator, state: int) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    if state:
        await client.trans(state, "zhangsan" if state == 3 else None)


@pytest.mark.parametrize(("start", "target"), list(itertools.product(range(5), range(1, 5))))
async def test_the_transition_table(
    client: Client, sim: Simulator, start: int, target: int
) -> None:
    await _bring_to(client, sim, start)
    answer = await client.trans(target, "lisi" if target == 3 else None)
    if (start, target) in ALLOWED:
        assert answer["errcode"] == 0
        assert (await client.state())["service_state"] == target
        assert kinds(sim) == []
    else:
        assert answer["errcode"] == (95013 if start == 4 else 95016)
        assert kinds(sim) == ["illegal_transition"]


async def test_codes_come_at_the_first_entry_and_at_every_end(
    client: Client, sim: Simulator
) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    assert "msg_code" not in await client.trans(1)
    assert "msg_code" in await client.trans(2)
    assert "msg_code" in await client.trans(3, "zhangsan")
    assert "msg_code" not in await client.trans(3, "lisi")
    assert "msg_code" in await client.trans(4)


@pytest.mark.parametrize(
    ("state", "servicer", "code"),
    [
        (3, None, 40058),
        (3, "wangwu", 95014),
        (3, "lisi", 95019),
        (5, None, 40058),
        (0, None, 40058),
    ],
)
async def test_only_a_receiving_servicer_can_be_given_a_session(
    client: Client, sim: Simulator, state: int, servicer: str | None, code: int
) -> None:
    await sim.staff_status("lisi", client.kfid, receiving=False)
    await sim.say(client.kfid, client.customer, "你好")
    assert (await client.trans(state, servicer))["errcode"] == code
    assert (await client.state())["service_state"] == 0


async def test_the_same_servicer_again_is_no_transition(client: Client, sim: Simulator) -> None:
    await _bring_to(client, sim, 3)
    assert (await client.trans(3, "zhangsan"))["errcode"] == 95016
    assert (await client.state())["servicer_userid"] == "zhangsan"


async def test_a_customer_who_writes_after_the_end_is_new_again(
    client: Client, sim: Simulator
) -> None:
    await _bring_to(client, sim, 4)
    await sim.say(client.kfid, client.customer, "还有一个问题")
    assert (await client.state())["service_state"] == 0


async def test_a_session_falls_to_4_silently_48_hours_after_the_last_customer_message(
    client: Client, sim: Simulator, clock: Clock
) -> None:
    await _bring_to(client, sim, 3)
    cursor = (await client.pulls())["next_cursor"]
    clock.advance(48 * 3600)
    await client.log_in()
    assert (await client.state())["service_state"] == 4
    assert (await client.pulls(cursor))["msg_list"] == []


async def _events(client: Client) -> list[dict[str, Any]]:
    page = await client.pulls()
    return [one["event"] for one in page["msg_list"] if one["msgtype"] == "event"]


async def test_what_servicers_do_comes_as_events_and_what_the_api_does_not(
    client: Client, sim: Simulator
) -> None:
    await _bring_to(client, sim, 2)
    where = (client.kfid, client.customer)
    await sim.staff_take("lisi", *where)
    await sim.staff_say("lisi", *where, "我来帮您")
    await sim.staff_transfer("lisi", "zhangsan", *where)
    await sim.staff_end("zhangsan", *where)
    await sim.staff_say("lisi", *where, "补充一点")
    events = await _events(client)
    assert [one["change_type"] for one in events] == [1, 2, 3, 4]
    assert ["msg_code" in one for one in events] == [True, False, True, False]
    assert (events[3]["old_servicer_userid"], events[3]["new_servicer_userid"]) == (
        "zhangsan",
        "lisi",
    )
    assert (await client.state()) | {"errmsg": ""} == {
        "errcode": 0,
        "errmsg": "",
        "service_state": 3,
        "servicer_userid": "lisi",
    }


async def test_the_desk_offers_only_what_the_client_offers(client: Client, sim: Simulator) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    where = (client.kfid, client.customer)
    for attempt in (
        sim.staff_take("lisi", *where),
        sim.staff_say("lisi", *where, "你好"),
        sim.staff_end("lisi", *where),
        sim.staff_transfer("lisi", "zhangsan", *where),
        sim.staff_take("wangwu", *where),
        sim.staff_status("nobody", client.kfid, receiving=True),
    ):
        with pytest.raises(Impossible):
            await attempt


async def test_the_servicer_list_says_0_and_1_where_the_event_says_1_and_2(
    client: Client, sim: Simulator
) -> None:
    await sim.staff_status("lisi", client.kfid, receiving=False)
    listed = await client.get("/cgi-bin/kf/servicer/list", open_kfid=client.kfid)
    assert listed["servicer_list"] == [
        {"userid": "zhangsan", "status": 0},
        {"userid": "lisi", "status": 1, "stop_type": 0},
    ]
    assert (await _events(client))[0]["status"] == 2


async def test_servicers_are_added_and_deleted_one_by_one(client: Client) -> None:
    added = await client.post(
        "/kf/servicer/add", open_kfid=client.kfid, userid_list=["sunqi", "lisi", "ghost"]
    )
    assert [one["errmsg"] for one in added["result_list"]][:2] == ["success", "ignored"]
    assert added["result_list"][2]["errcode"] == 95014
    deleted = await client.post(
        "/kf/servicer/del", open_kfid=client.kfid, userid_list=["sunqi", "sunqi"]
    )
    assert [one["errmsg"] for one in deleted["result_list"]] == ["success", "ignored"]
    assert (await client.post("/kf/servicer/add", open_kfid=client.kfid))["errcode"] == 40058


async def test_accounts_are_listed_in_pages(client: Client) -> None:
    everything = (await client.post("/kf/account/list"))["account_list"]
    second = (await client.post("/kf/account/list", offset=1, limit=1))["account_list"]
    assert [one["name"] for one in everything] == ["云栖优选·售前咨询", "云栖优选·售后服务"]
    assert second == everything[1:]
    assert (await client.get("/cgi-bin/kf/account/list"))["account_list"] == everything
    assert (await client.post("/kf/account/list", limit=101))["errcode"] == 40058


async def test_customers_are_read_with_the_context_of_their_last_entry(
    client: Client, sim: Simulator
) -> None:
    await sim.enter(client.kfid, client.customer, scene="web", scene_param="a=1")
    got = await client.post(
        "/kf/customer/batchget",
        external_userid_list=[client.customer, "zhangsan"],
        need_enter_session_context=1,
    )
    assert got["invalid_external_userid"] == ["zhangsan"]
    context = got["customer_list"][0]["enter_session_context"]
    assert context == {"scene": "web", "scene_param": "a=1"}
    too_many = await client.post("/kf/customer/batchget", external_userid_list=["x"] * 101)
    assert too_many["errcode"] == 40058


async def test_a_contact_link_belongs_to_its_scene(client: Client) -> None:
    async def link(scene: str) -> dict[str, Any]:
        return await client.post("/kf/add_contact_way", open_kfid=client.kfid, scene=scene)

    assert (await link("footer"))["url"] == (await link("footer"))["url"]
    assert (await link("footer"))["url"] != (await link("banner"))["url"]
    assert (await link("有空格"))["errcode"] == 40058
