"""Which database does `storage` name, and where do the files beside it lie?"""

from pathlib import Path

from bot.config import Storage
from bot.errors import Misconfigured, StoreUnavailable
from bot.store.database import Database
from bot.store.postgres import PostgresDatabase
from bot.store.sqlite import SqliteDatabase

FACTS, KEYS = "concierge", "concierge_keys"
"""Schemas in a PostgreSQL database."""


def open_facts(storage: Storage) -> Database:
    """The database of facts, made when it is a file that is not there yet.

    Raises:
        Misconfigured: it cannot be opened.
    """
    return _open(storage.sqlite_path, storage.url, FACTS)


def open_keys(storage: Storage) -> Database:
    """The database of wrapped keys, outside of what is backed up with the facts.

    Raises:
        Misconfigured: it cannot be opened.
    """
    facts = storage.sqlite_path
    file = facts.with_suffix(".keys.db") if facts else None
    return _open(file, storage.keys_url or storage.url, KEYS)


def open_existing(storage: Storage) -> Database | None:
    """The database of facts as it is, ``None`` where there is none yet.

    Raises:
        Misconfigured: it cannot be opened.
    """
    if storage.sqlite_path is not None and not storage.sqlite_path.is_file():
        return None
    database = open_facts(storage)
    if database.tables():
        return database
    database.close()
    return None


def _open(file: Path | None, url: str, schema: str) -> Database:
    try:
        return PostgresDatabase(url, schema) if file is None else SqliteDatabase(file)
    except StoreUnavailable as error:
        raise Misconfigured(f"storage.url: {error}") from error
