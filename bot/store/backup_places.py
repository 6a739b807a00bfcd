"""How is one moment copied from each kind of database, and put back into it?"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.config import Storage
from bot.errors import Misconfigured
from bot.store.backup import Held, open_read_only
from bot.store.beside import BESIDE, copy_file
from bot.store.database import Database
from bot.store.migrate import KEYS_MIGRATIONS, Migration, migrate, migrations_of
from bot.store.moving import KEY_TABLES, Move
from bot.store.opening import FACTS, open_facts, open_keys
from bot.store.postgres import PostgresDatabase
from bot.store.sqlite import SqliteDatabase
from bot.store.tables import Table

_LOGS = ("-wal", "-shm")
_COMING = "SELECT other FROM moves WHERE direction = 'in' AND ended_at IS NULL"


def held_by(storage: Storage, migrations: Sequence[Migration], tables: Sequence[Table]) -> Held:
    """Where `storage` says that everything is.

    Args:
        migrations: of the facts.
        tables: that are declared.
    """
    path = storage.sqlite_path
    return OnServer(storage, migrations, tables) if path is None else InFile(path)


@dataclass(frozen=True, slots=True)
class InFile:
    """A file of SQLite, that of its keys beside it.

    Args:
        database: the file.
    """

    database: Path

    @property
    def keys(self) -> Path:
        """The file of wrapped keys."""
        return self.database.with_suffix(".keys.db")

    @property
    def files(self) -> Path:
        """The folder of the database."""
        return self.database.parent

    async def copy(self, data: Path, keys: Path) -> None:
        """Copy the files, off the caller's thread."""
        await asyncio.to_thread(self._copy, data, keys)

    def _copy(self, data: Path, keys: Path) -> None:
        """In one step each: a step at a time begins anew whenever somebody commits."""
        for source, to in ((self.database, data), (self.keys, keys)):
            to.unlink(missing_ok=True)
            with (
                contextlib.closing(open_read_only(source)) as origin,
                contextlib.closing(sqlite3.connect(to)) as copied,
            ):
                origin.backup(copied)
            _settle(to)

    def is_there(self, name: str) -> bool:
        """Whether the file is."""
        return self.database.exists()

    def has_keys(self, name: str) -> bool:
        """Whether their file is there."""
        return self.keys.exists()

    def ask_not_served(self) -> None:
        """Whether it may be replaced."""
        with contextlib.closing(SqliteDatabase(self.database)) as database:
            database.claim()

    def set_aside(self, mark: str) -> str:
        """Give the file, and what lies beside it, another name."""
        aside = self.database.with_name(f"{self.database.name}.{mark}")
        for left in _LOGS:
            log = self.database.with_name(self.database.name + left)
            if log.exists():
                log.replace(aside.with_name(aside.name + left))
        _set_files_aside(self.files, mark)
        self.database.replace(aside)
        return aside.name

    async def put(self, name: str, data: Path, keys: Path | None) -> None:
        """The database gets its name last."""
        if keys is not None:
            copy_file(keys, self.keys)
        for left in _LOGS:
            self.database.with_name(self.database.name + left).unlink(missing_ok=True)
        copy_file(data, self.database)


@dataclass(frozen=True, slots=True)
class OnServer:
    """Two schemas of PostgreSQL.

    Args:
        storage: names them.
        migrations: of the facts.
        tables: that are declared.
    """

    storage: Storage
    migrations: Sequence[Migration]
    tables: Sequence[Table]

    @property
    def files(self) -> Path:
        """The folder of the files."""
        return self.storage.files

    async def copy(self, data: Path, keys: Path) -> None:
        """In a transaction each that sees one moment; what has arrived is read and compared."""
        await self._copy_out(open_facts(self.storage), data)
        await self._copy_out(open_keys(self.storage), keys, are_keys=True)

    async def _copy_out(self, server: Database, to: Path, *, are_keys: bool = False) -> None:
        assert isinstance(server, PostgresDatabase)
        for file in (to, *(to.with_name(to.name + left) for left in _LOGS)):
            file.unlink(missing_ok=True)
        migrations, tables = self._shape(are_keys=are_keys)
        with (
            contextlib.closing(server),
            server.snapshot() as moment,
            contextlib.closing(SqliteDatabase(to)) as copied,
        ):
            migrate(copied, migrations)
            await _moved(Move(moment, copied, ("backup", to.name), tables))
            await copied.execute("DELETE FROM moves")
        _settle(to)

    def is_there(self, name: str) -> bool:
        """Whether anybody is in the tables of facts."""
        return self._is_filled(open_facts(self.storage), ("persons",), name)

    def has_keys(self, name: str) -> bool:
        """Whether there are any, or anybody was erased."""
        return self._is_filled(open_keys(self.storage), ("wrapped_keys", "erasures"), name)

    def _is_filled(self, server: Database, tables: Sequence[str], name: str) -> bool:
        with contextlib.closing(server):
            if not {*tables, "moves"} <= server.tables():
                return False
            if coming := server.read_sync(_COMING):
                return bool(coming[0]["other"] != name)
            return any(server.read_sync(f"SELECT 1 FROM {table} LIMIT 1") for table in tables)

    def ask_not_served(self) -> None:
        """Whether it may be replaced."""
        with contextlib.closing(open_facts(self.storage)) as facts:
            facts.claim()

    def set_aside(self, mark: str) -> str:
        """Give the schema, and the files that belong to it, another name."""
        aside = f"{FACTS}_{mark}".replace("-", "_")
        with contextlib.closing(open_facts(self.storage)) as facts:
            facts.claim()
            facts.run_script(f"ALTER SCHEMA {FACTS} RENAME TO {aside}")
        _set_files_aside(self.files, mark)
        return aside

    async def put(self, name: str, data: Path, keys: Path | None) -> None:
        """As a company moves here from a file: killed, it goes on where it was."""
        with contextlib.closing(open_facts(self.storage)) as facts:
            facts.claim()
            if keys is not None:
                with contextlib.closing(open_keys(self.storage)) as server:
                    await self._copy_in(name, keys, server, are_keys=True)
            await self._copy_in(name, data, facts)

    async def _copy_in(
        self, name: str, file: Path, server: Database, *, are_keys: bool = False
    ) -> None:
        """By way of a copy of the file, which an older version may have written."""
        migrations, tables = self._shape(are_keys=are_keys)
        copied = self.files / f"{name}.restoring"
        for left in _LOGS:  # of a restore that was killed
            copied.with_name(copied.name + left).unlink(missing_ok=True)
        copy_file(file, copied)
        try:
            with contextlib.closing(SqliteDatabase(copied)) as source:
                for database in (source, server):
                    migrate(database, migrations)
                await _moved(Move(source, server, (name, FACTS), tables))
        finally:
            copied.unlink()

    def _shape(self, *, are_keys: bool) -> tuple[Sequence[Migration], Sequence[Table]]:
        if are_keys:
            return migrations_of("keys", KEYS_MIGRATIONS), KEY_TABLES
        return self.migrations, self.tables


async def _moved(move: Move) -> None:
    await move.begin()
    await move.copy(lambda _table, _rows: None)
    await move.compare()
    await move.end()


def _settle(copied: Path) -> None:
    """Make one file of it, and look whether it is sound."""
    with contextlib.closing(sqlite3.connect(copied)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        found = database.execute("PRAGMA integrity_check").fetchone()[0]
        broken = database.execute("PRAGMA foreign_key_check").fetchone()
    if found != "ok" or broken is not None:
        raise Misconfigured(f"what was copied is damaged: {found if broken is None else broken}")


def _set_files_aside(files: Path, mark: str) -> None:
    for name in BESIDE:
        if (files / name).exists():
            (files / name).replace(files / f"{name}.{mark}")
