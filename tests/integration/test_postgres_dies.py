"""What was committed is there once, however often the server or a connection dies meanwhile."""

import asyncio
import random
from collections.abc import Iterator

import pytest

from bot.errors import StoreUnavailable
from bot.store import Unit
from bot.store.postgres import PostgresDatabase
from bot.store.postgres.connection import Connection
from tests.postgres_server import PostgresServer, running_server

pytestmark = pytest.mark.deep

TABLES = """
CREATE TABLE log (id INTEGER PRIMARY KEY, writer TEXT NOT NULL, n INTEGER NOT NULL);
CREATE TABLE stock (one INTEGER PRIMARY KEY, left_over INTEGER NOT NULL);
INSERT INTO stock VALUES (1, 1000000);
"""


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of this test, which may be killed; it waits for the disk, as one in use does."""
    with running_server(fsync="on", full_page_writes="on") as started:
        yield started


def opened(server: PostgresServer) -> PostgresDatabase:
    return PostgresDatabase(server.url("postgres"), "concierge")


def a_unit(writer: str, n: int) -> Unit:
    """Not harmless when it is repeated: it writes another line, and takes one from the stock."""
    unit = Unit()
    unit.add("INSERT INTO log (writer, n) VALUES (?, ?)", writer, n)
    unit.add("UPDATE stock SET left_over = left_over - 1 WHERE left_over > 0", expect=1)
    return unit


async def writes(database: PostgresDatabase, writer: str, stop: asyncio.Event) -> list[int]:
    """Units one after another; those of which we were told that they are kept."""
    kept: list[int] = []
    n = 0
    while not stop.is_set():
        n += 1
        try:
            await database.commit(a_unit(writer, n))
        except StoreUnavailable:
            continue
        kept.append(n)
    return kept


async def cut(server: PostgresServer) -> None:
    """End every connection to the server, as a failing network does."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    await asyncio.to_thread(server.sql, f"{others} AND application_name = 'concierge'")


async def kill(server: PostgresServer) -> None:
    """Kill the server without warning, and start it again."""
    await asyncio.to_thread(server.stop, kill=True)
    await asyncio.to_thread(server.start)


@pytest.mark.parametrize("seed", range(3))
async def test_every_unit_is_kept_once_or_not_at_all(server: PostgresServer, seed: int) -> None:
    """The ends of the connections fall where they may, often in the middle of a COMMIT."""
    dice = random.Random(seed)
    databases = [opened(server) for _ in range(2)]
    with databases[0].migrating():
        databases[0].run_script(TABLES)
    stop = asyncio.Event()
    names = {f"{d}/{w}": database for d, database in enumerate(databases) for w in range(5)}
    writers = [asyncio.create_task(writes(base, name, stop)) for name, base in names.items()]
    for turn in range(12):
        await asyncio.sleep(dice.uniform(0.05, 0.4))
        await (kill(server) if turn % 6 == 5 else cut(server))
    stop.set()
    told = await asyncio.gather(*writers)
    rows = await databases[0].scan("SELECT writer, n FROM log ORDER BY id")
    there = [(row["writer"], row["n"]) for row in rows]
    kept = {(name, n) for name, numbers in zip(names, told, strict=True) for n in numbers}
    assert len(there) == len(set(there)), "nothing twice"
    assert set(there) == kept, "what we were told is what is there"
    (stock,) = await databases[0].fetch("SELECT left_over FROM stock")
    assert stock["left_over"] == 1_000_000 - len(there)
    for writer in {writer for writer, _ in there}:
        numbers = [n for name, n in there if name == writer]
        assert numbers == sorted(numbers), "in order"
    print(f"seed {seed}: {len(there)} units kept")
    for database in databases:
        database.close()


async def test_who_has_lost_the_claim_commits_nothing(server: PostgresServer) -> None:
    first = opened(server)
    with first.migrating():
        first.run_script(TABLES)
    first.claim()
    await first.commit(a_unit("first", 1))
    await kill(server)
    second = opened(server)
    second.claim()
    with pytest.raises(StoreUnavailable, match="another process"):
        await first.commit(a_unit("first", 2))
    await second.commit(a_unit("second", 1))
    second.close()
    await first.commit(a_unit("first", 3))
    rows = await first.scan("SELECT writer, n FROM log ORDER BY id")
    assert [tuple(row) for row in rows] == [("first", 1), ("second", 1), ("first", 3)]
    first.close()


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_commit_whose_answer_is_lost_is_asked_for(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch, arrives: bool
) -> None:
    """The connection breaks once, after the server got COMMIT or before; we cannot tell which."""
    database = opened(server)
    with database.migrating():
        database.run_script(TABLES)
    script, broken = Connection.script, list[str]()

    async def breaks_once(self: Connection, sql: str) -> str:
        if sql != "COMMIT" or broken:
            return await script(self, sql)
        if arrives:
            await script(self, sql)
        broken.append(sql)
        self.raw.terminate()
        raise ConnectionResetError

    monkeypatch.setattr(Connection, "script", breaks_once)
    await database.commit(a_unit("a", 1))
    assert broken
    assert len(await database.scan("SELECT 1 FROM log")) == 1
    database.close()
