import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app.engine import known_migrations
from bot.errors import Misconfigured
from bot.store import Database
from bot.store.migrate import ENGINE_MIGRATIONS, KEYS_MIGRATIONS, Migration, migrate, migrations_of
from tests.unit.store import Opens

_BEFORE_THE_RULE = {
    "engine/0015_waiting_line",
    "handlers.escalation/0002_tickets",
    "handlers.referral/0003_coupons",
}
"""They were written while one process was all there was."""

_TAKES_AWAY = re.compile(
    r"\bDROP\b|\bRENAME\b|\bADD\s+COLUMN\b(?![^;,]*\bDEFAULT\b)[^;,]*\bNOT\s+NULL\b",
    re.IGNORECASE,
)

ONE = Migration("engine/0001_one", "CREATE TABLE one (id INTEGER)")
TWO = Migration("engine/0002_two", "CREATE TABLE two (id INTEGER);\nINSERT INTO two VALUES (7)")


@pytest.fixture
def database(opens: Opens) -> Iterator[Database]:
    opened = opens()
    yield opened
    opened.close()


def tables(database: Database) -> set[str]:
    return set(database.tables())


def test_each_file_is_applied_once_and_in_order(database: Database) -> None:
    assert migrate(database, [ONE]) == ["engine/0001_one"]
    assert migrate(database, [ONE, TWO]) == ["engine/0002_two"]
    assert migrate(database, [ONE, TWO]) == []
    assert [row["id"] for row in database.read_sync("SELECT id FROM two")] == [7]


def test_a_file_that_was_edited_after_it_was_applied_is_refused(database: Database) -> None:
    migrate(database, [ONE])
    edited = Migration(ONE.name, ONE.script + " -- harmless")
    with pytest.raises(Misconfigured, match="engine/0001_one was edited"):
        migrate(database, [edited, TWO])
    assert "two" not in tables(database)


def test_a_database_that_is_newer_than_the_program_is_refused(database: Database) -> None:
    migrate(database, [ONE, TWO])
    with pytest.raises(Misconfigured, match="engine/0002_two, which this version lacks"):
        migrate(database, [ONE])


def test_a_file_that_fails_leaves_no_trace_of_itself(opens: Opens) -> None:
    broken = Migration("engine/0002_two", "CREATE TABLE half (id INTEGER);\nthis is no SQL")
    database = opens()
    with pytest.raises(Misconfigured, match="engine/0002_two"):
        migrate(database, [ONE, broken])
    database.close()
    again = opens()
    assert "half" not in tables(again)
    assert migrate(again, [ONE, TWO]) == ["engine/0002_two"]
    again.close()


def test_a_migration_takes_nothing_from_the_version_before() -> None:
    """Both serve one database for a while; what goes, goes with a file that says "after"."""
    wrong = [
        one.name
        for one in [*known_migrations(), *migrations_of("keys", KEYS_MIGRATIONS)]
        if _TAKES_AWAY.search(re.sub(r"--[^\n]*", "", one.script))
        and not one.script.startswith("-- After")
        and one.name not in _BEFORE_THE_RULE
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("script", "takes"),
    [
        ("ALTER TABLE one DROP COLUMN id", True),
        ("ALTER TABLE one RENAME TO two", True),
        ("ALTER TABLE one ADD COLUMN n INTEGER NOT NULL", True),
        ("ALTER TABLE one ADD COLUMN n INTEGER NOT NULL DEFAULT 0", False),
        ("ALTER TABLE one ADD COLUMN n INTEGER; CREATE TABLE x (n INTEGER NOT NULL)", False),
    ],
)
def test_what_takes_away_is_recognised(script: str, takes: bool) -> None:
    assert bool(_TAKES_AWAY.search(script)) is takes


def test_files_are_numbered_and_found_in_order(tmp_path: Path) -> None:
    for name in ("0010_ten.sql", "0002_two.sql", "notes.txt", "draft.sql"):
        (tmp_path / name).write_text("SELECT 1;", "utf-8")
    found = [migration.name for migration in migrations_of("handlers.test", tmp_path)]
    assert found == ["handlers.test/0002_two", "handlers.test/0010_ten"]


@pytest.mark.parametrize(
    ("owner", "folder", "table"),
    [("engine", ENGINE_MIGRATIONS, "outbox"), ("keys", KEYS_MIGRATIONS, "wrapped_keys")],
)
def test_the_shipped_migrations_apply(
    database: Database, owner: str, folder: Path, table: str
) -> None:
    known = migrations_of(owner, folder)
    assert migrate(database, known) == [migration.name for migration in known]
    assert table in tables(database)


def test_a_behaviour_that_has_another_name_since_keeps_its_tables(database: Database) -> None:
    before = Migration("handlers.human/0001_handoffs", "CREATE TABLE handoffs (id INTEGER)")
    migrate(database, [before])
    assert migrate(database, [Migration("handlers.escalation/0001_handoffs", before.script)]) == []
    migrate(database, [Migration("handlers.escalation/0001_handoffs", before.script)])
