"""Which tags are there, who put them on, and why were others not? One customer's by hand."""

import time
from collections.abc import Sequence
from typing import TextIO

import msgspec

from bot.app.sensitive import refuse_names
from bot.commands.consent import operator
from bot.commands.customers import known_customer, note, opened
from bot.config import Config
from bot.errors import Misconfigured
from bot.model.tags import TagSource, group_of, name_problem
from bot.store import TagFigures, Unit
from bot.store.projecting import ask_projection

_DAY_S = 86_400.0

SOURCES = {
    TagSource.RULE: "规则",
    TagSource.MEANING: "意思",
    TagSource.CHANNEL: "渠道",
    TagSource.EVENT: "事件",
    TagSource.ORDER: "订单",
    TagSource.HUMAN: "人",
    TagSource.IMPORT: "导入",
    TagSource.API: "接口",
}
OUTCOMES = {
    "applied": "打上",
    "": "没有变化",
    "refused:consent": "没有打：客户没有同意过",
    "refused:human_removed": "没有打：人去掉过",
    "refused:human_set": "没有动：同组的是人选的，或是人打上的",
    "refused:older": "没有动：已有更新的",
    "refused:cap": "没有打：标签已满",
}


async def list_tags(
    config: Config, out: TextIO, *, as_json: bool = False, now: float | None = None
) -> int:
    """Print every tag that is on anybody, the most frequent first."""
    at = time.time() if now is None else now
    async with opened(config) as store:
        counted = await TagFigures(store.database, config.tagging).counts(at)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(counted)).decode(), file=out)
        return 0
    for one in counted:
        group = config.tagging.group(group_of(one.name))
        kinds = [group.dimension or "", "互斥" if group.exclusive else ""]
        about = "，".join(kind for kind in kinds if kind)
        by = "，".join(f"{SOURCES[TagSource(key)]} {n}" for key, n in one.by_source.items())
        print(f"{one.customers:>6}  {one.name}  （{by}{'；' + about if about else ''}）", file=out)
    if not counted:
        print("还没有标签。", file=out)
    return 0


async def show(
    config: Config, name: str, days: int, out: TextIO, *, now: float | None = None
) -> int:
    """Print which rules put a tag on lately, and why it was not put on.

    Raises:
        Misconfigured: that is no name of a tag.
    """
    check_name(name)
    at = time.time() if now is None else now
    async with opened(config) as store:
        figures = TagFigures(store.database, config.tagging)
        found = await figures.outcomes(name, at - days * _DAY_S)
        now_on = next((one for one in await figures.counts(at) if one.name == name), None)
    group = config.tagging.group(group_of(name))
    print(f"{name}：{now_on.customers if now_on else 0} 位客户", file=out)
    expires = f"{group.expires_days} 天后失效" if group.expires_days else "不失效"
    kinds = [group.dimension or "不属于任何维度", "组内互斥" if group.exclusive else "", expires]
    print(f"  {'，'.join(kind for kind in kinds if kind)}；用途 {group.purpose}", file=out)
    for outcome, rule, count in found:
        print(f"  {count:>6}  {OUTCOMES.get(outcome, outcome)}  {rule or '—'}", file=out)
    if not found:
        print(f"  最近 {days} 天没有动过。", file=out)
    return 0


async def change(
    config: Config,
    customer: str,
    names: Sequence[str],
    out: TextIO,
    *,
    add: bool,
    now: float | None = None,
) -> int:
    """Put tags on a customer or take them off by hand; returns 1 when one was refused.

    Raises:
        Misconfigured: that is no name of a tag, one that nobody was asked about, or no customer.
    """
    for name in names:
        check_name(name)
    if add:
        refuse_names(config, names)
    at, refused = time.time() if now is None else now, False
    async with opened(config) as store:
        await known_customer(store, customer)
        unit = Unit()
        added, removed = (names, ()) if add else ((), names)
        keys = store.tags.human(unit, customer, added, removed, by=operator(), at=at)
        await ask_projection(store, unit, customer, keys, at)
        await store.database.commit(unit)
        for name, key in zip(names, keys, strict=True):
            outcome = await store.tags.outcome(key, name)
            refused = refused or outcome.startswith("refused:")
            done = "去掉了" if outcome == "applied" and not add else OUTCOMES[outcome]
            print(f"{name}  {done}", file=out)
        action = "tags.add" if add else "tags.remove"
        await note(store, action, f"customer:{customer}", at, why=" ".join(names))
    return 1 if refused else 0


def check_name(name: str) -> None:
    """Go on only with what may be the name of a tag.

    Raises:
        Misconfigured: it may not.
    """
    if name_problem(name):
        expected = "“组：标签”（全角冒号），各不超过 30 个字，前后没有空格"
        raise Misconfigured(f"{name!r} 应写成{expected}")
