"""Whatever becomes of single processes, every customer is answered once and in order."""

import asyncio
import contextlib
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from bot.store.leases import SHARDS
from bot.store.opening import FACTS, KEYS
from bot.store.postgres import PostgresDatabase
from tests.integration.fleet.company import LEASE_S, a_company
from tests.postgres_server import PostgresServer

EVERYTHING = len(SHARDS) + 2
"""The shards, the one kf account and the loops."""


async def test_a_web_process_and_two_workers_answer_everybody_once(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    """Started all at once, on a database without tables."""
    async with a_company(postgres, tmp_path, "web", "worker", "worker") as company:
        web, *workers = company.processes
        await company.until(
            lambda: sorted(map(company.of, workers)) == [33, 33], "the work is shared"
        )
        assert company.of(web) == 0
        await company.ask(60)
        await company.settled()
        await asyncio.gather(*(one.stop() for one in company.processes))
        assert company.shares() == {"": EVERYTHING}


@pytest.mark.deep
async def test_what_a_killed_worker_had_is_taken_over(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    async with a_company(postgres, tmp_path, "web", "worker", "worker", messages=150) as company:
        _, doomed, other = company.processes
        await company.until(lambda: company.of(doomed) == 33, "the work is shared")
        await company.ask(50)
        doomed.signal(signal.SIGKILL)
        await company.ask(50)
        await company.until(lambda: company.of(other) == EVERYTHING, "everything is taken over")
        await company.begin("worker")
        await company.ask(50)
        await company.settled()


@pytest.mark.deep
async def test_a_worker_that_comes_back_late_commits_nothing(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    """Stopped for longer than its lease, in the middle of its work; then it goes on."""
    async with a_company(postgres, tmp_path, "web", "worker", "worker", messages=150) as company:
        _, slow, other = company.processes
        await company.until(lambda: company.of(slow) == 33, "the work is shared")
        for _ in range(2):
            company_asked = asyncio.create_task(company.ask(60, each=6))
            await asyncio.sleep(0.2)
            slow.signal(signal.SIGSTOP)
            await company_asked
            await company.until(lambda: company.of(other) == EVERYTHING, "everything is taken over")
            slow.signal(signal.SIGCONT)
            await company.until(lambda: company.of(slow) == 33, "the work is shared again")
        await company.settled()


def widen(url: str) -> None:
    """What a migration of a newer version may do, done to everything."""
    for schema in (FACTS, KEYS):
        with contextlib.closing(PostgresDatabase(url, schema)) as database, database.migrating():
            for table in sorted(database.tables()):
                database.apply(f"ALTER TABLE {table} ADD COLUMN newer TEXT NOT NULL DEFAULT ''")
            database.apply("CREATE TABLE of_a_newer_version (id INTEGER PRIMARY KEY)")


@pytest.mark.deep
async def test_a_newer_version_may_widen_every_table_while_this_one_serves(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    async with a_company(postgres, tmp_path, "web", "worker", "worker", messages=90) as company:
        _, first, second = company.processes
        await company.until(
            lambda: (company.of(first), company.of(second)) == (33, 33), "the work is shared"
        )
        asking = asyncio.create_task(company.ask(90))
        await company.answered(10)
        await asyncio.to_thread(widen, company.server.url(company.database))
        await asking
        await company.settled()
        first.signal(signal.SIGKILL)
        await company.until(lambda: company.of(second) == EVERYTHING, "everything is taken over")


@pytest.mark.deep
async def test_a_clean_stop_hands_over_before_the_lease_runs_out(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    """Each of three is replaced in turn while customers write, as in a rolling restart."""
    async with a_company(postgres, tmp_path, "all", "all", "all", messages=150) as company:
        await company.until(
            lambda: sorted(company.shares().values()) == [22, 22, 22], "the work is shared"
        )
        asking = asyncio.create_task(company.ask(150))
        for leaving in company.processes[:3]:
            others = [one for one in company.living if one is not leaving]
            assert company.sim.callback_url is not None
            company.sim.callback_url = f"http://127.0.0.1:{others[0].port}/wecom/callback"
            await leaving.stop()
            began = time.monotonic()
            have = partial(company.have_everything, others)
            await company.until(have, "others have its work")
            assert time.monotonic() - began < LEASE_S
            await company.begin("all")
        await asking
        await company.settled()
