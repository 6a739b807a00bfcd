"""Which column of a table holds the questions, which the answers?"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from knowledge.ingest.sheets import Sheet

FIELDS = {
    "question": (
        "问题 标准问题 标准问 标准问法 主问题 常见问题 客户问题 用户问题 提问 问 q "
        "question title 标题 faq"
    ),
    "answer": (
        "答案 回答 回复 标准答案 标准回答 标准回复 回复内容 答复 话术 回复话术 "
        "答案内容 答 a answer reply content 内容"
    ),
    "similar": (
        "相似问 相似问题 相似问法 扩展问 扩展问题 扩展问法 其他问法 同义问 同义问法 "
        "近似问 similar similars variants utterances phrasings 用户问法"
    ),
    "category": (
        "分类 类别 类目 知识分类 问题分类 问题类型 分类名称 所属分类 目录 模块 category type group"
    ),
    "tags": "标签 知识标签 tags tag label",
    "valid": "有效期 有效时间 有效期限 生效时间段 validity",
    "valid_from": "生效日期 生效时间 开始日期 开始时间 起始日期 有效期开始 valid_from start",
    "valid_until": (
        "失效日期 失效时间 结束日期 结束时间 截止日期 到期日期 过期时间 有效期至 "
        "有效期结束 valid_until end expires"
    ),
    "id": "id 编号 知识id 问题id 知识编号 问题编号 faq_id 唯一标识",
    "channels": "渠道 来源渠道 适用渠道 channel channels",
    "audience": "账号 客服账号 适用账号 open_kfid audience account",
    "for_tags": "适用人群 适用客户 人群 客户标签 for_tags",
    "enabled": "状态 启用状态 是否启用 是否有效 启用 enabled status",
}
"""What each field is called in the tables that companies keep."""

LABELS = {
    "question": "问题",
    "answer": "回答",
    "similar": "相似问",
    "category": "分类",
    "tags": "标签",
    "valid": "有效期",
    "valid_from": "生效日",
    "valid_until": "失效日",
    "id": "编号",
    "channels": "渠道",
    "audience": "账号",
    "for_tags": "适用标签",
    "enabled": "是否启用",
}

_NAMES = {name: field for field, names in FIELDS.items() for name in names.split()}
_MANY = ("similar",)
_NOT_A_NAME = re.compile(r"[\W_]+|（.*?）|\(.*?\)")
_NUMBERED = re.compile(r"\d+$")
_ASKS = re.compile(r"[?？]|吗|么|怎|如何|什么|多少|几|哪|能不能|可以")
_HEADER_ROWS = 20
_TRIED_ROWS = 200


class ColumnsError(Exception):
    """What was said about columns does not fit; the text says why."""


class Columns(msgspec.Struct, frozen=True):
    """What the columns of a sheet are.

    Args:
        header: row of the headings, -1 = there is none.
        fields: field → its columns.
        certain: whether headings say it; else it was guessed from the cells.
    """

    header: int
    fields: Mapping[str, tuple[int, ...]]
    certain: bool


def parse_columns(text: str) -> dict[str, str]:
    """``question=问题,answer=C`` as a mapping.

    Raises:
        ColumnsError: not of this form, or no such field.
    """
    named: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in re.split("[,，]", text))):
        field, _, heading = part.partition("=")
        if field.strip() not in FIELDS or not heading.strip():
            known = "、".join(FIELDS)
            raise ColumnsError(f"--columns：{part} 不成；写成 字段=表头或列号，字段有 {known}")
        named[field.strip()] = heading.strip()
    return named


def guess_columns(sheet: Sheet, named: Mapping[str, str] | None = None) -> Columns | None:
    """What the columns are, or ``None`` when nothing tells.

    Args:
        named: field → heading or column letter, as the operator says; wins over every guess.

    Raises:
        ColumnsError: a named column is not in this sheet.
    """
    if named:
        return _as_named(sheet, named)
    best: dict[str, tuple[int, ...]] = {}
    header = -1
    for at, row in enumerate(sheet.rows[:_HEADER_ROWS]):
        found = _by_headings(row)
        if len(found) > len(best) and at not in sheet.banners:
            best, header = found, at
    if "question" in best and "answer" in best:
        return Columns(header, best, certain=True)
    return _by_cells(sheet)


def _by_headings(row: Sequence[str]) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for column, cell in enumerate(row):
        name = _NOT_A_NAME.sub("", cell.lower().replace("_", "")) if len(cell) <= 30 else ""
        field = _FOLDED.get(name) or _FOLDED.get(_NUMBERED.sub("", name))
        if field and (field not in found or field in _MANY):
            found[field] = (*found.get(field, ()), column)
    return found


_FOLDED = {name.replace("_", ""): field for name, field in _NAMES.items()}


def _as_named(sheet: Sheet, named: Mapping[str, str]) -> Columns | None:
    missing = [field for field in ("question", "answer") if field not in named]
    if missing:
        raise ColumnsError(f"--columns 里要有 {' 和 '.join(missing)}")
    for at, row in enumerate(sheet.rows[:_HEADER_ROWS]):
        if all(heading in row for heading in named.values()):
            fields = {field: (row.index(heading),) for field, heading in named.items()}
            return Columns(at, fields, certain=True)
    letters = {field: _column_of(heading) for field, heading in named.items()}
    width = len(sheet.rows[0]) if sheet.rows else 0
    if all(column is not None and column < width for column in letters.values()):
        fields = {field: (column,) for field, column in letters.items() if column is not None}
        header = next(
            (at for at, row in enumerate(sheet.rows[:_HEADER_ROWS]) if _by_headings(row)), -1
        )
        return Columns(header, fields, certain=True)
    return None


def _column_of(letters: str) -> int | None:
    if not re.fullmatch("[A-Za-z]{1,2}", letters):
        return None
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def _by_cells(sheet: Sheet) -> Columns | None:
    """Without headings: what asks is the question, the longest text is the answer."""
    rows = [row for row in sheet.rows[:_TRIED_ROWS] if sum(map(bool, row)) >= 2]
    if len(rows) < 2:
        return None
    columns = range(len(rows[0]))
    asking = [sum(bool(_ASKS.search(row[c])) and len(row[c]) < 80 for row in rows) for c in columns]
    question = max(columns, key=lambda c: asking[c])
    longest = [sum(len(row[c]) for row in rows) if c != question else -1 for c in columns]
    answer = max(columns, key=lambda c: longest[c])
    if asking[question] * 2 < len(rows) or longest[answer] < 4 * len(rows):
        return None
    return Columns(-1, {"question": (question,), "answer": (answer,)}, certain=False)
