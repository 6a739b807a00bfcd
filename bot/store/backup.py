"""How is all that is held copied while it is in use, and put back on an empty machine?

A backup is a folder of the data and, apart from it, a file of the keys: whoever has one of them
reads nothing, and the two may be kept for different times. Both hold files of SQLite, wherever the
company is: what was copied from one kind of database can be put into the other. The data is copied
first: a key that is made meanwhile is one too many, a key that is deleted meanwhile is of somebody
who was erased.
"""

import asyncio
import contextlib
import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from bot.errors import Misconfigured
from bot.store.beside import copy_beside, sync

MANIFEST = "manifest.json"
DATABASE = "concierge.db"
_BLOCK = 1 << 20


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds.

    Args:
        made_at: Unix seconds at which it began.
        migrations: that the database has had.
        masters: fingerprints of the master keys that open it.
        files: SHA-256 of each file of the data, by its place in the folder.
        keys: SHA-256 of the file of keys.
        rows: how many rows each table has.
        bytes: of the data and the keys together.
    """

    made_at: float
    migrations: list[str]
    masters: list[str]
    files: dict[str, str]
    keys: str
    rows: dict[str, int]
    bytes: int


class Held(Protocol):
    """Where a deployment keeps what it holds: in a file, or on a server."""

    @property
    def files(self) -> Path:
        """The folder in which what belongs to the database lies."""
        ...

    async def copy(self, data: Path, keys: Path) -> None:
        """Copy one moment of the facts, and then one of the keys, into files of SQLite.

        Raises:
            Misconfigured: what was copied is not what is there.
        """
        ...

    def is_there(self, name: str) -> bool:
        """Whether facts are there already, other than those of a restore that was killed.

        Args:
            name: of the backup.
        """
        ...

    def has_keys(self, name: str) -> bool:
        """Whether keys are there already, other than those of a restore that was killed."""
        ...

    def ask_not_served(self) -> None:
        """Whether it may be replaced.

        Raises:
            Misconfigured: a process serves it.
        """
        ...

    def set_aside(self, mark: str) -> str:
        """Give the facts that are there another name; returns it. Keys stay."""
        ...

    async def put(self, name: str, data: Path, keys: Path | None) -> None:
        """Put facts, and keys if any are named, where none are; done again it goes on."""
        ...


async def back_up(held: Held, folder: Path, keys: Path, *, made_at: float) -> Manifest:
    """Copy everything, look whether the copies are whole, and only then give them their names.

    Args:
        folder: of the data, not there yet.
        keys: file of the keys, not there yet.

    Raises:
        Misconfigured: one of them is there already, or a copy is not whole.
        OSError: no room, no right to write.
    """
    for one in (folder, keys):
        if one.exists():
            raise Misconfigured(f"{one} is there already")
    part, keys_part = _fresh(folder), keys.with_name(f"{keys.name}.part")
    part.mkdir(parents=True, mode=0o700)
    keys.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    await held.copy(part / DATABASE, keys_part)
    manifest = await asyncio.to_thread(_finish, held.files, part, keys_part, made_at)
    keys_part.replace(keys)
    part.replace(folder)
    for parent in {folder.parent, keys.parent}:
        sync(parent)
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """What a backup says it holds.

    Raises:
        Misconfigured: it is none.
    """
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise Misconfigured(f"{folder} is no backup: {error}") from error


def check_whole(folder: Path, keys: Path | None) -> Manifest:
    """Whether every byte is as it was when the backup was made.

    Args:
        keys: ``None`` = the keys are not looked at.

    Raises:
        Misconfigured: a file is missing or other than it was.
    """
    manifest = read_manifest(folder)
    for name, digest in manifest.files.items():
        file = folder / name
        if not file.is_file():
            raise Misconfigured(f"{folder}: {name} is missing")
        if _digest(file) != digest:
            raise Misconfigured(f"{folder}: {name} is not as it was")
    if keys is not None and (not keys.is_file() or _digest(keys) != manifest.keys):
        raise Misconfigured(f"{keys} is missing, or not the keys of {folder}")
    return manifest


async def restore(folder: Path, keys: Path | None, held: Held) -> None:
    """Put a backup that is whole into a place where no facts are.

    The facts come last: killed before, it is done anew. Keys that lie there already stay: they know
    who was erased since, and lack none of the backup's.

    Raises:
        Misconfigured: facts are there, or there are no keys.
    """
    name = folder.name
    if held.is_there(name):
        raise Misconfigured("a database is there already")
    has_keys = held.has_keys(name)
    if keys is None and not has_keys:
        raise Misconfigured("no keys are there, and none were named")
    await asyncio.to_thread(copy_beside, folder, held.files)
    await held.put(name, folder / DATABASE, None if has_keys else keys)


def _finish(files: Path, part: Path, keys: Path, made_at: float) -> Manifest:
    copy_beside(files, part)
    for database in (part / DATABASE, keys):
        database.chmod(0o600)
        sync(database)
    manifest = _describe(part, keys, made_at)
    (part / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    sync(part / MANIFEST)
    return manifest


def _describe(part: Path, keys: Path, made_at: float) -> Manifest:
    database = part / DATABASE
    return Manifest(
        made_at=made_at,
        migrations=_column(database, "SELECT name FROM schema_migrations ORDER BY name"),
        masters=_column(keys, "SELECT DISTINCT master FROM wrapped_keys ORDER BY master"),
        files={str(file.relative_to(part)): _digest(file) for file in _files(part)},
        keys=_digest(keys),
        rows=count_rows(database),
        bytes=sum(file.stat().st_size for file in (*_files(part), keys)),
    )


def _column(database: Path, sql: str) -> list[str]:
    with contextlib.closing(open_read_only(database)) as connection:
        return [str(row[0]) for row in connection.execute(sql)]


def count_rows(database: Path) -> dict[str, int]:
    """How many rows each table of a database file has."""
    with contextlib.closing(open_read_only(database)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            " ORDER BY name"
        ).fetchall()
        return {
            name: connection.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0]
            for (name,) in names
        }


def open_read_only(database: Path) -> sqlite3.Connection:
    """A file of SQLite, to be read.

    Raises:
        Misconfigured: it is not there.
    """
    if not database.is_file():
        raise Misconfigured(f"{database} is not there")
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)


def _fresh(folder: Path) -> Path:
    """Where a backup is made until it is whole; what a kill left there goes."""
    part = folder.with_name(f"{folder.name}.part")
    if part.exists():
        shutil.rmtree(part)
    return part


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in sorted(folder.rglob("*")) if file.is_file())


def _digest(file: Path) -> str:
    found = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            found.update(block)
    return found.hexdigest()
