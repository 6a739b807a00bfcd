"""A company that moves, or that burns down, while its customers go on writing."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from simulator.scenery import shop
from simulator.server import running
from tests.integration.crash.catalogue import questions
from tests.integration.crash.nursery import ROOT, Nursery
from tests.integration.crash.product import Product, started
from tests.integration.crash.trial import OPTIONS, Watch
from tests.postgres_server import PostgresServer

OPEN = (
    "SELECT (SELECT COUNT(*) FROM concierge.outbox WHERE state <> 'sent'"
    " AND NOT (kind = 'SendOnEvent' AND state = 'expired')) + (SELECT COUNT(*) FROM"
    " concierge.mailbox WHERE done_at IS NULL AND NOT (kind = 'TimerDue' AND parked_at IS NULL"
    " AND due_at > extract(epoch FROM now())))"
)
"""What is not well ended, as `Product.leftovers` counts it in SQLite."""


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    """Address of a database of PostgreSQL in which nothing is."""
    with postgres.new_database() as url:
        yield url


def on(url: str, folder: Path) -> dict[str, str]:
    """The settings of a company that is there."""
    folder.mkdir(exist_ok=True)
    return {"CONCIERGE_STORAGE__URL": url, "CONCIERGE_STORAGE__FOLDER": str(folder)}


async def concierge(product: Product, settings: Mapping[str, str], *words: str) -> str:
    """Run a command as an operator does; what it said."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "bot", "--config", str(product.config), *words],
        cwd=ROOT,
        env=os.environ | product.environment | dict(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def asks(watch: Watch, stop: asyncio.Event, *, keep: int = 0) -> None:
    """Customers write on and on; they do not know that anything moves.

    Args:
        keep: so many questions for later.
    """
    while len(watch.left) > keep and not stop.is_set():
        await watch.ask(2)
        await asyncio.sleep(0.2)


async def test_a_company_moves_to_postgresql_while_customers_write(
    nursery: Nursery, tmp_path: Path, database: str, postgres: PostgresServer
) -> None:
    """WeCom keeps what is written meanwhile; the cursor that moved along asks for it."""
    asked = questions(120, 1, customers=24)
    async with (
        running(shop(accounts=1, options=OPTIONS, seed=1)) as sim,
        started(nursery, tmp_path, sim) as product,
    ):
        watch, there = Watch(sim, product, asked), on(database, tmp_path / "files")
        stop = asyncio.Event()
        writing = asyncio.create_task(asks(watch, stop))
        await watch.until(lambda: watch.answered >= 20, "20 answers before")
        before, began = watch.asked, time.monotonic()
        await product.stop()
        said = await concierge(product, there, "migrate", "--from", f"sqlite:///{product.database}")
        product.environment |= there
        await product.start()
        away = time.monotonic() - began
        meanwhile = watch.asked - before
        await writing
        await watch.all_answered()
        await sim.wait_for(
            lambda: postgres.sql(OPEN, database.rsplit("/", 1)[1]) == "0",
            description="nothing left to do",
        )
        await product.stop()
        verdict = watch.verdict()
        assert verdict.is_clean, verdict
        assert verdict.answered == len(asked)
        assert meanwhile >= 2, "somebody wrote while the company moved"
        assert [one.kind for one in sim.violations] == []
        assert watch.welcomes_amiss() == []
    print(f"\naway for {away:.1f} s, {meanwhile} messages came meanwhile\n{said}")


@pytest.mark.deep
@pytest.mark.parametrize("way", ["sqlite to postgres", "postgres to sqlite"])
async def test_a_company_that_burnt_down_answers_on_an_empty_machine(
    nursery: Nursery, tmp_path: Path, database: str, way: str
) -> None:
    """Copied while it works, put where nothing is; what came since the backup is pulled again."""
    places = [on(f"sqlite:///{tmp_path}/concierge.db", tmp_path), on(database, tmp_path / "files")]
    old, new = places if way.startswith("sqlite") else reversed(places)
    data, keys = tmp_path / "backup" / "data", tmp_path / "backup" / "keys"
    async with (
        running(shop(accounts=1, options=OPTIONS, seed=2)) as sim,
        started(nursery, tmp_path, sim, settings=old) as product,
    ):
        watch, stop = Watch(sim, product, questions(80, 2, customers=16)), asyncio.Event()
        writing = asyncio.create_task(asks(watch, stop, keep=20))
        await watch.until(lambda: watch.answered >= 20, "20 answers before")
        copied = await concierge(product, {}, "backup", str(data), "--keys", str(keys))
        stop.set()
        await writing
        await product.dispose()
        await watch.ask(4)  # into the fire
        product.environment |= new
        began = time.monotonic()
        (folder,), (file,) = data.iterdir(), keys.iterdir()
        restored = await concierge(product, {}, "restore", str(folder), "--keys", str(file))
        await product.start()
        ready = time.monotonic() - began
        await watch.ask(len(watch.left))
        await watch.all_answered()
        answered = time.monotonic() - began
        verdict = watch.verdict()
        assert verdict.lost == [], "nobody who wrote before, during or after is without an answer"
        assert verdict.wrong == []
    print(f"\n{copied}{restored}serves after {ready:.1f} s, all answered after {answered:.1f} s")
