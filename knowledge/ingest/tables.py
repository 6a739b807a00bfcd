"""Which entries do the rows of a sheet give, once its columns are known?"""

import re
from datetime import date
from typing import Any

from knowledge.ingest.columns import Columns
from knowledge.ingest.gathering import Gathering
from knowledge.ingest.sheets import Sheet

_PHRASINGS = re.compile(r"[；;|｜\n]+|/{2,}")
_LIST = re.compile(r"[，,、；;|｜\s]+")
_BULLET = re.compile(r"^(?:[·•\-*]|[（(]?\d{1,3}[.、)）])\s*")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_ALWAYS = frozenset(["长期", "永久", "长期有效", "永久有效", "一直有效", "不限", "无", "-", "—"])
_OFF_WORDS = "否 停用 禁用 关闭 失效 下架 已停用 已禁用 无效 off no false 0"
_OFF = frozenset(_OFF_WORDS.split())


def gather_rows(sheet: Sheet, columns: Columns, into: Gathering) -> None:
    """Take every row below the header."""
    section = ""
    for at, row in enumerate(sheet.rows[columns.header + 1 :], columns.header + 1):
        place = f"{f'“{sheet.name}”' if sheet.name else ''}第 {at + 1} 行"
        if at in sheet.banners:
            section = _BULLET.sub("", re.sub("^[一二三四五六七八九十]+、", "", sheet.banners[at]))
            continue
        if row == (sheet.rows[columns.header] if columns.header >= 0 else None):
            continue  # the header again, as on every printed page
        texts = {
            field: [row[column] for column in places if row[column]]
            for field, places in columns.fields.items()
        }
        if not any(texts.values()):
            continue
        if any(text.lower() in _OFF for text in texts.get("enabled", ())):
            into.skip(place, "已停用")
            continue
        into.add(place, _values(texts, section))


def _values(texts: dict[str, list[str]], section: str) -> dict[str, Any]:
    first = {field: (found[0] if found else "") for field, found in texts.items()}
    values: dict[str, Any] = {
        "question": first.get("question", ""),
        "answer": first.get("answer", ""),
        "similar": [
            _BULLET.sub("", part.strip())
            for text in texts.get("similar", ())
            for part in _PHRASINGS.split(text)
            if part.strip()
        ],
    }
    if first.get("id"):
        values["id"] = first["id"]
    if category := first.get("category") or section:
        values["category"] = " ".join(category.split())
    for field in ("tags", "channels", "audience", "for_tags"):
        if listed := [part for part in _LIST.split(first.get(field, "")) if part]:
            values[field] = listed
    if first.get("valid"):
        values["valid_from"], values["valid_until"] = _period(first["valid"])
    for field in ("valid_from", "valid_until"):
        if text := first.get(field):
            values[field] = None if text in _ALWAYS else _day(text)
    return values


def _period(text: str) -> tuple[str | None, str | None]:
    """First and last day; one day alone is the last. What cannot be read is left for the fault."""
    if text in _ALWAYS:
        return None, None
    days = [_iso(*found) for found in _DAY.findall(text)]
    if len(days) == 2:
        return days[0], days[1]
    if len(days) == 1:
        starts = re.search("起|开始|之后|以后", text) and not re.search("止|至|到|前", text)
        return (days[0], None) if starts else (None, days[0])
    return None, text


def _day(text: str) -> str:
    found = _DAY.search(text)
    return _iso(*found.groups()) if found else text


def _iso(year: str, month: str, day: str) -> str:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return f"{year}-{month}-{day}"
