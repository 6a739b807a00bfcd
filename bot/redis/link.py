"""Is Redis there? One link per process; nothing waits for a Redis that is away.

Who asks is refused at once until the watch has had an answer again. A server that is there and does
not answer (stopped, or packets are dropped) is noticed by its silence within `2 * PING_S`.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bot.errors import ConciergeError
from bot.telemetry import Metrics

log = structlog.get_logger(__name__)

T = TypeVar("T")

ANSWER_S = 1.0
"""An answer takes less than a millisecond; our own event loop may be behind by some hundred."""

PING_S = 1.0
PAUSES_S = (0.2, 5.0)
"""First and longest pause between two tries to reach it."""

_STEADY_S = 10.0
_FAILURES = (RedisError, OSError, TimeoutError)


class RedisAway(ConciergeError):
    """Redis does not answer; do without."""


class Link:
    """The way of one process to Redis.

    Args:
        url: ``redis://…`` or ``rediss://…``.
        namespace: begins every key and channel; deployments that share a server differ in it.
    """

    def __init__(self, url: str, namespace: str, metrics: Metrics) -> None:
        self.namespace, self._metrics = namespace, metrics
        self._client = _open_client(url)
        self._up, self._told = False, False
        self._on_found: list[Callable[[], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def up(self) -> bool:
        """Whether it answered when it was last asked."""
        return self._up

    def on_found(self, found: Callable[[], None]) -> None:
        """Call this whenever it answers again; it may have forgotten everything."""
        self._on_found.append(found)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the background, until the link is closed."""
        task = asyncio.create_task(work, name="redis")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(self, work: "Callable[[Redis], Awaitable[T]]") -> T:
        """Ask something, for `ANSWER_S` at most.

        Raises:
            RedisAway: at once, when it is known to be away.
        """
        if not self._up:
            raise RedisAway
        try:
            async with asyncio.timeout(ANSWER_S):
                return await work(self._client)
        except _FAILURES as error:
            self._lost(error)
            raise RedisAway from error

    async def watch(self, hear: Callable[[bytes], None]) -> None:
        """Keep the link up, and hear what is said on the channel, until cancelled."""
        tries = 0
        while True:
            began = time.monotonic()
            try:
                await self._listen(hear)
            except _FAILURES as error:
                self._lost(error)
            tries = 0 if time.monotonic() - began > _STEADY_S else min(tries + 1, 10)
            pause_s = min(PAUSES_S[0] * 2**tries, PAUSES_S[1])
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 — jitter

    async def aclose(self) -> None:
        """End what is under way, and close the connections."""
        self._up, under_way = False, set(self._tasks)
        # closing a connection may end in a timeout of its own, and the cancellation is forgotten
        while under_way:
            for task in under_way:
                task.cancel()
            _, under_way = await asyncio.wait(under_way, timeout=ANSWER_S)
        with contextlib.suppress(*_FAILURES):
            async with asyncio.timeout(ANSWER_S):
                await self._client.aclose()

    async def _listen(self, hear: Callable[[bytes], None]) -> None:
        """Return when somebody was not answered, raise when we are not."""
        await self._client.connection_pool.disconnect(inuse_connections=False)  # dead ones
        async with self._client.pubsub() as ear:
            async with asyncio.timeout(2 * ANSWER_S):
                # one that is full, or a replica, answers pings and takes nothing
                await self._client.set(f"{self.namespace}:probe", b"1", ex=60)
                await ear.subscribe(self.namespace)
            self._found()
            asked = False
            while self._up:
                heard = await ear.get_message(timeout=PING_S)
                if heard is None and asked:
                    raise TimeoutError("no answer to a ping")
                asked = heard is None
                if heard is None:
                    await ear.ping()
                elif heard["type"] == "message":
                    hear(heard["data"])

    def _found(self) -> None:
        self._up, self._told = True, False
        self._metrics.redis_down.set(0)
        log.info("redis.answers")
        for found in self._on_found:
            found()

    def _lost(self, error: Exception) -> None:
        self._up = False
        self._metrics.redis_down.set(1)
        if not self._told:
            self._told = True
            log.warning("redis.away", error=type(error).__name__)


async def trouble_with(url: str) -> str:
    """What is wrong with a Redis, empty = it answers and takes what is written."""
    client = _open_client(url)
    try:
        async with asyncio.timeout(2 * ANSWER_S):
            await client.set("concierge:probe", b"1", ex=60)
    except _FAILURES as error:
        return type(error).__name__
    finally:
        await client.aclose()
    return ""


def _open_client(url: str) -> Redis:
    """A client that tries everything once."""
    client: Redis = Redis.from_url(
        url,
        socket_timeout=ANSWER_S,
        socket_connect_timeout=ANSWER_S,
        retry=Retry(NoBackoff(), 0),
    )
    return client
