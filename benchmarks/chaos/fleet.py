"""What stands in the storm as a fleet: PostgreSQL, Valkey, one process for the web, two workers."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.chaos.lives import CLOCK, Distance
from benchmarks.chaos.stands import SEATS, Stand
from simulator.server import Simulator
from tests.integration.crash.nursery import Nursery
from tests.integration.crash.product import Product
from tests.postgres_server import PostgresServer, running_server
from tests.valkey_server import ValkeyServer, running_valkey

_ROLES = {"worker 1": "worker", "worker 2": "worker", "web": "web"}
"""In the order in which they start; the last is the one that WeCom calls."""

_AWAY_S = 1.0
"""How long a server is away when it was killed."""

_ASKED_AGAIN = 100


class Fleet:
    """Three processes and the two servers between them."""

    def __init__(
        self,
        processes: Mapping[str, Product],
        postgres: PostgresServer,
        address: str,
        valkey: ValkeyServer,
        folder: Path,
    ) -> None:
        self._processes, self._folder = processes, folder
        self._postgres, self._address, self._valkey = postgres, address, valkey
        self._distance = Distance(folder / "clock")

    @property
    def victims(self) -> Sequence[str]:
        """Everything."""
        return (*self._processes, "postgres", "valkey")

    @property
    def log(self) -> str:
        """What all processes logged, mixed."""
        return (self._folder / "log").read_text(errors="replace")

    async def kill(self, victim: str) -> None:
        """One of them."""
        if victim == "postgres":
            await asyncio.to_thread(self._postgres.stop, kill=True)
            await asyncio.sleep(_AWAY_S)
            await asyncio.to_thread(self._postgres.start)
        elif victim == "valkey":
            await asyncio.to_thread(self._valkey.kill)
            await asyncio.sleep(_AWAY_S)
            await asyncio.to_thread(self._valkey.start)
        else:
            await self._processes[victim].kill()

    async def ready(self) -> None:
        """Wait for each ``/readyz``."""
        for one in self._processes.values():
            await one.ready()

    def step_clock(self, seconds: float) -> None:
        """All three processes run on one machine."""
        self._distance.seconds += seconds

    def now(self) -> float:
        """Unix seconds by that machine."""
        return self._distance.now()

    async def fill_disk(self, seconds: float) -> None:
        """Not here: what is written is written by PostgreSQL, which goes down as when killed."""

    async def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        """Read its database, as soon as it can be."""
        found: list[tuple[Any, ...]] = []
        async for connection in self._connected():
            found = [tuple(row) for row in await connection.fetch(_numbered(sql), *params)]
        return found

    async def write(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write into its database."""
        async for connection in self._connected():
            await connection.executemany(_numbered(sql), rows)

    async def _connected(self) -> AsyncIterator[Any]:
        schema = {"search_path": "concierge"}
        for again in range(_ASKED_AGAIN):
            try:
                connection = await asyncpg.connect(self._address, server_settings=schema)
                break
            except (OSError, asyncpg.PostgresError):  # it is away at the moment
                if again + 1 == _ASKED_AGAIN:
                    raise
                await asyncio.sleep(0.2)
        try:
            yield connection
        finally:
            await connection.close()

    async def stop(self) -> None:
        """SIGTERM, one after another."""
        for one in self._processes.values():
            await one.stop()


def _numbered(sql: str) -> str:
    parts = sql.split("?")
    return "".join(f"{part}${n}" for n, part in enumerate(parts[:-1], 1)) + parts[-1]


@asynccontextmanager
async def fleet(folder: Path, sim: Simulator, more: str) -> AsyncIterator[Stand]:
    """Three processes, running.

    Args:
        more: of their configuration, as YAML.
    """
    with ExitStack() as held:
        postgres = held.enter_context(running_server())
        valkey = held.enter_context(running_valkey())
        address = held.enter_context(postgres.new_database())
        settings = {
            CLOCK: str(folder / "clock"),
            "CONCIERGE_STORAGE__URL": address,
            "CONCIERGE_STORAGE__FOLDER": str(folder / "data"),
            "CONCIERGE_REDIS__URL": valkey.url,
            "CONCIERGE_DELIVERY__LEASE_S": "3",
        }
        processes = {}
        for name, role in _ROLES.items():
            nursery = held.enter_context(Nursery("benchmarks.chaos.lives"))
            processes[name] = Product(nursery, folder, sim, settings=settings, seats=SEATS,
                                      more=more, role=role)  # fmt: skip
        stand = Fleet(processes, postgres, address, valkey, folder)
        try:
            for one in processes.values():
                await one.start(until_it_pulls=False)
            yield stand
        except BaseException as error:
            error.add_note(f"--- log ---\n{stand.log[-20_000:]}")
            raise
        finally:
            for one in processes.values():
                await one.dispose()
