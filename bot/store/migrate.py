"""Which tables does this database have, and which must it still get?

Forward-only, numbered SQL files, applied once each in one transaction; the engine's first, then
those of handlers in the order of their folders' names.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import Misconfigured, StoreFailed
from bot.store.database import Database, Statement

ENGINE_MIGRATIONS = Path(__file__).parent / "migrations"
KEYS_MIGRATIONS = Path(__file__).parent / "keys_migrations"

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    applied_at REAL NOT NULL
)
"""

_RENAMED = {"handlers.human/0001_handoffs": "handlers.escalation/0001_handoffs"}
"""Migrations whose behaviour has another name since they were applied."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file; `name` is its owner and file name, e.g. ``engine/0001_engine``."""

    name: str
    script: str

    @property
    def sha256(self) -> str:
        """Digest by which an edited migration is recognised."""
        return hashlib.sha256(self.script.encode()).hexdigest()


def migrations_of(owner: str, folder: Path) -> list[Migration]:
    """The migrations in a folder, in order."""
    return [
        Migration(f"{owner}/{path.stem}", path.read_text("utf-8"))
        for path in sorted(folder.glob("[0-9]*.sql"))
    ]


def migrate(database: Database, migrations: Sequence[Migration]) -> list[str]:
    """Apply what is missing.

    Returns:
        The names that were applied now.

    Raises:
        Misconfigured: the database is newer than this program, or an applied file was edited.
    """
    with database.migrating():
        return _migrate(database, migrations)


def _migrate(database: Database, migrations: Sequence[Migration]) -> list[str]:
    database.run_script(_LEDGER)
    for old, new in _RENAMED.items():
        database.run_script(f"UPDATE schema_migrations SET name = '{new}' WHERE name = '{old}'")
    applied = database.read_sync("SELECT name, sha256 FROM schema_migrations")
    known = {migration.name: migration for migration in migrations}
    for name, sha256 in applied:
        if name not in known:
            raise Misconfigured(
                f"the database has migration {name}, which this version lacks: "
                "start the newer version, or put the behaviour back"
            )
        if known[name].sha256 != sha256:
            raise Misconfigured(f"migration {name} was edited after it was applied")
    done = {name for name, _ in applied}
    fresh = [migration for migration in migrations if migration.name not in done]
    for migration in fresh:
        try:
            database.apply(migration.script, _noted(migration))
        except StoreFailed as error:
            raise Misconfigured(f"migration {migration.name} failed: {error}") from error
    return [migration.name for migration in fresh]


def _noted(migration: Migration) -> Statement:
    values = (migration.name, migration.sha256, time.time())
    return Statement("INSERT INTO schema_migrations VALUES (?, ?, ?)", values)
