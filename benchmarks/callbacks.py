"""How many callbacks a second are acknowledged durably, and how fast?

Callbacks are sealed beforehand, each different. The client is bare asyncio: about 40 µs a request.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast
from urllib.parse import urlsplit

from benchmarks.stage import Stage
from simulator.callbacks import hint_xml
from simulator.cipher import CallbackCipher
from simulator.syncing import callback_token
from simulator.world import World

CONNECTIONS = 64
_OK = b"HTTP/1.1 200"


class Acks(NamedTuple):
    """What came of a burst of callbacks."""

    acknowledged: int
    refused: int
    seconds: float
    latencies: list[float]


def hints(world: World, url: str, count: int) -> list[bytes]:
    """HTTP requests: "this account has news", over all accounts in turn."""
    accounts = itertools.cycle(world.accounts)
    now = int(world.now())

    def inner() -> Iterator[bytes]:
        for open_kfid in itertools.islice(accounts, count):
            token = callback_token(world, open_kfid)
            yield hint_xml(world.credentials.corp_id, now, token, open_kfid)

    return _requests(world, url, inner())


def events(world: World, url: str, count: int) -> list[bytes]:
    """HTTP requests: events that are stored as they come, a mailbox row each."""
    corp_id, now = world.credentials.corp_id, int(world.now())
    return _requests(
        world,
        url,
        (
            f"<xml><ToUserName><![CDATA[{corp_id}]]></ToUserName>"
            f"<FromUserName><![CDATA[sys]]></FromUserName><CreateTime>{now}</CreateTime>"
            "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_tag]]></Event>"
            f"<Id><![CDATA[tag{number}]]></Id><ChangeType><![CDATA[update]]></ChangeType></xml>".encode()
            for number in range(count)
        ),
    )


async def burst(stage: Stage, requests: Sequence[bytes]) -> Acks:
    """Send all over `CONNECTIONS` connections, each as soon as the one before was answered."""
    loop = asyncio.get_running_loop()
    where = urlsplit(stage.url)
    queue, acks = iter(requests), Acks(0, 0, 0.0, [])
    clients = []
    for _ in range(CONNECTIONS):
        _, client = await loop.create_connection(
            lambda: _Client(queue), where.hostname or "", where.port or 80
        )
        clients.append(client)
    began = time.perf_counter()
    for client in clients:
        client.start()
    await asyncio.gather(*(client.done for client in clients))
    seconds = time.perf_counter() - began
    for client in clients:
        acks.latencies.extend(client.latencies)
    refused = sum(client.refused for client in clients)
    return Acks(len(acks.latencies) - refused, refused, seconds, acks.latencies)


class _Client(asyncio.Protocol):
    """One kept-alive connection. An answer of ours is one small segment with a length."""

    def __init__(self, queue: Iterator[bytes]) -> None:
        self._queue = queue
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.refused = 0
        self._received, self._sent_at = b"", 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by type

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the product hung up"))

    def start(self) -> None:
        """Send the next request, if there is one."""
        request = next(self._queue, None)
        if request is None:
            self.done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator or len(body) < _length(head):
            return
        self.latencies.append(time.perf_counter() - self._sent_at)
        self.refused += not (head.startswith(_OK) and body == b"success")
        self._received = b""
        self.start()


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])


def _requests(world: World, url: str, inners: Iterator[bytes]) -> list[bytes]:
    names, where = world.credentials, urlsplit(url)
    cipher = CallbackCipher(names.token, names.aes_key, names.corp_id)
    timestamp = str(int(world.now()))
    made = []
    for number, inner in enumerate(inners):
        sealed, nonce = cipher.seal(inner), f"{number:016d}"
        body = (
            f"<xml><ToUserName><![CDATA[{names.corp_id}]]></ToUserName>"
            f"<AgentID><![CDATA[{names.agent_id}]]></AgentID>"
            f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        )
        signature = cipher.sign(timestamp, nonce, sealed)
        query = f"msg_signature={signature}&timestamp={timestamp}&nonce={nonce}"
        made.append(
            f"POST {where.path}?{query} HTTP/1.1\r\nHost: {where.netloc}\r\n"
            f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
    return made
