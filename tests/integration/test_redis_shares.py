"""What do processes share through a real Valkey, and what when it is killed, emptied or held up?"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from bot.config import Redis
from bot.redis import Shared, pool
from bot.telemetry import Metrics
from bot.wecom.credentials import NOTHING, Credential, Credentials
from bot.wecom.rates import Rates
from tests.valkey_server import ValkeyServer, running_valkey

WITHIN_S = 15.0
MINUTE = (100, 60.0)


@pytest.fixture
def valkey(monkeypatch: pytest.MonkeyPatch) -> Iterator[ValkeyServer]:
    monkeypatch.setattr(pool, "SETTLE_S", 0.0)  # the test that is about it sets it
    with running_valkey() as server:
        yield server


class Process:
    """One process of the service: its limits and its tokens."""

    def __init__(self, shared: Shared, metrics: Metrics, processes: int) -> None:
        self._metrics = metrics
        self._rates = Rates(shared.pool, lambda: processes)
        self._credentials = Credentials(shared.shelf, "ww1", "the-secret", clock=time.time)
        self.issued = 0

    @property
    def is_down(self) -> bool:
        return self._metrics.registry.get_sample_value("concierge_redis_down") == 1

    async def calls(self, tries: int, name: str = "/api") -> int:
        """How many of these may be made, one after the other."""
        made = 0
        for _ in range(tries):
            made += self._rates.of(name, MINUTE).take() is None
            await asyncio.sleep(0.002)
        return made

    async def token(self, held: Credential = NOTHING) -> Credential:
        return await self._credentials.obtain("token", self._fetch, held)

    async def _fetch(self) -> Credential:
        await asyncio.sleep(0.05)
        self.issued += 1
        return Credential.lasting(f"{id(self)}-{self.issued}", time.time(), 7200)


@contextlib.asynccontextmanager
async def fleet(valkey: ValkeyServer, size: int) -> AsyncIterator[list[Process]]:
    async with contextlib.AsyncExitStack() as stack:
        made = []
        for _ in range(size):
            metrics = Metrics()
            shared = Shared(Redis(url=valkey.url), "ww1", metrics)
            await stack.enter_async_context(shared)
            made.append((Process(shared, metrics, size), shared))
        for _, shared in made:
            await until_up(shared)
        yield [process for process, _ in made]


async def until_up(shared: Shared) -> None:
    assert shared.link is not None
    async with asyncio.timeout(WITHIN_S):
        while not shared.link.up:  # noqa: ASYNC110 — it is another process' doing
            await asyncio.sleep(0.01)


async def until_down(*processes: Process) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not all(one.is_down for one in processes):  # noqa: ASYNC110 — as above
            await asyncio.sleep(0.01)


async def test_four_processes_make_the_calls_of_one_limit_and_no_more(
    valkey: ValkeyServer,
) -> None:
    async with fleet(valkey, 4) as processes:
        made = sum(await asyncio.gather(*(one.calls(120) for one in processes)))
        assert 85 <= made <= 100  # a process may keep some of its last grant


async def test_one_busy_process_has_its_share_and_the_whole_pool(valkey: ValkeyServer) -> None:
    async with fleet(valkey, 4) as (busy, *idle):
        assert await busy.calls(150) == 12 + 50
        assert [await one.calls(30) for one in idle] == [12, 12, 12]


async def test_a_server_that_dies_or_is_emptied_lets_nobody_have_more(
    valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fleet(valkey, 2) as (one, other):
        made = await one.calls(60)
        valkey.kill()
        await until_down(one, other)
        made += await one.calls(60) + await other.calls(60)
        monkeypatch.setattr(pool, "SETTLE_S", 3.0)
        valkey.start()
        made += sum(await asyncio.gather(one.calls(2500), other.calls(2500)))
        assert 85 <= made <= 100


async def test_processes_that_start_at_once_fetch_one_token(valkey: ValkeyServer) -> None:
    async with fleet(valkey, 4) as processes:
        tokens = await asyncio.gather(*(one.token() for one in processes))
        assert len({token.value for token in tokens}) == 1
        assert sum(one.issued for one in processes) == 1


async def test_a_process_that_dies_while_it_fetches_holds_nobody_up_for_long(
    valkey: ValkeyServer,
) -> None:
    async with fleet(valkey, 2) as (one, other):
        hanging = asyncio.Event()
        one._fetch = hanging.wait  # type: ignore[method-assign, assignment]
        dies = asyncio.create_task(one.token())
        await asyncio.sleep(0.1)
        began = time.monotonic()
        assert (await other.token()).value
        assert 4 < time.monotonic() - began < 8
        dies.cancel()
        await asyncio.gather(dies, return_exceptions=True)


@pytest.mark.parametrize("how", ["killed", "held up"])
async def test_without_an_answer_each_fetches_its_own_token_at_once(
    valkey: ValkeyServer, how: str
) -> None:
    async with fleet(valkey, 2) as (one, other):
        with valkey.held_up() if how == "held up" else contextlib.nullcontext():
            if how == "killed":
                valkey.kill()
            began = time.monotonic()  # the first to ask waits for one answer, once
            await one.token()
            assert time.monotonic() - began < 2
            await until_down(one, other)
            began = time.monotonic()
            await other.token()
            assert time.monotonic() - began < 0.5
            assert (one.issued, other.issued) == (1, 1)


async def test_a_limit_of_a_server_that_is_held_up_takes_no_time(valkey: ValkeyServer) -> None:
    async with fleet(valkey, 1) as (one,):
        with valkey.held_up():
            slowest = 0.0
            while not one.is_down:
                began = time.perf_counter()
                one._rates.of("/api", MINUTE).take()
                slowest = max(slowest, time.perf_counter() - began)
                await asyncio.sleep(0.005)
            assert slowest < 0.005
