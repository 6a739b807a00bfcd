"""What is erased is nowhere any more: stores are filled, searched, erased and searched again."""

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import handlers
from bot.app import declared_tables, open_store
from bot.errors import Unreadable
from bot.model import Conversation
from bot.routing.discovery import discover
from bot.store import Download, Store, Table, Unit
from bot.store.erasures import Eraser
from bot.store.sqlite import SqliteDatabase
from tests.builders import a_config, a_customer, home_of
from tests.unit.store import ON_SQLITE
from tests.unit.store.rows import BYTES, NUMBERS, columns_of

LAN, BO = a_customer(), a_customer("wm_bo")
PERSON = "赵兰心 13900001111 独一无二的原话"
"""What was told in confidence: sealed wherever it is."""
PLAIN = "plain-mark-7f3a"
"""What stands unsealed in columns that hold ids."""

TABLES = declared_tables(discover(handlers))
PERSONAL = [table for table in TABLES if table.person and table.name != "customers"]


def eraser_of(store: Store, **settings: Any) -> Eraser:
    return Eraser(store, TABLES, **settings)


async def fill(store: Store, of: Conversation, mark: str = PLAIN) -> None:
    """A row in every table that holds something about a customer, and a file of each kind."""
    await store.vault.ready([of.subject])
    unit = Unit()
    for table in PERSONAL:
        values = _row(store, table, of, mark)
        columns = ", ".join(values)
        unit.add(
            f"INSERT INTO {table.name} ({columns}) VALUES ({', '.join('?' * len(values))})",
            *values.values(),
        )
    unit.add(
        "INSERT INTO switches VALUES ('silence', 'customer', ?, 0, 'x', ?)",
        *(of.external_userid, mark),
    )
    sheet = home_of(store) / f"{of.external_userid}.csv"
    sheet.write_text(f"{of.external_userid},{PERSON}", "utf-8")
    unit.add(
        "UPDATE export_lines SET export = 'x_' || external_userid WHERE external_userid = ?",
        of.external_userid,
    )
    unit.add(
        "INSERT INTO exports VALUES (?, 0, 'x', 'csv', ?, 1)",
        *(f"x_{of.external_userid}", str(sheet)),
    )
    path = store.media.write(of.subject, f"pic_{of.external_userid}", _picture())
    unit.add("UPDATE media SET path = ? WHERE subject = ?", path.name, of.subject)
    await store.database.commit(unit)


def _picture() -> Download:
    return Download(PERSON.encode(), "image/png", "x.png")


def _row(store: Store, table: Table, of: Conversation, mark: str) -> dict[str, Any]:
    named = of.subject if table.person == "subject" else of.external_userid
    values: dict[str, Any] = {}
    for name, kind in columns_of(store.database, table):
        if name == table.person:
            values[name] = named
        elif name in table.sealed:
            values[name] = store.vault.seal(of.subject, PERSON.encode())
        elif kind in NUMBERS:
            values[name] = abs(hash((table.name, of))) % 100_000
        elif kind in BYTES:
            values[name] = mark.encode()
        else:
            values[name] = f"{mark}-{of.external_userid}-{table.name}-{name}"
    return values


async def everything(store: Store, folder: Path) -> dict[str, str]:
    """All that can be read by who has the files and the keys: by place."""
    found: dict[str, str] = {}
    for table in TABLES:
        rows = await store.database.scan(f"SELECT * FROM {table.name}")
        found[table.name] = "\n".join([await _readable(store, table, dict(row)) for row in rows])
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            found[f"bytes of {file.name}"] = content.decode("utf-8", "ignore")
            if file.suffix == ".sealed":
                found[f"opened {file.name}"] = await _opened(store, content)
    return found


async def _readable(store: Store, table: Table, row: dict[str, Any]) -> str:
    subject = str(row.get(table.person, ""))
    subject = subject if subject.startswith("customer:") else f"customer:{subject}"
    parts = []
    for name, value in row.items():
        told = value
        if name in table.sealed and value:
            await store.vault.ready([subject])
            told = store.vault.open(subject, value).decode()
        parts.append(f"{name}={told}")
    return " ".join(parts)


async def _opened(store: Store, content: bytes) -> str:
    for subject in (LAN.subject, BO.subject):
        try:
            await store.vault.ready([subject])
            return store.vault.open(subject, content).decode()
        except Unreadable:
            continue
    return ""


def places(found: dict[str, str], *wanted: str) -> set[str]:
    return {place for place, text in found.items() if any(one in text for one in wanted)}


@pytest.fixture
def opened(home: Path) -> Iterator[Store]:
    store = open_store(a_config(home))
    yield store
    store.close()


async def test_nothing_is_left_of_who_was_erased_and_everything_of_the_others(
    opened: Store, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for customer in (LAN, BO):
        await fill(opened, customer)
    mine = (PLAIN + "-wm_lan", "wm_lan")
    before = await everything(opened, home)
    told = {table.name for table in PERSONAL if table.sealed}
    assert {table.name for table in PERSONAL} <= places(before, *mine), "the control finds nothing"
    assert told <= places(before, PERSON)
    assert places(before, PERSON) >= {"bytes of wm_lan.csv"}
    assert sum(place.startswith("opened") for place in places(before, PERSON)) == 2
    if isinstance(opened.database, SqliteDatabase):
        assert places(before, *mine) & {"bytes of concierge.db", "bytes of concierge.db-wal"}

    receipt = await eraser_of(opened).ask("wm_lan", by="customer", now=0.0)
    done = await eraser_of(opened).carry_out(receipt)

    after = await everything(opened, home)
    assert places(after, *mine) == set()
    assert sum(place.startswith("opened") for place in places(after, PERSON)) == 1, "of Bo alone"
    others = (PLAIN + "-wm_bo", "wm_bo")
    names = {table.name for table in TABLES}
    assert places(after, *others) & names == places(before, *others) & names
    assert done.erased_at is not None
    assert done.counts["messages"] == 1
    assert done.counts["files"] == 2
    assert PERSON not in capsys.readouterr().out


@ON_SQLITE
async def test_a_backup_made_before_tells_nothing_and_is_erased_again_where_it_is_restored(
    opened: Store, home: Path, tmp_path: Path
) -> None:
    await fill(opened, LAN)
    backup = tmp_path / "backup.db"
    await asyncio.to_thread(_back_up, home / "concierge.db", backup)
    receipt = await eraser_of(opened).ask("wm_lan", by="customer", now=0.0)
    await eraser_of(opened).carry_out(receipt)
    opened.close()

    shutil.copy(backup, home / "concierge.db")
    restored = open_store(a_config(home))
    (row,) = await restored.database.scan("SELECT body FROM messages")
    assert row["body"], "the control: it is a backup with something in it"
    with pytest.raises(Unreadable):
        await everything(restored, home)
    assert await eraser_of(restored).replay() == 1
    assert places(await everything(restored, home), "wm_lan", PLAIN) == set()
    assert await eraser_of(restored).replay() == 0
    restored.close()


def _back_up(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as from_, closing(sqlite3.connect(target)) as to:
        from_.backup(to)


@pytest.mark.parametrize("place", ["_files", "_delete_rows", "keys"])
async def test_a_kill_in_the_middle_is_gone_on_with_at_the_next_start(
    opened: Store, home: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(opened, LAN)
    eraser = eraser_of(opened)
    receipt = await eraser.ask("wm_lan", by="customer", now=0.0)
    commit, commits = opened.keys.commit, []

    async def killed(*_: object) -> None:
        raise SystemExit

    async def killed_at_the_key(unit: Unit) -> object:
        commits.append(unit)
        return await (commit(unit) if len(commits) == 1 else killed())

    if place == "keys":
        monkeypatch.setattr(opened.keys, "commit", killed_at_the_key)
    else:
        monkeypatch.setattr(Eraser, place, killed)
    with pytest.raises(SystemExit):
        await eraser.carry_out(receipt)
    monkeypatch.undo()
    opened.close()

    again = open_store(a_config(home))
    assert await eraser_of(again).replay() == 1
    assert places(await everything(again, home), "wm_lan", PLAIN) == set()
    assert await again.keys.scan("SELECT 1 FROM wrapped_keys WHERE owner LIKE 'p_%'") == []
    again.close()


async def test_who_writes_again_after_it_is_somebody_new(opened: Store) -> None:
    await fill(opened, LAN)
    before = await opened.people.person_of("wm_lan")
    eraser = eraser_of(opened)
    await eraser.carry_out(await eraser.ask("wm_lan", by="customer", now=0.0))
    await opened.vault.ready([LAN.subject])
    assert await opened.people.person_of("wm_lan") not in ("", before)
    assert await eraser.replay() == 0, "the new one is left alone"
    sealed = opened.vault.seal(LAN.subject, b"hello")
    assert opened.vault.open(LAN.subject, sealed) == b"hello"


async def test_every_customer_of_the_person_is_erased(opened: Store) -> None:
    await fill(opened, LAN)
    await fill(opened, BO)
    await opened.database.execute(
        "UPDATE customers SET person_id = (SELECT person_id FROM customers"
        " WHERE external_userid = 'wm_lan')"
    )
    eraser = eraser_of(opened)
    done = await eraser.carry_out(await eraser.ask("wm_lan", by="customer", now=0.0))
    assert done.counts["messages"] == 2
    assert await opened.database.scan("SELECT 1 FROM customers") == []


async def test_orders_that_the_law_wants_kept_lose_whose_they_are(opened: Store) -> None:
    await fill(opened, LAN)
    eraser = eraser_of(opened, keep_orders=True)
    await eraser.carry_out(await eraser.ask("wm_lan", by="customer", now=0.0))
    (order,) = await opened.database.scan("SELECT * FROM orders")
    assert (order["external_userid"], order["body"]) == ("", None)


async def test_what_is_on_its_way_is_waited_for_but_not_for_ever(opened: Store) -> None:
    await opened.vault.ready([LAN.subject])
    await opened.database.execute(
        "INSERT INTO outbox (subject, queue, lane, kind, msgid, state, created_at, next_at,"
        " expires_at) VALUES (?, 'q', 'reply', 'SendMessage', 'm', 'pending', 0, 0, 0)",
        LAN.subject,
    )
    eraser, now = eraser_of(opened), time.time()
    await eraser.ask("wm_lan", by="customer", now=now)
    assert await eraser.look() == 0
    await opened.keys.execute("UPDATE erasures SET asked_at = ?", now - 700)
    assert await eraser.look() == 1


async def test_a_second_request_is_the_same_one(opened: Store) -> None:
    eraser = eraser_of(opened)
    first = await eraser.ask("wm_lan", by="customer", now=1.0)
    assert await eraser.ask("wm_lan", by="command:x", now=2.0) == first


async def test_a_key_that_another_process_deleted_is_forgotten(opened: Store) -> None:
    await opened.vault.ready([LAN.subject, BO.subject])
    await opened.keys.execute(
        "DELETE FROM wrapped_keys WHERE owner = ?", await opened.people.person_of("wm_lan")
    )
    assert await opened.vault.forget_deleted() == 1
    opened.vault.seal(BO.subject, b"still there")
    with pytest.raises(KeyError):
        opened.vault.seal(LAN.subject, b"gone")
