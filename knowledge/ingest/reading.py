"""Which files lie under these paths, and what does each of them give?"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from knowledge.ingest.columns import LABELS, Columns, ColumnsError, guess_columns
from knowledge.ingest.documents import gather_page, read_text
from knowledge.ingest.gathering import Gathered, Gathering
from knowledge.ingest.html_text import read_html, read_markdown
from knowledge.ingest.sheets import WORKBOOKS, Sheet, decode, read_csv, read_workbook
from knowledge.ingest.skips import MAX_FILE_BYTES, MAX_FILES, MAX_TEXT_BYTES, Skip, UnreadableFile
from knowledge.ingest.tables import gather_rows

ORIGIN = "import:"
"""Origins that begin so were imported."""

_MARKDOWN = (".md", ".markdown")
_HTML = (".html", ".htm", ".xhtml")
_TABLES = (*WORKBOOKS, ".csv", ".tsv")
SUFFIXES = (*_TABLES, *_MARKDOWN, *_HTML, ".txt")


class Source(msgspec.Struct, frozen=True):
    """A file to read.

    Args:
        origin: stable name: the file's, below the folder that was named.
        file: the same for people.
    """

    path: Path
    origin: str
    file: str


class Table(msgspec.Struct):
    """A sheet and what its columns are taken for."""

    file: str
    sheet: Sheet
    columns: Columns

    def labelled(self) -> list[tuple[str, tuple[int, ...]]]:
        """Label → columns."""
        return [(LABELS[field], places) for field, places in self.columns.fields.items()]

    def sample(self, rows: int = 3) -> list[dict[str, str]]:
        """Label → cell of the first rows that hold a question."""
        below = self.sheet.rows[self.columns.header + 1 :]
        asked = self.columns.fields["question"][0]
        return [
            {
                LABELS[field]: next((row[c] for c in places if row[c]), "")
                for field, places in self.columns.fields.items()
            }
            for row in [row for row in below if row[asked]][:rows]
        ]


class Origin(msgspec.Struct):
    """What one file gives."""

    source: Source
    found: list[Gathered] = []
    skips: list[Skip] = []
    tables: list[Table] = []
    unread: str = ""


def find_sources(paths: Sequence[Path], skips: list[Skip]) -> list[Source]:
    """The files under these paths, each once.

    Raises:
        UnreadableFile: a path does not exist or is of no known kind, or there are too many files.
    """
    sources: dict[Path, Source] = {}
    for path in paths:
        if path.is_dir():
            root = path.resolve()
            for file in sorted(root.rglob("*")):
                name = f"{root.name}/{file.relative_to(root).as_posix()}"
                _consider(file, name, sources, skips)
        elif not path.is_file():
            raise UnreadableFile(f"没有 {path} 这个文件或文件夹")
        elif path.suffix.lower() not in SUFFIXES:
            raise UnreadableFile(f"不认识 {path.name}；能读 {'、'.join(SUFFIXES)}")
        else:
            sources[path.resolve()] = Source(path, ORIGIN + path.name, path.name)
    return list(sources.values())


def _consider(file: Path, name: str, sources: dict[Path, Source], skips: list[Skip]) -> None:
    hidden = any(part.startswith((".", "~$")) for part in Path(name).parts)
    if hidden or file.is_symlink() or not file.is_file():
        return
    if file.suffix.lower() not in SUFFIXES:
        skips.append(Skip(name, "", f"不认识这种文件（{file.suffix or '没有后缀'}）"))
        return
    if len(sources) >= MAX_FILES:
        raise UnreadableFile(f"文件超过 {MAX_FILES} 个，请分几次导入")
    sources[file] = Source(file, ORIGIN + name, name)


def read_source(source: Source, named: Mapping[str, str] | None = None) -> Origin:
    """Read one file; one that cannot be read says so in `unread`.

    Args:
        named: columns as the operator says.

    Raises:
        ColumnsError: these columns are in no sheet of the file.
    """
    gathering = Gathering(source.origin, source.file)
    origin = Origin(source)
    try:
        size = source.path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise UnreadableFile(f"{size // 1024**2} MB，超过 {MAX_FILE_BYTES // 1024**2} MB")
        if source.path.suffix.lower() in _TABLES:
            _read_tables(source, origin, gathering, named)
        else:
            _read_document(source, gathering, size)
    except (UnreadableFile, OSError) as error:
        origin.unread = str(error)
        return origin
    origin.found, origin.skips = gathering.found, gathering.skips
    if not origin.found and not origin.skips:
        origin.skips.append(Skip(source.file, "", "里面没有内容"))
    return origin


def _read_tables(
    source: Source, origin: Origin, gathering: Gathering, named: Mapping[str, str] | None
) -> None:
    if source.path.suffix.lower() in WORKBOOKS:
        sheets = read_workbook(source.path, source.file, gathering.skips)
    else:
        sheets = read_csv(source.path.read_bytes())
    for sheet in sheets:
        if columns := guess_columns(sheet, named):
            origin.tables.append(Table(source.file, sheet, columns))
            gather_rows(sheet, columns, gathering)
        elif any(any(row) for row in sheet.rows):
            place = f"工作表“{sheet.name}”" if sheet.name else ""
            gathering.skip(place, "看不出哪一列是问题、哪一列是回答")
    if named and sheets and not origin.tables:
        wanted = "、".join(named.values())
        raise ColumnsError(f"{source.file} 里没有这些列：{wanted}")


def _read_document(source: Source, gathering: Gathering, size: int) -> None:
    if size > MAX_TEXT_BYTES:
        raise UnreadableFile(f"文字超过 {MAX_TEXT_BYTES // 1024**2} MB，请分成几份")
    text = decode(source.path.read_bytes())
    suffix = source.path.suffix.lower()
    if suffix in _MARKDOWN:
        page = read_markdown(text)
    elif suffix in _HTML:
        page = read_html(text)
    else:
        page = read_text(text)
    gather_page(page, source.path.stem, gathering)
