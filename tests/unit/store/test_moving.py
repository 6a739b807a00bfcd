"""A company that moves to another database arrives whole, or does not arrive."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import handlers
from bot.app import declared_tables, open_store
from bot.app.engine import known_migrations
from bot.commands.moving import move_here
from bot.errors import Misconfigured
from bot.routing.discovery import discover
from bot.store import Database, Download, Store, Unit
from bot.store.migrate import migrate
from bot.store.moving import PAGE, Move, refuse_moved
from tests.builders import a_config, a_customer, home_of
from tests.unit.store import Opens
from tests.unit.store.rows import a_row

TABLES = [
    table
    for table in declared_tables(discover(handlers))
    if table.name not in ("moves", "schema_migrations", "workers", "leases")
]
ONCE = {"content_version", "contact_sync", "group_welcome"}
"""Tables of one row."""

LAN = a_customer()
NAMES = ("sqlite:///there", "here")


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Store]:
    """The company on SQLite, with rows in every table."""
    folder = tmp_path / "source"
    folder.mkdir()
    store = open_store(a_config(folder))
    yield store
    store.close()


@pytest.fixture
def target(opens: Opens) -> Iterator[Database]:
    """An empty database of this version, on either backend."""
    opened = opens()
    migrate(opened, known_migrations())
    yield opened
    opened.close()


async def fill(store: Store, rows: int = 3) -> None:
    """So many rows in every table that can hold more than one."""
    unit = Unit()
    for table in TABLES:
        for n in range(1 if table.name in ONCE else rows):
            if table.name in ONCE:
                unit.add(f"DELETE FROM {table.name}")
            values = a_row(store.database, table, n)
            marks = ", ".join("?" * len(values))
            unit.add(
                f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({marks})",
                *values.values(),
            )
    await store.database.commit(unit)


async def everything(database: Database) -> dict[str, list[dict[str, Any]]]:
    return {
        table.name: [
            dict(row)
            for row in await database.scan(f"SELECT * FROM {table.name} ORDER BY {table.key}")
        ]
        for table in TABLES
    }


async def moved(source: Database, target: Database) -> dict[str, int]:
    """Move all; how many rows of each table were copied."""
    copied: dict[str, int] = {}
    move = Move(source, target, NAMES, TABLES)
    await move.begin()
    await move.copy(copied.__setitem__)
    await move.compare()
    await move.end(leaving=source)
    return copied


async def test_every_row_of_every_table_arrives_as_it_was(source: Store, target: Database) -> None:
    await fill(source)
    copied = await moved(source.database, target)
    assert copied == {table.name: 1 if table.name in ONCE else 3 for table in TABLES}
    assert await everything(target) == await everything(source.database)


async def test_new_rows_are_numbered_on(source: Store, target: Database) -> None:
    """Followers of changes go by the number: none is given twice, deleted or not."""
    for n in range(5):
        await source.database.execute(
            "INSERT INTO changes (kind, external_userid, at, data) VALUES ('x', 'wm', ?, '{}')", n
        )
    await source.database.execute("DELETE FROM changes WHERE id > 3")
    await moved(source.database, target)
    rows = await target.execute(
        "INSERT INTO changes (kind, external_userid, at, data) VALUES ('x', 'wm', 9, '{}')"
        " RETURNING id"
    )
    assert rows[0]["id"] == 6


async def test_a_move_that_was_killed_goes_on_where_it_was(source: Store, target: Database) -> None:
    for n in range(PAGE + 20):
        await source.database.execute("INSERT INTO persons VALUES (?, ?)", f"p_{n:05}", float(n))

    def killed(table: str, rows: int) -> None:
        raise SystemExit

    move = Move(source.database, target, NAMES, TABLES)
    await move.begin()
    with pytest.raises(SystemExit):
        await move.copy(killed)
    await target.execute("DELETE FROM persons WHERE person_id >= ?", f"p_{PAGE:05}")
    with pytest.raises(Misconfigured, match="being moved here"):
        refuse_moved(target)
    copied: dict[str, int] = {}
    again = Move(source.database, target, NAMES, TABLES)
    assert await again.begin()
    await again.copy(copied.__setitem__)
    assert copied["persons"] == 20
    await again.compare()
    await again.end(leaving=source.database)
    refuse_moved(target)


async def test_afterwards_the_old_one_is_not_served(source: Store, target: Database) -> None:
    await moved(source.database, target)
    with pytest.raises(Misconfigured, match="moved to here"):
        refuse_moved(source.database)


@pytest.mark.parametrize("backend", ["postgres"])
async def test_what_does_not_arrive_as_it_was_is_told(source: Store, target: Database) -> None:
    """SQLite keeps in a column what was put there; a number with a fraction is no integer."""
    await source.database.execute("INSERT INTO model_usage VALUES ('wm', 1.0, 1.5, 1)")
    move = Move(source.database, target, NAMES, TABLES)
    await move.begin()
    await move.copy(lambda _table, _rows: None)
    with pytest.raises(Misconfigured, match="model_usage is not the same"):
        await move.compare()


async def test_a_database_in_use_is_no_target(source: Store, target: Database) -> None:
    await target.execute("INSERT INTO persons VALUES ('p_1', 0)")
    with pytest.raises(Misconfigured, match="in use"):
        await Move(source.database, target, NAMES, TABLES).begin()


async def test_nor_is_one_into_which_another_company_was_moved(
    source: Store, target: Database
) -> None:
    await moved(source.database, target)
    with pytest.raises(Misconfigured, match="sqlite:///there"):
        await Move(source.database, target, ("sqlite:///other", "here"), TABLES).begin()


def test_tables_come_after_those_that_they_refer_to(source: Store) -> None:
    order = [table.name for table in TABLES]
    for table in TABLES:
        for row in source.database.read_sync(f"PRAGMA foreign_key_list({table.name})"):
            assert order.index(row["table"]) < order.index(table.name)


async def test_the_command_moves_rows_keys_and_files(source: Store, home: Path) -> None:
    await source.vault.ready([LAN.subject])
    sealed = source.vault.seal(LAN.subject, "多久发货".encode())
    source.media.write(LAN.subject, "pic", Download(b"picture", "image/png", "x.png"))
    source.close()
    out = io.StringIO()
    address = f"sqlite:///{home_of(source)}/concierge.db"
    assert await move_here(a_config(home), address, out) == 0
    assert "两边逐行核对一致" in out.getvalue()
    here = open_store(a_config(home))
    await here.vault.ready([LAN.subject])
    assert here.vault.open(LAN.subject, sealed).decode() == "多久发货"
    assert len(list(here.media.folder.glob("*.sealed"))) == 1
    here.close()


async def test_a_company_that_is_served_is_not_moved(source: Store, home: Path) -> None:
    source.database.claim()
    address = f"sqlite:///{home_of(source)}/concierge.db"
    with pytest.raises(Misconfigured, match="another process"):
        await move_here(a_config(home), address, io.StringIO())
    refuse_moved(source.database)


async def test_where_there_is_no_company_nothing_is_moved(home: Path, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="没有这个数据库"):
        await move_here(a_config(home), f"sqlite:///{tmp_path}/none.db", io.StringIO())
