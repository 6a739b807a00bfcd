"""What was copied from a database in use is whole, is refused when it is not, and comes back."""

import asyncio
import io
import json
import shutil
from pathlib import Path

import pytest

from bot.app import declared_tables, open_store
from bot.commands import backup as command
from bot.config import Config, keygen
from bot.errors import Misconfigured
from bot.model import Lane, MessageReceived
from bot.store import Arrival, Download, Store, Unit
from bot.store.backup import Held, back_up, check_whole, restore
from bot.store.erasures import Eraser
from tests.builders import a_config, a_customer, a_message, home_of
from tests.conftest import OpenChat
from tests.unit.store import ON_SQLITE

LAN = a_customer()
pytestmark = ON_SQLITE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def held(store: Store) -> Held:
    return Held(home_of(store) / "concierge.db")


async def arrives(store: Store, n: int, *, msgid: str = "") -> None:
    unit, message = Unit(), a_message(msgid=msgid or f"m{n}", text=f"第{n}句")
    await store.mailbox.deliver(unit, [Arrival(LAN.subject, message, Lane.REPLY)], float(n))
    await store.database.commit(unit)


def copied(store: Store, folder: Path) -> tuple[Path, Path]:
    data, keys = folder / "data", folder / "keys.db"
    back_up(held(store), data, keys, made_at=1.0)
    return data, keys


def elsewhere(tmp_path: Path) -> Config:
    return a_config(tmp_path / "empty" / "machine")


def held_by(config: Config) -> Held:
    assert config.storage.sqlite_path is not None
    return Held(config.storage.sqlite_path)


async def test_what_is_written_meanwhile_is_in_the_copy_whole_or_not_at_all(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    async def keeps_writing() -> None:
        for n in range(1, 300):
            await arrives(store, n)

    await arrives(store, 0)
    writing = asyncio.create_task(keeps_writing())
    await asyncio.sleep(0.01)
    data, keys = await asyncio.to_thread(copied, store, folder)
    await writing
    config = elsewhere(tmp_path)
    restore(data, keys, held_by(config))
    back = open_store(config)
    try:
        letters = await back.mailbox.due(LAN.subject, 1e9, limit=1000)
        assert 1 <= len(letters) <= 300
        said = [
            letter.event.text for letter in letters if isinstance(letter.event, MessageReceived)
        ]
        assert said == [f"第{n}句" for n in range(len(letters))], "in order, and it can be read"
    finally:
        back.close()


async def test_files_come_back_and_open(store: Store, folder: Path, tmp_path: Path) -> None:
    await store.vault.ready([LAN.subject])
    picture = Download(b"a picture", "image/png", "x.png")
    path = store.media.write(LAN.subject, "pic", picture)
    data, keys = copied(store, folder)
    config = elsewhere(tmp_path)
    restore(data, keys, held_by(config))
    back = open_store(config)
    try:
        await back.vault.ready([LAN.subject])
        sealed = (back.media.folder / path.name).read_bytes()
        assert back.vault.open(LAN.subject, sealed) == b"a picture"
    finally:
        back.close()


@pytest.mark.parametrize("name", ["concierge.db", "media/x.sealed"])
@pytest.mark.parametrize("harm", ["bit", "gone"])
async def test_a_copy_that_was_harmed_is_refused(
    store: Store, folder: Path, name: str, harm: str
) -> None:
    store.media.folder.mkdir(exist_ok=True)
    (store.media.folder / "x.sealed").write_bytes(b"sealed")
    data, keys = copied(store, folder)
    check_whole(data, keys)
    file = data / name
    if harm == "gone":
        file.unlink()
    else:
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    with pytest.raises(Misconfigured, match=name):
        check_whole(data, keys)


async def test_the_keys_of_another_backup_are_refused(store: Store, folder: Path) -> None:
    data, _ = copied(store, folder)
    await store.vault.ready(["customer:wm_new"])
    _, keys = copied(store, folder / "later")
    with pytest.raises(Misconfigured, match="not the keys"):
        check_whole(data, keys)


async def test_what_a_kill_left_of_a_backup_is_made_anew(store: Store, folder: Path) -> None:
    (folder / "data.part" / "media").mkdir(parents=True)
    (folder / "data.part" / "media" / "stale.sealed").write_bytes(b"x")
    data, keys = copied(store, folder)
    assert not (data / "media").exists()
    assert sorted(one.name for one in folder.iterdir()) == ["data", "keys.db"]
    check_whole(data, keys)


async def test_a_restore_that_was_killed_is_done_again(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    data, keys = copied(store, folder)
    config = elsewhere(tmp_path)
    restore(data, keys, held_by(config))
    held_by(config).database.unlink()  # it gets its name last
    restore(data, keys, held_by(config))
    open_store(config).close()


async def test_who_was_erased_since_the_backup_is_erased_again(
    open_chat: OpenChat, folder: Path
) -> None:
    chat = await open_chat()
    await chat.says("我叫兰心")
    data, _ = copied(chat.store, folder)
    eraser = Eraser(chat.store, declared_tables(chat.engine.routers))
    await eraser.carry_out(await eraser.ask("wm_lan", by="test", now=1.0))
    chat.store.close()
    there = held(chat.store)
    there.database.unlink()
    restore(data, None, there)
    back = open_store(chat.engine.config)
    try:
        assert await back.database.fetch("SELECT 1 FROM customers WHERE external_userid = 'wm_lan'")
        assert await Eraser(back, declared_tables(chat.engine.routers)).replay() == 1
        assert not await back.database.fetch(
            "SELECT 1 FROM customers WHERE external_userid = 'wm_lan'"
        )
    finally:
        back.close()


# ------------------------------------------------------------------------ the commands


async def test_a_company_moves_to_an_empty_machine(
    open_chat: OpenChat, folder: Path, tmp_path: Path
) -> None:
    chat, out = await open_chat(), io.StringIO()
    await chat.says("多久发货")
    config = chat.engine.config
    await command.back_up(config, folder / "data", folder / "keys", out, keep=2, now=1.0)
    (data,), (keys,) = (folder / "data").iterdir(), (folder / "keys").iterdir()
    there = elsewhere(tmp_path)
    await command.restore(there, data, keys, out)
    assert "1 位客户" in out.getvalue()
    back = open_store(there)
    try:
        assert await back.transcript.last_words(chat.conversation, 1) == [("wm_lan-2", "多久发货")]
        [note] = await back.database.fetch("SELECT subject FROM audit WHERE action = 'restore'")
        assert note["subject"] == data.name
    finally:
        back.close()


async def test_old_backups_go_with_their_keys(store: Store, folder: Path, home: Path) -> None:
    for n in range(3):
        await command.back_up(
            *(a_config(home), folder / "data", folder / "keys", io.StringIO()),
            keep=2,
            now=n * 86_400.0,
        )
    assert len(list((folder / "data").iterdir())) == 2
    names = {one.name for one in (folder / "data").iterdir()}
    assert {one.name.removesuffix(".keys.db") for one in (folder / "keys").iterdir()} == names


async def test_a_database_that_is_there_is_only_replaced_when_told_and_is_kept(
    store: Store, folder: Path, home: Path
) -> None:
    data, keys = copied(store, folder)
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
    [aside] = home.glob("concierge.db.replaced-*[0-9]")
    shutil.copy(aside, folder / "aside.db")
    assert "密钥库用这里现有的" in out.getvalue()


@pytest.mark.parametrize(
    ("harm", "told"),
    [("masters", "主密钥"), ("migrations", "更新的版本")],
)
async def test_what_this_machine_could_not_use_is_refused_before_anything_is_touched(
    store: Store, folder: Path, tmp_path: Path, harm: str, told: str
) -> None:
    await arrives(store, 1)
    data, keys = copied(store, folder)
    config = elsewhere(tmp_path)
    if harm == "masters":
        config = a_config(tmp_path / "empty", security={"encryption_key": keygen()})
    else:
        manifest = json.loads((data / "manifest.json").read_text("utf-8"))
        manifest["migrations"].append("engine/9999_later")
        (data / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(Misconfigured, match=told):
        await command.restore(config, data, keys, io.StringIO())
    assert not held_by(config).database.exists()
    assert not held_by(config).keys.exists()


async def test_data_and_keys_in_one_place_are_refused(home: Path, folder: Path) -> None:
    with pytest.raises(Misconfigured, match="两处"):
        await command.back_up(a_config(home), folder, folder, io.StringIO(), keep=0)
