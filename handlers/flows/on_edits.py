"""How does what is not due yet follow a definition that somebody has edited (R-9.2)?

What was said stays said; what is blocked, or is being asked for, was due already.
"""

from bot.model import Emitted
from bot.model.outreach import Reach
from bot.routing import Turn
from handlers.flows import store
from handlers.flows.flow import Evidence, Flow, due_at, reminder_at
from handlers.flows.router import router
from handlers.flows.running import EXPIRE, Guide, Runner
from handlers.flows.store import Run, StepRow

EDITED = "flow_edited"
"""Emitted to whoever is in a flow whose definition has changed; its data names the `run`."""


@router.on(Emitted, tag=EDITED)
async def edited(turn: Turn, event: Emitted, guide: Guide) -> None:
    """Set the alarms of a run anew; told twice, they are set to the same moments."""
    run = await store.run(guide.facts, str(event.data["run"]))
    flow = guide.flows.get(run.flow) if run is not None else None
    if run is None or flow is None or not run.is_running or run.version == flow.version:
        return
    expires_at = run.started_at + flow.expires_s
    store.replan(turn, run, flow.version, expires_at)
    turn.schedule(EXPIRE, max(0.0, expires_at - turn.now), key=run.id, data={"run": run.id})
    runner = guide.of(turn)
    for row in await store.steps_of(guide.facts, run.id):
        if row.step == run.step and row.outcome is None:
            await _follow(runner, flow, run, row)


async def _follow(runner: Runner, flow: Flow, run: Run, row: StepRow) -> None:
    turn, step = runner.turn, flow.step(row.step)
    if step is None:
        runner.alarm(run, row.step, turn.now)  # it is skipped then
    elif row.asked_at is None and row.reach is Reach.PLANNED:
        wanted = due_at(step.wait, turn.local_time(row.begun_at)).timestamp()
        await runner.plan(run, step, since=row.begun_at, wanted=max(wanted, turn.now))
    elif row.asked_at is not None and step.evidence is Evidence.NONE:
        runner.alarm(run, step.id, turn.now)  # it asks for nothing any more
    elif row.asked_at is not None:
        at = reminder_at(step, row.asked_at, row.reminded)
        if at is not None:
            runner.alarm(run, step.id, at)
