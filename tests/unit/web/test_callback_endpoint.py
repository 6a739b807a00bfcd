"""The callback over a real HTTP server: what WeCom sends, and everything it does not."""

import asyncio
import random
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from bot.errors import Conflict
from bot.web.callback import MAX_BODY_BYTES, PATH, CallbackEndpoint
from bot.wecom.callback import Delivery, KfHint
from tests.unit.wecom import callbacks as made

Client = TestClient[web.Request, web.Application]


class FakeIntake:
    """Keeps what it is given; set `fails` to an exception and it raises that instead."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.fails: Exception | None = None

    async def accept(self, delivery: Delivery) -> None:
        if self.fails is not None:
            raise self.fails
        self.deliveries.append(delivery)


@pytest.fixture
def intake() -> FakeIntake:
    return FakeIntake()


@pytest.fixture
async def wecom(intake: FakeIntake) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(CallbackEndpoint(made.a_cipher(), intake, clock=lambda: 123.0).routes())
    async with TestClient(TestServer(app)) as client:
        yield client


async def post(wecom: Client, inner: bytes, prefix: str = made.PREFIX) -> ClientResponse:
    ciphertext = made.encrypted(made.padded(made.packed(inner, prefix=prefix)))
    return await wecom.post(PATH, params=made.query(ciphertext), data=made.envelope(ciphertext))


async def test_a_kf_event_is_handed_on_and_answered_with_success(
    wecom: Client, intake: FakeIntake
) -> None:
    query = {"msg_signature": made.KF_SIGNATURE, "timestamp": made.TIMESTAMP, "nonce": made.NONCE}
    response = await wecom.post(PATH, params=query, data=made.envelope(made.KF_ENCRYPTED))
    assert (response.status, await response.text()) == (200, "success")
    hint = KfHint("wkDEMO0000000001", "ENC_TOKEN_DEMO_001", 1_700_000_000.0)
    assert intake.deliveries == [Delivery(digest=None, received_at=123.0, hint=hint)]


async def test_url_verification_echoes_the_bare_plaintext(wecom: Client) -> None:
    echostr = made.encrypted(made.padded(made.packed(b"1616140317555161061")))
    response = await wecom.get(PATH, params={**made.query(echostr), "echostr": echostr})
    assert (response.status, await response.read()) == (200, b"1616140317555161061")
    assert response.content_type == "text/plain"


async def test_a_repeat_is_answered_with_success_and_carries_the_same_digest(
    wecom: Client, intake: FakeIntake
) -> None:
    inner = b"<xml><MsgType>event</MsgType><Event>subscribe</Event></xml>"
    for prefix in ("a" * 16, "a" * 16, "b" * 16):  # as it was, and sealed anew
        assert (await post(wecom, inner, prefix)).status == 200
    assert len(intake.deliveries) == 3
    assert len({delivery.digest for delivery in intake.deliveries}) == 1


@pytest.mark.parametrize("failure", [Conflict(), OSError("disk full"), KeyError("bug")])
async def test_what_could_not_be_stored_is_asked_for_again(
    wecom: Client, intake: FakeIntake, failure: Exception
) -> None:
    intake.fails = failure
    response = await post(wecom, made.KF_EVENT)
    assert (response.status, await response.text()) == (503, "")


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce", "echostr"])
@pytest.mark.parametrize("how", ["missing", "empty", "twice", "long"])
async def test_verification_needs_each_parameter_once(wecom: Client, name: str, how: str) -> None:
    echostr = made.encrypted(made.padded(made.packed(b"1")))
    query = {**made.query(echostr), "echostr": echostr}
    pairs = [pair for pair in query.items() if pair[0] != name]
    pairs += {
        "missing": [],
        "empty": [(name, "")],
        "twice": [(name, query[name])] * 2,
        "long": [(name, "1" * 3000)],
    }[how]
    assert (await wecom.get(f"{PATH}?{urlencode(pairs)}")).status == 400


async def test_other_methods_are_not_allowed(wecom: Client) -> None:
    for method in ("HEAD", "PUT", "DELETE"):
        assert (await wecom.request(method, PATH)).status == 405


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1024):
        yield b"x" * 1024


async def test_too_large_a_body_is_refused_with_and_without_a_length(
    wecom: Client, intake: FakeIntake
) -> None:
    query = made.query(made.KF_ENCRYPTED)
    announced = await wecom.post(PATH, params=query, data=b"x" * (MAX_BODY_BYTES + 1))
    chunked = await wecom.post(PATH, params=query, data=chunks(MAX_BODY_BYTES + 2048))
    assert (announced.status, chunked.status) == (413, 413)
    assert intake.deliveries == []


async def test_a_compressed_body_is_refused_unread(wecom: Client) -> None:
    headers = {"Content-Encoding": "gzip"}
    response = await wecom.post(
        PATH, params=made.query("x"), data=b"not gzip", headers=headers, skip_auto_headers=[]
    )
    assert response.status == 415


async def exchange_raw(wecom: Client, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(wecom.host, wecom.port)
    try:
        writer.write(request)
        await writer.drain()
        return await asyncio.wait_for(reader.readline(), 5)
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_broken_chunk_is_a_client_error(wecom: Client) -> None:
    target = f"{PATH}?{urlencode(made.query('x'))}".encode()
    answer = await exchange_raw(
        wecom,
        b"POST " + target + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    )
    assert b" 400 " in answer


async def test_a_body_without_a_length_is_an_empty_one(wecom: Client) -> None:
    target = f"{PATH}?{urlencode(made.query('x'))}".encode()
    answer = await exchange_raw(wecom, b"POST " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b" 403 " in answer


async def test_refusals_do_not_say_why(wecom: Client) -> None:
    ciphertext = made.encrypted(made.padded(made.packed(b"<xml/>", b"ww_other")))
    response = await wecom.post(PATH, params=made.query(ciphertext), data=made.envelope(ciphertext))
    assert (response.status, await response.read()) == (403, b"")


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml><Event>&b;</Event></xml>'
WRONG_INSIDE = [
    b"",
    b"\0" * 40,
    b"\xff\xfe\xfa",
    b"<xml>",
    b"<xml/>",
    b"<xml>" + b"<a>" * 4_000 + b"</a>" * 4_000 + b"</xml>",
    b"<xml><Event>\x00</Event></xml>",
    b"<xml><Event>\xc3\x28</Event></xml>",
    b"<xml><MsgType>event</MsgType><Event>kf_msg_or_event</Event></xml>",
    b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x"><xml><Event>a</Event></xml>',
    BOMB,
    b'{"json": true}',
]


def signed_but_wrong(chance: random.Random) -> tuple[dict[str, str], bytes]:
    """A ciphertext signed with the right token, and wrong further inside."""
    inner = chance.choice([*WRONG_INSIDE, mutated(made.KF_EVENT, chance)])
    wrong_id = made.packed(
        inner, chance.choice([b"ww_other", b"", b"\xff", made.CORP.encode() * 2])
    )
    wrong_length = made.packed(inner, length=chance.choice([0, 3, 2**31, 2**32 - 1]))
    blocks = chance.choice(
        [
            made.padded(chance.choice([wrong_id, wrong_length])),
            chance.randbytes(16 * chance.randrange(1, 20)),
            bytes([chance.randrange(256)]) * 64,
        ]
    )
    ciphertext = made.encrypted(blocks)
    if chance.random() < 0.3:
        ciphertext = ciphertext[: chance.randrange(len(ciphertext))]
    return made.query(ciphertext), made.envelope(ciphertext)


def right_seal_wrong_inside(chance: random.Random) -> tuple[dict[str, str], bytes]:
    inner = chance.choice(WRONG_INSIDE)
    ciphertext = made.encrypted(made.padded(made.packed(inner)))
    return made.query(ciphertext), made.envelope(ciphertext)


def mutated(document: bytes, chance: random.Random) -> bytes:
    data = bytearray(document)
    for _ in range(chance.randrange(1, 6)):
        position = chance.randrange(len(data))
        data[position : position + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
    return bytes(data)


def wrong_outside(chance: random.Random) -> tuple[dict[str, str], bytes]:
    """A valid delivery with its parameters or its envelope damaged."""
    query, body = made.query(made.KF_ENCRYPTED), made.envelope(made.KF_ENCRYPTED)
    name = chance.choice(list(query))
    how = chance.randrange(4)
    if how == 0:
        del query[name]
    elif how == 1:
        query[name] = chance.choice(["", "\0", "é" * 9, "0" * 40, "%", "1" * 5000, "+ +"])
    elif how == 2:
        body = body.replace(made.KF_ENCRYPTED[:40].encode(), chance.randbytes(9))
    else:
        body = chance.choice([b"", b"<xml/>", BOMB, b"<a>" * 9000, chance.randbytes(300), b"{}"])
    return query, body


def malformed(seed: int) -> tuple[dict[str, str], bytes]:
    chance = random.Random(seed)
    return chance.choice([signed_but_wrong, right_seal_wrong_inside, wrong_outside])(chance)


async def test_six_hundred_malformed_callbacks_are_refused_and_the_server_goes_on(
    wecom: Client, intake: FakeIntake
) -> None:
    types = ["text/xml", "application/json", "multipart/form-data; boundary=x", "a/b; charset=no"]
    for seed in range(600):
        query, body = malformed(seed)
        response = await wecom.post(
            PATH, params=query, data=body, headers={"Content-Type": types[seed % len(types)]}
        )
        assert 400 <= response.status < 500, (seed, response.status)
        assert await response.read() == b"" or response.status == 400, seed
    assert intake.deliveries == []
    assert (await post(wecom, made.KF_EVENT)).status == 200


ODD = "%0aFf+&=;é%"


async def test_whatever_the_query_holds_it_is_a_client_error(
    wecom: Client, intake: FakeIntake
) -> None:
    chance = random.Random(7)
    names = ["msg_signature", "timestamp", "nonce", "echostr", "x"]
    for _ in range(200):
        pairs = "&".join(
            f"{chance.choice(names)}={''.join(chance.choices(ODD, k=chance.randrange(9)))}"
            for _ in range(chance.randrange(8))
        )
        answer = await exchange_raw(
            wecom, f"GET {PATH}?{pairs} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        )
        assert answer.split(b" ")[1].startswith(b"4"), pairs
    assert intake.deliveries == []
