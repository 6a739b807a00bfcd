"""Take what members of staff say about their tasks: done, or not to be done (R-9.6)."""

from bot.model import CardPressed, Conversation
from bot.model.outreach import Reach
from bot.model.tasks import DONE, SKIP, TASK_ENDED, WHICH, TaskState
from bot.routing import Router, Stage, Turn
from bot.routing.panels import About, Panel, PanelLine
from bot.routing.task_cards import kind_named, task_card
from bot.store import KnownTask, Store
from bot.store.tasks import ended

router = Router("tasks", stage=Stage.HUMAN)

_STATES = {DONE: TaskState.SENT, SKIP: TaskState.SKIPPED}


@router.on(CardPressed)
async def pressed(turn: Turn, press: CardPressed, store: Store) -> None:
    """A member has pressed 完成 or 不做了; the card then shows what is left."""
    name, task_id = _said(press)
    if name not in _STATES:
        return
    known = await store.tasks.get(task_id)
    if known is not None and known.is_open:
        _end(turn, known, _STATES[name], press.userid)
    if press.selected:
        await _show_the_rest(turn, press, store, task_id)
    else:
        key = "tasks.card_done" if name == DONE else "tasks.card_skipped"
        over = known is None or not known.is_open
        text = turn.phrases.say("tasks.card_over" if over else key)
        turn.update_card(press.response_code, replace_name=text, task_id=press.task_id)


def _said(press: CardPressed) -> tuple[str, str]:
    """What is said, and of which task."""
    chosen = next(iter(press.selected.get(WHICH, ())), "")
    if chosen:
        return press.key, chosen
    name, _, task_id = press.key.rpartition("/")
    return name, task_id


def _end(turn: Turn, known: KnownTask, state: TaskState, by: str) -> None:
    task, done = known.task, ended(known.task.id, state, by.lower(), turn.now, expect=1)
    turn.record(done.sql, *done.params, expect=done.expect)
    if state is TaskState.SENT and turn.now > task.due_at + task.on_time_s:
        state = TaskState.DONE_LATE
    if task.external_userid:
        turn.emit(
            TASK_ENDED,
            to=Conversation("", task.external_userid),
            task_id=task.id,
            kind=task.kind,
            ref=task.ref,
            state=state.value,
            by=by.lower(),
            at=turn.now,
        )


async def _show_the_rest(turn: Turn, press: CardPressed, store: Store, ended_id: str) -> None:
    left = [
        one
        for one in await store.tasks.listed(member=press.userid)
        if one.state is TaskState.REMINDED and one.task.id != ended_id and not one.task.is_deadline
    ]
    if left:
        card = task_card(turn.phrases, left)
        turn.update_card(press.response_code, card, task_id=press.task_id)
    else:
        text = turn.phrases.say("tasks.card_all_done")
        turn.update_card(press.response_code, replace_name=text, task_id=press.task_id)


@router.panel("tasks")
async def panel(about: About, store: Store) -> Panel:
    """What somebody is to do about this customer, or only to send."""
    customer = about.external_userid
    known = [one.task for one in await store.tasks.of_customer(customer) if one.is_open]
    sends = [
        one.send
        for one in await store.mass_sends.of_customer(customer)
        if one.state is Reach.CREATED
    ]
    asked = [(one.kind, one.text, one.member, one.expires_at) for one in known]
    asked += [("mass_send", one.text, one.member, one.expires_at) for one in sends]
    lines = tuple(
        PanelLine(
            kind_named(about.phrases, kind),
            text,
            about.phrases.say("tasks.panel_who", name=about.name_of(member)),
            expires_at,
        )
        for kind, text, member, expires_at in asked
    )
    brief = about.phrases.say("tasks.panel_brief", n=len(lines)) if lines else ""
    return Panel(lines[:3], brief, lines[3:])
