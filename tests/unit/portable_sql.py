"""Statements are written once for two databases: what only SQLite understands is refused here.

Whether PostgreSQL takes a statement shows when it runs there (`dev.py test --deep`); this finds
early what was met most often. What is put into its words: bot/store/postgres/dialect.py.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWN = {"bot/store/sqlite.py", "bot/store/backup.py"}
"""What is about SQLite itself."""

STATEMENT = re.compile(r"\b(SELECT|INSERT INTO|UPDATE \w+|DELETE FROM|DO UPDATE SET|ON CONFLICT)\b")
ORDERED = re.compile(r"\bORDER BY\s+((?:[^()]|\([^()]*\))*?)(?=\)|\bLIMIT\b|$)", re.DOTALL)
PLACED = re.compile(r"\bNULLS (FIRST|LAST)\b|\bCOALESCE\(|\bIS (NOT )?NULL\b")
REFUSED = {
    r"\bINSERT OR (IGNORE|REPLACE|ABORT|ROLLBACK)\b|\bREPLACE INTO\b": "ON CONFLICT … DO …",
    r"\bON CONFLICT DO UPDATE\b": "ON CONFLICT (columns) DO UPDATE",
    r"\bsqlite_\w+|\bPRAGMA\b|\bpragma_\w+": "Database.tables() and columns()",
    r"\b(unixepoch|strftime|julianday|datetime|date|time)\(": "the moment as a parameter",
    r"\b(ifnull|iif|total|printf|char|unicode|typeof|hex)\(": "COALESCE, CASE, or do it in Python",
    r"\bjson_(each|tree|group\w*|set|insert|remove|array\w*)\(": "do it in Python",
    r"\b(last_insert_rowid|changes)\(\)|\browid\b": "RETURNING, or expect=",
    r"\bGLOB\b|\bCOLLATE\b|\bREGEXP\b|\bMATCH\b": "LIKE, or do it in Python",
    r"\b(WHEN|NOT) \?\d*(?= (THEN|AND|OR)\b)": "compare it: a number is no truth value (? = 1)",
    r"\bSUM\((?!CASE)[^()]* (?:[=<>]|IS|IN)|[-+] \(\w+ (?:[=<>]|IS|IN) ": "COUNT(*) FILTER, CASE",
    r"\bLIMIT -1\b": "leave LIMIT out",
}


def texts(path: Path) -> Iterator[str]:
    """The strings of a module; what an f-string fills in is left out."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    joined = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    inside = {id(part) for node in joined for part in node.values}
    for one in joined:
        parts = one.values
        yield "".join(str(p.value) if isinstance(p, ast.Constant) else "x" for p in parts)
    for node in nodes:
        if isinstance(node, ast.Constant) and id(node) not in inside:
            yield str(node.value)


def statements() -> Iterator[tuple[str, str]]:
    for room in ("bot", "handlers"):
        for path in sorted((ROOT / room).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name not in OWN and not name.startswith("bot/store/postgres/"):
                yield from ((name, text) for text in texts(path) if STATEMENT.search(text))


def bare_columns(text: str) -> set[str]:
    """Columns of an upsert that could be those of the row there or of the row that comes."""
    found: set[str] = set()
    for tail in text.split("DO UPDATE SET")[1:]:
        changes, _, condition = tail.partition("WHERE")
        targets = set(re.findall(r"(?:^|,)\s*(\w+) = ", changes))
        used = re.sub(r"((?:^|,)\s*)\w+ = ", r"\1", changes) + " " + condition
        used = re.sub(r"'[^']*'|\w+\.\w+", "", used)
        found |= targets & set(re.findall(r"\b[a-z_]+\b", used))
        if "SELECT" not in condition:
            bare = r"(?<![.\w])([a-z_]+) (?:[=<>]|IS\b|IN\b|LIKE\b)"
            found |= set(re.findall(bare, re.sub(r"'[^']*'", "", condition)))
    return found


def refused() -> dict[str, str]:
    """What only SQLite takes, by file, and what to write instead."""
    return {
        f"{name}: {met.group()}": instead
        for name, text in statements()
        for pattern, instead in REFUSED.items()
        if (met := re.search(pattern, text))
    }


def bare_upserts() -> dict[str, set[str]]:
    """Upserts with a bare column, by file."""
    return {name: bare for name, text in statements() if (bare := bare_columns(text))}


def unplaced(text: str, nullable: Mapping[str, set[str]]) -> set[str]:
    """Columns by which a statement sorts without saying where those without a value come.

    First in SQLite, last in PostgreSQL. A statement that compares the column has none of them.

    Args:
        text: a statement.
        nullable: by table, the columns that may be NULL.
    """
    columns = {column for table, some in nullable.items() if table in text for column in some}
    terms = [term for found in ORDERED.findall(text) for term in re.split(r",(?![^(]*\))", found)]
    bare = " ".join(re.sub(r"'[^']*'", "", term) for term in terms if not PLACED.search(term))
    compared = r"\b{0} (?:[<>=]+ |IS NOT NULL|BETWEEN )|, {0}\) [<>=]+ "
    sorted_by = columns & set(re.findall(r"\b[a-z_]+\b", bare))
    return {name for name in sorted_by if not re.search(compared.format(name), text)}


def unplaced_nulls(nullable: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Orders that differ between the databases, by file."""
    return {name: some for name, text in statements() if (some := unplaced(text, nullable))}
