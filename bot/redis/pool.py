"""Who has drawn how much from the common part of a limit?

Each process tells what it has drawn within each window; the script adds up what the others told and
grants what is left, by the server's clock. What a process told counts until the window is over, so
one that died is forgotten in time. An emptied server grants nothing for `SETTLE_S`: meanwhile all
who can reach it tell again.
"""

import contextlib
import secrets
from collections.abc import Callable, Sequence
from functools import partial

from redis.asyncio import Redis

from bot.ports import Drawn
from bot.redis.link import ANSWER_S, PAUSES_S, Link, RedisAway

SETTLE_S = PAUSES_S[1] + 2 * ANSWER_S + 1.0
"""Longer than any process takes to find a server that is back."""

# ARGV: who, wanted calls, seconds to settle, then per window: limit, used by us, seconds
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('SET', KEYS[2], now, 'NX')
local want = tonumber(ARGV[2])
if now - tonumber(redis.call('GET', KEYS[2])) < tonumber(ARGV[3]) then want = 0 end
local told, longest = redis.call('HGETALL', KEYS[1]), 0
for w = 1, (#ARGV - 3) / 3 do
  local limit, used = tonumber(ARGV[3 * w + 1]), tonumber(ARGV[3 * w + 2])
  local seconds, others = tonumber(ARGV[3 * w + 3]), 0
  for i = 1, #told, 2 do
    local who, window = string.match(told[i], '^(.*):(%d+)$')
    if tonumber(window) == w and who ~= ARGV[1] then
      local drawn, at = string.match(told[i + 1], '^(%d+) (.*)$')
      if now - tonumber(at) > seconds then
        redis.call('HDEL', KEYS[1], told[i])
      else
        others = others + tonumber(drawn)
      end
    end
  end
  want = math.max(0, math.min(want, limit - others - used))
  longest = math.max(longest, seconds)
end
for w = 1, (#ARGV - 3) / 3 do
  local drawn = tonumber(ARGV[3 * w + 2]) + want
  redis.call('HSET', KEYS[1], ARGV[1] .. ':' .. w, string.format('%d %.6f', drawn, now))
end
redis.call('EXPIRE', KEYS[1], math.ceil(longest) + 1)
return want
"""

Used = Callable[[], Sequence[Drawn]]


class RedisPool:
    """The pools of all limits; each draw is one script, so two processes never draw the same."""

    def __init__(self, link: Link) -> None:
        self._link, self._me = link, secrets.token_hex(8)
        self._known: dict[str, Used] = {}
        self._under_way: set[str] = set()
        link.on_found(self._tell_again)

    def draw(self, name: str, drawn: Used, want: int, granted: Callable[[int], None]) -> None:
        """Ask in the background; who is told nothing has its own share only."""
        if self._link.up and name not in self._under_way:
            self._under_way.add(name)
            self._link.start(self._draw(name, drawn, want, granted))

    async def _draw(
        self, name: str, drawn: Used, want: int, granted: Callable[[int], None]
    ) -> None:
        try:
            with contextlib.suppress(RedisAway):
                granted(await self._link.run(partial(self._ask, name, drawn(), want)))
                self._known[name] = drawn
        finally:
            self._under_way.discard(name)

    def _tell_again(self) -> None:
        """The server may have forgotten."""
        for name, drawn in list(self._known.items()):
            if not any(one.used for one in drawn()):
                del self._known[name]
            else:
                self.draw(name, drawn, 0, lambda _none: None)

    async def _ask(self, name: str, drawn: Sequence[Drawn], want: int, client: Redis) -> int:
        keys = (f"{self._link.namespace}:pool:{name}", f"{self._link.namespace}:pool")
        told = [part for one in drawn for part in (one.limit, one.used, one.window_s)]
        return int(await client.eval(_SCRIPT, 2, *keys, self._me, want, SETTLE_S, *told))
