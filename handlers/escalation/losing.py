"""What if the session is not where the case takes it to be, or its end is told late?

Events of WeCom may be lost, or come after what followed them (R-1.7); a seat that nobody takes is
given back, and no case ends for another one.
"""

from collections.abc import Sequence

from bot.model import ServiceState, SessionChanged
from bot.model.cases import SEATED, SERVING, WITH_PEOPLE
from bot.routing import Turn
from bot.store import Store
from handlers.escalation import closing, outcomes
from handlers.escalation.requesting import LATER, hand_over

UNSEEN = "unseen"
"""Who has ended a case whose end nobody told."""


async def lost(turn: Turn, facts: Store, case_id: str) -> None:
    """Nobody has the session of a case with people: it is over, or somebody is to be found anew."""
    case, owner = turn.cases.open, turn.facts.ownership.state
    if case is None or case.id != case_id or case.status not in WITH_PEOPLE:
        return
    if owner is None or owner.human_owns or await facts.outbox.is_moving(turn.conversation):
        return  # what comes of that tells more
    if case.status == SERVING:
        await closing.close(turn, facts, "ended", by=UNSEEN)
    else:
        turn.cases.step("released", servicer=case.servicer, reason="lost")
        await hand_over(turn, facts, LATER)


async def ended_in_client(
    turn: Turn, facts: Store, event: SessionChanged, reasons: Sequence[str]
) -> None:
    """The servicer has ended the session; one that is told late has ended an earlier one.

    Args:
        reasons: one of which he is asked to choose.
    """
    case, at = turn.cases.open, event.sent_at or turn.now
    if case is None:
        return
    owner = turn.facts.ownership.state
    if at < case.opened_at:
        if case.status in SEATED and owner is ServiceState.NEW:
            # he was taken to have it still when the customer began anew
            turn.cases.step("given_up", reason="ended_before")
            _say_it_again(turn)
    elif owner is None:
        turn.check_session()  # older than what we know, or at the very moment of a message
    else:
        await closing.ask_reason(turn, facts, case, reasons)
        unheard = case.status in SEATED and case.waiting_since is not None
        if unheard and owner is ServiceState.NEW:
            _say_it_again(turn)
        await closing.close(
            turn, facts, "ended", by="servicer", code=event.msg_code or "", code_at=at
        )


def _say_it_again(turn: Turn) -> None:
    """What the customer wrote after the end was taken to be for the servicer."""
    outcomes.say(turn, "escalation.ended_meanwhile")
