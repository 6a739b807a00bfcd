"""How is the product run as a process that is killed, started again, and told to stop?"""

import asyncio
import base64
import os
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import aiohttp

from simulator.server import Simulator
from tests.integration.crash import launcher
from tests.integration.crash.catalogue import write_knowledge

ROOT = Path(__file__).resolve().parents[3]

START_WITHIN_S, STOP_WITHIN_S = 60.0, 10.0

_CONFIG = """
company: {name: 云栖优选}
embeddings: {provider: none}
knowledge: {sources: [faq.yaml]}
staff: [{userid: zhangsan, name: 张敏, level: junior}]
"""


class Product:
    """The product as a process, kept alive as a service manager would.

    Args:
        folder: of configuration, database and log.
        sim: the WeCom it talks to.
        step: where it kills itself, of `launcher.STEPS`.
        passes: in its first life at this pass of the step, in its second at that one, and so on;
            later lives have no bomb.
        settings: more ``CONCIERGE_…`` variables.
    """

    def __init__(
        self,
        folder: Path,
        sim: Simulator,
        *,
        step: str = "",
        passes: Sequence[int] = (),
        settings: dict[str, str] | None = None,
    ) -> None:
        self._folder, self._sim = folder, sim
        self._step, self._passes = step, list(passes)
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False
        self.port = _free_port()
        self.kills = 0
        self.lives = 0
        self.started_at = 0.0
        self.ready_s: list[float] = []
        self._environment = self._identity() | (settings or {})
        write_knowledge(folder / "faq.yaml")
        (folder / "config.yaml").write_text(_CONFIG)

    @property
    def database(self) -> Path:
        """The product's database file."""
        return self._folder / "concierge.db"

    @property
    def pid(self) -> int:
        """Of the present life."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """The end of what all lives logged."""
        return (self._folder / "log").read_text(errors="replace")[-6000:]

    async def start(self) -> None:
        """Start the first life and wait until it pulls: what is sent now is no history."""
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep_alive())
        await self.ready()
        await self._sim.wait_for(
            lambda: self._sim.calls.get("/cgi-bin/kf/sync_msg", 0),
            description="the first pull",
            timeout=START_WITHIN_S,
        )
        self._sim.callback_url = f"http://127.0.0.1:{self.port}/wecom/callback"

    async def ready(self) -> float:
        """Wait until the present life says it is ready; returns how long it took."""
        began, life = self.started_at, self.lives
        async with aiohttp.ClientSession() as http, asyncio.timeout(START_WITHIN_S):
            while not await self._is_ready(http):
                self._raise_if_broken()
                await asyncio.sleep(0.01)
        took = time.monotonic() - began
        if life == self.lives:
            self.ready_s.append(took)
        return took

    async def kill(self) -> None:
        """SIGKILL from outside; the next life has begun on return."""
        life = self.lives
        self.kills += 1
        with suppress(ProcessLookupError):
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
        assert self._process is not None
        began = time.monotonic()
        self._process.terminate()
        async with asyncio.timeout(STOP_WITHIN_S):
            code = await self._process.wait()
        assert code == 0, f"exit code {code}\n{self.log}"
        return time.monotonic() - began

    async def dispose(self) -> None:
        """End it whatever it does."""
        self._stopping = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def leftovers(self) -> list[str]:
        """Rows of mailbox and outbox that are not well ended."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            rows = database.execute(
                "SELECT 'outbox', kind, state, error, COUNT(*) FROM outbox WHERE state <> 'sent'"
                " GROUP BY kind, state, error UNION ALL"
                " SELECT 'mailbox', kind, IIF(parked_at IS NULL, 'open', 'parked'), error, COUNT(*)"
                " FROM mailbox WHERE done_at IS NULL GROUP BY 1, 2, 3, 4"
            ).fetchall()
        return [
            f"{count}× {table} {kind} {state} {error}" for table, kind, state, error, count in rows
        ]

    # ------------------------------------------------------------------ lives

    async def _keep_alive(self) -> None:
        while True:
            assert self._process is not None
            code = await self._process.wait()
            if self._stopping:
                return
            if code != -signal.SIGKILL:
                return  # `_raise_if_broken` tells
            if self._armed:
                self.kills += 1
            await self._spawn()

    async def _spawn(self) -> None:
        bomb = {}
        self._armed = self.lives < len(self._passes)
        if self._armed:
            bomb = {launcher.STEP: self._step, launcher.PASS: str(self._passes[self.lives])}
        self.lives += 1
        self.started_at = time.monotonic()
        with (self._folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", launcher.__name__),
                *("--config", str(self._folder / "config.yaml"), "serve"),
                cwd=ROOT,
                env=self._environment | bomb,
                stdout=log,
                stderr=log,
            )

    def _raise_if_broken(self) -> None:
        if self._keeper is not None and self._keeper.done():
            raise AssertionError(f"the product ended by itself\n{self.log}")

    async def _is_ready(self, http: aiohttp.ClientSession) -> bool:
        try:
            async with http.get(f"http://127.0.0.1:{self.port}/readyz") as response:
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
        kept = {key: value for key, value in os.environ.items() if not key.startswith("CONCIERGE_")}
        own = {f"CONCIERGE_{key}": value for key, value in given.items()}
        return kept | own | {"PYTHONPATH": str(ROOT)}


@asynccontextmanager
async def started(folder: Path, sim: Simulator, **options: Any) -> AsyncIterator[Product]:
    """A product that runs, and is gone afterwards."""
    product = Product(folder, sim, **options)
    try:
        await product.start()
        yield product
    finally:
        await product.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
