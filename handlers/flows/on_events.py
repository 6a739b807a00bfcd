"""What begins a flow, moves it on, or ends it?"""

from bot.model import (
    CustomerAdded,
    CustomerDeleted,
    Emitted,
    GroupJoined,
    SessionEntered,
    TimerDue,
)
from bot.model.consents import Purpose
from bot.model.mass_sends import MASS_SEND_MOVED
from bot.model.outreach import Reach
from bot.model.tasks import TASK_ENDED, TaskState
from bot.routing import Turn
from bot.store import Store
from bot.store.consents import NOT_CONSENTED
from handlers.flows import store
from handlers.flows.flow import Evidence
from handlers.flows.friends import FEATURE, TASK, is_of
from handlers.flows.router import router
from handlers.flows.running import (
    EXPIRE,
    NO_CONSENT,
    STEP,
    TOUCH,
    Guide,
    Runner,
)


@router.on(CustomerAdded)
async def added(turn: Turn, event: CustomerAdded, guide: Guide) -> None:
    """A new friend begins what is meant for newcomers, or for whoever comes back."""
    facts = guide.facts
    relation = await facts.contacts.relation(event.userid, event.external_userid)
    if relation is not None and not relation.is_friend and 0 < event.at < relation.version:
        return  # it is over already
    customers = await facts.people.same_person(event.external_userid)
    is_back = await facts.contacts.has_left(customers, before=event.at or turn.now)
    began = "returned" if is_back else "added"
    await guide.of(turn).begin(began, userid=event.userid, state=event.state)


@router.on(SessionEntered)
async def entered(turn: Turn, event: SessionEntered, guide: Guide) -> None:
    """A customer who opens the chat begins what is meant for him there."""
    await guide.of(turn).begin("entered", state=event.scene)


@router.on(TimerDue, tag=STEP)
@router.on(Emitted, tag=TOUCH)
async def due(turn: Turn, guide: Guide) -> None:
    """A step comes due, by its timer or, told by that, in the conversation of the customer."""
    event = turn.event
    assert isinstance(event, TimerDue | Emitted)
    await guide.of(turn).come_due(str(event.data["run"]), str(event.data["step"]))


@router.on(TimerDue, tag=EXPIRE)
async def expired(turn: Turn, event: TimerDue, facts: Store) -> None:
    """A flow has had its time."""
    run = await store.run(facts, str(event.data["run"]))
    if run is not None and run.is_running:
        store.end_run(turn, run, store.EXPIRED)


@router.on(CustomerDeleted)
async def deleted(turn: Turn, event: CustomerDeleted, facts: Store) -> None:
    """Whoever leaves is left alone (R-9.3)."""
    for run in await store.runs_of(facts, event.external_userid):
        if run.is_running and run.userid in ("", event.userid.lower()):
            store.end_run(turn, run, store.CANCELLED, "deleted")


@router.on(Emitted, tag="consent_ended")
async def refused(turn: Turn, event: Emitted, guide: Guide) -> None:
    """Who wants no advertising gets none of what is left (R-9.3)."""
    if event.data.get("purpose") != Purpose.MARKETING:
        return
    for run in await store.runs_of(guide.facts, turn.external_userid):
        flow = guide.flows.get(run.flow)
        if run.is_running and (flow is None or flow.is_marketing):
            store.end_run(turn, run, store.REFUSED, "consent ended")


@router.on(Emitted, tag="consent_given")
async def agreed(turn: Turn, event: Emitted, guide: Guide) -> None:
    """What waited for the consent comes due now."""
    if event.data.get("purpose") == Purpose.MARKETING:
        await resume(guide.of(turn), NO_CONSENT)


@router.on(Emitted, tag=TASK_ENDED)
async def told(turn: Turn, event: Emitted, facts: Store) -> None:
    """A member says what became of a touch that he was asked to make, or nobody wants it more."""
    known = await facts.tasks.get(str(event.data["task_id"]))
    if known is None or known.task.kind != TASK or known.is_open:
        return
    was_done = known.state in (TaskState.SENT, TaskState.DONE_LATE)
    reach = Reach.CONFIRMED if was_done else Reach.IMPOSSIBLE
    is_refused = known.why == NOT_CONSENTED
    why = NO_CONSENT if is_refused else "" if was_done else f"task {known.state}"
    await _reached(turn, facts, known.task.ref, known.task.id, (reach, why))
    if is_refused and known.reminded_at is not None:
        text = turn.phrases.say("flows.task_off", text=known.task.text)
        turn.notify([known.task.member], text)


@router.on(Emitted, tag=MASS_SEND_MOVED)
async def moved(turn: Turn, event: Emitted, facts: Store) -> None:
    """WeCom has told how far a mass-send task is."""
    known = await facts.mass_sends.get(str(event.data["id"]))
    if known is not None and known.send.feature == FEATURE:
        await _reached(turn, facts, known.send.ref, known.send.id, (known.state, known.why))


async def _reached(
    turn: Turn, facts: Store, ref: str, carrier: str, standing: tuple[Reach, str]
) -> None:
    """How a touch stands is how its step does, unless it was touched again since."""
    run_id, _, step_id = ref.partition("/")
    rows = await store.steps_of(facts, run_id)
    row = next((one for one in rows if one.step == step_id), None)
    if row is not None and is_of(row, carrier):
        store.reached(turn, row, *standing)


@router.on(GroupJoined)
async def joined(turn: Turn, guide: Guide) -> None:
    """Joining a group is seen, so it needs no word of the customer."""
    await evidence(guide.of(turn), Evidence.GROUP)


async def evidence(runner: Runner, kind: Evidence, *, thank: bool = False) -> bool:
    """End every step that waits for what was seen now; returns whether there was one."""
    found = False
    for run in await store.runs_of(runner.facts, runner.turn.external_userid):
        flow = runner.flows.get(run.flow)
        step = flow.step(run.step) if flow and run.is_running else None
        if flow is None or step is None or step.evidence is not kind:
            continue
        rows = await store.steps_of(runner.facts, run.id)
        row = next((one for one in rows if one.step == step.id and one.outcome is None), None)
        if row is not None:
            await runner.done(flow, run, row, step, thank=thank)
            found = True
    return found


async def resume(runner: Runner, why: str, after_s: float = 0.0) -> None:
    """Let what is blocked for this reason come due."""
    for run in await store.runs_of(runner.facts, runner.turn.external_userid):
        if not run.is_running:
            continue
        for row in await store.steps_of(runner.facts, run.id):
            if row.step == run.step and row.reach is Reach.BLOCKED and row.why == why:
                store.put_off(runner.turn, row, runner.turn.now + after_s)
                runner.alarm(run, row.step, runner.turn.now + after_s)
