"""What goes wrong, when? Accidents that can strike any call, and squalls one after another."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

from benchmarks.chaos.stands import Stand
from simulator.scenery import PRESALE
from simulator.server import Simulator

SEND, TRANS = "/cgi-bin/kf/send_msg", "/cgi-bin/kf/service_state/trans"
SYNC, WELCOME = "/cgi-bin/kf/sync_msg", "/cgi-bin/externalcontact/send_welcome_msg"

ALWAYS: tuple[Mapping[str, Any], ...] = (
    {"kind": "duplicate_callback", "probability": 0.2},
    {"kind": "lose_callback", "probability": 0.1},
    {"kind": "late_callback", "probability": 0.1, "seconds": 2.0},
    {"kind": "cut_callback", "probability": 0.05},
    {"kind": "hold_callback", "probability": 0.1},
    {"kind": "duplicate_messages", "probability": 0.2},
    {"kind": "empty_page", "probability": 0.05},
    {"kind": "reset_after_accept", "probability": 0.02},
    {"kind": "truncate", "probability": 0.02},
    {"kind": "reset_before", "probability": 0.02},
    {"kind": "http", "code": 502, "probability": 0.01},
    {"kind": "http", "code": 503, "probability": 0.01},
    {"kind": "delay", "probability": 0.02, "seconds": 0.5},
    {"kind": "error", "code": -1, "probability": 0.02},
    {"kind": "error", "path": SEND, "code": 95018, "probability": 0.005},
    {"kind": "error", "path": SEND, "code": 95013, "probability": 0.005},
    {"kind": "error", "path": TRANS, "code": 95016, "probability": 0.02},
    {"kind": "send_fail", "probability": 0.001, "code": 5},
)
"""In force all the time. Lost callbacks of friends cost a welcome, never a friend."""

_KILLS, _CLOCKS, _DISKS, _TOO_OFTEN = "kills", "clock steps", "full disks", "45009"
_TOKENS, _HANGS, _OUTAGES, _DESKS = "dead tokens", "hangs", "outages", "closed desks"
_WEIGHTS = {
    _KILLS: 10,
    _CLOCKS: 3,
    _DISKS: 1,
    _TOO_OFTEN: 1,
    _TOKENS: 3,
    _HANGS: 2,
    _OUTAGES: 2,
    _DESKS: 1,
}
STEPS_S = (-90.0, -30.0, -5.0, -0.5, 0.5, 5.0, 30.0)
_BY_ANSWER = -1
"""What the simulator notes of a session whose state the product was told by an answer."""

_BLOCK_S, _PAUSE_S = 1.0, 61.0
"""How long WeCom's block lasts here, and the product's pause, which its clock then jumps over."""


class Storm:
    """Rages until it is told to stop; the same seed has the same squalls in the same order.

    Args:
        pause_s: between two squalls, at most.
    """

    def __init__(self, stand: Stand, sim: Simulator, seed: int, pause_s: float = 3.0) -> None:
        self._stand, self._sim, self._pause_s = stand, sim, pause_s
        self._chance = random.Random(f"storm {seed}")
        self.counts: Counter[str] = Counter()
        self._is_over = False

    async def rage(self) -> None:
        """Let everything go wrong."""
        for fault in ALWAYS:
            self._sim.fault(**fault)
        squalls = {
            _KILLS: self._kill,
            _CLOCKS: self._step,
            _DISKS: self._fill,
            _DESKS: self._close,
            _TOKENS: self._expire,
            _HANGS: self._hang,
            _OUTAGES: self._outage,
            _TOO_OFTEN: self._too_often,
        }
        while not self._is_over:
            await asyncio.sleep(self._chance.uniform(0.1, self._pause_s))
            (name,) = self._chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
            await squalls[name]()
            self.counts[name] += 1

    async def calms(self, raging: "asyncio.Task[None]") -> None:
        """The squall under way ends, and everything works again."""
        self._is_over = True
        await raging
        self.counts["faults"] = self._sim.world.faults.happened
        self._sim.clear_faults()
        await self._stand.ready()

    async def _kill(self) -> None:
        if self._chance.random() < 0.8:  # some die while they start
            await self._stand.ready()
            await asyncio.sleep(self._chance.uniform(0.0, 0.5))
        await self._stand.kill(self._chance.choice(self._stand.victims))
        for session in self._sim.world.conversations.values():
            if session.told_by == _BY_ANSWER:
                session.told_by = None  # it may have died before it wrote that down

    async def _step(self) -> None:
        self._stand.step_clock(self._chance.choice(STEPS_S))

    async def _fill(self) -> None:
        await self._stand.fill_disk(self._chance.uniform(0.2, 1.0))

    async def _close(self) -> None:
        for receiving in (False, True):
            await self._sim.staff_status("zhangsan", PRESALE, receiving=receiving)
            await asyncio.sleep(self._chance.uniform(0.1, 1.0))

    async def _expire(self) -> None:
        self._sim.fault("expire_token", code=self._chance.choice((40014, 42001)), times=1)
        await asyncio.sleep(0.1)

    async def _hang(self) -> None:
        path = self._chance.choice((SEND, SYNC, TRANS, None))
        self._sim.fault("hang", path=path, seconds=3.0, times=3)
        await asyncio.sleep(0.5)

    async def _outage(self) -> None:
        """Nothing of WeCom works for a while, or nobody hears how it went."""
        kind = self._chance.choice(("reset_before", "http", "reset_after_accept", "truncate"))
        fault = self._sim.fault(kind, probability=1.0)
        await asyncio.sleep(self._chance.uniform(0.2, 1.5))
        self._sim.lift_fault(fault)

    async def _too_often(self) -> None:
        """45009, the product pauses the API for a minute, and the minute is over."""
        self._sim.fault("error", path=self._chance.choice((SEND, SYNC)), code=45009,
                        seconds=_BLOCK_S, times=1)  # fmt: skip
        await asyncio.sleep(2 * _BLOCK_S)
        self._stand.step_clock(_PAUSE_S)
