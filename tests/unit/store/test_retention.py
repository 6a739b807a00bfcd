"""Of every table that says how long it is kept, what is past its time goes, and nothing else."""

import pytest

import handlers
from bot.app import declared_tables
from bot.config import Retention as Days
from bot.delivery import housekeeping
from bot.delivery.housekeeping import Retention
from bot.routing.discovery import discover
from bot.store import Store, Unit
from bot.store.tables import AUDIT, FOREVER, HANDLED, MESSAGES
from tests.talk import PlayedClock
from tests.unit.store.rows import a_row
from tests.unit.store.test_moving import ONCE

TABLES = declared_tables(discover(handlers))
KEPT = [table for table in TABLES if table.kept]
DAY_S = 86_400.0
GO_ALONG = {"incident_steps"}
"""Rows that go with the one they belong to."""

DAYS = Days().model_dump()


async def fill(store: Store, now: float) -> None:
    """In every table a row that is past its time, and one that is not yet."""
    unit = Unit()
    for table in TABLES:
        if table.name in ("schema_migrations", *ONCE):
            continue
        for n, past in ((1, 60.0), (2, -60.0)):
            values = a_row(store.database, table, n)
            if table.kept:
                values[table.age] = now - DAYS[table.kept] * DAY_S - past
            marks = ", ".join("?" * len(values))
            unit.add(
                f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({marks})",
                *values.values(),
            )
    await store.database.commit(unit)


async def test_old_rows_go_and_young_ones_stay(store: Store, clock: PlayedClock) -> None:
    """Of a table that is kept until the person is erased nothing goes."""
    await fill(store, clock.now())
    before = await counted(store)
    await Retention(store, clock, TABLES, DAYS).look()
    assert await counted(store) == {
        table.name: before[table.name] - (bool(table.kept) or table.name in GO_ALONG)
        for table in TABLES
    }
    for table in KEPT:
        [row] = await store.database.fetch(f"SELECT {table.age} AS age FROM {table.name}")
        assert row["age"] == clock.now() - DAYS[table.kept] * DAY_S + 60, table.name


async def counted(store: Store) -> dict[str, int]:
    return {
        table.name: (await store.database.scan(f"SELECT COUNT(*) AS n FROM {table.name}"))[0]["n"]
        for table in TABLES
    }


async def test_more_rows_than_one_look_takes_go_with_the_next(
    store: Store, clock: PlayedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "_PORTIONS", 1)
    unit = Unit()
    for n in range(2_500):
        unit.add("INSERT INTO deliveries VALUES (?, ?)", f"d{n}".encode(), 1.0)
    await store.database.commit(unit)
    sweep = Retention(store, clock, TABLES, DAYS)
    counts = []
    for _ in range(2):
        await sweep.look()
        rows = await store.database.fetch("SELECT COUNT(*) AS n FROM deliveries")
        counts.append(rows[0]["n"])
    assert counts == [500, 0]


def test_every_span_of_the_configuration_is_somebody_s() -> None:
    assert {table.kept for table in TABLES} - {FOREVER} == {MESSAGES, HANDLED, AUDIT} == set(DAYS)
