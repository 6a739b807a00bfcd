"""How are the fields of a definition read: texts, numbers, days, hours?

Files of rules, welcomes and flows are made of such fields; whoever reads one goes on from here.
"""

from datetime import date, time
from typing import Any

from bot.app.phrasing_file import PhrasingFile
from bot.config.yaml_file import Loc


class FieldsFile(PhrasingFile):
    """A file of definitions being read; `problems` grows meanwhile."""

    def _text(self, loc: Loc, raw: dict[str, Any], key: str) -> str:
        value = raw.get(key)
        if not isinstance(value, str | int) or not str(value).strip() or len(str(value)) > 64:
            self._complain((*loc, key), "没有填写，或太长", "1–64 个字")
            return ""
        return str(value).strip()

    def _hours(self, loc: Loc, value: Any) -> tuple[time, time] | None:
        try:
            begin, end = str(value).split("-")
            end = "00:00" if end.strip() == "24:00" else end
            return time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())
        except ValueError:
            self._complain(loc, str(value), '"09:00-18:00"')
            return None

    def _weekdays(self, loc: Loc, value: Any) -> list[int]:
        if value is None:
            return []
        if not isinstance(value, list) or not all(one in range(1, 8) for one in value):
            self._complain(loc, str(value), "1–7 的列表，1 是星期一")
            return []
        return value

    def _date(self, loc: Loc, value: Any) -> date | None:
        try:
            return None if value is None else date.fromisoformat(str(value))
        except ValueError:
            self._complain(loc, str(value), "日期，如 2026-11-11")
            return None

    def _number(self, loc: Loc, raw: dict[str, Any], key: str, usual: float, most: float) -> float:
        value = raw.get(key, usual)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
            self._complain((*loc, key), str(value), f"大于 0，不超过 {most:g}")
            return usual
        return float(value)
