"""The control API over HTTP, as the page uses it."""

import asyncio
import json
import re
from typing import Any

import aiohttp
from simulator_support import Client

from simulator.control import PAGE
from simulator.server import Simulator


async def _post(client: Client, path: str, status: int = 200, **body: Any) -> dict[str, Any]:
    async with client.http.post(path, json=body) as response:
        assert response.status == status, await response.text()
        return dict(await response.json())


async def _get(client: Client, path: str, **params: str) -> dict[str, Any]:
    async with client.http.get(path, params=params) as response:
        return dict(await response.json())


async def test_a_visit_from_hello_to_goodbye(client: Client) -> None:
    made = await _post(client, "/sim/customers", nickname="小林")
    where = {"open_kfid": client.kfid, "external_userid": made["external_userid"]}
    assert (await _post(client, "/sim/enter", **where))["welcome_code"]
    msgid = (await _post(client, "/sim/say", **where, text="转人工"))["msgid"]
    client.customer = made["external_userid"]
    await client.trans(2)
    lisi = {**where, "userid": "lisi"}
    await _post(client, "/sim/staff/take", **lisi)
    await _post(client, "/sim/staff/say", **lisi, text="您好")
    await _post(client, "/sim/staff/transfer", **lisi, to="zhangsan")
    await _post(client, "/sim/staff/end", 409, **lisi)
    await _post(client, "/sim/staff/end", **{**lisi, "userid": "zhangsan"})
    await _post(client, "/sim/recall", **where, msgid=msgid)
    chat = await _get(client, "/sim/chat", **where)
    assert chat["service_state"] == 4
    said = [(one["from"], one["recalled"]) for one in chat["messages"] if one["from"] != "system"]
    assert said == [("customer", True), ("servicer", False)]
    state = await _get(client, "/sim/state")
    assert state["conversations"][0] | {"last_at": 0} == {
        **where,
        "service_state": 4,
        "servicer_userid": None,
        "allowance_left": 5,
        "last_at": 0,
        "unread": 0,
    }
    assert {"open_kfid", "userid", "name", "receiving"} == set(state["servicers"][0])


async def test_nonsense_is_answered_with_a_reason(client: Client) -> None:
    assert "error" in await _post(client, "/sim/say", 400, open_kfid=client.kfid)
    unknown = {"open_kfid": "wkNobody", "external_userid": client.customer}
    assert "error" in await _post(client, "/sim/say", 409, **unknown, text="x")
    assert "error" in await _post(client, "/sim/faults", 409, kind="earthquake")
    assert "error" in await _post(client, "/sim/staff/tell_app", 409, userid="nobody", text="x")


async def test_what_the_desk_refuses_has_words_on_the_page(client: Client, sim: Simulator) -> None:
    """Whoever stands at the desk reads them in place of ids."""
    await sim.say(client.kfid, client.customer, "你好")
    where = {"open_kfid": client.kfid, "external_userid": client.customer}
    script = (PAGE / "api.js").read_text("utf-8")
    words = dict(re.findall(r"^  (\w+): \"(.+)\",$", script, re.MULTILINE))
    for action, body in (
        ("say", {"text": "x", "userid": "zhangsan"}),
        ("take", {"userid": "zhangsan"}),
        ("take", {"userid": "nobody"}),
    ):
        refused = await _post(client, f"/sim/staff/{action}", 409, **where, **body)
        assert re.fullmatch(r"[^a-z_]+", words[refused["kind"]]), refused


async def test_changes_are_streamed_to_whoever_listens(client: Client, sim: Simulator) -> None:
    async with aiohttp.ClientSession(sim.url) as other, other.get("/sim/events") as stream:
        await stream.content.readuntil(b"\n\n")
        await sim.say(client.kfid, client.customer, "你好")
        await client.says("您好", msgid="")
        changes: list[dict[str, Any]] = []
        async with asyncio.timeout(5):
            while len(changes) < 5:
                line = (await stream.content.readuntil(b"\n\n")).decode()
                changes.append(json.loads(line.removeprefix("data: ")))
    assert [one["type"] for one in changes] == ["message", "state", "violation", "message", "state"]
    assert changes[0]["from"] == "customer"
    assert changes[0]["external_userid"] == client.customer
    assert changes[2]["kind"] == "no_msgid"


async def test_bulk_clock_calls_violations_and_reset(client: Client) -> None:
    before = (await _get(client, "/sim/state"))["now"]
    assert (await _post(client, "/sim/clock", advance_s=60))["now"] == before + 60
    lines = [{"external_userid": f"wm{n}", "text": "你好"} for n in range(3)]
    bulk = await _post(client, "/sim/bulk", open_kfid=client.kfid, messages=lines, callback=False)
    assert len(bulk["msgids"]) == 3
    await _post(client, "/sim/clock", advance_s=60)
    async with client.http.get("/sim/violations?unanswered_after_s=30") as response:
        assert len((await response.json())["unanswered"]) == 3
    assert (await _get(client, "/sim/calls"))["/cgi-bin/gettoken"] == 1
    assert len((await _get(client, "/sim/transcript"))["conversations"]) == 3
    await _post(client, "/sim/reset")
    assert (await _get(client, "/sim/state"))["conversations"] == []


async def test_a_missing_page_is_404_and_no_way_out_of_its_folder(client: Client) -> None:
    for path in ("/page/nothing.js", "/page/..%2fserver.py", "/page/%2e%2e/server.py"):
        async with client.http.get(path) as response:
            assert response.status == 404


async def test_the_callback_url_can_be_set_later(client: Client, sim: Simulator) -> None:
    await _post(client, "/sim/callback", url="http://127.0.0.1:9/wecom/callback")
    assert sim.callback_url == "http://127.0.0.1:9/wecom/callback"
    assert not (await _post(client, "/sim/verify"))["ok"]
