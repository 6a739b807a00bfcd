"""One suite over both databases."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.postgres import PostgresDatabase
from bot.store.sqlite import SqliteDatabase
from tests.postgres_server import PostgresServer
from tests.unit.store import Opens


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on."""
    return str(request.param)


@pytest.fixture
def opens(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opens]:
    """Opens a database without tables, the same one each time."""
    with contextlib.ExitStack() as stack:
        if backend == "sqlite":
            yield lambda: SqliteDatabase(tmp_path / "facts.db")
        else:
            server: PostgresServer = request.getfixturevalue("postgres")
            url = stack.enter_context(server.new_database())
            yield lambda: PostgresDatabase(url, "concierge")
