"""How are several processes of the product started over one database, and judged together?"""

import asyncio
import base64
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp

from simulator.judge import Verdict, judge
from simulator.records import Options
from simulator.scenery import PRESALE, shop
from simulator.server import Simulator, running
from tests.integration.crash.catalogue import Question, expected, questions, write_knowledge
from tests.postgres_server import PostgresServer

ROOT = Path(__file__).resolve().parents[3]
LEASE_S = 3.0
_START_S, _STOP_S, _WAIT_S = 240.0, 15.0, 90.0
_OPTIONS = Options(
    callback_pause_s=0.3,
    max_page=40,
    gettoken_per_minute=1000,  # each process fetches a token of its own
    tokenless_pulls_per_minute=1000,
    retry_not_ok=True,
    slow_ack_s=5.0,
)
_CONFIG = """
company: {name: 云栖优选}
embeddings: {provider: none}
knowledge: {sources: [faq.yaml]}
"""
_LEFT = """
SELECT 'outbox ' || kind || ' ' || state || ' ' || COALESCE(error, '') FROM concierge.outbox
WHERE state <> 'sent' AND NOT (kind = 'SendOnEvent' AND state = 'expired')
UNION ALL SELECT 'mailbox ' || kind || ' ' || COALESCE(error, '') FROM concierge.mailbox
WHERE done_at IS NULL AND NOT (kind = 'TimerDue' AND due_at > EXTRACT(EPOCH FROM now()))
"""


@dataclass(slots=True)
class Process:
    """One process of the product; drive it by its signals."""

    role: str
    port: int
    child: "subprocess.Popen[bytes]"
    log: Path

    def signal(self, number: int) -> None:
        """SIGKILL, SIGSTOP, SIGCONT …"""
        self.child.send_signal(number)

    async def stop(self) -> float:
        """SIGTERM; returns how long the end took."""
        began = time.monotonic()
        self.child.terminate()
        await asyncio.to_thread(self.child.wait, _STOP_S)
        assert self.child.returncode == 0, self.log.read_text(errors="replace")[-4000:]
        return time.monotonic() - began

    def dispose(self) -> None:
        """End it whatever it does."""
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()


@dataclass(slots=True)
class Company:
    """A WeCom, a database, and the processes that serve them.

    Args:
        asked: all questions that may be asked, in order.
    """

    sim: Simulator
    server: PostgresServer
    database: str
    folder: Path
    asked: Sequence[Question]
    processes: list[Process] = field(default_factory=list)
    sent: int = 0

    async def begin(self, *roles: str) -> list[Process]:
        """Start processes all at once; returns when each is ready and somebody works."""
        fresh = [self._begin(role) for role in roles]
        async with aiohttp.ClientSession() as http:
            for one in fresh:
                await self.until(partial(_ready, http, one), f"{one.role} is ready", _START_S)
        door = next((one for one in self.living if one.role != "worker"), None)
        if door is not None:
            self.sim.callback_url = f"http://127.0.0.1:{door.port}/wecom/callback"
        return fresh

    @property
    def living(self) -> list[Process]:
        """Those that have not ended."""
        return [one for one in self.processes if one.child.poll() is None]

    async def ask(self, count: int, *, each: int = 3) -> None:
        """Customers ask the next questions, a few at a time."""
        until = min(self.sent + count, len(self.asked))
        while self.sent < until:
            some = self.asked[self.sent : min(self.sent + each, until)]
            for one in some:
                if one.customer not in self.sim.world.customers:
                    await self.sim.customer(external_userid=one.customer)
            self.sent += len(some)
            await self.sim.bulk(PRESALE, [(one.customer, one.text) for one in some])
            await asyncio.sleep(random.uniform(0.0, 0.05))

    def verdict(self) -> Verdict:
        """What became of what was asked."""
        return judge(self.sim.transcript(), expected(self.asked[: self.sent]))

    async def answered(self, count: int | None = None) -> None:
        """Wait until so many questions, by default all that were asked, have their answer."""
        wanted = self.sent if count is None else count
        await self.until(lambda: self.verdict().answered >= wanted, f"{wanted} answers")

    async def until(
        self, condition: Callable[[], object], description: str, within_s: float = _WAIT_S
    ) -> None:
        """Wait for a condition, which may be awaited; when it does not come true, show why."""
        give_up_at = time.monotonic() + within_s
        while True:
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            ended = [one for one in self.processes if one.child.poll() not in (None, 0, -9)]
            if time.monotonic() > give_up_at or ended:
                found = f"{self.verdict()}\n{self.left()}\n{self.logs()}"
                raise AssertionError(f"{description}\n{found}")
            await asyncio.sleep(0.05)

    async def settled(self) -> None:
        """Everything was answered once, in order, and nothing is left to do."""
        await self.answered()
        await self.until(lambda: not self.left(), "nothing left to do")
        verdict = self.verdict()
        assert verdict.is_clean, f"{verdict}\n{self.logs()}"
        assert not self.sim.violations, self.sim.violations[:5]

    def left(self) -> list[str]:
        """Rows that are not well ended."""
        return self.server.sql(_LEFT, self.database).splitlines()[:20]

    def shares(self) -> dict[str, int]:
        """How many shares each owner has; empty = nobody."""
        told = self.server.sql(
            "SELECT owner, COUNT(*) FROM concierge.leases GROUP BY owner", self.database
        )
        return {line.rpartition("|")[0]: int(line.rpartition("|")[2]) for line in told.splitlines()}

    def of(self, process: Process) -> int:
        """How many shares a process has."""
        mark = f":{process.child.pid}:"
        return sum(count for owner, count in self.shares().items() if mark in owner)

    def have_everything(self, processes: Sequence[Process]) -> bool:
        """Whether every share is theirs."""
        return sum(map(self.of, processes)) == sum(self.shares().values())

    def logs(self) -> str:
        """The ends of what the processes logged."""
        return "\n".join(
            f"--- {one.role} {one.child.pid} ({one.child.poll()})\n"
            f"{one.log.read_text(errors='replace')[-2500:]}"
            for one in self.processes
        )

    def _begin(self, role: str) -> Process:
        port = _free_port()
        log = self.folder / f"log-{len(self.processes)}-{role}"
        environment = os.environ | self._environment(port)
        config = self.folder / "config.yaml"
        with log.open("wb") as out:
            child = subprocess.Popen(
                [sys.executable, "-m", "bot", "--config", str(config), "serve", "--role", role],
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=out,
            )
        process = Process(role, port, child, log)
        self.processes.append(process)
        return process

    def _environment(self, port: int) -> Mapping[str, str]:
        names = self.sim.world.credentials
        given = {
            "WECOM__CORP_ID": names.corp_id,
            "WECOM__AGENT_ID": str(names.agent_id),
            "WECOM__SECRET": names.secret,
            "WECOM__CALLBACK_TOKEN": names.token,
            "WECOM__CALLBACK_AES_KEY": names.aes_key,
            "WECOM__API_BASE": self.sim.url,
            "SERVER__HOST": "127.0.0.1",
            "SERVER__PORT": str(port),
            "STORAGE__URL": self.server.url(self.database),
            "STORAGE__FOLDER": str(self.folder / "data"),
            "SECURITY__ENCRYPTION_KEY": base64.b64encode(b"k" * 32).decode(),
            "DELIVERY__POLL_BUSY_S": "2",
            "DELIVERY__LEASE_S": str(LEASE_S),
            "LOGGING__FORMAT": "json",
        }
        return {f"CONCIERGE_{key}": value for key, value in given.items()}


@asynccontextmanager
async def a_company(
    server: PostgresServer, folder: Path, *roles: str, messages: int = 60
) -> AsyncIterator[Company]:
    """A company whose processes run, and are gone afterwards."""
    write_knowledge(folder / "faq.yaml")
    (folder / "config.yaml").write_text(_CONFIG)
    asked = questions(messages, 1, customers=max(8, messages // 5))
    with server.new_database() as url:
        async with running(shop(accounts=1, options=_OPTIONS, seed=1)) as sim:
            company = Company(sim, server, url.rpartition("/")[2], folder, asked)
            try:
                pulls = _pulls(sim)
                await company.begin(*roles)
                await company.until(lambda: _pulls(sim) > pulls, "a pull")
                yield company
            finally:
                for one in company.processes:
                    if one.child.poll() is None:
                        one.signal(signal.SIGCONT)
                    one.dispose()


def _pulls(sim: Simulator) -> int:
    return sim.calls.get("/cgi-bin/kf/sync_msg", 0)


async def _ready(http: aiohttp.ClientSession, process: Process) -> bool:
    try:
        async with http.get(f"http://127.0.0.1:{process.port}/readyz") as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
