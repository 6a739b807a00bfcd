"""What stands in the storm? Whatever serves: how it begins, dies, and is looked into.

The rest of the benchmark knows a `Stand` only, so that another way to run the product is another
class here and nothing else.
"""

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Protocol

from benchmarks.chaos.lives import CLOCK, Distance
from simulator.server import Simulator
from tests.integration.crash.nursery import Nursery
from tests.integration.crash.product import Product


class Stand(Protocol):
    """The product, in whatever number of processes.

    Args:
        victims: names of what can be killed.
    """

    @property
    def victims(self) -> Sequence[str]:
        """What can be killed, by name."""
        ...

    @property
    def log(self) -> str:
        """What the service logged."""
        ...

    async def kill(self, victim: str) -> None:
        """``kill -9``; returns when its next life has begun."""
        ...

    async def ready(self) -> None:
        """Wait until it serves."""
        ...

    def step_clock(self, seconds: float) -> None:
        """Set the clock of its machine forward, or back."""
        ...

    def now(self) -> float:
        """What that clock says."""
        ...

    async def fill_disk(self, seconds: float) -> None:
        """Let every write fail for so long, where that can be done."""
        ...

    async def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        """Read its database."""
        ...

    async def write(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write into its database, as a command beside it does."""
        ...

    async def stop(self) -> None:
        """SIGTERM, and an orderly end."""
        ...


class Embedded:
    """The default: one process over SQLite.

    Args:
        product: the process, and who starts it again.
        distance: of its clock.
        folder: where it logs.
    """

    victims = ("service",)

    def __init__(self, product: Product, distance: Distance, folder: Path) -> None:
        self._product, self._distance, self._folder = product, distance, folder

    @property
    def log(self) -> str:
        """What all its lives logged."""
        return (self._folder / "log").read_text(errors="replace")

    async def kill(self, victim: str) -> None:
        """The process."""
        assert victim in self.victims
        await self._product.kill()

    async def ready(self) -> None:
        """Wait for ``/readyz``."""
        await self._product.ready()

    def step_clock(self, seconds: float) -> None:
        """From one moment to the next, as NTP or a virtual machine may do it."""
        self._distance.seconds += seconds

    def now(self) -> float:
        """Unix seconds by its machine."""
        return self._distance.now()

    async def fill_disk(self, seconds: float) -> None:
        """A limit on the size of files: from its next write on the process has no room."""
        pid = self._product.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
        await asyncio.sleep(seconds)
        if pid == self._product.pid:  # a life that ended took its limit along
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

    async def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        """Read beside it."""
        path = f"file:{self._product.database}?mode=ro"
        with closing(sqlite3.connect(path, uri=True, timeout=20)) as database:
            return database.execute(sql, params).fetchall()

    async def write(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write beside it, in one transaction."""
        with closing(sqlite3.connect(self._product.database, timeout=20)) as database, database:
            database.executemany(sql, rows)

    async def stop(self) -> None:
        """SIGTERM."""
        await self._product.stop()


@asynccontextmanager
async def embedded(folder: Path, sim: Simulator, more: str) -> AsyncIterator[Stand]:
    """One process, running.

    Args:
        more: of its configuration, as YAML.
    """
    clock = folder / "clock"
    distance = Distance(clock)
    settings = {CLOCK: str(clock), "CONCIERGE_LOGGING__LEVEL": "info"}
    with Nursery("benchmarks.chaos.lives") as nursery:
        product = Product(nursery, folder, sim, settings=settings, seats=SEATS, more=more)
        try:
            await product.start()
            yield Embedded(product, distance, folder)
        except BaseException as error:
            error.add_note(f"--- log ---\n{(folder / 'log').read_text()}")
            raise
        finally:
            await product.dispose()


SEATS = 8
"""How many sessions the one servicer who is given some may have."""
