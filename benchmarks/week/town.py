"""Who moves time in the played week? One clock for all conversations and the engine's timers."""

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

from benchmarks.week.wecom import WeekKf
from bot.app import Engine, couriers
from bot.commands.dialogue import PlayedMedia, PlayedStaff
from bot.delivery.housekeeping import LeftCases
from bot.delivery.intake import subject_of
from bot.delivery.send import Sender
from bot.model import Event, Lane
from bot.store import Arrival, Unit


class WeekClock:
    """Stands still until the town moves it."""

    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        """Unix seconds as played."""
        return self._now

    def reach(self, moment: float) -> None:
        """Move forward, never back."""
        self._now = max(self._now, moment)


LOOK_S = 600.0
"""How often it is looked for cases that nobody goes on with; they are closed as of their day's end,
however late it is noticed."""


class Town:
    """Runs lives: coroutines that sleep in played time, one at a time."""

    def __init__(self, engine: Engine, clock: WeekClock, kf: WeekKf) -> None:
        self.engine, self.clock, self.kf = engine, clock, kf
        self._left = LeftCases(engine.store, clock, self._wake)
        self.staff = PlayedStaff()
        self.events = 0
        self._agenda: list[tuple[float, int, Callable[[], bool]]] = []
        self._numbers = itertools.count()
        self._parked = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._woken: dict[str, None] = {}
        self._due_at: dict[str, float] = {}
        self._timers: list[tuple[float, str]] = []
        self._sender = Sender(
            store=engine.store,
            couriers=couriers(engine, kf, self.staff, PlayedMedia(), woken=self._wake),
            woken=self._wake,
            clock=clock,
            metrics=engine.metrics,
        )

    # ------------------------------------------------------------------ for lives

    async def live(self, life: Coroutine[Any, Any, None]) -> None:
        """Begin a life; it runs until it sleeps."""
        task = asyncio.create_task(life)
        task.add_done_callback(lambda _task: self._parked.set())
        self._tasks.append(task)
        await self._until_parked()

    async def until(self, moment: float) -> None:
        """Sleep until a moment."""
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.wake_at(moment, waker)
        await self.wait(waker)

    def wake_at(self, moment: float, waker: "asyncio.Future[None]") -> None:
        """Wake a sleeping life at a moment, if nobody has woken it before."""
        entry = (max(moment, self.clock.now()), next(self._numbers), lambda: _woke(waker))
        heapq.heappush(self._agenda, entry)

    async def wait(self, waker: "asyncio.Future[None]") -> None:
        """Sleep until woken."""
        self._parked.set()
        await waker

    async def happen(self, *events: Event) -> None:
        """Events arrive at WeCom's callback and all that follows at once is done."""
        unit, now = Unit(), self.clock.now()
        arrivals = [Arrival(subject_of(event), event, Lane.REPLY, sent_at=now) for event in events]
        await self.engine.store.mailbox.deliver(unit, arrivals, now)
        await self.engine.store.database.commit(unit)
        self.events += len(events)
        await self._settle(*(arrival.subject for arrival in arrivals))

    # ------------------------------------------------------------------ time

    async def run(self, until: float) -> None:
        """Let time pass; whatever comes due is done at its moment."""
        look_at = self.clock.now()
        while True:
            timer = self._timers[0][0] if self._timers else float("inf")
            script = self._agenda[0][0] if self._agenda else float("inf")
            moment = min(timer, script, look_at)
            if moment > until:
                self.clock.reach(until)
                return
            self.clock.reach(moment)
            if moment == look_at:
                await self._left.look()
                look_at += LOOK_S
                await self._settle()
            elif timer <= script:
                _, subject = heapq.heappop(self._timers)
                if self._due_at.get(subject) == timer:
                    del self._due_at[subject]
                    await self._settle(subject)
            else:
                _, _, wake = heapq.heappop(self._agenda)
                self._parked.clear()
                if wake():
                    await self._until_parked()

    async def check(self) -> None:
        """Raise what a life has raised, and where a turn has failed."""
        failed = await self.engine.store.database.scan(
            "SELECT DISTINCT kind, error FROM mailbox WHERE error IS NOT NULL"
        )
        if failed:
            raise AssertionError(f"turns have failed: {[tuple(row) for row in failed]}")
        for task in self._tasks:
            if task.done():
                task.result()
            else:
                task.cancel()

    async def _until_parked(self) -> None:
        await self._parked.wait()
        self._parked.clear()

    async def _settle(self, *subjects: str) -> None:
        self._woken |= dict.fromkeys(subjects)
        while self._woken:
            subject = next(iter(self._woken))
            del self._woken[subject]
            filled: dict[str, Lane] = {}
            next_at = await self.engine.dispatcher.drain(subject, filled.__setitem__, self._wake)
            if next_at is not None:
                self._due_at[subject] = next_at
                heapq.heappush(self._timers, (next_at, subject))
            for queue in filled:
                if (again := await self._sender.send_queue(queue)) is not None:
                    raise AssertionError(f"{queue} is not sent at once: {again}")

    def _wake(self, subject: str, _lane: Lane) -> None:
        self._woken.setdefault(subject)


def _woke(waker: "asyncio.Future[None]") -> bool:
    """Whether anybody has woken up by it."""
    if waker.done():
        return False
    waker.set_result(None)
    return True
