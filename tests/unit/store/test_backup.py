"""What was copied from a database in use is whole, is refused when it is not, and comes back."""

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import handlers
from bot.app import declared_tables, open_store
from bot.app.engine import known_migrations
from bot.commands import backup as command
from bot.config import Config, Security, keygen
from bot.errors import Misconfigured
from bot.model import Lane, MessageReceived
from bot.routing.discovery import discover
from bot.store import Arrival, Download, Store, Unit
from bot.store.backup import Held, back_up, check_whole, restore
from bot.store.backup_places import held_by
from bot.store.moving import refuse_moved
from tests.builders import a_config, a_customer, a_message, home_of
from tests.conftest import OpenChat
from tests.postgres_server import PostgresServer
from tests.unit.store import ON_SQLITE

LAN = a_customer()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def held(store: Store) -> Held:
    return place(a_config(home_of(store)))


def place(config: Config) -> Held:
    return held_by(config.storage, known_migrations(), declared_tables(discover(handlers)))


async def arrives(store: Store, n: int, *, msgid: str = "") -> None:
    unit, message = Unit(), a_message(msgid=msgid or f"m{n}", text=f"第{n}句")
    await store.mailbox.deliver(unit, [Arrival(LAN.subject, message, Lane.REPLY)], float(n))
    await store.database.commit(unit)


async def copied(store: Store, folder: Path) -> tuple[Path, Path]:
    data, keys = folder / "data", folder / "keys.db"
    await back_up(held(store), data, keys, made_at=1.0)
    return data, keys


@pytest.fixture(params=["sqlite", "postgres"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Config]:
    """An empty machine, of either kind: what was copied from one goes into the other."""
    folder = tmp_path / "empty" / "machine"
    if request.param == "sqlite":
        yield a_config(folder)
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.new_database() as url:
        yield a_config(folder, storage={"url": url, "folder": str(folder)})


async def test_what_is_written_meanwhile_is_in_the_copy_whole_or_not_at_all(
    store: Store, folder: Path, elsewhere: Config
) -> None:
    async def keeps_writing() -> None:
        for n in range(1, 300):
            await arrives(store, n)

    await arrives(store, 0)
    writing = asyncio.create_task(keeps_writing())
    await asyncio.sleep(0.01)
    data, keys = await copied(store, folder)
    await writing
    await restore(data, keys, place(elsewhere))
    back = open_store(elsewhere)
    try:
        letters = await back.mailbox.due(LAN.subject, 1e9, limit=1000)
        assert 1 <= len(letters) <= 300
        said = [
            letter.event.text for letter in letters if isinstance(letter.event, MessageReceived)
        ]
        assert said == [f"第{n}句" for n in range(len(letters))], "in order, and it can be read"
    finally:
        back.close()


@ON_SQLITE
async def test_files_come_back_and_open(store: Store, folder: Path, elsewhere: Config) -> None:
    await store.vault.ready([LAN.subject])
    picture = Download(b"a picture", "image/png", "x.png")
    path = store.media.write(LAN.subject, "pic", picture)
    (home_of(store) / "lexicon").mkdir()
    (home_of(store) / "lexicon" / "ads.txt").write_text("最便宜", "utf-8")
    data, keys = await copied(store, folder)
    await restore(data, keys, place(elsewhere))
    back = open_store(elsewhere)
    try:
        await back.vault.ready([LAN.subject])
        sealed = (back.media.folder / path.name).read_bytes()
        assert back.vault.open(LAN.subject, sealed) == b"a picture"
        lists = elsewhere.storage.files / "lexicon"
        assert (lists / "ads.txt").read_text("utf-8") == "最便宜", "imported words are in force"
    finally:
        back.close()


@ON_SQLITE
@pytest.mark.parametrize("name", ["concierge.db", "media/x.sealed"])
@pytest.mark.parametrize("harm", ["bit", "gone"])
async def test_a_copy_that_was_harmed_is_refused(
    store: Store, folder: Path, name: str, harm: str
) -> None:
    store.media.folder.mkdir(exist_ok=True)
    (store.media.folder / "x.sealed").write_bytes(b"sealed")
    data, keys = await copied(store, folder)
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


@ON_SQLITE
async def test_the_keys_of_another_backup_are_refused(store: Store, folder: Path) -> None:
    data, _ = await copied(store, folder)
    await store.vault.ready(["customer:wm_new"])
    _, keys = await copied(store, folder / "later")
    with pytest.raises(Misconfigured, match="not the keys"):
        check_whole(data, keys)


@ON_SQLITE
async def test_what_a_kill_left_of_a_backup_is_made_anew(store: Store, folder: Path) -> None:
    (folder / "data.part" / "media").mkdir(parents=True)
    (folder / "data.part" / "media" / "stale.sealed").write_bytes(b"x")
    data, keys = await copied(store, folder)
    assert not (data / "media").exists()
    assert sorted(one.name for one in folder.iterdir()) == ["data", "keys.db"]
    check_whole(data, keys)


@ON_SQLITE
async def test_a_restore_that_was_killed_is_done_again(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    data, keys = await copied(store, folder)
    config = a_config(tmp_path / "empty")
    await restore(data, keys, place(config))
    (tmp_path / "empty" / "concierge.db").unlink()  # it gets its name last
    await restore(data, keys, place(config))
    open_store(config).close()


@ON_SQLITE
@pytest.mark.parametrize("elsewhere", ["postgres"], indirect=True)
async def test_a_restore_into_a_server_that_was_killed_goes_on(
    store: Store, folder: Path, elsewhere: Config
) -> None:
    """Until it has ended nobody serves what is half there, and no other backup is mixed in."""
    await arrives(store, 1)
    data, keys = await copied(store, folder)
    await restore(data, keys, place(elsewhere))
    half = open_store(elsewhere)
    await half.database.execute("UPDATE moves SET ended_at = NULL")
    await half.keys.execute("UPDATE moves SET ended_at = NULL")
    await half.keys.execute("DELETE FROM wrapped_keys")
    await half.database.execute("DELETE FROM mailbox")
    with pytest.raises(Misconfigured, match="being moved here"):
        refuse_moved(half.database)
    half.close()
    other = data.rename(folder / "other")
    with pytest.raises(Misconfigured, match="there already"):
        await restore(other, keys, place(elsewhere))
    await restore(other.rename(data), keys, place(elsewhere))
    whole = open_store(elsewhere)
    refuse_moved(whole.database)
    (letter,) = await whole.mailbox.due(LAN.subject, 1e9)
    assert isinstance(letter.event, MessageReceived)
    assert letter.event.text == "第1句"
    whole.close()


@pytest.mark.parametrize("elsewhere", ["sqlite"], indirect=True)
async def test_new_rows_are_numbered_on_after_a_restore(
    store: Store, folder: Path, elsewhere: Config
) -> None:
    """Whoever follows changes by number is told of the next one, not of one he has seen."""
    change = (
        "INSERT INTO changes (kind, external_userid, at, data) VALUES ('x', 'wm', 1, '{}')"
        " RETURNING id"
    )
    for _ in range(3):
        last = (await store.database.execute(change))[0]["id"]
    await store.database.execute("DELETE FROM changes")
    data, keys = await copied(store, folder)
    await restore(data, keys, place(elsewhere))
    back = open_store(elsewhere)
    assert (await back.database.execute(change))[0]["id"] == last + 1
    back.close()


# ------------------------------------------------------------------------ the commands


async def test_a_company_moves_to_an_empty_machine(
    open_chat: OpenChat, folder: Path, elsewhere: Config
) -> None:
    chat, out = await open_chat(), io.StringIO()
    await chat.says("多久发货")
    config = chat.engine.config
    await command.back_up(config, folder / "data", folder / "keys", out, keep=2, now=1.0)
    (data,), (keys,) = (folder / "data").iterdir(), (folder / "keys").iterdir()
    await command.restore(elsewhere, data, keys, out)
    assert "1 位客户" in out.getvalue()
    back = open_store(elsewhere)
    try:
        assert await back.transcript.last_words(chat.conversation, 1) == [("wm_lan-2", "多久发货")]
        [note] = await back.database.fetch("SELECT subject FROM audit WHERE action = 'restore'")
        assert note["subject"] == data.name
    finally:
        back.close()


@ON_SQLITE
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


@ON_SQLITE
@pytest.mark.parametrize(
    ("harm", "told"),
    [("masters", "主密钥"), ("migrations", "更新的版本")],
)
async def test_what_this_machine_could_not_use_is_refused_before_anything_is_touched(
    store: Store, folder: Path, elsewhere: Config, harm: str, told: str
) -> None:
    await arrives(store, 1)
    data, keys = await copied(store, folder)
    if harm == "masters":
        sections = {"security": Security.model_validate({"encryption_key": keygen()})}
        elsewhere = elsewhere.model_copy(update=sections)
    else:
        manifest = json.loads((data / "manifest.json").read_text("utf-8"))
        manifest["migrations"].append("engine/9999_later")
        (data / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(Misconfigured, match=told):
        await command.restore(elsewhere, data, keys, io.StringIO())
    assert not place(elsewhere).is_there("data")
    assert not place(elsewhere).has_keys("data")


@ON_SQLITE
async def test_data_and_keys_in_one_place_are_refused(home: Path, folder: Path) -> None:
    with pytest.raises(Misconfigured, match="两处"):
        await command.back_up(a_config(home), folder, folder, io.StringIO(), keep=0)
