"""What do processes hear of each other over Redis, and what when it is gone or says nothing?"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from bot.config import Redis
from bot.ports import Topic
from bot.redis import Shared
from bot.redis.link import Link
from bot.telemetry import Metrics
from tests.valkey_server import ValkeyServer, running_valkey

WITHIN_S = 15.0


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    with running_valkey() as server:
        yield server


class Process:
    """One process of the service, as far as Redis is concerned."""

    def __init__(self, shared: Shared, metrics: Metrics) -> None:
        self.shared, self.metrics = shared, metrics
        self.heard: list[str] = []
        shared.bus.subscribe(Topic.PAGES, self.heard.append)

    @property
    def is_down(self) -> bool:
        return self.metrics.registry.get_sample_value("concierge_redis_down") == 1


@contextlib.asynccontextmanager
async def a_process(valkey: ValkeyServer, corp_id: str = "ww1") -> AsyncIterator[Process]:
    metrics = Metrics()
    async with Shared(Redis(url=valkey.url), corp_id, metrics) as shared:
        yield Process(shared, metrics)


async def until(true: Callable[[], bool], _description: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not true():  # noqa: ASYNC110 — what it waits for is another process' doing
            await asyncio.sleep(0.01)


async def until_heard(one: Process, other: Process) -> None:
    """They hear each other; what was said before may be lost."""
    async with asyncio.timeout(WITHIN_S):
        while "ready" not in other.heard:
            one.shared.bus.publish(Topic.PAGES, "ready")
            await asyncio.sleep(0.02)
    other.heard.clear()


async def test_others_hear_what_one_says_and_it_does_not_hear_itself(valkey: ValkeyServer) -> None:
    async with a_process(valkey) as one, a_process(valkey) as other:
        await until_heard(one, other)
        await until_heard(other, one)
        one.shared.bus.publish(Topic.PAGES, "customer:wm1")
        await until(lambda: other.heard[-1:] == ["customer:wm1"], "heard")
        assert [text for text in one.heard if text != "ready"] == []


async def test_another_company_on_the_same_server_hears_nothing(valkey: ValkeyServer) -> None:
    async with (
        a_process(valkey) as one,
        a_process(valkey) as other,
        a_process(valkey, "ww2") as stranger,
        a_process(valkey, "ww2") as friend,
    ):
        await until_heard(friend, stranger)
        await until_heard(one, other)
        one.shared.bus.publish(Topic.PAGES, "ours")
        await until(lambda: "ours" in other.heard, "heard")
        assert stranger.heard == []


async def test_a_listener_that_fails_does_not_deafen_the_others(valkey: ValkeyServer) -> None:
    async with a_process(valkey) as one, a_process(valkey) as other:
        await until_heard(one, other)

        def fails(text: str) -> None:
            raise ValueError(text)

        after: list[str] = []
        other.shared.bus.subscribe(Topic.PAGES, fails)
        other.shared.bus.subscribe(Topic.PAGES, after.append)
        one.shared.bus.publish(Topic.PAGES, "a word of a newer version")
        await until(lambda: after == ["a word of a newer version"], "heard")
        one.shared.bus.publish(Topic.PAGES, "next")
        await until(lambda: after[-1:] == ["next"], "heard after a failure")


async def test_a_server_that_is_killed_and_comes_back_empty_carries_on(
    valkey: ValkeyServer,
) -> None:
    async with a_process(valkey) as one, a_process(valkey) as other:
        await until_heard(one, other)
        valkey.kill()
        await until(lambda: one.is_down and other.is_down, "both know")
        one.shared.bus.publish(Topic.PAGES, "lost")
        valkey.start()
        await until_heard(one, other)
        await until(lambda: not one.is_down and not other.is_down, "both know")
        assert "lost" not in other.heard


async def test_saying_something_to_a_server_that_is_held_up_takes_no_time(
    valkey: ValkeyServer,
) -> None:
    async with a_process(valkey) as one, a_process(valkey) as other:
        await until_heard(one, other)
        with valkey.held_up():
            took = []
            while not one.is_down:
                began = time.perf_counter()
                one.shared.bus.publish(Topic.PAGES, "somebody")
                took.append(time.perf_counter() - began)
                await asyncio.sleep(0.01)
            assert max(took) < 0.005
        await until_heard(one, other)


async def test_a_start_without_a_server_waits_for_nothing() -> None:
    with running_valkey() as server:
        server.kill()
        began = time.perf_counter()
        async with a_process(server) as one, a_process(server) as other:
            assert time.perf_counter() - began < 1
            await until(lambda: one.is_down, "known")
            server.start()
            await until_heard(one, other)


async def test_a_close_ends_work_that_forgot_that_it_was_cancelled() -> None:
    link = Link("redis://127.0.0.1:1/0", "test", Metrics())
    forgot = asyncio.Event()

    async def forgetful() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        forgot.set()
        await asyncio.sleep(60)

    link.start(forgetful())
    await asyncio.sleep(0)
    async with asyncio.timeout(WITHIN_S):
        await link.aclose()
    assert forgot.is_set()
