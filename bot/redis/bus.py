"""How do the processes of a service tell each other to look again?"""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Callable
from functools import partial

import structlog
from redis.asyncio import Redis

from bot.ports import Topic
from bot.redis.link import Link, RedisAway

log = structlog.get_logger(__name__)

MOST_PENDING = 10_000
_AT_ONCE = 500


class Alone:
    """The bus of the only process: nobody else is there to be told."""

    def publish(self, topic: Topic, text: str) -> None:
        """Nobody hears it."""

    def subscribe(self, topic: Topic, heard: Callable[[str], None]) -> None:
        """Nobody says anything."""


class RedisBus:
    """The bus over Redis' publish and subscribe.

    What is said while Redis is away, or faster than it takes it, is lost.
    """

    def __init__(self, link: Link) -> None:
        self._link, self._me = link, secrets.token_hex(8)
        self._heard: defaultdict[str, list[Callable[[str], None]]] = defaultdict(list)
        self._pending: dict[str, None] = {}  # in order, and each once
        self._something = asyncio.Event()

    def publish(self, topic: Topic, text: str) -> None:
        """Hand it to `_say`."""
        if self._link.up and len(self._pending) < MOST_PENDING:
            self._pending[f"{self._me} {topic} {text}"] = None
            self._something.set()

    def subscribe(self, topic: Topic, heard: Callable[[str], None]) -> None:
        """Call this with what others publish."""
        self._heard[topic].append(heard)

    def start(self) -> None:
        """Say what is to be said and hear what is said, until the link is closed."""
        self._link.start(self._link.watch(self._hear))
        self._link.start(self._say())

    async def _say(self) -> None:
        while True:
            await self._something.wait()
            said = list(self._pending)[:_AT_ONCE]
            for one in said:
                del self._pending[one]
            if not self._pending:
                self._something.clear()
            try:
                await self._link.run(partial(self._send, said))
            except RedisAway:
                self._pending.clear()

    async def _send(self, said: list[str], client: Redis) -> None:
        async with client.pipeline(transaction=False) as pipe:
            for one in said:
                pipe.publish(self._link.namespace, one)
            await pipe.execute()

    def _hear(self, said: bytes) -> None:
        """A process of another version may say what we do not know."""
        who, _, rest = said.decode("utf-8", "replace").partition(" ")
        if who == self._me:
            return
        topic, _, text = rest.partition(" ")
        for heard in self._heard.get(topic, ()):
            try:
                heard(text)
            except Exception:
                log.exception("bus.not_understood", topic=topic)
