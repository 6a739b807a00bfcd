"""What goes wrong on demand."""

import aiohttp
import pytest
from simulator_support import Client, Clock, kinds

from simulator.errors import Impossible
from simulator.server import Simulator

SEND = "/cgi-bin/kf/send_msg"
SYNC = "/cgi-bin/kf/sync_msg"


async def test_an_error_strikes_its_path_as_often_as_told(client: Client, sim: Simulator) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    sim.fault("error", path=SEND, code=-1, times=2)
    assert (await client.state())["errcode"] == 0
    codes = [(await client.says("您好", msgid="a"))["errcode"] for _ in range(3)]
    assert codes == [-1, -1, 0]


async def test_calls_inside_a_frequency_block_are_refused_and_blamed(
    client: Client, sim: Simulator, clock: Clock
) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    sim.fault("error", path=SEND, code=45009, seconds=10)
    assert (await client.says("您好"))["errcode"] == 45009
    assert (await client.says("您好"))["errcode"] == 45009  # was on its way already
    assert kinds(sim) == []
    clock.advance(9)
    assert (await client.says("您好"))["errcode"] == 45009
    assert kinds(sim) == ["hammering_while_throttled"]
    clock.advance(1)
    assert (await client.says("您好"))["errcode"] == 0


async def test_a_reset_after_accept_has_its_effect(client: Client, sim: Simulator) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    sim.fault("reset_after_accept", path=SEND)
    with pytest.raises(aiohttp.ClientError):
        await client.says("您好", msgid="a")
    assert sim.said_by_bot(client.kfid, client.customer) == ["您好"]
    assert (await client.says("您好", msgid="a"))["errcode"] == 40058
    assert kinds(sim) == []


async def test_a_reset_before_has_none(client: Client, sim: Simulator) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    sim.fault("reset_before", path=SEND)
    with pytest.raises(aiohttp.ClientError):
        await client.says("您好", msgid="a")
    assert sim.said_by_bot(client.kfid, client.customer) == []


async def test_a_hang_ends_without_effect(client: Client, sim: Simulator) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    sim.fault("hang", path=SEND, seconds=0.01)
    with pytest.raises(aiohttp.ClientError):
        await client.says("您好")
    assert sim.said_by_bot(client.kfid, client.customer) == []


async def test_every_token_dies_at_once_or_at_a_call(client: Client, sim: Simulator) -> None:
    sim.fault("expire_token", code=42001)
    assert (await client.state())["errcode"] == 42001
    await client.log_in()
    sim.fault("expire_token", path=SYNC, times=1)
    assert (await client.post("/kf/account/list"))["errcode"] == 0
    assert (await client.pulls())["errcode"] == 40014


async def test_an_http_error_has_no_json(client: Client, sim: Simulator) -> None:
    sim.fault("http", code=503)
    async with client.http.get("/cgi-bin/getcallbackip") as response:
        assert response.status == 503


async def test_an_empty_page_says_that_there_is_more(client: Client, sim: Simulator) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    sim.fault("empty_page")
    empty = await client.pulls()
    assert (empty["msg_list"], empty["has_more"]) == ([], 1)
    sim.fault("empty_page")
    still_empty = await client.pulls(empty["next_cursor"])
    assert still_empty["next_cursor"] != empty["next_cursor"]  # the cursor moves all the same
    assert len((await client.pulls(still_empty["next_cursor"]))["msg_list"]) == 1
    assert kinds(sim) == []


async def test_messages_come_twice_across_pages(client: Client, sim: Simulator) -> None:
    await sim.say(client.kfid, client.customer, "一")
    cursor = (await client.pulls())["next_cursor"]
    await sim.say(client.kfid, client.customer, "二")
    sim.fault("duplicate_messages")
    page = await client.pulls(cursor)
    assert [one["text"]["content"] for one in page["msg_list"]] == ["一", "二", "二"]


async def test_the_same_seed_gives_the_same_accidents(sim: Simulator) -> None:
    from simulator.faults import Fault, Faults

    def accidents(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(Fault(kind="error", probability=0.5))
        return [faults.take("error", SEND) is not None for _ in range(50)]

    assert accidents(7) == accidents(7)
    assert 5 < sum(accidents(7)) < 45


async def test_faults_can_be_lifted_and_unknown_ones_are_refused(
    client: Client, sim: Simulator
) -> None:
    sim.fault("error", code=45009, times=99)
    await client.state()
    sim.clear_faults()
    assert (await client.state())["errcode"] == 0
    with pytest.raises(Impossible, match="unknown fault kind"):
        sim.fault("earthquake")
