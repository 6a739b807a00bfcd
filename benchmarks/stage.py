"""How is the product put under load? As the process it is in production, beside the simulator.

The simulator lives in the benchmark's process, the product in its own; both share the machine.
"""

import asyncio
import contextlib
import os
import shutil
import socket
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import yaml

from benchmarks import texts
from bot.config import keygen
from simulator.scenery import PRESALE, shop
from simulator.server import Simulator, running

ROOT = Path(__file__).resolve().parent.parent
REPLIES = ROOT / "prompts" / "replies"
START_WITHIN_S = 180.0
_POLL_S = 0.005


class Stage(NamedTuple):
    """A running product and the world it serves.

    Args:
        ready_s: from the start of the process to `/readyz` saying 200.
    """

    simulator: Simulator
    process: Process
    url: str
    log: Path
    ready_s: float

    @property
    def callback_url(self) -> str:
        return f"{self.url}/wecom/callback"

    def rss_mb(self) -> float:
        """Resident memory of the product."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def cpu_s(self) -> float:
        """Processor time the product has used, all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def calm(self) -> None:
        """Wait until the product has nothing to do but wait: under 5 % of a core for a second."""
        async with asyncio.timeout(START_WITHIN_S):
            used = -1.0
            while self.cpu_s() - used > 0.05:
                used = self.cpu_s()
                await asyncio.sleep(1)


@asynccontextmanager
async def staged(
    folder: Path,
    name: str,
    environ: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
    *,
    warm: bool = True,
) -> AsyncIterator[Stage]:
    """The product over an empty database, ready and with its vectors loaded.

    Args:
        settings: more sections of its configuration.
        warm: wait until its vectors are loaded; otherwise it makes them under load.
    """
    place = folder / name
    place.mkdir()
    vectors = folder / "vectors"
    if vectors.exists():
        shutil.copytree(vectors, place / "data" / "vectors")
    log = place / "log.jsonl"
    world = shop()
    async with running(world) as simulator:
        port = _free_port()
        config = _config(place, folder / "faq.jsonl", simulator, port, settings or {})
        began = time.perf_counter()
        with log.open("wb") as written:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "--config", str(config), "serve"),
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), **(environ or {})},
                stderr=written,
            )
        try:
            url = f"http://127.0.0.1:{port}"
            await _ready(url, process, log)
            ready_s = time.perf_counter() - began
            if warm:
                await _logged(log, b"knowledge.vectors_ready")
            simulator.callback_url = f"{url}/wecom/callback"
            yield Stage(simulator, process, url, log, ready_s)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
    if warm:
        shutil.copytree(place / "data" / "vectors", vectors, dirs_exist_ok=True)
    shutil.rmtree(place)


@asynccontextmanager
async def worker_beside(stage: Stage) -> AsyncIterator[Process]:
    """One more process on the same database, ready (docs/how-to/run-several.md)."""
    port = _free_port()
    log = stage.log.with_name(f"worker-{port}.jsonl")
    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "--config", str(stage.log.with_name("config.yaml"))),
            *("serve", "--role", "worker"),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "CONCIERGE_SERVER__PORT": str(port)},
            stderr=written,
        )
    try:
        await _ready(f"http://127.0.0.1:{port}", process, log)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _config(
    place: Path, faq: Path, simulator: Simulator, port: int, more: Mapping[str, Any]
) -> Path:
    if not faq.exists():
        texts.write_faq(faq)
    names = simulator.world.credentials
    settings: dict[str, Any] = {
        "company": {"name": "云栖优选"},
        "wecom": {
            "corp_id": names.corp_id,
            "agent_id": names.agent_id,
            "secret": names.secret,
            "callback_token": names.token,
            "callback_aes_key": names.aes_key,
            "api_base": simulator.url,
        },
        "server": {"host": "127.0.0.1", "port": port},
        "storage": {"url": "sqlite:///data/concierge.db"},
        "security": {"encryption_key": keygen()},
        "knowledge": {"sources": [str(faq)]},
    }
    file = place / "config.yaml"
    file.write_text(yaml.safe_dump(settings | dict(more), allow_unicode=True), "utf-8")
    return file


async def _ready(url: str, process: Process, log: Path) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(START_WITHIN_S):
        while True:
            if process.returncode is not None:
                raise SystemExit(f"the product did not start:\n{log.read_text()[-2000:]}")
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with session.get(f"{url}/readyz") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(_POLL_S)


async def _logged(log: Path, event: bytes) -> None:
    async with asyncio.timeout(START_WITHIN_S):
        while event not in log.read_bytes():  # noqa: ASYNC110 (another process writes it)
            await asyncio.sleep(_POLL_S)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


ACCOUNT = PRESALE
"""The kf account that the customers write to."""
