"""A simulator that listens, with a clock and a client of its own."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from simulator_support import Client, Clock, FakeProduct

from simulator.records import Options
from simulator.scenery import shop
from simulator.server import Simulator, running
from simulator.world import World


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def options() -> Options:
    return Options(callback_pause_s=0.0)


@pytest.fixture
def world(clock: Clock, options: Options) -> World:
    return shop(clock=clock, options=options)


@pytest.fixture
async def sim(world: World) -> AsyncIterator[Simulator]:
    async with running(world) as simulator:
        yield simulator


@pytest.fixture
async def client(sim: Simulator) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(sim.url) as http:
        made = Client(http, sim.world)
        await made.log_in()
        yield made


@pytest.fixture
async def product(sim: Simulator) -> AsyncIterator[FakeProduct]:
    fake = FakeProduct()
    app = web.Application()
    app.router.add_route("*", "/wecom/callback", fake.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}/wecom/callback"
    sim.callback_url = fake.url
    yield fake
    await runner.cleanup()
