"""What does a customer's message say about the flows that he is in?"""

from bot.model import MessageReceived
from bot.routing import Tapped, Turn
from bot.routing.facts import CUSTOMER
from handlers.flows import store
from handlers.flows.flow import Evidence, Flow, Step
from handlers.flows.in_force import is_said
from handlers.flows.on_events import evidence, resume
from handlers.flows.router import router
from handlers.flows.running import NO_WAY, PREFIX, Guide, Runner
from handlers.flows.store import Run, StepRow

AFTER_S = 5.0
"""What is resumed because the customer writes comes after his answer."""


@router.observe()
async def heard(turn: Turn, guide: Guide) -> None:
    """Any message is a first interaction, and tells where the customer can be written to."""
    if turn.message.origin != CUSTOMER:
        return
    runner = guide.of(turn)
    running = [
        one for one in await store.runs_of(guide.facts, turn.external_userid) if one.is_running
    ]
    for run in running:
        store.write_at(turn, run, turn.conversation.open_kfid)
    if running:
        await evidence(runner, Evidence.WROTE)
        await resume(runner, NO_WAY, AFTER_S)


@router.message(Tapped(PREFIX))
async def tapped(turn: Turn, guide: Guide) -> None:
    """The customer says that a step is done; an item of a step that is over says nothing new."""
    named = (turn.message.menu_id or "").removeprefix(PREFIX)
    runner = guide.of(turn)
    for flow, run, row, step in await _waiting(runner):
        if f"{run.id}/{step.id}" == named:
            await runner.done(flow, run, row, step, thank=True)
            turn.settle("answered")
            return
    turn.reply(turn.phrases.say("flows.over"), category="service")


@router.message()
async def said(turn: Turn, guide: Guide) -> None:
    """The customer writes what a step asks for."""
    message: MessageReceived = turn.message
    if message.menu_id or not turn.text:
        return
    runner = guide.of(turn)
    for flow, run, row, step in await _waiting(runner):
        if step.evidence in (Evidence.REPLY, Evidence.DECLARED) and is_said(step, turn.text):
            await runner.done(flow, run, row, step, thank=True)
            turn.settle("answered")
            return


async def _waiting(runner: Runner) -> list[tuple[Flow, Run, StepRow, Step]]:
    """Every step of the customer that was asked for and is not over."""
    found: list[tuple[Flow, Run, StepRow, Step]] = []
    for run in await store.runs_of(runner.facts, runner.turn.external_userid):
        flow = runner.flows.get(run.flow) if run.is_running else None
        step = flow.step(run.step) if flow else None
        if flow is None or step is None:
            continue
        rows = await store.steps_of(runner.facts, run.id)
        found += [
            (flow, run, row, step)
            for row in rows
            if row.step == step.id and row.outcome is None and row.asked_at is not None
        ]
    return found
