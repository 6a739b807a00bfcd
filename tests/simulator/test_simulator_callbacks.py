"""Sealed hints, deadline, repeats, verification, passive replies (wecom-api §2)."""

import asyncio
import re

import aiohttp
import pytest
from aiohttp import web
from simulator_support import Client, FakeProduct, kinds

from simulator.cipher import CallbackCipher
from simulator.records import Options
from simulator.server import Simulator


@pytest.fixture
def cipher(sim: Simulator) -> CallbackCipher:
    names = sim.world.credentials
    return CallbackCipher(names.token, names.aes_key, names.corp_id)


def _opened(cipher: CallbackCipher, received: tuple[dict[str, str], bytes]) -> str:
    query, body = received
    found = re.search(r"<Encrypt><!\[CDATA\[(.+?)\]\]>", body.decode())
    assert found
    return cipher.open(
        query["msg_signature"], query["timestamp"], query["nonce"], found[1]
    ).decode()


async def _settled(sim: Simulator) -> None:
    await sim.wait_for(lambda: not sim.pending_callbacks, description="callbacks answered")


async def test_a_message_rings_the_bell_with_a_token_that_works(
    client: Client, sim: Simulator, product: FakeProduct, cipher: CallbackCipher
) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    await _settled(sim)
    inner = _opened(cipher, product.received[0])
    assert "<Event><![CDATA[kf_msg_or_event]]></Event>" in inner
    assert f"<OpenKfId><![CDATA[{client.kfid}]]></OpenKfId>" in inner
    assert "FromUserName" not in inner
    assert "AgentID" not in inner
    token = re.search(r"<Token><!\[CDATA\[(.+?)\]\]>", inner)
    assert token
    assert (await client.pulls(token=token[1]))["errcode"] == 0
    assert kinds(sim) == []


async def test_what_the_api_sends_rings_no_bell(
    client: Client, sim: Simulator, product: FakeProduct
) -> None:
    await sim.say(client.kfid, client.customer, "你好")
    await client.says("您好")
    await client.trans(2)
    await _settled(sim)
    assert len(product.received) == 1


class TestDeadline:
    @pytest.fixture
    def options(self) -> Options:
        return Options(callback_pause_s=0.0, callback_deadline_s=0.1)

    async def test_no_answer_in_time_is_delivered_three_times_sealed_anew(
        self, client: Client, sim: Simulator, product: FakeProduct, cipher: CallbackCipher
    ) -> None:
        released = asyncio.Event()

        async def too_late() -> web.Response:
            await released.wait()
            return web.Response()

        product.answers = too_late
        await sim.say(client.kfid, client.customer, "你好")
        await _settled(sim)
        released.set()
        assert len(product.received) == 3
        assert len({body for _, body in product.received}) == 3
        assert len({_opened(cipher, one) for one in product.received}) == 1
        assert set(kinds(sim)) == {"slow_ack"}


async def test_a_closed_door_is_tried_three_times(client: Client, sim: Simulator) -> None:
    sim.callback_url = "http://127.0.0.1:9/wecom/callback"
    await sim.say(client.kfid, client.customer, "你好")
    await _settled(sim)
    assert kinds(sim) == []


@pytest.mark.parametrize(
    "answer", [web.Response(status=500), web.Response(status=204), web.Response(text="OK")]
)
async def test_a_bad_answer_is_blamed_and_not_repeated(
    client: Client, sim: Simulator, product: FakeProduct, answer: web.Response
) -> None:
    product.answers = lambda: answer
    await sim.say(client.kfid, client.customer, "你好")
    await _settled(sim)
    assert len(product.received) == 1
    assert kinds(sim) == ["bad_ack"]


async def test_callbacks_are_lost_and_doubled_on_demand(
    client: Client, sim: Simulator, product: FakeProduct
) -> None:
    sim.fault("lose_callback")
    await sim.say(client.kfid, client.customer, "一")
    await _settled(sim)
    assert product.received == []
    sim.fault("duplicate_callback")
    await sim.say(client.kfid, client.customer, "二")
    await _settled(sim)
    assert len(product.received) == 2


async def test_many_messages_hide_behind_one_callback(
    client: Client, sim: Simulator, product: FakeProduct
) -> None:
    written = await sim.bulk(client.kfid, [(f"wm{n}", "你好") for n in range(50)])
    await _settled(sim)
    assert (len(set(written)), len(product.received)) == (50, 1)


class TestMerging:
    @pytest.fixture
    def options(self) -> Options:
        return Options(merge_hints_s=0.01)

    async def test_hints_in_quick_succession_become_one(
        self, client: Client, sim: Simulator, product: FakeProduct
    ) -> None:
        for text in ("一", "二", "三"):
            await sim.say(client.kfid, client.customer, text)
        await _settled(sim)
        assert len(product.received) == 1


async def test_verification_wants_the_bare_plaintext(
    sim: Simulator, product: FakeProduct, cipher: CallbackCipher
) -> None:
    assert (await sim.verify())["problem"].startswith("status 200")

    def echo() -> web.Response:
        query = product.received[-1][0]
        plain = cipher.open(
            query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"]
        )
        return web.Response(body=plain)

    product.answers = echo
    assert (await sim.verify())["ok"]


async def test_a_member_writes_to_the_app_and_gets_a_passive_reply(
    sim: Simulator, product: FakeProduct, cipher: CallbackCipher
) -> None:
    corp_id = sim.world.credentials.corp_id

    def reply() -> web.Response:
        sealed = cipher.seal(
            f"<xml><ToUserName>lisi</ToUserName><FromUserName>{corp_id}</FromUserName>"
            "<CreateTime>1</CreateTime><MsgType>text</MsgType><Content>收到</Content></xml>".encode()
        )
        return web.Response(
            text=f"<xml><Encrypt>{sealed}</Encrypt><MsgSignature>{cipher.sign('1', 'n', sealed)}"
            "</MsgSignature><TimeStamp>1</TimeStamp><Nonce>n</Nonce></xml>"
        )

    product.answers = reply
    await sim.staff_tell_app("lisi", "帮助 ]]> 完")
    await _settled(sim)
    inner = _opened(cipher, product.received[0])
    assert "<FromUserName><![CDATA[lisi]]></FromUserName>" in inner
    assert "帮助 ]]]]><![CDATA[> 完" in inner
    assert [one.content for one in sim.inbox("lisi")] == [{"content": "收到"}]
    assert kinds(sim) == []


async def test_a_passive_reply_with_a_wrong_signature_is_blamed(
    sim: Simulator, product: FakeProduct
) -> None:
    product.answers = lambda: web.Response(
        text="<xml><Encrypt>x</Encrypt><MsgSignature>y</MsgSignature>"
        "<TimeStamp>1</TimeStamp><Nonce>n</Nonce></xml>"
    )
    await sim.staff_tell_app("lisi", "帮助")
    await _settled(sim)
    assert kinds(sim) == ["bad_passive_reply"]


async def test_a_kf_event_has_no_passive_reply(
    client: Client, sim: Simulator, product: FakeProduct
) -> None:
    product.answers = lambda: web.Response(text="<xml></xml>")
    await sim.say(client.kfid, client.customer, "你好")
    await _settled(sim)
    assert kinds(sim) == ["bad_ack"]


async def test_the_simulator_stops_with_deliveries_under_way(product: FakeProduct) -> None:
    from simulator.scenery import PRESALE, shop
    from simulator.server import running

    world = shop()
    async with running(world, callback_url="http://127.0.0.1:9/") as sim, aiohttp.ClientSession():
        await sim.say(PRESALE, next(iter(world.customers)), "你好")


async def test_a_callback_is_late_or_cut_off_and_comes_again_on_demand(
    client: Client, sim: Simulator, product: FakeProduct
) -> None:
    sim.fault("late_callback", seconds=0.2)
    await sim.say(client.kfid, client.customer, "一")
    await asyncio.sleep(0.05)
    assert product.received == []
    await _settled(sim)
    assert len(product.received) == 1

    sim.fault("cut_callback")
    await sim.say(client.kfid, client.customer, "二")
    await _settled(sim)
    assert len(product.received) == 2, "what was cut off is no delivery"
    assert kinds(sim) == []
