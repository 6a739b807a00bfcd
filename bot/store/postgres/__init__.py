"""One company on several machines: PostgreSQL, behind the same promise as SQLite."""

from bot.store.postgres.database import PostgresDatabase

__all__ = ["PostgresDatabase"]
