"""What do the cells of a workbook or a csv file say? Merged cells say it in each of their rows."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from knowledge.ingest.skips import (
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_UNPACKED_BYTES,
    Skip,
    UnreadableFile,
)
from knowledge.ingest.texts import clean

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_READ_WITHIN_S = 120
_SEPARATORS = ",\t;|，；"
_TRIED_LINES = 20


class Sheet(msgspec.Struct):
    """A sheet as a rectangle of clean texts.

    Args:
        name: of the sheet, empty for csv.
        rows: cells; row 0 is row 1 of the sheet.
        banners: rows that are one merged cell across several columns, with their text.
    """

    name: str
    rows: list[list[str]]
    banners: dict[int, str] = {}


def read_workbook(path: Path, file: str, skips: list[Skip]) -> list[Sheet]:
    """Every visible sheet.

    Raises:
        UnreadableFile: damaged, encrypted, or too large when unpacked.
    """
    _refuse_bombs(path)
    answer = _in_a_process(path)
    if "error" in answer:
        raise UnreadableFile(answer["error"])
    sheets: list[Sheet] = []
    for one in answer["sheets"]:
        place = f"工作表“{one['name']}”"
        if one.get("hidden"):
            skips.append(Skip(file, place, "是隐藏的工作表"))
        elif "error" in one:
            raise UnreadableFile(f"{place}{one['error']}")
        elif one["rows"]:
            sheets.append(_sheet(one))
    return sheets


def read_csv(data: bytes) -> list[Sheet]:
    """The one sheet of a csv file.

    Raises:
        UnreadableFile: no known encoding, or too many rows.
    """
    text = decode(data)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text)):
            if len(rows) >= MAX_ROWS:
                raise UnreadableFile(f"超过 {MAX_ROWS} 行")
            rows.append([clean(cell) for cell in row[:MAX_COLUMNS]])
    except csv.Error as error:
        raise UnreadableFile(f"不是完好的 csv：{error}") from error
    return [Sheet("", _rectangle(rows))] if rows else []


def decode(data: bytes) -> str:
    """Text in the encodings that Chinese desks use.

    Raises:
        UnreadableFile: it is in none of them.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableFile("不是文字文件，或编码既不是 UTF-8 也不是 GB18030")


def _separator(text: str) -> str:
    """The separator that gives the first rows the most columns they agree on."""
    head = "\n".join(text.splitlines()[:_TRIED_LINES])

    def columns(separator: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(head), delimiter=separator) if row]
        except csv.Error:
            return (0, 0)
        usual = max(set(widths), key=widths.count, default=0)
        return (widths.count(usual) if usual > 1 else 0, usual)

    return max(_SEPARATORS, key=columns)


def _refuse_bombs(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return  # .xls; anything else is refused by its reader
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise UnreadableFile(f"展开后超过 {MAX_UNPACKED_BYTES // 1024**2} MB")
    except zipfile.BadZipFile as error:
        raise UnreadableFile("文件已损坏") from error


def _in_a_process(path: Path) -> Any:
    script = Path(__file__).with_name("sheet_process.py")
    command = [sys.executable, str(script), str(path), str(MAX_ROWS), str(MAX_COLUMNS)]
    try:
        done = subprocess.run(  # noqa: S603 — our own script
            command, capture_output=True, timeout=_READ_WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise UnreadableFile(f"{_READ_WITHIN_S} 秒里没有读完") from None
    if done.returncode:
        raise UnreadableFile("读它要的内存或时间太多，或者文件已损坏")
    return json.loads(done.stdout)


def _sheet(one: Any) -> Sheet:
    rows = _rectangle([[clean(cell) for cell in row] for row in one["rows"]])
    banners: dict[int, str] = {}
    width = len(rows[0]) if rows else 0
    for (top, left), (bottom, right) in one.get("merged", ()):
        if top >= len(rows) or left >= width:
            continue
        if right > left and top == bottom:
            banners[top] = rows[top][left]
        for row in rows[top + 1 : bottom + 1]:
            row[left] = row[left] or rows[top][left]
    return Sheet(one["name"], rows, banners)


def _rectangle(rows: Iterable[list[str]]) -> list[list[str]]:
    listed = list(rows)
    width = max(map(len, listed), default=0)
    return [row + [""] * (width - len(row)) for row in listed]
