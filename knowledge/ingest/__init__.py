"""How do a company's own files become entries? Tables, Markdown, html and plain text."""

from knowledge.ingest.columns import Columns, ColumnsError, guess_columns, parse_columns
from knowledge.ingest.gathering import Gathered
from knowledge.ingest.reading import ORIGIN, Origin, Source, Table, find_sources, read_source
from knowledge.ingest.skips import Skip, UnreadableFile

__all__ = [
    "ORIGIN",
    "Columns",
    "ColumnsError",
    "Gathered",
    "Origin",
    "Skip",
    "Source",
    "Table",
    "UnreadableFile",
    "find_sources",
    "guess_columns",
    "parse_columns",
    "read_source",
]
