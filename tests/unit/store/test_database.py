"""What both databases promise."""

import asyncio
from collections.abc import Iterator

import pytest

from bot.errors import Misconfigured, StoreFailed, StoreRefused, StoreUnavailable
from bot.store import Database, Statement, Unit, UnitConflict
from tests.unit.store import Opens
from tests.unit.store.things import CREATE, INSERT, a_unit, names


@pytest.fixture
def database(opens: Opens) -> Iterator[Database]:
    opened = opens()
    with opened.migrating():
        opened.run_script(CREATE)
    yield opened
    opened.close()


async def test_a_unit_is_kept_whole_or_not_at_all(database: Database) -> None:
    await database.commit(a_unit("a"))
    with pytest.raises(StoreRefused):
        await database.commit(a_unit("b", "a", "c"))
    assert await names(database) == ["a"]


async def test_units_committed_at_once_share_a_commit_and_fail_alone(database: Database) -> None:
    """Each unit of a group runs in a savepoint of its own."""
    units = [a_unit("a"), a_unit("a"), a_unit("b"), a_unit("c", "c"), a_unit("d")]
    results = await asyncio.gather(
        *(database.commit(unit) for unit in units), return_exceptions=True
    )
    failed = [isinstance(result, StoreRefused) for result in results]
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
    with pytest.raises(StoreRefused):
        await database.commit(unit)
    assert await names(database) == ["a"]


async def test_closing_finishes_what_was_queued(database: Database, opens: Opens) -> None:
    commits = [asyncio.ensure_future(database.commit(a_unit(str(n)))) for n in range(50)]
    await asyncio.sleep(0)
    database.close()
    await asyncio.gather(*commits)
    again = opens()
    assert len(await names(again)) == 50
    again.close()


async def test_a_closed_database_refuses_at_once_and_closes_twice(opens: Opens) -> None:
    database = opens()
    database.close()
    database.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await database.commit(Unit())


async def test_a_caller_who_gives_up_does_not_disturb_the_writer(database: Database) -> None:
    impatient = asyncio.ensure_future(database.commit(a_unit("a")))
    await asyncio.sleep(0)
    impatient.cancel()
    await database.commit(a_unit("b"))
    assert "b" in await names(database)


async def test_readers_cannot_write(database: Database) -> None:
    for read in (database.fetch, database.scan):
        with pytest.raises(StoreFailed, match=r"read-?only"):
            await read("DELETE FROM things")


async def test_what_another_process_commits_is_noticed(database: Database, opens: Opens) -> None:
    before = await database.foreign_version()
    await database.execute(INSERT, "a")
    assert await database.foreign_version() == before, "our own commits are no news"
    other = opens()
    await other.execute(INSERT, "b")
    other.close()
    assert await database.foreign_version() != before
    assert await names(database) == ["a", "b"]


async def test_of_several_processes_each_sees_what_the_others_have_committed(
    database: Database, opens: Opens
) -> None:
    """What every conditional statement rests on: no two of them read the same state."""
    others = [opens() for _ in range(3)]
    takes = "INSERT INTO things SELECT CAST(COUNT(*) + 1 AS TEXT) FROM things HAVING COUNT(*) < 50"
    one = Unit([Statement(takes, (), expect=1)])
    results = await asyncio.gather(
        *(each.commit(one) for _ in range(30) for each in (database, *others)),
        return_exceptions=True,
    )
    for other in others:
        other.close()
    assert sorted(map(int, await names(database))) == list(range(1, 51))
    assert sum(isinstance(result, UnitConflict) for result in results) == 4 * 30 - 50


async def test_a_table_that_a_newer_version_widens_is_used_on(
    database: Database, opens: Opens
) -> None:
    """What was prepared for fewer columns is prepared again."""
    reads = "SELECT * FROM things ORDER BY name"
    writes = INSERT + " RETURNING *"
    await database.execute(writes, "a")
    await database.fetch(reads)
    other = opens()
    other.apply("ALTER TABLE things ADD COLUMN newer TEXT NOT NULL DEFAULT '!'")
    other.close()
    assert [row["newer"] for row in await database.execute(writes, "b")] == ["!"]
    assert [row["newer"] for row in await database.fetch(reads)] == ["!", "!"]


def test_only_one_process_serves_it(database: Database, opens: Opens) -> None:
    database.claim()
    other = opens()
    with pytest.raises(Misconfigured, match="another process"):
        other.claim()
    database.close()
    other.claim()
    other.close()


def test_the_tables_and_their_columns_are_known(database: Database) -> None:
    assert "things" in database.tables()
    assert database.columns("things") == {"name"}
    assert database.columns("nothing") == frozenset()
