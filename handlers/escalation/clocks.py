"""Which clocks run for a case: nudges, retries, idleness, deadlines of its class?

Every clock checks its condition when it comes due, so one that is late, or repeated, is harmless.
"""

from collections.abc import Iterable, Sequence

from bot.model import Case, Step
from bot.routing import Turn

NUDGE, RETRY, IDLE, DEADLINE = (
    "escalation.nudge",
    "escalation.retry",
    "escalation.idle",
    "escalation.deadline",
)

GIVEN_ON_AT_MOST = 2
"""How often a case is taken from one who is too slow; after that the leaders decide."""

_SHARES = (0.5, 0.8, 1.0)
"""When a clock is heard: twice before its end, and at it (R-11.11)."""

_ANSWERED_BY_A_PERSON = frozenset({"first_response", "start"})
"""Deadlines that a servicer's first words meet; the others are met when the ticket is done."""


def outlasts(deadlines: Iterable[tuple[str, int]]) -> bool:
    """Whether a matter goes on after the conversation: a report or a plan is due (D62)."""
    return any(name not in _ANSWERED_BY_A_PERSON for name, _ in deadlines)


def is_met(name: str, case: Case, *, ticket_open: bool) -> bool:
    """Whether what a deadline asks for has been done."""
    if name in _ANSWERED_BY_A_PERSON:
        return case.answered_at is not None
    return not ticket_open


def may_be_given_on(steps: Sequence[Step]) -> bool:
    """Whether one more servicer may be asked because the one before was too slow.

    Args:
        steps: of the case; what counts is how often it was given since a person was last wanted.
    """
    names = [step.name for step in steps]
    wanted = len(names) - 1 - names[::-1].index("wanted") if "wanted" in names else 0
    return names[wanted:].count("assigned") <= GIVEN_ON_AT_MOST


def start_deadlines(turn: Turn, case_id: str, deadlines: Iterable[tuple[str, int]]) -> None:
    """The clocks of a class, heard at half, at four fifths and at the end."""
    for name, seconds in deadlines:
        for share in _SHARES:
            turn.schedule(
                DEADLINE,
                seconds * share,
                key=f"{case_id}:{name}:{share}",
                data={"case_id": case_id, "name": name, "due_at": turn.now + seconds},
            )


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
    """See later whether somebody can take a case that waits."""
    turn.schedule(RETRY, max(1.0, after_s), key=case.id)


def watch_idleness(turn: Turn, case: Case, after_s: float, *, woken: bool = False) -> None:
    """See later whether anybody still writes.

    Args:
        woken: the servicer asked to be reminded then.
    """
    turn.schedule(IDLE, max(1.0, after_s), key=case.id, data={"woken": woken})
