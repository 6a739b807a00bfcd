"""A shop's folder and the commands that work on it."""

import asyncio
import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_database
from bot.cli import main
from bot.store import Statement, Unit
from bot.store.database import Database, Row
from tests.builders import a_config
from tests.conftest import MIGRATED
from tests.postgres_server import PostgresServer

SHIP = """\
- id: ship
  question: 多久发货
  similar: [什么时候发货]
  answer: 两天内。
  category: 物流
- {id: fee, question: 运费多少, answer: 8 元。, menu: [ship]}
"""


class Shop:
    """Runs commands as in a terminal that nobody sits at.

    Args:
        storage: section of its configuration.
    """

    def __init__(
        self, folder: Path, capsys: pytest.CaptureFixture[str], storage: dict[str, str]
    ) -> None:
        self.folder, self._capsys, self.storage = folder, capsys, storage
        self.files = folder / "faq"
        self.files.mkdir()
        self.said = ""
        self.complained = ""
        self.write("faq/ship.yaml", SHIP)
        self.write(
            "config.yaml",
            "knowledge: {sources: [faq]}\nembeddings: {provider: none}\n"
            f"storage: {json.dumps(storage)}\n",
        )

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def reads(self, sql: str, *params: Any) -> list[Row]:
        """What stands in the database."""
        with self._opened() as database:
            return database.read_sync(sql, *params)

    def writes(self, *statements: Statement) -> None:
        """As the service would, in one unit."""
        with self._opened() as database:
            asyncio.run(_committed(database, *statements))

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Database]:
        database = open_database(a_config(self.folder, storage=self.storage))
        try:
            yield database
        finally:
            database.close()

    def run(self, *line: object) -> int:
        """One command; what it printed is in `said` and `complained`."""
        code = main([*map(str, line), "--config", str(self.folder / "config.yaml")])
        self.said, self.complained = self._capsys.readouterr()
        return code


async def _committed(database: Database, *statements: Statement) -> None:
    await database.commit(Unit(list(statements)))


@pytest.fixture
def shop(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    request: pytest.FixtureRequest,
) -> Iterator[Shop]:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    if backend == "sqlite":
        yield Shop(tmp_path, capsys, {"url": f"sqlite:///{tmp_path}/data/concierge.db"})
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    storage = {"url": server.url(MIGRATED), "folder": f"{tmp_path}/data"}
    yield Shop(tmp_path, capsys, storage)
    server.restore(MIGRATED)
