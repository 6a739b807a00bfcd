"""The outer bounds of the house: sizes, names, prose, and what must never be in a file."""

import ast
import contextlib
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit import portable_sql

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "handlers", "knowledge", "simulator", "benchmarks", "tests")
PROSE_ROOMS = ("prompts", "docs", "deploy", ".ci", ".github")

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
# Written in parts, so that this file keeps its own rules.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:" + "root|work|home|Users" + r")/")
REGISTRIES = (
    *("py" + "pi.", "python" + "hosted", "npm" + "js.", "npm" + "mirror", "crates" + ".io"),
    *("tuna.ts" + "inghua", "mirrors.a" + "liyun", "proxy.go" + "lang", "deb." + "debian"),
)
# Whole sentences only: single words may be matched by code, what customers read may not live there.
CHINESE_SENTENCE = re.compile(r"[\u4e00-\u9fff，。！？：；、]{8,}")
# What operators read on a terminal is not customer text.
OPERATOR_TEXT = ("bot/config/", "bot/commands/", "bot/cli.py", "bot/app/")

_NULLABLE = """
SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
WHERE m.type = 'table' AND c."notnull" = 0 AND c.pk = 0
"""

_TEXT = {".py", ".md", ".yaml", ".yml", ".toml", ".sql", ".html", ".js", ".css", ".txt", ".lock"}


def python_files(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from sorted(p for p in (ROOT / room).rglob("*.py") if "__pycache__" not in p.parts)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_files() -> Iterator[Path]:
    yield from (p for p in sorted(ROOT.iterdir()) if p.is_file() and p.suffix in _TEXT)
    for room in (*ROOMS, *PROSE_ROOMS):
        for path in sorted((ROOT / room).rglob("*")):
            is_text = path.suffix in _TEXT or path.suffix == ""
            if is_text and path.is_file() and "__pycache__" not in path.parts:
                yield path


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def docstrings(tree: ast.Module) -> set[int]:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, owners)]
    firsts = [body[0] for body in bodies if body and isinstance(body[0], ast.Expr)]
    return {id(first.value) for first in firsts}


SOURCES = [ROOT / "dev.py", *python_files(*ROOMS)]
IDS = [name_of(path) for path in SOURCES]


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_a_file_is_short_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= MAX_FILE_LINES, "split it"
    if text.strip() and not name_of(path).startswith("tests/"):
        first = (ast.get_docstring(ast.parse(text)) or "").split("\n")[0]
        assert len(first.split()) >= 3 or len(first) >= 12, "no docstring that says something"


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_a_function_can_be_read_at_once(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    long = {f.name: body_lines(f) for f in functions(tree) if body_lines(f) > MAX_FUNCTION_LINES}
    assert long == {}


def test_no_name_is_vague() -> None:
    parts = {part for path in SOURCES for part in path.relative_to(ROOT).with_suffix("").parts}
    words = {word for part in parts for word in part.split("_")}
    assert words & VAGUE == set()


def test_no_class_is_a_manager() -> None:
    vague = re.compile(r"^class \w*(?:Manager|Helper|Utils)\b", re.MULTILINE)
    assert [name_of(p) for p in SOURCES if vague.search(p.read_text("utf-8"))] == []


def test_no_file_names_a_folder_of_somebody_s_machine() -> None:
    found = {
        name_of(path): match.group()
        for path in text_files()
        if (match := MACHINE_PATHS.search(path.read_text("utf-8", "replace")))
    }
    assert found == {}


def test_no_file_names_a_package_registry() -> None:
    found = {
        name_of(path): host
        for path in text_files()
        for host in REGISTRIES
        if host in path.read_text("utf-8", "replace").lower()
    }
    assert found == {}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_has_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    pins = re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^ *#.*\n", "", text), flags=re.IGNORECASE)
    assert [pin.split()[0] for pin in pins if "--hash=sha256:" not in pin] == []
    assert [pin.split()[0] for pin in pins if "==" not in pin.split()[0]] == []


def test_both_locks_pin_the_same_versions() -> None:
    def pins(lock: str) -> set[str]:
        return set(re.findall(r"(?m)^[\w.\-]+==\S+(?: ; [^\\\n]+)?", (ROOT / lock).read_text()))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_the_lock_with_addresses_is_not_tracked() -> None:
    command = ["git", "ls-files", "uv.lock"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert listed.stdout == ""


def test_prompts_hold_text_only() -> None:
    files = [path for path in (ROOT / "prompts").rglob("*") if path.is_file()]
    assert [name_of(p) for p in files if p.suffix not in {".yaml", ".md"}] == []


def test_what_customers_read_does_not_stand_between_lines_of_code() -> None:
    found: dict[str, str] = {}
    for path in python_files("handlers", "bot"):
        if name_of(path).startswith(OPERATOR_TEXT):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        prose = docstrings(tree)
        literals = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in prose)
        for literal in literals:
            if isinstance(literal.value, str) and CHINESE_SENTENCE.search(literal.value):
                found[f"{name_of(path)}:{literal.lineno}"] = literal.value
    assert found == {}


def test_no_work_is_left_in_comments() -> None:
    left = re.compile(r"#\s*(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    assert [name_of(p) for p in SOURCES if left.search(p.read_text("utf-8"))] == []


def test_no_statement_needs_sqlite() -> None:
    assert portable_sql.refused() == {}, "PostgreSQL does not take this; write instead:"


def test_an_order_says_where_what_has_no_value_comes(migrated: Path) -> None:
    assert portable_sql.unplaced_nulls(nullable_columns(migrated)) == {}, (
        "write NULLS FIRST or LAST"
    )


def nullable_columns(folder: Path) -> dict[str, set[str]]:
    """Of every table, from the migrations as they are."""
    found: dict[str, set[str]] = {}
    for file in folder.glob("*.db"):
        with contextlib.closing(sqlite3.connect(file)) as database:
            for table, column in database.execute(_NULLABLE):
                found.setdefault(table, set()).add(column)
    return found


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("SELECT * FROM t ORDER BY a", {"a"}),
        ("SELECT * FROM t ORDER BY b, a DESC LIMIT 1", {"a"}),
        ("(SELECT b FROM t ORDER BY MIN(b, a)) x", {"a"}),
        ("SELECT * FROM t WHERE a <= ? ORDER BY a", set()),
        ("SELECT * FROM t ORDER BY a NULLS LAST, COALESCE(a, 0), b", set()),
        ("SELECT * FROM u ORDER BY a", set()),
    ],
)
def test_the_search_for_such_orders_finds_them(text: str, columns: set[str]) -> None:
    assert portable_sql.unplaced(text, {"t": {"a"}}) == columns


def test_an_upsert_says_which_row_a_column_is_of() -> None:
    advice = "name the table, or an alias (INSERT INTO table AS t), before the column"
    assert portable_sql.bare_upserts() == {}, advice


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("DO UPDATE SET a = MAX(a, excluded.a)", {"a"}),
        ("DO UPDATE SET a = ?2 WHERE a <> ?2", {"a"}),
        ("DO UPDATE SET a = MAX(t.a, excluded.a), b = 'a' WHERE t.a <> ?", set()),
    ],
)
def test_the_search_for_bare_columns_finds_them(text: str, bare: set[str]) -> None:
    assert portable_sql.bare_columns(text) == bare
