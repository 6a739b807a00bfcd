"""A backup that is put where a company is already: who was erased since stays erased."""

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import declared_tables, open_store
from bot.commands import backup as command
from bot.errors import Misconfigured
from bot.store import Store
from bot.store.backup import restore
from bot.store.erasures import Eraser
from tests.builders import STORAGE, a_config
from tests.conftest import OpenChat
from tests.postgres_server import PostgresServer
from tests.unit.store.test_backup import LAN, arrives, copied, folder, held

__all__ = ["folder"]


@pytest.fixture
def home(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder with a database that no other test has: its schema gets another name here."""
    if backend == "sqlite":
        yield Path(shutil.copytree(request.getfixturevalue("migrated"), tmp_path / "home"))
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    (tmp_path / "home").mkdir()
    with server.new_database() as url:
        (tmp_path / "home" / STORAGE).write_text(url, "utf-8")
        yield tmp_path / "home"


async def test_who_was_erased_since_the_backup_is_erased_again(
    open_chat: OpenChat, folder: Path
) -> None:
    chat = await open_chat()
    await chat.says("我叫兰心")
    data, _ = await copied(chat.store, folder)
    eraser = Eraser(chat.store, declared_tables(chat.engine.routers))
    await eraser.carry_out(await eraser.ask("wm_lan", by="test", now=1.0))
    chat.store.close()
    there = held(chat.store)
    there.set_aside("gone")
    await restore(data, None, there)
    back = open_store(chat.engine.config)
    try:
        assert await back.database.fetch("SELECT 1 FROM customers WHERE external_userid = 'wm_lan'")
        assert await Eraser(back, declared_tables(chat.engine.routers)).replay() == 1
        assert not await back.database.fetch(
            "SELECT 1 FROM customers WHERE external_userid = 'wm_lan'"
        )
    finally:
        back.close()


async def test_a_database_that_is_there_is_only_replaced_when_told_and_is_kept(
    store: Store, folder: Path, home: Path
) -> None:
    data, keys = await copied(store, folder)
    await arrives(store, 1)
    config, out = a_config(home), io.StringIO()
    with pytest.raises(Misconfigured, match="--replace"):
        await command.restore(config, data, keys, out)
    store.database.claim()
    with pytest.raises(Misconfigured, match="serves"):
        await command.restore(config, data, keys, out, replace=True)
    store.close()
    await command.restore(config, data, keys, out, replace=True)
    back = open_store(config)
    try:
        assert not await back.mailbox.due(LAN.subject, 1e9)
    finally:
        back.close()
    assert "密钥库用这里现有的" in out.getvalue()
    assert re.search(r"改名为 concierge\S*replaced\S+", out.getvalue())
