"""How do several processes keep a limit of the platform that counts all their calls?

Half of it is divided among them and needs nobody. The other half is the pool, in Redis: who has
more to call than its share draws from it, a few calls ahead. So nothing waits for Redis, and when
it dies the pool is closed and the shares go on: the limit is never exceeded, half of it is left
unused. Without a pool the whole of it is divided.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from bot.ports import Drawn, Pool
from bot.wecom.limits import RateWindow

GRANT_S = 5.0
"""What was drawn is used within this time or never; windows of the pool are longer by it."""

MOST_WATCHED = 10_000
"""Limits that are remembered; a member's beyond it is counted anew."""

_PART = 10
"""A tenth of what the pool allows is drawn at once, so that others come to it too."""
_AHEAD = 0.8
_ASK_AGAIN_S = 1.0


class Limit(Protocol):
    """A limit of the platform, as far as this process may use it."""

    def take(self, calls: int = 1) -> float | None:
        """Count calls, or say when there will be room for the next one.

        Returns:
            ``None`` when they may be made now, else Unix seconds.
        """
        ...


class Rates:
    """Limits that this process keeps together with the others.

    Args:
        pool: the common part, ``None`` = there is none.
        processes: how many of them there are, this one included.
        clock: Unix seconds.
    """

    def __init__(
        self,
        pool: Pool | None = None,
        processes: Callable[[], int] = lambda: 1,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._pool, self._processes, self._clock = pool, processes, clock
        self._limits: dict[str, SharedLimit] = {}

    def of(self, name: str, *windows: tuple[int, float]) -> Limit:
        """The limit of this name; all its windows, ``(calls, seconds)``, must have room."""
        if name not in self._limits:
            if len(self._limits) >= MOST_WATCHED:
                self._limits.clear()
            self._limits[name] = SharedLimit(self, name, windows)
        return self._limits[name]

    @property
    def pool(self) -> Pool | None:
        """The common part."""
        return self._pool

    def now(self) -> float:
        """Unix seconds."""
        return self._clock()

    def share(self, limit: int) -> int:
        """What is ours of it; with a limit below the number of processes one call, all the same."""
        ours = limit - limit // 2 if self._pool else limit
        return max(1, ours // max(1, self._processes()))


class SharedLimit:
    """One limit: our share, and what was drawn from the pool."""

    def __init__(self, rates: Rates, name: str, windows: Sequence[tuple[int, float]]) -> None:
        self._rates, self._name = rates, name
        self._own = [RateWindow(limit, window_s) for limit, window_s in windows]
        self._drawn = [RateWindow(limit // 2, window_s + GRANT_S) for limit, window_s in windows]
        self._part = max(1, min(window.limit for window in self._drawn) // _PART)
        self._granted, self._until, self._ask_at = 0, 0.0, 0.0

    def take(self, calls: int = 1) -> float | None:
        """Count calls, or say when there will be room for the next one."""
        now = self._rates.now()
        free_at = max(one.free_at(now, self._rates.share(one.limit)) for one in self._own)
        if free_at <= now:
            for one in self._own:
                one.take(now, calls)
            if self._rates.pool and self._is_short(now):
                self._draw(now, calls)
            return None
        if self._rates.pool is None:
            return free_at
        if now < self._until and self._granted >= calls:
            self._granted -= calls
            if self._granted < self._part / 2:
                self._draw(now, calls)
            return None
        self._draw(now, calls)
        return min(free_at, now + _ASK_AGAIN_S)

    def _is_short(self, now: float) -> bool:
        return any(
            one.used(now) >= _AHEAD * self._rates.share(one.limit) for one in self._own
        ) and not (now < self._until and self._granted)

    def _draw(self, now: float, calls: int) -> None:
        if now >= self._ask_at and self._rates.pool is not None:
            want = max(self._part, calls)
            self._rates.pool.draw(self._name, self._used, want, self._receive)

    def _used(self) -> list[Drawn]:
        now = self._rates.now()
        return [Drawn(one.limit, one.used(now), one.window_s) for one in self._drawn]

    def _receive(self, calls: int) -> None:
        now = self._rates.now()
        if not calls:
            self._ask_at = now + _ASK_AGAIN_S
            return
        for one in self._drawn:
            one.take(now, calls)
        self._granted = calls + (self._granted if now < self._until else 0)
        self._until = now + GRANT_S
