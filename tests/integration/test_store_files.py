"""What is in the files after a restart, an upgrade, a changed key?"""

import base64
import sqlite3
from pathlib import Path

import pytest

from bot.app import open_store
from bot.config import Config
from bot.errors import Misconfigured
from bot.model import Lane
from bot.store import Arrival, Unit
from tests.builders import KEY, a_config, a_customer, a_message

OTHER_KEY = base64.b64encode(b"other key, other key, other key!").decode()


async def store_a_message(config: Config, text: str = "我的电话是 13800000000") -> None:
    store = open_store(config)
    unit = Unit()
    arrival = Arrival(a_customer().subject, a_message(text), Lane.REPLY, "kf:1")
    await store.mailbox.deliver(unit, [arrival], 1000.0)
    await store.database.commit(unit)
    store.close()


async def texts(config: Config) -> list[str]:
    store = open_store(config)
    letters = await store.mailbox.due(a_customer().subject, 1000.0)
    store.close()
    return [str(getattr(letter.event, "text", "")) for letter in letters]


async def test_what_was_committed_is_there_after_a_restart(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    await store_a_message(config)
    assert await texts(config) == ["我的电话是 13800000000"]


async def test_what_was_committed_is_there_after_a_crash(tmp_path: Path) -> None:
    """The files are copied while the process still has them open, as a crash would leave them."""
    config = a_config(tmp_path)
    store = open_store(config)
    unit = Unit()
    arrival = Arrival(a_customer().subject, a_message("多久发货"), Lane.REPLY)
    await store.mailbox.deliver(unit, [arrival], 1000.0)
    await store.database.commit(unit)
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for file in tmp_path.glob("concierge*"):
        (crashed / file.name).write_bytes(file.read_bytes())
    assert await texts(a_config(crashed)) == ["多久发货"]
    store.close()


async def test_no_file_holds_what_a_customer_wrote(tmp_path: Path) -> None:
    await store_a_message(a_config(tmp_path))
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert b"13800000000" not in content, file.name
        assert "电话".encode() not in content, file.name


async def test_another_master_key_stops_the_start(tmp_path: Path) -> None:
    await store_a_message(a_config(tmp_path))
    with pytest.raises(Misconfigured, match="previous_encryption_keys"):
        open_store(a_config(tmp_path, security={"encryption_key": OTHER_KEY}))


async def test_a_changed_master_key_opens_with_the_old_one_named(tmp_path: Path) -> None:
    await store_a_message(a_config(tmp_path))
    both = {"encryption_key": OTHER_KEY, "previous_encryption_keys": [KEY]}
    config = a_config(tmp_path, security=both)
    assert await texts(config) == ["我的电话是 13800000000"]
    store = open_store(config)
    assert await store.vault.rotate() == 1
    store.close()
    alone = a_config(tmp_path, security={"encryption_key": OTHER_KEY})
    assert await texts(alone) == ["我的电话是 13800000000"]


async def test_without_the_keys_the_data_says_nothing(tmp_path: Path) -> None:
    """A backup of the data alone, its key file erased."""
    await store_a_message(a_config(tmp_path))
    for file in tmp_path.glob("concierge.keys.db*"):
        file.unlink()
    store = open_store(a_config(tmp_path))
    assert await store.mailbox.due(a_customer().subject, 1000.0) == []
    (parked,) = await store.mailbox.parked()
    assert parked["error"] == "Unreadable"
    store.close()


def test_a_database_of_a_newer_version_stops_the_start(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    open_store(config).close()
    with sqlite3.connect(tmp_path / "concierge.db") as connection:
        connection.execute("INSERT INTO schema_migrations VALUES ('engine/9999_later', '', 0)")
    connection.close()
    with pytest.raises(Misconfigured, match="9999_later"):
        open_store(config)


def test_a_folder_in_place_of_the_file_is_a_problem_with_a_name(tmp_path: Path) -> None:
    (tmp_path / "concierge.db").mkdir()
    with pytest.raises(Misconfigured, match=r"storage\.url"):
        open_store(a_config(tmp_path))


def test_a_file_that_is_no_database_is_a_problem_with_a_name(tmp_path: Path) -> None:
    (tmp_path / "concierge.db").write_bytes(b"this is a letter to my grandmother\n" * 100)
    with pytest.raises(Misconfigured, match=r"storage\.url"):
        open_store(a_config(tmp_path))


def test_postgresql_is_refused_by_name(tmp_path: Path) -> None:
    storage = {"url": "postgresql://someone@127.0.0.1/concierge"}
    with pytest.raises(Misconfigured, match=r"storage\.url"):
        open_store(a_config(tmp_path, storage=storage))
