"""Who follows up what is left of a case: a poor rating, a customer whom nobody could serve?

The session is not theirs to take any more: they are told, and see to it in their own way.
"""

from bot.model import TimerDue
from bot.model.cases import EXPERT, JUNIOR
from bot.routing import Turn
from bot.store import Store
from handlers.escalation import clocks, store
from handlers.escalation.requesting import tell_leaders, why
from handlers.escalation.seating import STICKY_S

LOOK_AGAIN_S = 3600.0
"""How soon to look again when everybody who could is busy."""


async def give(turn: Turn, facts: Store, case_id: str) -> None:
    """Give the open ticket of a case that is over to somebody on duty, or look again later."""
    ticket = await store.ticket_of(facts, turn.conversation)
    if ticket is None or ticket.case_id != case_id or ticket.given_to:
        return
    level = max(ticket.level, JUNIOR)
    on_duty = await _on_duty(turn, facts, level)
    if not on_duty:
        opens = turn.roster.next_opening(turn.conversation.open_kfid, level, turn.now)
        wait_s = LOOK_AGAIN_S if opens is None or opens <= turn.now else opens - turn.now + 1.0
        clocks.follow_up_later(turn, case_id, wait_s)
        return
    store.give_ticket(turn, ticket, on_duty)
    text = turn.phrases.say(
        "escalation.staff_follow_up",
        account=turn.account_name,
        reason=why(turn, ticket.reason),
        contact=ticket.contact or turn.phrases.say("escalation.no_contact"),
    )
    turn.notify([on_duty], text)


async def remind(turn: Turn, facts: Store, due: TimerDue) -> None:
    """Tell the leaders of a deadline whose matter is still open."""
    case = await facts.cases.get(str(due.data.get("case_id")))
    ticket = await store.ticket_of(facts, turn.conversation)
    name = str(due.data.get("name"))
    if case is None or clocks.is_met(name, case, ticket_open=ticket is not None):
        return
    minutes = round((float(due.data.get("due_at", turn.now)) - turn.now) / 60)
    key = "escalation.leader_deadline" if minutes > 0 else "escalation.leader_overdue"
    what = turn.phrases.say(f"escalation.deadline_{name}")
    tell_leaders(turn, key, what=what, minutes=minutes)


async def _on_duty(turn: Turn, facts: Store, level: int) -> str:
    """Somebody whose shift it is; that he does not receive sessions keeps nobody from it."""
    for wanted in dict.fromkeys((level, EXPERT)):
        seats = turn.roster.candidates(
            level=wanted,
            open_kfid=turn.conversation.open_kfid,
            at=turn.now,
            loads={},
            last=await facts.cases.last_servicer(turn.conversation, turn.now - STICKY_S),
        )
        if seats:
            return seats[0].userid
    return ""
