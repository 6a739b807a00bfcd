"""A table of one column, for tests of the database itself."""

from bot.store import Database, Statement, Unit

CREATE = "CREATE TABLE things (name TEXT PRIMARY KEY)"
INSERT = "INSERT INTO things (name) VALUES (?)"


async def names(database: Database) -> list[str]:
    """All that is in it."""
    return [row["name"] for row in await database.fetch("SELECT name FROM things ORDER BY name")]


def a_unit(*things: object) -> Unit:
    """A statement for each."""
    return Unit([Statement(INSERT, (thing,)) for thing in things])
