"""How is all that is held copied while it is in use, and put back on an empty machine?

A backup is a folder of the data and, apart from it, a file of the keys: whoever has one of them
reads nothing, and the two may be kept for different times. The data is copied first: a key that is
made meanwhile is one too many, a key that is deleted meanwhile is of somebody who was erased.
"""

import contextlib
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bot.errors import Misconfigured

MANIFEST = "manifest.json"
_DATABASE, _MEDIA, _GATE = "concierge.db", "media", "gate.json"
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


@dataclass(frozen=True, slots=True)
class Held:
    """Where a deployment keeps what it holds.

    Args:
        database: its file; keys, media and gate lie beside it.
    """

    database: Path

    @property
    def keys(self) -> Path:
        """The file of wrapped keys."""
        return self.database.with_suffix(".keys.db")

    @property
    def media(self) -> Path:
        """The folder of sealed files."""
        return self.database.parent / _MEDIA

    @property
    def gate(self) -> Path:
        """The gate of this deployment, where one was fitted."""
        return self.database.parent / _GATE


def back_up(held: Held, folder: Path, keys: Path, *, made_at: float) -> Manifest:
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
    _copy_database(held.database, part / _DATABASE)
    _copy_database(held.keys, keys_part)
    if held.media.is_dir():
        for file in sorted(held.media.glob("*.sealed")):
            with contextlib.suppress(FileNotFoundError):  # its customer was erased meanwhile
                _copy(file, part / _MEDIA / file.name)
    if held.gate.is_file():
        _copy(held.gate, part / _GATE)
    manifest = _describe(part, keys_part, made_at)
    _write(part / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    keys_part.replace(keys)
    part.replace(folder)
    for parent in {folder.parent, keys.parent}:
        _sync(parent)
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


def restore(folder: Path, keys: Path | None, held: Held) -> None:
    """Put a backup that is whole into a place where no database is.

    The database gets its name last: killed before, nothing is there and it is done anew. Keys that
    lie there already stay: they know who was erased since, and lack none of the backup's.

    Raises:
        Misconfigured: a database is there, or there are no keys.
    """
    if held.database.exists():
        raise Misconfigured(f"{held.database} is there already")
    if keys is None and not held.keys.exists():
        raise Misconfigured(f"{held.keys} is not there, and no keys were named")
    held.database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file in sorted((folder / _MEDIA).glob("*.sealed")):
        _copy(file, held.media / file.name)
    if (folder / _GATE).is_file():
        _copy(folder / _GATE, held.gate)
    if keys is not None and not held.keys.exists():
        _copy(keys, held.keys)
    for left in ("-wal", "-shm"):
        held.database.with_name(held.database.name + left).unlink(missing_ok=True)
    _copy(folder / _DATABASE, held.database)


def set_aside(held: Held, mark: str) -> Path:
    """Give the database that is there, and its media, another name; returns the database's."""
    aside = held.database.with_name(f"{held.database.name}.{mark}")
    for left in ("-wal", "-shm"):
        log = held.database.with_name(held.database.name + left)
        if log.exists():
            log.replace(aside.with_name(aside.name + left))
    if held.media.is_dir():
        held.media.replace(held.media.with_name(f"{_MEDIA}.{mark}"))
    held.database.replace(aside)
    return aside


def _describe(part: Path, keys: Path, made_at: float) -> Manifest:
    database = part / _DATABASE
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
    with contextlib.closing(_open(database)) as connection:
        return [str(row[0]) for row in connection.execute(sql)]


def count_rows(database: Path) -> dict[str, int]:
    """How many rows each table of a database file has."""
    with contextlib.closing(_open(database)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            " ORDER BY name"
        ).fetchall()
        return {
            name: connection.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0]
            for (name,) in names
        }


def _copy_database(source: Path, to: Path) -> None:
    """Copy one moment of a database that others write to, and look whether it is sound."""
    to.unlink(missing_ok=True)
    with (
        contextlib.closing(_open(source)) as origin,
        contextlib.closing(sqlite3.connect(to)) as copy,
    ):
        origin.backup(copy)  # in one step: a step at a time begins anew whenever somebody commits
        copy.execute("PRAGMA journal_mode = DELETE")
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        broken = copy.execute("PRAGMA foreign_key_check").fetchone()
    if found != "ok" or broken is not None:
        raise Misconfigured(f"{source} is damaged: {found if found != 'ok' else tuple(broken)}")
    to.chmod(0o600)
    _sync(to)


def _open(database: Path) -> sqlite3.Connection:
    if not database.is_file():
        raise Misconfigured(f"{database} is not there")
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)


def _copy(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = to.with_name(f"{to.name}.part")
    shutil.copyfile(source, part)
    part.chmod(0o600)
    _sync(part)
    part.replace(to)
    _sync(to.parent)


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


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    _sync(file)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
