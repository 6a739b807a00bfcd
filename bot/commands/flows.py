"""Which flows are there, how many customers are how far, and how far is one of them?"""

import time
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app import open_store
from bot.app.flows import flows_in
from bot.commands.outreach import REACHES
from bot.config import Config
from handlers.flows import store as flow_store
from handlers.flows.store import StepRow

_STATES = {
    flow_store.RUNNING: "进行中",
    flow_store.DONE: "走完",
    flow_store.EXPIRED: "到期",
    flow_store.REFUSED: "客户不要",
    flow_store.CANCELLED: "取消",
}
_OUTCOMES = {"done": "完成", "skipped": "跳过", "given_up": "没有完成", None: "未完"}
_SHOWN = 30


async def listed(config: Config, out: TextIO) -> int:
    """Print every flow with how many customers are, or were, in it."""
    found, _ = flows_in(config.flows.sources)
    store = open_store(config)
    try:
        rows = await store.database.scan(
            "SELECT flow, state, COUNT(*) AS n FROM flow_runs GROUP BY flow, state"
        )
    finally:
        store.close()
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(row["flow"], {})[row["state"]] = row["n"]
    names = {one.id: f"{one.name}，{len(one.steps)} 步" for one in found}
    for flow_id in dict.fromkeys((*names, *counts)):
        told = "，".join(
            f"{text} {counts[flow_id][key]}"
            for key, text in _STATES.items()
            if counts.get(flow_id, {}).get(key)
        )
        print(f"{flow_id}（{names.get(flow_id, '已不在文件里')}）：{told or '还没有人'}", file=out)
    if not names and not counts:
        print("没有流程；flows.sources 写上文件或文件夹", file=out)
    return 0


async def show(config: Config, external_userid: str, out: TextIO) -> int:
    """Print how far a customer is in each flow."""
    store, zone, now = open_store(config), ZoneInfo(config.timezone), time.time()
    try:
        runs = await flow_store.runs_of(store, external_userid)
        for run in runs[-_SHOWN:]:
            began = datetime.fromtimestamp(run.started_at, zone).strftime("%m-%d %H:%M")
            why = f"（{run.why}）" if run.why else ""
            print(f"{run.flow}  {began} 开始  {_STATES[run.state]}{why}", file=out)
            for row in await flow_store.steps_of(store, run.id):
                print(f"  {_line(row, zone, now)}", file=out)
    finally:
        store.close()
    if not runs:
        print("这位客户没有在任何流程里。", file=out)
    return 0


def _line(row: StepRow, zone: ZoneInfo, now: float) -> str:
    at = row.asked_at or row.due_at
    when = datetime.fromtimestamp(at, zone).strftime("%m-%d %H:%M")
    when += " 到期" if row.asked_at is None and at > now else ""
    why = f"（{row.why}）" if row.why else ""
    proof = {"verified": "，核实的", "self-declared": "，客户自己说的"}.get(row.evidence, "")
    reminded = f"，提醒过 {len(row.reminded)} 次" if row.reminded else ""
    return (
        f"{row.step}  {when}  {REACHES[row.reach]}{why}  "
        f"{_OUTCOMES.get(row.outcome, row.outcome)}{proof}{reminded}"
    )
