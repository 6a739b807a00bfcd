"""Do values that are right one by one also fit together?

These checks read the unvalidated values and step over what is misshapen, so that one mistake
does not hide another.
"""

from collections.abc import Iterator

from bot.config.cross_staff import staff_problems
from bot.config.environment import Draft
from bot.config.problems import Problem
from bot.config.yaml_file import Loc, path_text

_DISTINCT: tuple[tuple[Loc, str], ...] = (
    (("staff",), "userid"),  # case-insensitive (wecom-api §0)
    (("wecom", "kf_accounts"), ""),
)


def cross_problems(draft: Draft) -> Iterator[Problem]:
    """Every pair of values that does not fit."""
    for loc, key in _DISTINCT:
        yield from _repeated(draft, loc, key)
    yield from staff_problems(draft)
    yield from _embeddings(draft)
    yield from _order_tools(draft)
    accounts = draft.at(("accounts",))
    for name in accounts if isinstance(accounts, dict) else ():
        yield from _opening_hours(draft, ("accounts", name, "opening_hours"))


def _repeated(draft: Draft, loc: Loc, key: str) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    items = draft.at(loc)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        value = item.get(key) if key and isinstance(item, dict) else item
        if not isinstance(value, str):
            continue
        folded = value.lower() if key == "userid" else value
        if folded in seen:
            here: Loc = (*loc, index, key) if key else (*loc, index)
            first = path_text((*loc, seen[folded]))
            found = f"{value!r} 与 {first} 重复"
            yield Problem(path_text(here), found, "各不相同", draft.where(here))
        seen.setdefault(folded, index)


def _embeddings(draft: Draft) -> Iterator[Problem]:
    section = draft.at(("embeddings",))
    if not isinstance(section, dict) or section.get("provider") != "openai":
        return
    for key in ("base_url", "model"):
        if key not in section:
            where = draft.where(("embeddings", "provider"))
            expected = "provider 为 openai 时必须填写"
            yield Problem(f"embeddings.{key}", "没有填写", expected, where)


def _order_tools(draft: Draft) -> Iterator[Problem]:
    tools = draft.at(("tools",))
    named = tools.items() if isinstance(tools, dict) else ()
    serving = [name for name, tool in named if isinstance(tool, dict) and tool.get("orders")]
    for name in serving[1:]:
        here: Loc = ("tools", name, "orders")
        found = f"{path_text(('tools', serving[0]))} 也能查订单"
        yield Problem(path_text(here), found, "只有一个工具写 orders", draft.where(here))


def _opening_hours(draft: Draft, loc: Loc) -> Iterator[Problem]:
    items = draft.at(loc)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        opens, closes = (
            (item.get("from"), item.get("to")) if isinstance(item, dict) else (None,) * 2
        )
        if isinstance(opens, str) and isinstance(closes, str) and opens >= closes:
            here = (*loc, index, "to")
            found = f"{closes} 不晚于 from 的 {opens}"
            expected = "晚于 from；跨过午夜的写成两段"
            yield Problem(path_text(here), found, expected, draft.where(here))
