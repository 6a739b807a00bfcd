"""How does one run go: everything is set, the storm rages, it ends, and all is judged."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from benchmarks.chaos.books import left_to_do
from benchmarks.chaos.crowd import Crowd, Watched
from benchmarks.chaos.script import PRICE, REWARDED, Script, write_files, written
from benchmarks.chaos.stands import Stand
from benchmarks.chaos.storm import Storm
from benchmarks.chaos.story import stories
from benchmarks.chaos.verdict import Found, judged
from simulator.scenery import PRESALE, shop
from simulator.server import Simulator, running
from tests.integration.crash.trial import OPTIONS

SETTLE_S = 150.0
"""How long after the storm there may still be something to do."""

PATIENT = replace(OPTIONS, callback_deliveries=20, told_when_returned=True, told_grace_s=10.0)
"""What a service that is killed every second misses at first comes again; and it cannot be blamed
for what it was told in an answer that was cut, or just before it died and began anew.
"""

Launcher = Callable[[Path, Simulator, str], AbstractAsyncContextManager[Stand]]


@dataclass(frozen=True, slots=True)
class Plan:
    """One run.

    Args:
        messages: of all customers; they are a tenth as many.
        rate: messages a second, at most.
        in_flight: open questions, at most.
    """

    seed: int
    messages: int
    rate: float = 60.0
    in_flight: int = 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run.

    Args:
        settled_s: from the end of the storm until nothing was left to do; infinite = never.
        log: what happened to those whom a problem names, and what the service logged.
    """

    plan: Plan
    found: Found
    counts: Counter[str]
    adds: int
    taps: int
    seconds: float
    settled_s: float
    log: str = field(repr=False)

    @property
    def problems(self) -> list[str]:
        """Everything that must not be."""
        late = ["there is something left to do"] if self.settled_s > SETTLE_S else []
        return [*self.found.problems, *late]


async def run(plan: Plan, launcher: Launcher, folder: Path) -> Outcome:
    """Play one run in an empty folder."""
    script = written(plan.messages, plan.seed)
    more = write_files(folder)
    async with (
        running(shop(accounts=1, options=PATIENT, seed=plan.seed)) as sim,
        launcher(folder, sim, more) as stand,
    ):
        began = time.monotonic()
        await _provide(stand, script)
        watched = Watched(sim)
        crowd = Crowd(sim, stand, script, watched, plan.seed, plan.rate, plan.in_flight)
        storm = Storm(stand, sim, plan.seed)
        raging = asyncio.create_task(storm.rage())
        async with asyncio.TaskGroup() as together:
            inviting = together.create_task(_friends_scan(crowd))
            await crowd.play()
            await storm.calms(raging)
            settled_s = await _settles(crowd)
            inviting.cancel()
        found = await judged(crowd)
        told = await stories(crowd, found.problems)
        await stand.stop()
        return Outcome(
            plan=plan,
            found=found,
            counts=storm.counts,
            adds=crowd.adds,
            taps=crowd.taps,
            seconds=time.monotonic() - began,
            settled_s=settled_s,
            log=f"{told}\n--- log ---\n{stand.log}",
        )


async def _provide(stand: Stand, script: Script) -> None:
    """Codes, points, consents and an open campaign, as commands beside the service make them."""
    now = stand.now()
    coupon = "INSERT INTO coupons (pool, code, imported_at) VALUES (?, ?, 0)"
    await stand.write(coupon, [("coffee", f"C-{n:05d}") for n in range(script.stock)])
    await stand.write(coupon, [("five", f"{REWARDED}{n:05d}") for n in range(len(script.parts))])
    posting = (
        "INSERT INTO points_postings (txn, account, external_userid, amount, at, source, source_id)"
        " VALUES (?, ?, ?, ?, ?, 'gift', 'g')"
    )
    buyers = [part.customer for part in script.parts if part.has("tap")]
    lines = [("wallet", PRICE), ("issued:gift", -PRICE)]
    await stand.write(
        posting, [(f"t-{who}", one, who, n, now) for who in buyers for one, n in lines]
    )
    await stand.write(
        "INSERT INTO consent_standing VALUES (?, 'marketing', 'given', ?, '1')",
        [(part.customer, now - 1) for part in script.parts if part.takes_touches],
    )
    await stand.write(
        "INSERT INTO referral_phases VALUES ('spring', ?, 'open', 'chaos', '')", [(now - 3600,)]
    )


async def _friends_scan(crowd: Crowd) -> None:
    """Whoever was invited comes when the code is there."""
    sql = (
        "SELECT p.external_userid, p.state FROM referral_participants p"
        " JOIN personal_ways w ON w.state = p.state WHERE w.content <> ''"
    )
    while True:
        crowd.scan_codes({str(who): str(state) for who, state in await crowd.stand.rows(sql)})
        await asyncio.sleep(1.0)


async def _settles(crowd: Crowd) -> float:
    """Wait until nothing is left to do, while people at their desks work on."""
    began, calm = time.monotonic(), 0
    chance, greeted = random.Random(crowd.seed), set[tuple[str, int]]()
    while calm < 8:
        if time.monotonic() - began > SETTLE_S:
            return float("inf")
        await asyncio.sleep(0.25)
        await crowd.staff_looks(chance, greeted)
        busy = crowd.look() or crowd.sim.pending_callbacks or await left_to_do(crowd.stand)
        people = any(one.state in (2, 3) for one in crowd.sim.world.conversations.values())
        calm = 0 if busy or people else calm + 1
    return time.monotonic() - began


__all__ = ["PRESALE", "Launcher", "Outcome", "Plan", "run"]
