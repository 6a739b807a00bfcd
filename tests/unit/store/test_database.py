import asyncio
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store import Database, Statement, Unit, UnitConflict
from bot.store.sqlite import SqliteDatabase

INSERT = "INSERT INTO things (name) VALUES (?)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = SqliteDatabase(tmp_path / "facts.db")
    opened.run_script("CREATE TABLE things (name TEXT PRIMARY KEY)")
    yield opened
    opened.close()


async def names(database: Database) -> list[str]:
    return [row["name"] for row in await database.fetch("SELECT name FROM things ORDER BY name")]


def a_unit(*things: object) -> Unit:
    return Unit([Statement(INSERT, (thing,)) for thing in things])


async def test_a_unit_is_kept_whole_or_not_at_all(database: Database) -> None:
    await database.commit(a_unit("a"))
    with pytest.raises(sqlite3.IntegrityError):
        await database.commit(a_unit("b", "a", "c"))
    assert await names(database) == ["a"]


async def test_units_committed_at_once_share_a_commit_and_fail_alone(database: Database) -> None:
    """Each unit of a group runs in a savepoint of its own."""
    units = [a_unit("a"), a_unit("a"), a_unit("b"), a_unit("c", "c"), a_unit("d")]
    results = await asyncio.gather(
        *(database.commit(unit) for unit in units), return_exceptions=True
    )
    failed = [isinstance(result, sqlite3.IntegrityError) for result in results]
    assert failed == [False, True, False, True, False]
    assert await names(database) == ["a", "b", "d"]


async def test_a_thousand_units_at_once_are_all_kept(database: Database) -> None:
    await asyncio.gather(*(database.commit(a_unit(f"{n:04}")) for n in range(1000)))
    assert len(await names(database)) == 1000


@pytest.mark.parametrize(
    ("sql", "params"),
    [
        ("INSERT INTO nowhere VALUES (1)", ()),
        ("this is no SQL", ()),
        (INSERT, (2**70,)),
        (INSERT, ("\ud83d",)),
        (INSERT, (object(),)),
        (INSERT, ("too", "many")),
    ],
)
async def test_a_statement_that_cannot_run_hurts_its_own_unit_only(
    database: Database, sql: str, params: tuple[object, ...]
) -> None:
    bad = Unit([Statement(sql, params)])
    results = await asyncio.gather(
        database.commit(a_unit("a")),
        database.commit(bad),
        database.commit(a_unit("b")),
        return_exceptions=True,
    )
    assert [isinstance(result, Exception) for result in results] == [False, True, False]
    await database.commit(a_unit("c"))
    assert await names(database) == ["a", "b", "c"]


async def test_another_number_of_rows_than_expected_is_a_conflict(database: Database) -> None:
    unit = a_unit("a")
    unit.add("UPDATE things SET name = 'z' WHERE name = 'nobody'", expect=1)
    with pytest.raises(UnitConflict, match="expected 1 rows, found 0") as caught:
        await database.commit(unit)
    assert caught.value.found == 0
    assert await names(database) == []


async def test_the_rows_that_a_statement_returns_are_counted_too(database: Database) -> None:
    unit = a_unit("a", "b")
    unit.add("DELETE FROM things RETURNING name", expect=2)
    rows = await database.commit(unit)
    assert sorted(row["name"] for row in rows[2]) == ["a", "b"]
    with pytest.raises(UnitConflict):
        await database.commit(Unit([Statement("DELETE FROM things RETURNING name", (), 1)]))


async def test_an_aside_that_fails_costs_its_unit_nothing(database: Database) -> None:
    unit = a_unit("a")
    unit.asides = [
        [Statement(INSERT, ("b",)), Statement(INSERT, ("a",))],
        [Statement("INSERT INTO nowhere VALUES (1)")],
        [Statement(INSERT, ("c",))],
    ]
    await database.commit(unit)
    assert await names(database) == ["a", "c"]


async def test_a_unit_that_fails_takes_its_asides_with_it(database: Database) -> None:
    await database.commit(a_unit("a"))
    unit = a_unit("a")
    unit.asides = [[Statement(INSERT, ("b",))]]
    with pytest.raises(sqlite3.IntegrityError):
        await database.commit(unit)
    assert await names(database) == ["a"]


async def test_a_full_disk_keeps_nothing_and_is_outlived(database: Database) -> None:
    database.run_script("PRAGMA max_page_count = 6")
    big = [a_unit(str(n) + "x" * 4000) for n in range(20)]
    results = await asyncio.gather(*(database.commit(unit) for unit in big), return_exceptions=True)
    refused = [result for result in results if isinstance(result, sqlite3.OperationalError)]
    assert refused
    assert "full" in str(refused[0])
    database.run_script("PRAGMA max_page_count = 100000")
    await database.commit(a_unit("after"))
    assert "after" in await names(database)


async def test_a_database_locked_by_another_process_is_outlived(database: Database) -> None:
    database.run_script("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        await database.commit(a_unit("a"))
    other.execute("ROLLBACK")
    other.close()
    await database.commit(a_unit("a"))
    assert await names(database) == ["a"]


async def test_closing_finishes_what_was_queued(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "facts.db")
    database.run_script("CREATE TABLE things (name TEXT PRIMARY KEY)")
    commits = [asyncio.ensure_future(database.commit(a_unit(str(n)))) for n in range(50)]
    await asyncio.sleep(0)
    database.close()
    await asyncio.gather(*commits)
    again = SqliteDatabase(tmp_path / "facts.db")
    assert len(await names(again)) == 50
    again.close()


async def test_a_closed_database_refuses_at_once_and_closes_twice(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "facts.db")
    database.close()
    database.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        await database.commit(Unit())


async def test_a_caller_who_gives_up_does_not_disturb_the_writer(database: Database) -> None:
    impatient = asyncio.ensure_future(database.commit(a_unit("a")))
    await asyncio.sleep(0)
    impatient.cancel()
    await database.commit(a_unit("b"))
    assert "b" in await names(database)


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.fetch("DELETE FROM things")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.scan("DELETE FROM things")


async def test_what_another_process_commits_is_noticed(database: Database) -> None:
    before = await database.foreign_version()
    await database.execute(INSERT, "a")
    assert await database.foreign_version() == before, "our own commits are no news"
    other = sqlite3.connect(database.path)
    other.execute(INSERT, ("b",))
    other.commit()
    other.close()
    assert await database.foreign_version() != before
    assert await names(database) == ["a", "b"]


def test_a_file_survives_a_power_cut_and_forgets_what_is_deleted(database: Database) -> None:
    def pragma(name: str) -> object:
        return database.read_sync(f"PRAGMA {name}")[0][0]

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2
    assert pragma("secure_delete") == 1
    assert pragma("foreign_keys") == 1


async def test_closing_does_not_wait_for_another_process_that_writes(
    database: Database, tmp_path: Path
) -> None:
    """Before: 20 s, ten for each group of units that was queued."""
    other = sqlite3.connect(tmp_path / "facts.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.gather(database.commit(a_unit("a")), return_exceptions=True)
    await asyncio.sleep(0)
    started = time.perf_counter()
    await asyncio.to_thread(database.close)
    assert time.perf_counter() - started < 5
    assert isinstance((await waiting)[0], sqlite3.OperationalError)
    other.close()


async def test_a_unit_waits_for_another_process_that_writes(
    database: Database, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "facts.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    asyncio.get_running_loop().call_later(1.5, other.execute, "ROLLBACK")
    await database.commit(a_unit("a"))
    assert await names(database) == ["a"]
    other.close()
