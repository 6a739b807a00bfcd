"""Who goes next? Runs work per key, one at a time per key, with slots of its own for each lane."""

import asyncio
import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

import structlog

from bot.errors import ConciergeError, LeaseLost
from bot.model import Lane
from bot.ports import Clock
from bot.store.fences import fenced
from bot.store.leases import Alone, Leases, shard_of

log = structlog.get_logger(__name__)

Rank = tuple[int, float]
"""Smaller goes first within a lane."""

_AFTER_FAILURE_S = 1.0


CALM = 1
"""How many keys of a lane that yields run side by side while anything urgent is under way."""

_YIELDING = (Lane.HANDOFF, Lane.REPLY, Lane.BACKGROUND)
"""What works with the processor; models and webhooks only wait for others."""


class Turnstile:
    """Lets one go on in each round of the event loop.

    What a turn computes takes milliseconds; dozens of them ready at once would be one round, and
    callbacks that come in meanwhile would be read only after it.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_turning = False

    async def go_through(self) -> None:
        """Wait for a round of one's own."""
        loop = asyncio.get_running_loop()
        place = loop.create_future()
        self._waiting.append(place)
        if not self._is_turning:
            self._is_turning = True
            loop.call_soon(self._turn, loop)
        await place

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():  # who was cancelled has left
                place.set_result(None)
                break
        self._is_turning = bool(self._waiting)
        if self._is_turning:
            loop.call_soon(self._turn, loop)


class Hurry:
    """Whether anything urgent is under way, in all lanes that share this.

    A code dies after 20 s, and each step of an urgent turn waits for whatever else is ready to run:
    with dozens of turns side by side that would be seconds. So fewer of them run meanwhile.
    """

    def __init__(self) -> None:
        self._under_way = 0
        self.turnstile = Turnstile()
        self._when_calm: list[Callable[[], None]] = []

    def __bool__(self) -> bool:
        """Whether others should yield."""
        return self._under_way > 0

    def when_calm(self, go_on: Callable[[], None]) -> None:
        """Call this each time the last urgent work is done."""
        self._when_calm.append(go_on)

    def begins(self) -> None:
        """Something urgent is queued."""
        self._under_way += 1

    def ends(self) -> None:
        """It is done, or went with another lane."""
        self._under_way -= 1
        if not self._under_way:
            for go_on in self._when_calm:
                go_on()


class Lanes:
    """A scheduler of keyed work.

    Args:
        work: handles everything a key has to do and returns when to come back (Unix seconds), or
            ``None``. It must not raise for reasons of its own; if it does, the key is tried again.
        slots: how many keys run at once, per lane.
        hurry: shared with other lanes through which the same urgent work passes.
        leases: whose each key is; what another process has to do is left alone.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[str], Awaitable[float | None]],
        slots: Mapping[Lane, int],
        clock: Clock,
        hurry: Hurry | None = None,
        *,
        leases: Leases | None = None,
    ) -> None:
        self._name, self._work, self._clock = name, work, clock
        self._leases = leases or Alone()
        self._hurry = Hurry() if hurry is None else hurry  # one that is calm is false
        self._hurry.when_calm(self._start_what_fits)
        self._slots = dict(slots)
        self._free = dict(slots)
        self._heaps: dict[Lane, list[tuple[Rank, int, str]]] = {lane: [] for lane in Lane}
        self._queued: dict[str, tuple[Lane, Rank]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: dict[str, tuple[Lane, Rank]] = {}
        self._later: dict[str, asyncio.TimerHandle] = {}
        self._order = itertools.count()
        self._stopping = False

    def wake(self, key: str, lane: Lane, rank: Rank = (0, 0.0)) -> None:
        """Say that a key has something to do; a key that is running is run once more."""
        if self._stopping or not self._leases.holds(shard_of(key)):
            return
        if key in self._running:
            self._again[key] = min(self._again.get(key, (lane, rank)), (lane, rank), key=_urgency)
            return
        queued = self._queued.get(key)
        if queued is not None and _urgency(queued) <= _urgency((lane, rank)):
            return
        self._queued[key] = (lane, rank)
        if lane is Lane.URGENT and (queued is None or queued[0] is not Lane.URGENT):
            self._hurry.begins()
        heapq.heappush(self._heaps[lane], (rank, next(self._order), key))
        self._start_what_fits()

    def wake_at(self, key: str, at: float, lane: Lane = Lane.BACKGROUND) -> None:
        """Wake a key at a moment; an earlier one that is set already stays."""
        delay = max(0.0, at - self._clock.now())
        loop = asyncio.get_running_loop()
        pending = self._later.get(key)
        if pending is not None:
            if pending.when() <= loop.time() + delay:
                return
            pending.cancel()
        self._later[key] = loop.call_later(delay, self._fire, key, lane)

    async def stop(self, grace_s: float) -> None:
        """Start nothing more and let what runs finish, at most this long."""
        self._stopping = True
        for handle in self._later.values():
            handle.cancel()
        await _finish(list(self._running.values()), grace_s)

    async def settle(self, names: Collection[str], grace_s: float) -> None:
        """Let what runs of these shares finish, at most this long."""
        keys = [key for key in self._running if shard_of(key) in names]
        await _finish([self._running[key] for key in keys], grace_s)
        for key in keys:
            self._again.pop(key, None)
        self._start_what_fits()

    @property
    def busy_shares(self) -> set[str]:
        """Shares of which something runs."""
        return {shard_of(key) for key in self._running}

    @property
    def busy(self) -> bool:
        """Whether anything runs or waits for a slot."""
        return bool(self._running or self._queued)

    def _fire(self, key: str, lane: Lane) -> None:
        self._later.pop(key, None)
        self.wake(key, lane)

    def _start_what_fits(self) -> None:
        if self._stopping:
            return
        for lane in Lane:
            heap = self._heaps[lane]
            while heap and self._has_room(lane):
                rank, _, key = heapq.heappop(heap)
                if self._queued.get(key) != (lane, rank):
                    continue  # it went with a more urgent lane meanwhile
                del self._queued[key]
                if not self._leases.holds(shard_of(key)):
                    if lane is Lane.URGENT:
                        self._hurry.ends()
                    continue
                self._free[lane] -= 1
                self._running[key] = asyncio.create_task(self._run(key, lane))

    def _has_room(self, lane: Lane) -> bool:
        if self._hurry and lane in _YIELDING:
            return self._slots[lane] - self._free[lane] < min(CALM, self._slots[lane])
        return self._free[lane] > 0

    async def _run(self, key: str, lane: Lane) -> None:
        next_at: float | None = None
        try:
            if lane is not Lane.URGENT:
                await self._hurry.turnstile.go_through()
            with fenced(self._leases.fence(shard_of(key))):
                next_at = await self._work(key)
        except LeaseLost:  # if it is ours after all, it is tried again
            log.info("lanes.lease_lost", lanes=self._name)
            next_at = self._clock.now() + _AFTER_FAILURE_S
        except (ConciergeError, OSError) as error:
            log.error("lanes.failed", lanes=self._name, error=type(error).__name__)
            next_at = self._clock.now() + _AFTER_FAILURE_S
        except Exception:  # storage broke: nothing is lost, the rows are still there
            log.exception("lanes.failed", lanes=self._name)
            next_at = self._clock.now() + _AFTER_FAILURE_S
        finally:
            del self._running[key]
            self._free[lane] += 1
            if lane is Lane.URGENT:
                self._hurry.ends()
        if again := self._again.pop(key, None):
            self.wake(key, *again)
        elif next_at is not None and not self._stopping:
            self.wake_at(key, next_at, lane)
        self._start_what_fits()


async def _finish(tasks: Sequence[asyncio.Task[None]], grace_s: float) -> None:
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=grace_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


_ORDER = {lane: index for index, lane in enumerate(Lane)}


def _urgency(place: tuple[Lane, Rank]) -> tuple[int, Rank]:
    return _ORDER[place[0]], place[1]


FOLLOWED_BACK_S = 3600.0
"""A machine whose clock is set back further was wrong all along."""


class SystemClock:
    """The real time, but for one thing: it never goes back.

    What waits is ordered and due by it, and pauses end by it. When the machine's clock is set back
    this one runs on at half its speed until the two agree; it follows forward at once.

    Args:
        wall: what the machine's clock says, Unix seconds.
        ticks: seconds that nobody sets.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._ticks = wall, ticks
        self._said, self._ticked = wall(), ticks()
        self._one_at_a_time = threading.Lock()

    def now(self) -> float:
        """Unix seconds, UTC."""
        return self._goes_on(0.0)

    def comes_after(self, moment: float) -> None:
        """Begin no earlier than what a process before this one has written."""
        self._goes_on(moment)

    def _goes_on(self, least: float) -> float:
        with self._one_at_a_time:
            wall, ticks = self._wall(), self._ticks()
            moment = max(least, self._said + (ticks - self._ticked) / 2)
            is_ahead = wall < moment <= wall + FOLLOWED_BACK_S
            self._said, self._ticked = moment if is_ahead else wall, ticks
            return self._said
