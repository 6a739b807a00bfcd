"""How is the product run as a process that is killed, started again, and told to stop?"""

import asyncio
import base64
import os
import signal
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp

from simulator.server import Simulator
from tests.integration.crash.catalogue import write_knowledge
from tests.integration.crash.nursery import Nursery

START_WITHIN_S, STOP_WITHIN_S = 60.0, 10.0

_CONFIG = """
company: {name: 云栖优选}
embeddings: {provider: none}
knowledge: {sources: [faq.yaml]}
staff: [{userid: zhangsan, name: 张敏, level: junior, capacity: SEATS}]
"""


class Product:
    """The product as a process, kept alive as a service manager would.

    Args:
        nursery: where its lives begin.
        folder: of configuration, database and log.
        sim: the WeCom it talks to.
        step: where it kills itself, of `steps.STEPS`.
        passes: in its first life at this pass of the step, in its second at that one, and so on;
            later lives have no bomb.
        settings: more ``CONCIERGE_…`` variables.
        seats: how many sessions the one servicer may be given.
        more: of the configuration, as YAML.
        role: which part of the service it is, empty = all of it.
    """

    def __init__(
        self,
        nursery: Nursery,
        folder: Path,
        sim: Simulator,
        step: str = "",
        passes: Sequence[int] = (),
        settings: Mapping[str, str] | None = None,
        seats: int = 0,
        more: str = "",
        role: str = "",
    ) -> None:
        self._role = ("--role", role) if role else ()
        self._nursery, self._folder, self._sim = nursery, folder, sim
        self._step, self._passes = step, list(passes)
        self._keeper: asyncio.Task[None] | None = None
        self._code: int | None = 0
        self.pid, self._told = 0, ""
        self._stopping = False
        self.port = _free_port()
        self.kills = 0
        self.lives = 0
        self.started_at = 0.0
        self.ready_s: list[float] = []
        self.environment = self._identity() | dict(settings or {})
        write_knowledge(folder / "faq.yaml")
        (folder / "config.yaml").write_text(_CONFIG.replace("SEATS", str(seats)) + more)

    @property
    def database(self) -> Path:
        """The product's database file."""
        return self._folder / "concierge.db"

    @property
    def config(self) -> Path:
        """Its configuration; `environment` says the rest."""
        return self._folder / "config.yaml"

    @property
    def log(self) -> str:
        """The end of what all lives logged."""
        return (self._folder / "log").read_text(errors="replace")[-6000:]

    async def start(self, *, until_it_pulls: bool = True) -> None:
        """Begin a life; once it pulls, what is sent from then on is no history."""
        self._stopping = False
        pulls = self._pulls
        await self._begin_life()
        self._keeper = asyncio.create_task(self._keep_alive())
        await self.ready()
        if until_it_pulls:
            await self._sim.wait_for(
                lambda: self._pulls > pulls, description="a pull", timeout=START_WITHIN_S
            )
        self._sim.callback_url = f"http://127.0.0.1:{self.port}/wecom/callback"

    async def ready(self) -> float:
        """Wait until the present life says it is ready; returns how long it took."""
        began, life = self.started_at, self.lives
        try:
            async with aiohttp.ClientSession() as http, asyncio.timeout(START_WITHIN_S):
                while not await self._is_ready(http):
                    self._raise_if_broken()
                    await asyncio.sleep(0.01)
        except TimeoutError as error:
            error.add_note(f"/readyz last said {self._told}")
            raise
        took = time.monotonic() - began
        if life == self.lives:
            self.ready_s.append(took)
        return took

    async def kill(self) -> None:
        """SIGKILL from outside; the next life has begun on return."""
        life = self.lives
        assert self._code is None, "killed twice"
        self.kills += 1
        os.kill(self.pid, signal.SIGKILL)
        async with asyncio.timeout(START_WITHIN_S):
            while self.lives == life:
                self._raise_if_broken()
                await asyncio.sleep(0.005)

    async def stop(self) -> float:
        """SIGTERM; returns how long the end took.

        Raises:
            AssertionError: it did not end in time, or not with success.
        """
        self._stopping = True
        assert self._keeper is not None
        began = time.monotonic()
        os.kill(self.pid, signal.SIGTERM)
        async with asyncio.timeout(STOP_WITHIN_S):
            await asyncio.shield(self._keeper)
        assert self._code == 0, f"exit code {self._code}\n{self.log}"
        return time.monotonic() - began

    async def dispose(self) -> None:
        """End it whatever it does."""
        self._stopping = True
        if self._code is None:
            os.kill(self.pid, signal.SIGKILL)
        if self._keeper is not None:
            await self._keeper

    def leftovers(self) -> list[str]:
        """Rows of mailbox and outbox that are not well ended; a late welcome is none of them."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            rows = database.execute(
                "SELECT 'outbox', kind, state, error, COUNT(*) FROM outbox WHERE state <> 'sent'"
                " AND NOT (kind = 'SendOnEvent' AND state = 'expired')"
                " GROUP BY kind, state, error UNION ALL"
                " SELECT 'mailbox', kind, IIF(parked_at IS NULL, 'open', 'parked'), error, COUNT(*)"
                " FROM mailbox WHERE done_at IS NULL"
                " AND NOT (kind = 'TimerDue' AND parked_at IS NULL AND due_at > unixepoch())"
                " GROUP BY 1, 2, 3, 4"
            ).fetchall()
        return [
            f"{count}× {table} {kind} {state} {error}" for table, kind, state, error, count in rows
        ]

    @property
    def _pulls(self) -> int:
        return self._sim.calls.get("/cgi-bin/kf/sync_msg", 0)

    # ------------------------------------------------------------------ lives

    async def _keep_alive(self) -> None:
        while True:
            self._code = await self._nursery.ended()
            if self._stopping or self._code != -signal.SIGKILL:
                return  # `_raise_if_broken` tells of an end that nobody asked for
            if self._armed:
                self.kills += 1
            await self._begin_life()

    async def _begin_life(self) -> None:
        self._armed = self.lives < len(self._passes)
        bomb = (self._step, self._passes[self.lives]) if self._armed else None
        arguments = ("--config", str(self._folder / "config.yaml"), "serve", *self._role)
        log = self._folder / "log"
        self.pid = await self._nursery.begin(arguments, self.environment, log, bomb)
        self.started_at, self._code = time.monotonic(), None
        self.lives += 1
        if self._stopping:  # disposed of while it was born
            os.kill(self.pid, signal.SIGKILL)

    def _raise_if_broken(self) -> None:
        if self._keeper is not None and self._keeper.done():
            raise AssertionError(f"the product ended by itself\n{self.log}")

    async def _is_ready(self, http: aiohttp.ClientSession) -> bool:
        try:
            async with http.get(f"http://127.0.0.1:{self.port}/readyz") as response:
                self._told = await response.text()
                return response.status == 200
        except aiohttp.ClientError:
            return False

    def _identity(self) -> dict[str, str]:
        names = self._sim.world.credentials
        given = {
            "WECOM__CORP_ID": names.corp_id,
            "WECOM__AGENT_ID": str(names.agent_id),
            "WECOM__SECRET": names.secret,
            "WECOM__CALLBACK_TOKEN": names.token,
            "WECOM__CALLBACK_AES_KEY": names.aes_key,
            "WECOM__API_BASE": self._sim.url,
            "SERVER__HOST": "127.0.0.1",
            "SERVER__PORT": str(self.port),
            "STORAGE__URL": f"sqlite:///{self.database}",
            "SECURITY__ENCRYPTION_KEY": base64.b64encode(b"k" * 32).decode(),
            "DELIVERY__POLL_BUSY_S": "2",
            "LOGGING__FORMAT": "json",
        }
        return {f"CONCIERGE_{key}": value for key, value in given.items()}


@asynccontextmanager
async def started(
    nursery: Nursery,
    folder: Path,
    sim: Simulator,
    step: str = "",
    passes: Sequence[int] = (),
    settings: Mapping[str, str] | None = None,
    *,
    until_it_pulls: bool = True,
    seats: int = 0,
    more: str = "",
) -> AsyncIterator[Product]:
    """A product that runs, and is gone afterwards; see `Product`."""
    product = Product(nursery, folder, sim, step, passes, settings, seats, more)
    try:
        await product.start(until_it_pulls=until_it_pulls)
        yield product
    finally:
        await product.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
