"""What do the processes of a fleet share for speed? Never a fact: Redis may be away, or emptied."""

import asyncio

from bot.config import Redis
from bot.ports import Bus, Pool, Shelf
from bot.redis.bus import Alone, RedisBus
from bot.redis.link import Link, RedisAway
from bot.redis.pool import RedisPool
from bot.redis.shelf import RedisShelf
from bot.telemetry import Metrics

__all__ = ["Alone", "Link", "RedisAway", "Shared"]


class Shared:
    """What the processes of one service share through Redis, or do without.

    Use it as a context: outside of it nothing is shared. Entering waits for nothing.

    Args:
        corp_id: several companies may use one server.
    """

    def __init__(self, config: Redis, corp_id: str, metrics: Metrics) -> None:
        self.bus: Bus = Alone()
        self.shelf: Shelf | None = None
        self.pool: Pool | None = None
        self._link: Link | None = None
        self._running: asyncio.Task[None] | None = None
        if config.url is not None:
            self._link = Link(config.url, f"concierge:{corp_id}", metrics)
            self._bus = self.bus = RedisBus(self._link)
            self.shelf, self.pool = RedisShelf(self._link), RedisPool(self._link)

    async def __aenter__(self) -> "Shared":
        """Begin to look for it."""
        if self._link is not None:
            self._running = asyncio.create_task(self._bus.run(), name="redis")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        if self._link is not None and self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            await self._link.aclose()
