"""How does a worker take up its shares, hand them over, and drop what another has taken?"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import structlog

from bot.delivery.lanes import Lanes
from bot.errors import ConciergeError
from bot.store.leases import Leases

log = structlog.get_logger(__name__)

HAND_OVER_WITHIN_S = 5.0
"""What is under way for a share that another worker should have gets this long to end."""

_AGAIN_S = 1.0


class Fleet:
    """Keeps what runs here in line with what is ours.

    Args:
        lanes: of the mailboxes and of the outbox.
        take_up: begins what there is to do for the shares that are ours; a repeat is harmless.
        end: ends at once what is not in lanes: pulling.
    """

    def __init__(
        self,
        leases: Leases,
        lanes: Sequence[Lanes],
        take_up: Callable[[], Awaitable[None]],
        end: Callable[[frozenset[str]], Awaitable[None]],
    ) -> None:
        self._leases, self._lanes, self._take_up, self._end = leases, lanes, take_up, end
        self._under_way: set[asyncio.Task[None]] = set()
        self._handing: frozenset[str] = frozenset()

    async def start(self) -> None:
        """Take what is free, and begin.

        Raises:
            StoreFailed: the database cannot.
        """
        await self._leases.beat()
        await self._take_up()

    async def run(self) -> None:
        """Give signs of life until cancelled; where nobody looks for them, none."""
        while self._leases.every_s:
            await asyncio.sleep(self._leases.every_s)
            try:
                await self._beat()
            except ConciergeError as error:  # the database is away: nothing is committed either
                log.warning("leases.no_sign_of_life", error=str(error))
            except Exception:  # whatever it was: a worker that gives no sign loses everything
                log.exception("leases.no_sign_of_life")

    async def leave(self, grace_s: float) -> None:
        """Let what is under way end, and leave everything to others: what is idle at once."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        held = self._leases.held
        self._leases.let_go(held)
        busy = {name for lanes in self._lanes for name in lanes.busy_shares}
        with contextlib.suppress(ConciergeError):  # then they are taken when the lease has run out
            await self._leases.give(held - busy)
        await asyncio.gather(*(lanes.stop(grace_s) for lanes in self._lanes))
        with contextlib.suppress(ConciergeError):
            await self._leases.leave()

    async def _beat(self) -> None:
        beat = await self._leases.beat()
        if beat.lost:
            log.warning("leases.lost", shares=len(beat.lost))
            await self._drop(beat.lost, 0.0)
        if beat.taken:
            log.info("leases.taken", shares=len(beat.taken))
            self._begin(_until_done(self._take_up))
        if surplus := beat.surplus - self._handing:
            log.info("leases.handed_over", shares=len(surplus))
            self._leases.let_go(surplus)
            self._handing |= surplus
            self._begin(self._hand_over(surplus))

    async def _hand_over(self, names: frozenset[str]) -> None:
        await self._drop(names, HAND_OVER_WITHIN_S)
        await _until_done(lambda: self._leases.give(names))
        self._handing -= names

    async def _drop(self, names: frozenset[str], grace_s: float) -> None:
        await self._end(names)
        await asyncio.gather(*(lanes.settle(names, grace_s) for lanes in self._lanes))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)


async def _until_done(work: Callable[[], Awaitable[None]]) -> None:
    """Again and again, while the database is away: half taken up or half given helps nobody."""
    while True:
        try:
            await work()
        except ConciergeError as error:
            log.warning("leases.tried_again", error=str(error))
            await asyncio.sleep(_AGAIN_S)
        else:
            return
