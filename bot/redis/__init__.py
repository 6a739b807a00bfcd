"""What do the processes of a fleet share for speed? Never a fact: Redis may be away, or emptied."""

from bot.config import Redis
from bot.ports import Bus, Pool, Shelf
from bot.redis.bus import Alone, RedisBus
from bot.redis.link import Link, RedisAway, trouble_with
from bot.redis.pool import RedisPool
from bot.redis.shelf import RedisShelf
from bot.telemetry import Metrics

__all__ = ["Alone", "Link", "RedisAway", "Shared", "trouble_with"]


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
        self.link: Link | None = None
        if config.url is not None:
            self.link = Link(config.url, f"concierge:{corp_id}", metrics)
            self._bus = self.bus = RedisBus(self.link)
            self.shelf, self.pool = RedisShelf(self.link), RedisPool(self.link)

    async def __aenter__(self) -> "Shared":
        """Begin to look for it."""
        if self.link is not None:
            self._bus.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        if self.link is not None:
            await self.link.aclose()
