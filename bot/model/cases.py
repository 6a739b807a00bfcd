"""What is a case, and how does each thing that happens to it change it?

A case is a run of messages of one conversation with less than 24 h between them, or until it is
closed (R-11.6). What happened to it are its steps; the case is what they add up to.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from bot.model.conversation import Conversation

GAP_S = 24 * 3600.0
"""So long after the last message a case is over (R-11.6)."""

SYSTEM, JUNIOR, EXPERT = 1, 2, 3
"""Levels of the 7-2-1 model (B30)."""

BOT, WANTED, QUEUED, ASSIGNED, SERVING, TICKET, CLOSED = (
    "bot",
    "wanted",
    "queued",
    "assigned",
    "serving",
    "ticket",
    "closed",
)
"""``bot``: the system has it; ``wanted``: a person is being found; ``queued``: it waits in WeCom's
pool; ``assigned``: a servicer has the session and has not answered; ``serving``: he has answered,
or said that he takes it; ``ticket``: nobody could take it, the bot goes on answering meanwhile."""

OPEN_STATUSES = (BOT, WANTED, QUEUED, ASSIGNED, SERVING, TICKET)

RAISED = "raised"
"""Reason of a wish that a servicer has, not the customer: he wants an expert for the case."""

NOTED = "noted"
"""Name of a step that is only remembered: what whoever has the case wrote for who has it next."""

SOLVED = "solved"
"""Outcome of a case of which the customer, or who served it, says that it is solved."""

WITH_PEOPLE = frozenset({QUEUED, ASSIGNED, SERVING})
"""States in which the session is with people at WeCom."""

SESSION_LOST = "session_lost"
"""Name of the emission: WeCom says that nobody has the session of a case with people."""

SEATED = frozenset({ASSIGNED, SERVING})
"""States in which the case takes a place of its servicer's capacity."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a case.

    Args:
        name: ``opened``, ``wanted``, ``queued``, ``assigned``, ``taken``, ``answered``,
            ``released``, ``ticketed``, ``given_up``, ``solved``, ``unsolved``, ``closed``; others
            are only remembered.
        at: Unix seconds.
        level: of whom is wanted, or who acted; 0 = says nothing about it.
        servicer: userid of whom it concerns.
        reason: why, as an id with a text in ``prompts/replies/escalation.yaml``.
        data: what else is to be known, JSON-able, without personal data.
        note: what a person wrote about it; sealed.
    """

    name: str
    at: float
    level: int = 0
    servicer: str = ""
    reason: str = ""
    data: dict[str, Any] = {}
    note: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One case as it stands.

    Args:
        id: made from the account and the first message, so that it can be made again.
        active_at: when customer or servicer wrote last.
        level: highest level that was asked for.
        reason: why a person was first wanted, empty = never.
        servicer: who has it, or had it last.
        wanted_at: when a person was first wanted.
        given_at: since when it waits for this servicer, or in the pool.
        waiting_since: the customer's first message that no person has answered, while people
            have the case.
        answered_at: when a person first wrote.
        served_level: highest level that really wrote (R-11.6), 0 = nobody.
        priority: of the queue, the higher the sooner.
        outcome: how it ended, e.g. ``solved``, ``ended``, ``idle``, ``gap``; ``solved`` already
            when the customer says so.
        steps: how many there are; the number of the next one.
        version: -1 for a case that is not stored yet.
    """

    id: str
    conversation: Conversation
    opened_at: float
    active_at: float
    status: str = BOT
    level: int = SYSTEM
    reason: str = ""
    servicer: str = ""
    wanted_at: float | None = None
    given_at: float | None = None
    waiting_since: float | None = None
    answered_at: float | None = None
    served_level: int = 0
    priority: int = 0
    closed_at: float | None = None
    outcome: str = ""
    steps: int = 0
    version: int = -1

    @property
    def is_over(self) -> bool:
        """Whether it is closed."""
        return self.status == CLOSED

    @property
    def wants_person(self) -> bool:
        """Whether a person was asked for and has not answered yet."""
        return self.wanted_at is not None and self.answered_at is None


def advance(case: Case, step: Step) -> Case:
    """The case after this step."""
    changes: dict[str, Any] = {"steps": case.steps + 1}
    match step.name:
        case "wanted":
            changes |= {
                "status": case.status if case.status in WITH_PEOPLE else WANTED,
                "level": max(case.level, step.level),
                "priority": max(case.priority, int(step.data.get("priority", 0))),
                "reason": case.reason or step.reason,
                "wanted_at": case.wanted_at or step.at,
                "waiting_since": case.waiting_since or step.at,
                "outcome": "",  # whoever wants a person now has no solution, whatever he said
            }
        case "queued":
            changes |= {"status": QUEUED, "servicer": "", "given_at": step.at}
        case "assigned":
            changes |= {"status": ASSIGNED, "servicer": step.servicer, "given_at": step.at}
        case "taken":
            changes |= _with(case, step) | {"status": SERVING}
        case "answered":
            changes |= _with(case, step) | {
                "status": SERVING,
                "answered_at": case.answered_at or step.at,
                "served_level": max(case.served_level, step.level),
                "waiting_since": None,
            }
        case "released":
            changes |= {"status": WANTED, "servicer": "", "given_at": None}
        case "ticketed":
            changes |= {"status": TICKET, "servicer": "", "given_at": None}
        case "given_up":
            changes |= {"status": BOT, "servicer": "", "given_at": None, "waiting_since": None}
        case "closed":
            changes |= {
                "status": CLOSED,
                "closed_at": step.at,
                "outcome": SOLVED if case.outcome == SOLVED else step.reason,
                "waiting_since": None,
            }
        case "solved":
            changes["outcome"] = SOLVED
        case "unsolved":
            changes["outcome"] = ""
        case _:
            pass
    return msgspec.structs.replace(case, **changes)


def customer_wrote(case: Case, sent_at: float) -> Case:
    """The case after a message of the customer."""
    waiting = case.waiting_since
    if waiting is None and case.status in WITH_PEOPLE:
        waiting = sent_at
    active = max(case.active_at, sent_at)
    return msgspec.structs.replace(case, active_at=active, waiting_since=waiting)


def servicer_wrote(case: Case, sent_at: float) -> Case:
    """The case after a message of a servicer; that he answered is a step of its own."""
    active = max(case.active_at, sent_at)
    return msgspec.structs.replace(case, active_at=active, waiting_since=None)


def rebuilt(
    case_id: str,
    conversation: Conversation,
    steps: Sequence[Step],
    heard: Iterable[tuple[float, bool]],
) -> Case:
    """The case that its steps and messages add up to.

    Args:
        steps: all of them in order; the first one opened it.
        heard: when each of its messages was sent and whether the customer wrote it, by time.
    """
    opened_at = steps[0].at
    case = Case(id=case_id, conversation=conversation, opened_at=opened_at, active_at=opened_at)
    left = deque(heard)
    for step in steps:
        while left and left[0][0] <= step.at:
            case = _heard(case, *left.popleft())
        case = advance(case, step)
    for sent_at, by_customer in left:
        case = _heard(case, sent_at, by_customer)
    return case


def _heard(case: Case, sent_at: float, by_customer: bool) -> Case:
    return customer_wrote(case, sent_at) if by_customer else servicer_wrote(case, sent_at)


def _with(case: Case, step: Step) -> dict[str, Any]:
    """A person has it now, whether he was asked for or came by himself."""
    return {
        "servicer": step.servicer,
        "given_at": case.given_at if case.servicer == step.servicer else step.at,
        "level": max(case.level, step.level),
        "reason": case.reason or step.reason,
        "wanted_at": case.wanted_at or step.at,
    }
