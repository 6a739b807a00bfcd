"""Do the commands of the how-to pages do what the pages say? Each block marked `run` is run.

The blocks of a page are one session of bash in a folder with a company that has heard one customer;
`concierge` there is the product. A command that fails ends the session.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import open_store
from bot.config import Config, load_config
from bot.model import Lane
from bot.store import Arrival, Unit
from tests.builders import KEY, a_customer, a_message
from tests.postgres_server import PostgresServer
from tests.unit import docs_pages
from tests.unit.docs_pages import ROOT

_CONFIG = """
company: {name: 云栖优选}
embeddings: {provider: none}
staff: [{userid: zhangsan, name: 张敏, level: junior}]
"""
_SHELL = 'concierge() { "$PYTHON" -m bot "$@"; }\n'
ON_POSTGRES = {"use-postgresql.md"}

RUNS = {
    page: [block.text for block in docs_pages.blocks(page) if block.mark == "run"]
    for page in docs_pages.pages()
}
PAGES = [page for page, blocks in RUNS.items() if blocks]
QUICK = {"back-up.md"}
"""The others, which take ten seconds and more each, are run with the deep tests."""

KEYS = {"CONCIERGE_SECURITY__ENCRYPTION_KEY": KEY}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an operator stands: a configuration, and a company in data/."""
    (tmp_path / "config.yaml").write_text(_CONFIG, "utf-8")
    return tmp_path


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of PostgreSQL, started for the pages that speak of one."""
    if request.getfixturevalue("page").name not in ON_POSTGRES:
        yield ""
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.new_database() as url:
        yield url


async def hears(config: Config, text: str) -> None:
    store = open_store(config)
    with contextlib.closing(store):
        unit = Unit()
        arrival = Arrival(a_customer().subject, a_message(text), Lane.REPLY)
        await store.mailbox.deliver(unit, [arrival], 1000.0)
        await store.database.commit(unit)


async def heard(config: Config) -> list[str]:
    store = open_store(config)
    with contextlib.closing(store):
        letters = await store.mailbox.due(a_customer().subject, 1e9)
        return [getattr(letter.event, "text", "") for letter in letters]


def run(folder: Path, script: str, environment: dict[str, str]) -> str:
    """Run a session; what it printed, and after it the environment that it ended with."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{_SHELL}{script}\nenv | grep ^CONCIERGE_ >.left"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHON": sys.executable} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize(
    "page",
    [pytest.param(one, marks=[] if one.name in QUICK else pytest.mark.deep) for one in PAGES],
    ids=[one.name for one in PAGES],
)
async def test_the_commands_of_a_page_run_and_nothing_is_lost(
    page: Path, folder: Path, database: str
) -> None:
    await hears(load_config(folder / "config.yaml", KEYS), "多久发货")
    given = KEYS | ({"CONCIERGE_STORAGE__URL": database} if database else {})
    run(folder, "\n".join(RUNS[page]), given)
    left = dict(line.split("=", 1) for line in (folder / ".left").read_text("utf-8").splitlines())
    assert await heard(load_config(folder / "config.yaml", left)) == ["多久发货"]


def test_a_command_that_fails_is_noticed(folder: Path) -> None:
    with pytest.raises(AssertionError, match="no-such"):
        run(folder, "concierge no-such-command", KEYS)


def test_the_pages_of_operation_are_run() -> None:
    assert {"back-up.md", "rotate-keys.md", "use-postgresql.md", "operate.md"} <= {
        page.name for page in PAGES
    }
