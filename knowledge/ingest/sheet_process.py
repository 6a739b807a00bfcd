"""Which cells does a workbook hold? Run as a script, in a process that may die of a hostile file.

A sheet with one cell at its far corner would take more memory than there is; so this process gets
a limit, reads, prints JSON and ends. It imports nothing of ours.
"""

import contextlib
import datetime
import json
import sys
from typing import Any

_MEMORY = 3 * 1024**3
_CPU_S = 60


def main(path: str, max_rows: int, max_columns: int) -> None:
    """Print every visible sheet with its cells as text and its merged ranges."""
    _limit()
    import python_calamine as calamine

    try:
        workbook = calamine.load_workbook(path)
        sheets = [
            _sheet(workbook, one.name, str(one.visible), max_rows, max_columns)
            for one in workbook.sheets_metadata
            if str(one.typ).endswith("WorkSheet")
        ]
    except calamine.PasswordError:
        json.dump({"error": "有密码"}, sys.stdout)
    except (calamine.CalamineError, OSError, ValueError) as error:
        json.dump({"error": f"打不开：{error}"}, sys.stdout)
    else:
        json.dump({"sheets": sheets}, sys.stdout)


def _sheet(workbook: Any, name: str, visible: str, max_rows: int, max_columns: int) -> Any:
    if not visible.endswith("Visible"):
        return {"name": name, "hidden": True}
    sheet = workbook.get_sheet_by_name(name)
    if sheet.end is None:
        return {"name": name, "rows": []}
    last_row, last_column = sheet.end
    if last_row >= max_rows:
        return {"name": name, "error": f"超过 {max_rows} 行"}
    if last_column >= max_columns:
        return {"name": name, "error": f"超过 {max_columns} 列"}
    rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    merged: list[Any] = []
    with contextlib.suppress(Exception):  # some formats know no merged cells
        merged = list(sheet.merged_cell_ranges or ())
    return {"name": name, "rows": rows, "merged": merged}


def _text(cell: Any) -> str:
    """A cell as a person reads it."""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        if cell.time() == datetime.time():
            return cell.date().isoformat()
        return cell.isoformat(" ", "minutes")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    text = str(cell)
    return "" if text.startswith("#") and text.rstrip("!?").isupper() and len(text) < 9 else text


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
