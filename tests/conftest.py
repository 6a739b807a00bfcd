"""Fixtures of the whole suite; builders take the place of most of them."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, settings

from bot.app import Engine, build_engine, build_library, open_store, take_files
from bot.ports import ValueSource
from bot.routing.router import Router
from bot.store import Store
from bot.telemetry import Metrics
from knowledge import FaqEntry, Library, Retriever
from tests.builders import STORAGE, a_config, a_customer, open_quickly, some_knowledge
from tests.postgres_server import PostgresServer, running_server
from tests.talk import Chat, PlayedClock

settings.register_profile("ci", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci")


MIGRATED = "migrated"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the suite."""
    parser.addoption(
        "--postgres", action="store_true", help="run what uses a store or a chat over PostgreSQL"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--postgres`, what uses no database, or says itself on which it runs, is left out."""
    if not config.getoption("--postgres"):
        return
    config.hook.pytest_deselected(items=[item for item in items if not _uses_any(item)])
    items[:] = filter(_uses_any, items)


def _uses_any(item: pytest.Item) -> bool:
    """Whether a test uses a database, whichever."""
    if not isinstance(item, pytest.Function):
        return False
    own = item.callspec.params if hasattr(item, "callspec") else {}
    return "backend" in item.fixturenames and "backend" not in own


class OpenChat(Protocol):
    """Opens a chat that differs from `chat` in what the test says.

    Args:
        entries: what the bot knows, by default `some_knowledge`; `None` reads `knowledge.sources`.
        more: behaviours beside those of `handlers/`.
        values: who knows the values that answers may name.
        welcomed: whether the customer has entered and was told that an assistant answers.
        sections: of the configuration, as in config.yaml.
    """

    def __call__(
        self,
        *,
        entries: Sequence[FaqEntry] | None = ...,
        more: Sequence[Router] = (),
        values: Sequence[ValueSource] = (),
        welcomed: bool = True,
        **sections: Any,
    ) -> Awaitable[Chat]:
        """Open it; it is closed with the test."""
        ...


@pytest.fixture
def clock() -> PlayedClock:
    """A clock that moves only when told."""
    return PlayedClock()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty, migrated database, made once."""
    folder = tmp_path_factory.mktemp("migrated")
    open_store(a_config(folder)).close()
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server with an empty, migrated database in `MIGRATED`, started when a test asks for it."""
    with running_server() as server:
        server.sql(f"CREATE DATABASE {MIGRATED} TEMPLATE template0")
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / STORAGE).write_text(server.url(MIGRATED), "utf-8")
            open_store(a_config(Path(folder))).close()
        server.remember(MIGRATED)
        yield server


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on: `sqlite`, or `postgres` when pytest was told so."""
    return "postgres" if request.config.getoption("--postgres") else "sqlite"


@pytest.fixture
def home(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder of this test with an empty, migrated database."""
    if backend == "sqlite":
        yield Path(shutil.copytree(request.getfixturevalue("migrated"), tmp_path / "home"))
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / STORAGE).write_text(server.url(MIGRATED), "utf-8")
    yield folder
    server.restore(MIGRATED)


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """An opened store without an engine."""
    opened = open_quickly(a_config(home))
    yield opened
    opened.close()


@pytest.fixture
async def open_chat(home: Path, clock: PlayedClock) -> AsyncIterator[OpenChat]:
    """Opens the chat of a test that needs its own configuration, knowledge or behaviours."""
    engines: list[Engine] = []

    async def open_it(
        *,
        entries: Sequence[FaqEntry] | None = tuple(some_knowledge()),
        more: Sequence[Router] = (),
        values: Sequence[ValueSource] = (),
        welcomed: bool = True,
        **sections: Any,
    ) -> Chat:
        config = a_config(home, **sections)
        store = open_quickly(config)
        if entries is None:
            await take_files(config, store.contents, now=clock.now())
            library = await build_library(config, store.contents, None)
        else:
            library = Library(Retriever(list(entries)))
        try:
            engine = build_engine(
                config, store, library, clock=clock, metrics=Metrics(), more=more, values=values
            )
        except BaseException:
            store.close()
            raise
        engines.append(engine)
        chat = Chat(engine, a_customer(), clock)
        if welcomed:
            await chat.enters()
        return chat

    yield open_it
    for engine in engines:
        await engine.aclose()


@pytest.fixture
async def chat(open_chat: OpenChat) -> Chat:
    """A customer who was welcomed, and the bot with a small shop's knowledge."""
    return await open_chat()
