"""What has come due for a case: a reminder, another try, silence, a deadline?"""

from bot.config import Config
from bot.model import TimerDue
from bot.model.cases import ASSIGNED, QUEUED, SEATED, TICKET, WANTED
from bot.routing import Turn
from bot.store import Store
from handlers.escalation import briefing, clocks, closing, following, leaving
from handlers.escalation.requesting import (
    LATER,
    TOO_SLOW,
    ask_another,
    hand_over,
    tell_leaders,
)
from handlers.escalation.router import router


@router.on(TimerDue, tag=clocks.NUDGE)
async def nudge(turn: Turn, due: TimerDue, facts: Store, config: Config) -> None:
    """He was given a case and has not answered: remind him, at last ask somebody else."""
    case = turn.cases.open
    same = case is not None and (case.servicer, case.given_at) == (
        due.data.get("servicer"),
        due.data.get("given_at"),
    )
    if case is None or not same or case.status != ASSIGNED:
        return
    waits = briefing.waited(turn, case)
    turn.cases.step("nudged", servicer=case.servicer)
    if due.data.get("last"):
        name = turn.roster.name_of(case.servicer)
        tell_leaders(turn, "escalation.leader_slow", name=name, waited=waits)
        await ask_another(turn, facts, case, TOO_SLOW)
    else:
        text = turn.phrases.say("escalation.staff_nudge", account=turn.account_name, waited=waits)
        turn.notify([case.servicer], text)


@router.on(TimerDue, tag=clocks.RETRY)
async def retry(turn: Turn, due: TimerDue, facts: Store) -> None:
    """Somebody may be there now."""
    case = turn.cases.open
    if case is None or case.id != due.key:
        await following.give(turn, facts, due.key)
    elif case.status in (WANTED, QUEUED, TICKET):
        await hand_over(turn, facts, LATER)
    elif case.status == ASSIGNED and case.given_at == due.data.get("given_at"):
        await ask_another(turn, facts, case, LATER)


@router.on(TimerDue, tag=clocks.FOLLOW_UP)
async def followed_up(turn: Turn, due: TimerDue, facts: Store) -> None:
    """Something is left of a case, and somebody may be there for it now."""
    await following.give(turn, facts, due.key)


@router.on(TimerDue, tag=clocks.IDLE)
async def idle(turn: Turn, due: TimerDue, config: Config) -> None:
    """Nobody may be writing any more."""
    case = turn.cases.open
    if case is not None and case.id == due.key and case.status in SEATED:
        closing.end_by_idleness(turn, case, config.escalation, woken=bool(due.data.get("woken")))


@router.on(TimerDue, tag=clocks.DEADLINE)
async def deadline(turn: Turn, due: TimerDue, facts: Store) -> None:
    """A deadline of the case's class comes nearer, or is there (R-11.11)."""
    await following.remind(turn, facts, due)


@router.on(TimerDue, tag=clocks.ABSENT)
async def absent(turn: Turn, due: TimerDue, facts: Store) -> None:
    """Whoever serves has stopped receiving, and the customer has waited for him since."""
    await leaving.due(turn, facts, due)
