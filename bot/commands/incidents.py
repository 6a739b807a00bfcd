"""What was wrong with the service, and what did people do about it? Seen and written down here."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app import PROMPTS, open_store
from bot.commands.consent import operator
from bot.config import Config
from bot.errors import Conflict, Misconfigured
from bot.policy.alarms import BY_PEOPLE, INCIDENTS, Kind, Step, within, worded
from bot.routing.phrases import Phrases
from bot.store import Store, Unit
from bot.store.alarms import Alarm, Done

_STEPS = {Step.DIAGNOSED: "诊断", Step.RESTORED: "恢复", Step.REPORTED: "报告"}


async def alarms(config: Config, out: TextIO, *, limit: int, as_json: bool) -> int:
    """Print what is and was wrong, the newest first."""
    store = open_store(config)
    try:
        found = await store.alarms.latest(limit)
    finally:
        store.close()
    if as_json:
        print(json.dumps([asdict(one) for one in found], ensure_ascii=False), file=out)
        return 0
    for one in found:
        print(_line(config, one), file=out)
    if not found:
        print("没有过告警。", file=out)
    return 0


async def show(config: Config, incident: int, out: TextIO, *, as_json: bool) -> int:
    """Print one incident with what was done, and what is still to be done by when."""
    store = open_store(config)
    try:
        one = await _incident(store, incident)
        done = await store.alarms.done(incident)
    finally:
        store.close()
    if as_json:
        told = asdict(one) | {"steps": [asdict(step) for step in done]}
        print(json.dumps(told, ensure_ascii=False), file=out)
        return 0
    print(_line(config, one), file=out)
    for step in done:
        name = _STEPS[Step(step.step)]
        print(f"  {name}  {_time(config, step.at)} {step.by}：{step.note}", file=out)
    for left in _left(one, done):
        by = _time(config, one.opened_at + within(config.alarms)[left])
        print(f"  {_STEPS[left]}  还没有，限 {by} 之前", file=out)
    return 0


async def begin(
    config: Config, kind: Kind, what: str, out: TextIO, *, now: float | None = None
) -> int:
    """Write down an incident that a person saw, or begin a drill.

    Raises:
        Misconfigured: one of the kind goes on already.
    """
    store, unit = open_store(config), Unit()
    at = time.time() if now is None else now
    try:
        store.alarms.begin(unit, kind, what, at, by=operator())
        await store.database.commit(unit)
        [one] = [one for one in await store.alarms.open() if one.kind == kind]
    except Conflict as error:
        raise Misconfigured(
            "这样的一件还没有结束，先用 concierge incident note 记下恢复"
        ) from error
    finally:
        store.close()
    print(f"已记下，编号 {one.id}。", file=out)
    spans = within(config.alarms)
    for step, name in _STEPS.items():
        print(f"  {name}  限 {_time(config, at + spans[step])} 之前", file=out)
    return 0


async def note(
    config: Config, incident: int, step: Step, text: str, out: TextIO, *, now: float | None = None
) -> int:
    """Write down that a step was done; restoring ends what a person has begun.

    Raises:
        Misconfigured: no such incident, or the step was noted before.
    """
    store, unit = open_store(config), Unit()
    at = time.time() if now is None else now
    try:
        one = await _incident(store, incident)
        store.alarms.note(unit, incident, step, at, by=operator(), note=text)
        if step is Step.RESTORED and one.kind in BY_PEOPLE and one.ended_at is None:
            store.alarms.end(unit, one, at, by=operator())
        await store.database.commit(unit)
    except Conflict as error:
        raise Misconfigured(f"{_STEPS[step]}已经记过了") from error
    finally:
        store.close()
    print(f"已记下：{_STEPS[step]}。", file=out)
    return 0


async def _incident(store: Store, incident: int) -> Alarm:
    one = await store.alarms.get(incident)
    if one is None or one.kind not in INCIDENTS:
        raise Misconfigured(f"没有编号 {incident} 的故障，用 concierge alarms 列出")
    return one


def _left(one: Alarm, done: Sequence[Done]) -> list[Step]:
    steps = {step.step for step in done} | ({Step.RESTORED} if one.ended_at is not None else set())
    return [step for step in Step if step not in steps]


def _line(config: Config, one: Alarm) -> str:
    what = Phrases.load(PROMPTS).say(f"alarms.{one.kind}", shown=one.shown, **worded(config.alarms))
    over = "还在" if one.ended_at is None else f"{_time(config, one.ended_at)} 结束"
    kind = "故障" if one.kind in INCIDENTS else "告警"
    return f"{one.id}  {kind}  {_time(config, one.opened_at)} 起，{over}  {what}"


def _time(config: Config, at: float) -> str:
    return f"{datetime.fromtimestamp(at, ZoneInfo(config.timezone)):%Y-%m-%d %H:%M}"
