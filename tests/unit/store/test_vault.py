import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Misconfigured, Unreadable
from bot.store import Database, Unit, Vault, decode_master
from bot.store import vault as vault_module
from bot.store.migrate import ENGINE_MIGRATIONS, KEYS_MIGRATIONS, migrate, migrations_of
from bot.store.sqlite import SqliteDatabase

OLD, NEW = b"o" * 32, b"n" * 32
LAN, BO = "customer:wm_lan", "customer:wm_bo"


@pytest.fixture
def files(tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    facts, keys = SqliteDatabase(tmp_path / "facts.db"), SqliteDatabase(tmp_path / "keys.db")
    migrate(facts, migrations_of("engine", ENGINE_MIGRATIONS))
    migrate(keys, migrations_of("keys", KEYS_MIGRATIONS))
    yield facts, keys
    facts.close()
    keys.close()


Files = tuple[Database, Database]


async def test_what_is_sealed_opens_for_its_subject_alone(files: Files) -> None:
    vault = Vault(*files, OLD)
    await vault.ready([LAN, BO])
    sealed = vault.seal(LAN, "多久发货".encode())
    assert vault.open(LAN, sealed).decode() == "多久发货"
    with pytest.raises(Unreadable):
        vault.open(BO, sealed)


async def test_the_same_text_is_sealed_differently_each_time(files: Files) -> None:
    vault = Vault(*files, OLD)
    await vault.ready([LAN])
    assert vault.seal(LAN, b"x") != vault.seal(LAN, b"x")


@pytest.mark.parametrize("place", [0, 1, 12, 13, -1])
async def test_altered_bytes_are_refused(files: Files, place: int) -> None:
    vault = Vault(*files, OLD)
    await vault.ready([LAN])
    sealed = bytearray(vault.seal(LAN, b"text"))
    sealed[place] ^= 1
    with pytest.raises(Unreadable):
        vault.open(LAN, bytes(sealed))


@pytest.mark.parametrize("junk", [b"", b"\x01", b"\x01" + b"0" * 12, b"\x02" * 40])
async def test_what_was_never_sealed_is_refused(files: Files, junk: bytes) -> None:
    vault = Vault(*files, OLD)
    await vault.ready([LAN])
    with pytest.raises(Unreadable):
        vault.open(LAN, junk)


async def test_a_later_process_opens_what_an_earlier_one_sealed(files: Files) -> None:
    first = Vault(*files, OLD)
    await first.ready([LAN, "corp", "member:zhangsan"])
    sealed = {subject: first.seal(subject, b"x") for subject in (LAN, "corp", "member:zhangsan")}
    second = Vault(*files, OLD)
    await second.ready(sealed)
    assert [second.open(subject, body) for subject, body in sealed.items()] == [b"x"] * 3


async def test_each_person_has_a_key_and_the_company_one(files: Files) -> None:
    vault = Vault(*files, OLD)
    await vault.ready([LAN, BO, "corp", "member:zhangsan", "member:lisi"])
    rows = await files[1].fetch("SELECT owner FROM wrapped_keys")
    assert len(rows) == 3
    assert "corp" in {row["owner"] for row in rows}


async def test_a_deleted_key_makes_its_person_unreadable(files: Files) -> None:
    vault = Vault(*files, OLD)
    await vault.ready([LAN, BO])
    sealed = vault.seal(LAN, b"x")
    person = await files[0].fetch_one(
        "SELECT person_id FROM customers WHERE external_userid='wm_lan'"
    )
    assert person is not None
    await files[1].execute("DELETE FROM wrapped_keys WHERE owner = ?", person["person_id"])
    later = Vault(*files, OLD)
    await later.ready([LAN])
    with pytest.raises(Unreadable):
        later.open(LAN, sealed)


async def test_a_new_master_key_opens_with_the_old_one_beside_it(files: Files) -> None:
    before = Vault(*files, OLD)
    await before.ready([LAN])
    sealed = before.seal(LAN, b"x")
    after = Vault(*files, NEW, [OLD])
    after.check_master()
    await after.ready([LAN])
    assert after.open(LAN, sealed) == b"x"


async def test_after_rotating_the_old_master_key_is_not_needed_any_more(files: Files) -> None:
    before = Vault(*files, OLD)
    await before.ready([LAN, BO, "corp"])
    sealed = before.seal(LAN, b"x")
    assert await Vault(*files, NEW, [OLD]).rotate() == 3
    alone = Vault(*files, NEW)
    alone.check_master()
    await alone.ready([LAN])
    assert alone.open(LAN, sealed) == b"x"
    assert await alone.rotate() == 0


async def test_a_master_key_that_cannot_open_what_is_stored_stops_the_start(files: Files) -> None:
    vault = Vault(*files, OLD)
    await vault.ready([LAN])
    with pytest.raises(Misconfigured, match="previous_encryption_keys"):
        Vault(*files, NEW).check_master()
    with pytest.raises(Misconfigured):
        await Vault(*files, NEW).ready([LAN])


async def test_an_empty_store_takes_any_master_key(files: Files) -> None:
    Vault(*files, NEW).check_master()


async def test_two_processes_that_meet_a_customer_at_once_agree_on_one_person(
    files: Files,
) -> None:
    """The service and a command may both be first; each inserts and reads what won."""
    vaults = [Vault(*files, OLD) for _ in range(8)]
    await asyncio.gather(*(vault.ready([LAN, BO]) for vault in vaults))
    sealed = vaults[0].seal(LAN, b"x")
    assert [vault.open(LAN, sealed) for vault in vaults] == [b"x"] * 8
    assert len(await files[0].fetch("SELECT person_id FROM customers")) == 2


async def test_keys_that_were_put_aside_are_read_again(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault_module, "_CACHED_KEYS", 2)
    vault = Vault(*files, OLD)
    await vault.ready([LAN])
    sealed = vault.seal(LAN, b"x")
    for number in range(5):
        await vault.ready([f"customer:wm_{number}"])
    with pytest.raises(KeyError):
        vault.open(LAN, sealed)
    await vault.ready([LAN])
    assert vault.open(LAN, sealed) == b"x"


async def test_more_subjects_than_are_kept_can_be_ready_at_once(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault_module, "_CACHED_KEYS", 2)
    vault = Vault(*files, OLD)
    subjects = [f"customer:wm_{number}" for number in range(1200)]
    await vault.ready(subjects)
    assert all(vault.open(one, vault.seal(one, b"x")) == b"x" for one in subjects)


@pytest.mark.parametrize("key", ["", "short", "é", base64.b64encode(b"x" * 31).decode()])
def test_a_master_key_is_base64_of_32_bytes(key: str) -> None:
    with pytest.raises(Misconfigured, match=r"security\.encryption_key"):
        decode_master(key)
    assert decode_master(base64.b64encode(OLD).decode()) == OLD


def test_without_a_master_key_it_is_said_how_to_make_one() -> None:
    with pytest.raises(Misconfigured, match="concierge keygen"):
        decode_master("")


async def test_many_newcomers_at_once_cost_as_much_as_a_few(
    files: tuple[Database, Database],
) -> None:
    facts, keys = files
    vault, commits, commit = Vault(facts, keys, NEW), 0, keys.commit

    async def counted(unit: Unit) -> list[list[Any]]:
        nonlocal commits
        commits += 1
        return await commit(unit)

    keys.commit = counted  # type: ignore[method-assign]
    subjects = [f"customer:wm_{number}" for number in range(100)]
    await asyncio.gather(*(vault.ready([one]) for one in subjects))
    assert commits <= 3
    for one in subjects:
        assert vault.open(one, vault.seal(one, b"x")) == b"x"
