"""Which channels does a table describe, or a mapping that somebody sent? All of them, or none."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bot.config import Channel, explained
from bot.errors import Misconfigured

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("编号", "id"),
    "name": ("名称", "名字", "name"),
    "kind": ("种类", "kind"),
    "source": ("流量", "source"),
    "members": ("成员", "members"),
    "daily_cap": ("每天上限", "daily_cap"),
    "spare": ("备用", "spare"),
    "tags": ("标签", "tags"),
    "welcome": ("欢迎语", "welcome"),
    "open_kfid": ("客服账号", "open_kfid"),
    "partner": ("合作方", "partner"),
    "groups": ("群", "groups"),
    "group_name": ("新群名", "group_name"),
    "states": ("别的编号", "states"),
}
_LISTS = ("spare", "tags", "groups", "states")
_NAMES = {
    "好友": "contact",
    "客服": "kf",
    "合作方": "partner",
    "群": "group",
    "员工": "staff",
    "自然": "natural",
    "付费": "paid",
    "裂变": "referral",
}
_MOST = 5_000


def read_channel(values: Mapping[str, Any]) -> Channel:
    """A channel from a mapping like those of config.yaml.

    Raises:
        Misconfigured: what is wrong with it, each on a line.
    """
    try:
        return Channel.model_validate(dict(values))
    except ValidationError as error:
        problems = explained(error)
    raise Misconfigured("\n".join(problems))


def channels_in(text: str) -> list[Channel]:
    """The channels of a CSV; several values of one cell are separated by blanks or 、.

    Raises:
        Misconfigured: everything that is wrong, by line: half of a table is not made.
    """
    rows = csv.reader(io.StringIO(text, newline=""))
    found: list[Channel] = []
    problems: list[str] = []
    try:
        header = [cell.strip().strip("\ufeff") for cell in next(rows, [])]
        at = {
            key: header.index(name)
            for key, names in COLUMNS.items()
            for name in names
            if name in header
        }
        if missing := [COLUMNS[key][0] for key in ("id", "name") if key not in at]:
            raise Misconfigured(f"第一行（表头）缺列：{'、'.join(missing)}")
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            cells = {key: row[n].strip() if n < len(row) else "" for key, n in at.items()}
            try:
                found.append(read_channel(values_of(cells)))
            except (Misconfigured, ValueError) as error:
                problems += [f"第 {rows.line_num} 行：{line}" for line in str(error).splitlines()]
    except csv.Error as error:
        raise Misconfigured(f"第 {rows.line_num} 行不是 CSV：{error}") from error
    problems += _repeated(found)
    if len(found) > _MOST:
        problems.append(f"一次最多 {_MOST} 个渠道")
    if problems:
        raise Misconfigured("\n".join(problems))
    return found


def values_of(cells: Mapping[str, str]) -> dict[str, Any]:
    """What a line of a table, or of a command, says, in the form of config.yaml.

    Raises:
        ValueError: the daily cap is no number.
    """
    values: dict[str, Any] = {
        key: _NAMES.get(value, value)
        for key, value in cells.items()
        if value and key not in ("members", "daily_cap", *_LISTS)
    }
    values |= {key: parts(cells[key]) for key in _LISTS if cells.get(key)}
    if members := parts(cells.get("members", "")):
        cap = cells.get("daily_cap", "")
        if cap and not cap.isdecimal():
            raise ValueError("每天上限：整数")
        values["receivers"] = [
            {"userid": userid} | ({"daily_cap": int(cap)} if cap else {}) for userid in members
        ]
    return values


def parts(cell: str) -> list[str]:
    """Several values of one cell."""
    return cell.replace("、", " ").replace("，", " ").replace(",", " ").split()


def _repeated(channels: list[Channel]) -> list[str]:
    seen: set[str] = set()
    repeated = []
    for channel in channels:
        for code in channel.codes:
            if code in seen:
                repeated.append(f"编号 {code} 出现了两次")
            seen.add(code)
    return repeated
