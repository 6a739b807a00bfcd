"""Where do processes leave sealed things for each other, and who fetches the next one?"""

import contextlib
import secrets
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis

from bot.redis.link import Link, RedisAway

# a claim that ran out may be somebody else's by now
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class RedisShelf:
    """A shelf in Redis; while it is away nothing lies there, and everything may be claimed."""

    def __init__(self, link: Link) -> None:
        self._link, self._me = link, secrets.token_bytes(8)

    async def look(self, name: str) -> bytes | None:
        """What lies there."""

        async def ask(client: Redis) -> bytes | None:
            found = await client.get(self._key("shelf", name))
            return found if isinstance(found, bytes) else None

        try:
            return await self._link.run(ask)
        except RedisAway:
            return None

    async def put(self, name: str, sealed: bytes, seconds: float) -> None:
        """Leave it for so long."""

        async def ask(client: Redis) -> None:
            await client.set(self._key("shelf", name), sealed, px=max(1, int(seconds * 1000)))

        await self._try(ask)

    async def claim(self, name: str, seconds: float) -> bool:
        """Whether we are the one; a claim of a process that died ends by itself."""

        async def ask(client: Redis) -> bool:
            key, lasts = self._key("claim", name), max(1, int(seconds * 1000))
            return bool(await client.set(key, self._me, nx=True, px=lasts))

        try:
            return await self._link.run(ask)
        except RedisAway:
            return True

    async def release(self, name: str) -> None:
        """Give up our claim, if it is still ours."""

        async def ask(client: Redis) -> None:
            await client.eval(_RELEASE, 1, self._key("claim", name), self._me)

        await self._try(ask)

    async def _try(self, ask: Callable[[Redis], Awaitable[None]]) -> None:
        with contextlib.suppress(RedisAway):
            await self._link.run(ask)

    def _key(self, kind: str, name: str) -> str:
        return f"{self._link.namespace}:{kind}:{name}"
