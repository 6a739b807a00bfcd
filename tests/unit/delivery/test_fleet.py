"""What runs here, while shares come and go?"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.delivery.fleet import Fleet
from bot.delivery.lanes import Hurry, Lanes, SystemClock
from bot.errors import LeaseLost, StoreUnavailable
from bot.model import Lane
from bot.store.fences import Fence, current_fence
from bot.store.leases import SHARDS, Beat, shard_of
from tests.unit.delivery.test_lanes import Work, until

A, B = "customer:a", "customer:b"
assert shard_of(A) != shard_of(B)


class FakeLeases:
    """Leases that change when told: `mine` is what is held, `beats` what comes next."""

    every_s, works, shared, living = 0.01, True, True, 1

    def __init__(self) -> None:
        self.mine: set[str] = set(SHARDS)
        self.beats: list[Beat | Exception] = []
        self.given: list[str] = []
        self.refusals: list[Exception] = []
        self.going: frozenset[str] = frozenset()
        self.left: list[bool] = []

    @property
    def held(self) -> frozenset[str]:
        return frozenset(self.mine)

    def holds(self, name: str) -> bool:
        return name in self.mine - self.going

    def fence(self, name: str) -> Fence:
        if name not in self.mine:
            raise LeaseLost
        return Fence(name, 1)

    def check(self) -> None:
        """Nobody was stopped."""

    async def beat(self) -> Beat:
        beat = self.beats.pop(0) if self.beats else Beat()
        if isinstance(beat, Exception):
            raise beat
        self.mine = (self.mine | beat.taken) - beat.lost
        return beat

    def let_go(self, names: frozenset[str]) -> None:
        self.going |= names

    async def give(self, names: frozenset[str]) -> None:
        if self.refusals:
            raise self.refusals.pop()
        self.given += sorted(names)
        self.mine -= names

    async def leave(self) -> None:
        self.left.append(True)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def leases() -> FakeLeases:
    return FakeLeases()


@pytest.fixture
async def lanes(work: Work, leases: FakeLeases) -> AsyncIterator[Lanes]:
    made = Lanes("test", work, dict.fromkeys(Lane, 1), SystemClock(), leases=leases)
    yield made
    await made.stop(0)


@pytest.fixture
async def fleet(lanes: Lanes, leases: FakeLeases) -> AsyncIterator[Fleet]:
    """One that gives signs of life; what it takes up is nothing."""

    async def nothing(*_: object) -> None:
        pass

    made = Fleet(leases, [lanes], nothing, nothing)
    running = asyncio.create_task(made.run())
    yield made
    running.cancel()


async def test_what_is_another_s_is_left_alone(
    lanes: Lanes, work: Work, leases: FakeLeases
) -> None:
    leases.mine -= {shard_of(A)}
    for key in (A, B):
        lanes.wake(key, Lane.REPLY)
    lanes.wake_at(A, 0.0)
    await until(lambda: work.started == [B] and not lanes.busy, description="b is done")


async def test_what_was_let_go_is_not_begun_when_its_slot_is_free(
    work: Work, leases: FakeLeases
) -> None:
    """An urgent one among them must not keep the others calm for ever."""
    hurry = Hurry()
    lanes = Lanes("test", work, dict.fromkeys(Lane, 1), SystemClock(), hurry, leases=leases)
    work.waits = True
    lanes.wake(B, Lane.URGENT)
    await until(lambda: B in work.running, description="b runs")
    lanes.wake(A, Lane.URGENT)
    leases.let_go(frozenset({shard_of(A)}))
    work.let_go(B)
    await until(lambda: not lanes.busy, description="nothing runs")
    assert work.started == [B]
    assert not hurry


async def test_what_a_key_does_is_done_under_its_fence(leases: FakeLeases) -> None:
    fences: dict[str, Fence | None] = {}

    async def notes(key: str) -> None:
        await asyncio.sleep(0)
        fences[key] = current_fence()
        made.wake(B, Lane.REPLY)  # whoever is woken from here has its own

    made = Lanes("test", notes, dict.fromkeys(Lane, 2), SystemClock(), leases=leases)
    made.wake(A, Lane.REPLY)
    await until(lambda: len(fences) == 2, description="both were done")
    assert fences == {key: Fence(shard_of(key), 1) for key in (A, B)}
    await made.stop(1)


async def test_what_was_lost_ends_at_once_and_the_others_go_on(
    fleet: Fleet, lanes: Lanes, work: Work, leases: FakeLeases
) -> None:
    work.waits = True
    lanes.wake(A, Lane.REPLY)
    await until(lambda: A in work.running, description="a runs")
    lanes.wake(B, Lane.REPLY)
    leases.beats.append(Beat(lost=frozenset({shard_of(A)})))
    await until(lambda: work.running == {B}, description="b runs in its place")


async def test_a_surplus_is_given_when_what_is_under_way_has_ended(
    fleet: Fleet, lanes: Lanes, work: Work, leases: FakeLeases
) -> None:
    work.waits = True
    lanes.wake(A, Lane.REPLY)
    await until(lambda: A in work.running, description="a runs")
    surplus = frozenset({shard_of(A)})
    leases.refusals.append(StoreUnavailable("gone for a moment"))
    leases.beats += [Beat(surplus=surplus)] * 3
    await until(lambda: not leases.beats, description="it was said three times")
    assert not leases.given
    lanes.wake(A, Lane.REPLY)
    work.let_go(A)
    await until(lambda: leases.given, description="it was given")
    assert (leases.given, work.started) == ([shard_of(A)], [A])


async def test_what_was_taken_is_taken_up_though_the_database_fails_meanwhile(
    lanes: Lanes, leases: FakeLeases
) -> None:
    fails: list[Exception] = [StoreUnavailable("gone")]
    taken_up: list[int] = []

    async def take_up() -> None:
        if fails:
            raise fails.pop()
        taken_up.append(1)

    async def end(_names: frozenset[str]) -> None:
        pass

    leases.beats += [StoreUnavailable("gone"), Beat(taken=frozenset({SHARDS[0]}))]
    fleet = Fleet(leases, [lanes], take_up, end)
    running = asyncio.create_task(fleet.run())
    await until(lambda: taken_up, description="it is taken up")
    running.cancel()


async def test_who_leaves_gives_what_is_idle_at_once(
    fleet: Fleet, lanes: Lanes, work: Work, leases: FakeLeases
) -> None:
    work.waits = True
    lanes.wake(A, Lane.REPLY)
    await until(lambda: A in work.running, description="a runs")
    leaving = asyncio.create_task(fleet.leave(5))
    await until(lambda: leases.given, description="the idle ones are given")
    assert set(leases.given) == set(SHARDS) - {shard_of(A)}
    assert not leases.left
    work.let_go(A)
    await leaving
    assert leases.left
    assert not work.running
