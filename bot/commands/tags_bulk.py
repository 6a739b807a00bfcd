"""How are the tags of many customers changed by a command, and taken back?"""

import time
from collections.abc import Mapping
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app.sensitive import refuse_names
from bot.commands.consent import operator
from bot.commands.customers import note, opened, when
from bot.commands.tags import OUTCOMES, check_name
from bot.config import Config
from bot.errors import Misconfigured
from bot.model.tags import group_of
from bot.store import TagFigures, TagRuns

_KINDS = {"rename": "改名", "merge": "合并", "apply": "重跑规则"}


async def rename(
    config: Config,
    kind: str,
    old: str,
    new: str,
    out: TextIO,
    *,
    dry_run: bool = False,
    now: float | None = None,
) -> int:
    """Give everybody who has one tag another one instead; `undo` takes it back.

    Raises:
        Misconfigured: these are no names of tags, nobody was asked about the new one, the purposes
            of their groups differ, or a rename would be a merge.
    """
    at = time.time() if now is None else now
    _check(config, old, new)
    async with opened(config) as store:
        figures = TagFigures(store.database, config.tagging)
        counts = {one.name: one.customers for one in await figures.counts(at)}
        if kind == "rename" and counts.get(new):
            raise Misconfigured(f"{new} 已经有 {counts[new]} 位客户：要并进去，用 tags merge")
        if dry_run or not counts.get(old):
            print(f"{old} 有 {counts.get(old, 0)} 位客户，没有改动。", file=out)
            return 0
        runs = TagRuns(store)
        run = await runs.begin(kind, {"from": old, "to": new}, by=operator(), at=at)
        outcomes = await runs.rename(old, new, run, at)
        await runs.finish(run, at)
        await note(store, f"tags.{kind}", run, at, why=f"{old} {new}")
    print(f"{run}：{old} → {new}", file=out)
    print_outcomes(outcomes, out)
    print(f"撤销：concierge tags undo {run}。规则里写着 {old} 的，要一起改。", file=out)
    return 0


async def undo(config: Config, run: str, out: TextIO, *, now: float | None = None) -> int:
    """Take back what a run did; returns 1 when it was taken back before.

    Raises:
        Misconfigured: there is no such run.
    """
    at = time.time() if now is None else now
    async with opened(config) as store:
        runs = TagRuns(store)
        found = await runs.get(run)
        if found is None:
            raise Misconfigured(f"没有这次批量修改：{run}；concierge tags undo 列出最近几次")
        if found.undone_at is not None:
            print("已经撤销过。", file=out)
            return 1
        done, left = await runs.undo(run, by=operator(), now=at)
        await note(store, "tags.undo", run, at, result=f"{done} {left}")
    print(f"撤销了 {done} 处。", file=out)
    if left:
        print(f"{left} 处没有动：之后又改过、人改过，或客户撤回了同意。", file=out)
    return 0


async def list_runs(config: Config, out: TextIO) -> int:
    """Print the last runs, newest first."""
    zone = ZoneInfo(config.timezone)
    async with opened(config) as store:
        found = await TagRuns(store).last()
    for one in found:
        undone = f"，{when(one.undone_at, zone)} 撤销" if one.undone_at else ""
        asked = " → ".join(str(value) for value in one.asked.values())
        line = f"{one.id}  {when(one.at, zone)}  {_KINDS.get(one.kind, one.kind)}  {asked}"
        print(f"{line}  {one.changes} 处，{one.by}{undone}", file=out)
    if not found:
        print("没有批量修改过。", file=out)
    return 0


def print_outcomes(outcomes: Mapping[str, int], out: TextIO) -> None:
    """Print how often each outcome came."""
    for outcome, count in sorted(outcomes.items(), key=lambda one: -one[1]):
        print(f"  {count:>6}  {OUTCOMES.get(outcome, outcome)}", file=out)


def _check(config: Config, old: str, new: str) -> None:
    check_name(old)
    check_name(new)
    refuse_names(config, [new])
    if old == new:
        raise Misconfigured("两个名字一样")
    before, after = (config.tagging.group(group_of(name)).purpose for name in (old, new))
    if before != after:
        raise Misconfigured(f"两个组的用途不同（{before}、{after}），客户同意的是前一个")
