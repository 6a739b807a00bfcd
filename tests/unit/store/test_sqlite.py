"""What is SQLite's own: files, locks of files, a disk that is full."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import StoreUnavailable
from bot.store.sqlite import SqliteDatabase
from tests.unit.store.things import CREATE, a_unit, names


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    opened = SqliteDatabase(tmp_path / "facts.db")
    opened.run_script(CREATE)
    yield opened
    opened.close()


async def test_a_full_disk_keeps_nothing_and_is_outlived(database: SqliteDatabase) -> None:
    database.run_script("PRAGMA max_page_count = 6")
    big = [a_unit(str(n) + "x" * 4000) for n in range(20)]
    results = await asyncio.gather(*(database.commit(unit) for unit in big), return_exceptions=True)
    refused = [result for result in results if isinstance(result, StoreUnavailable)]
    assert refused
    assert "full" in str(refused[0])
    database.run_script("PRAGMA max_page_count = 100000")
    await database.commit(a_unit("after"))
    assert "after" in await names(database)


async def test_a_database_locked_by_another_process_is_outlived(database: SqliteDatabase) -> None:
    database.run_script("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        await database.commit(a_unit("a"))
    other.execute("ROLLBACK")
    other.close()
    await database.commit(a_unit("a"))
    assert await names(database) == ["a"]


def test_a_file_survives_a_power_cut_and_forgets_what_is_deleted(database: SqliteDatabase) -> None:
    def pragma(name: str) -> object:
        return database.read_sync(f"PRAGMA {name}")[0][0]

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2
    assert pragma("secure_delete") == 1
    assert pragma("foreign_keys") == 1


async def test_closing_does_not_wait_for_another_process_that_writes(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    """Before: 20 s, ten for each group of units that was queued."""
    other = sqlite3.connect(tmp_path / "facts.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.gather(database.commit(a_unit("a")), return_exceptions=True)
    await asyncio.sleep(0)
    started = time.perf_counter()
    await asyncio.to_thread(database.close)
    assert time.perf_counter() - started < 5
    assert isinstance((await waiting)[0], StoreUnavailable)
    other.close()


async def test_a_unit_waits_for_another_process_that_writes(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "facts.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    asyncio.get_running_loop().call_later(1.5, other.execute, "ROLLBACK")
    await database.commit(a_unit("a"))
    assert await names(database) == ["a"]
    other.close()
