"""What do the processes of a fleet share for speed? Never a fact: Redis may be away, or emptied."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.config import Redis
from bot.ports import Bus
from bot.redis.bus import Alone, RedisBus
from bot.redis.link import Link, RedisAway
from bot.telemetry import Metrics

__all__ = ["Alone", "Link", "RedisAway", "RedisBus", "Shared", "sharing"]


@dataclass(frozen=True, slots=True)
class Shared:
    """What the processes of one service share."""

    bus: Bus


@asynccontextmanager
async def sharing(config: Redis, corp_id: str, metrics: Metrics) -> AsyncIterator[Shared]:
    """What is shared through Redis, or what does without; starting waits for nothing.

    Args:
        corp_id: several companies may use one server.
    """
    if config.url is None:
        yield Shared(Alone())
        return
    link = Link(config.url, f"concierge:{corp_id}", metrics)
    bus = RedisBus(link)
    running = asyncio.create_task(bus.run(), name="redis")
    try:
        yield Shared(bus)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await link.aclose()
