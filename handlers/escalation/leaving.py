"""What if whoever has a case stops receiving?

One who has not answered loses it at once. One who serves may still write in what he has: only when
the customer waits, and goes on waiting, somebody else is asked.
"""

from bot.config import Escalation
from bot.model import Case, TimerDue
from bot.model.cases import ASSIGNED, SERVING
from bot.routing import Turn
from bot.store import Store
from handlers.escalation import clocks
from handlers.escalation.requesting import LATER, LEFT, ask_another, tell_leaders

AWAITED = "awaited_absent"
"""Name of the emission: the customer has written to a servicer who does not receive any more."""


async def left(turn: Turn, facts: Store, userid: str, numbers: Escalation) -> None:
    """A servicer has stopped receiving."""
    case = turn.cases.open
    if case is None or case.servicer != userid:
        return
    if case.status == ASSIGNED:
        await ask_another(turn, facts, case, LATER)
    else:
        await awaited(turn, facts, numbers)


async def awaited(turn: Turn, facts: Store, numbers: Escalation) -> None:
    """The customer waits for one who is away: he and the leaders hear of it, and a clock runs."""
    case = turn.cases.open
    if case is None or case.status != SERVING or case.waiting_since is None:
        return
    if await facts.mailbox.set_for(turn.subject, clocks.absence_of(case)) is not None:
        return
    left_s = case.waiting_since + numbers.reassign_after_s - turn.now
    clocks.watch_absence(turn, case, left_s)
    name = turn.roster.name_of(case.servicer)
    tell_leaders(turn, "escalation.leader_left", name=name)
    turn.notify([case.servicer], turn.phrases.say("escalation.staff_absent"))


async def is_away(turn: Turn, facts: Store, case: Case) -> bool:
    """Whether whoever has the case does not receive, as far as WeCom has told.

    One to whom we gave it was on WeCom's list; when that does not name him any more, he has left.
    Of one who came by himself and is not named, nobody knows: departments are not spelt out.
    """
    known = await facts.servicers.known(turn.conversation.open_kfid)
    if not known or case.servicer in known:
        return known.get(case.servicer) is False
    steps = await facts.cases.steps(case)
    return any(one.name == "assigned" and one.servicer == case.servicer for one in steps)


async def due(turn: Turn, facts: Store, timer: TimerDue) -> None:
    """The customer has waited long enough for one who is away: somebody else is asked."""
    case = turn.cases.open
    if case is None or case.status != SERVING or case.servicer != timer.data.get("servicer"):
        return
    known = await facts.servicers.known(turn.conversation.open_kfid)
    if case.waiting_since is not None and not known.get(case.servicer, False):
        await ask_another(turn, facts, case, LEFT)
