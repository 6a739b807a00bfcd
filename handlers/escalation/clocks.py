"""Which clocks run for a case: nudges, retries, idleness, deadlines of its class?

Every clock checks its condition when it comes due, so one that is late, or repeated, is harmless.
"""

from collections.abc import Iterable

import msgspec

from bot.model import Case, TimerDue
from bot.model.cases import BOT, CLOSED
from bot.routing import Turn
from bot.store import Store

NUDGE, RETRY, IDLE, DEADLINE, FOLLOW_UP, ABSENT = (
    "escalation.nudge",
    "escalation.retry",
    "escalation.idle",
    "escalation.deadline",
    "escalation.follow_up",
    "escalation.absent",
)

SOON_S = 60.0

_SHARES = (0.5, 0.8, 1.0)
"""When a clock is heard: twice before its end, and at it (R-11.11)."""

_ANSWERED_BY_A_PERSON = frozenset({"first_response", "start"})
"""Deadlines that a servicer's first words meet; the others are met when the ticket is done."""


def outlasts(deadlines: Iterable[tuple[str, int]]) -> bool:
    """Whether a matter goes on after the conversation: a report or a plan is due (D62)."""
    return any(name not in _ANSWERED_BY_A_PERSON for name, _ in deadlines)


def is_met(name: str, case: Case, *, ticket_open: bool) -> bool:
    """Whether what a deadline asks for has been done."""
    is_over = case.status in (BOT, CLOSED) and not ticket_open  # nobody wants anything any more
    if name in _ANSWERED_BY_A_PERSON:
        return case.answered_at is not None or is_over
    return not ticket_open


async def start_deadlines(
    turn: Turn, facts: Store, case_id: str, deadlines: Iterable[tuple[str, int]]
) -> None:
    """The clocks of a class, heard at half, at four fifths and at the end.

    One that runs already is not begun anew: only an earlier end takes its place.
    """
    for name, seconds in deadlines:
        end = _deadline(turn, case_id, name, _SHARES[-1])
        ends_at = await facts.mailbox.set_for(turn.subject, end)
        if ends_at is not None and ends_at <= turn.now + seconds:
            continue
        for share in _SHARES:
            turn.schedule(
                DEADLINE,
                seconds * share,
                key=_deadline(turn, case_id, name, share).key,
                data={"case_id": case_id, "name": name, "due_at": turn.now + seconds},
            )


async def answer_due_at(turn: Turn, facts: Store, case: Case) -> float | None:
    """By when the class of the case wants a person's first words; ``None`` = it does not say."""
    ends = [
        await facts.mailbox.set_for(turn.subject, _deadline(turn, case.id, name, _SHARES[-1]))
        for name in sorted(_ANSWERED_BY_A_PERSON)
    ]
    return min((end for end in ends if end is not None), default=None)


def absence_of(case: Case) -> TimerDue:
    """The clock of a customer who waits for one who is away."""
    return TimerDue(name=ABSENT, key=case.id, **msgspec.structs.asdict(case.conversation))


def watch_absence(turn: Turn, case: Case, after_s: float) -> None:
    """See later whether he who is away has answered."""
    turn.schedule(ABSENT, max(1.0, after_s), key=case.id, data={"servicer": case.servicer})


def _deadline(turn: Turn, case_id: str, name: str, share: float) -> TimerDue:
    ids = msgspec.structs.asdict(turn.conversation)
    return TimerDue(name=DEADLINE, key=f"{case_id}:{name}:{share}", **ids)


def start_nudges(turn: Turn, case: Case, reassign_after_s: float) -> None:
    """Who was given a case is reminded twice, then somebody else is asked."""
    for share in _SHARES:
        turn.schedule(
            NUDGE,
            reassign_after_s * share,
            key=f"{case.id}:{share}",
            data={"servicer": case.servicer, "given_at": case.given_at, "last": share == 1.0},
        )


def stop_nudges(turn: Turn, case: Case) -> None:
    """He has answered, or somebody else has it."""
    for share in _SHARES:
        turn.cancel(NUDGE, key=f"{case.id}:{share}")


def look_again(turn: Turn, case: Case, after_s: float) -> None:
    """See later whether somebody can take a case that waits, or is with one who is silent."""
    data = {"servicer": case.servicer, "given_at": case.given_at}
    turn.schedule(RETRY, max(1.0, after_s), key=case.id, data=data)


def follow_up_later(turn: Turn, case_id: str, after_s: float) -> None:
    """See later who can follow up what is left of a case."""
    turn.schedule(FOLLOW_UP, max(1.0, after_s), key=case_id)


def watch_idleness(turn: Turn, case: Case, after_s: float, *, woken: bool = False) -> None:
    """See later whether anybody still writes.

    Args:
        woken: the servicer asked to be reminded then.
    """
    turn.schedule(IDLE, max(1.0, after_s), key=case.id, data={"woken": woken})
