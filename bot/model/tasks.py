"""What is a member of staff asked to do, until when, and what became of it (R-9.6)?"""

import hashlib
from enum import StrEnum
from typing import Literal

import msgspec

from bot.model.consents import Purpose

TASK_ENDED = "task_ended"
"""Name of the emission that tells a customer's mailbox of a task's end: ``task_id``, ``kind``,
``ref``, ``state``, ``by``, ``at``."""

DONE, SKIP, WHICH = "task/done", "task/skip", "task"
"""Keys of the buttons of a task's card, and of the list from which a task is chosen."""


class TaskState(StrEnum):
    """How far a task is."""

    DUE = "due"
    REMINDED = "reminded"
    SENT = "sent"  # done in time, as the member says
    DONE_LATE = "done_late"
    SKIPPED = "skipped"
    EXPIRED = "expired"


OPEN_TASKS = (TaskState.DUE, TaskState.REMINDED)


class Nudge(msgspec.Struct, frozen=True, array_like=True):
    """A further reminder of a task that is still open.

    Args:
        after_s: after it was due.
        whom: the member once more, or the leaders.
    """

    after_s: float
    whom: Literal["member", "leader"] = "member"


class StaffTask(msgspec.Struct, frozen=True, kw_only=True):
    """Something a member of staff is asked to do.

    Args:
        id: names it for ever, so that the same one twice is one; see `task_id`.
        kind: for the report and the title of its card: ``tasks.kind_…`` in the texts.
        member: userid of who is asked.
        text: what is to be done, as the member reads it.
        reason: why; no customer is touched without one.
        due_at: Unix seconds, when the member is told of it.
        on_time_s: who does it within so long after `due_at` is in time.
        expires_at: Unix seconds after which it is no longer wanted.
        external_userid: the customer, empty = it is about nobody alone.
        chat_id: the customer group, where it is about one.
        ref: comes back with the end, for whoever asked.
        is_deadline: its reminders wait for no others, and no others hold them up (R-9.5).
        nudges: further reminders, soonest first.
        purpose: what the customer must agree to for it to be wanted; it ends with the consent.
    """

    id: str
    kind: str
    member: str
    text: str
    reason: str
    due_at: float
    on_time_s: float
    expires_at: float
    external_userid: str = ""
    chat_id: str = ""
    ref: str = ""
    is_deadline: bool = False
    nudges: tuple[Nudge, ...] = ()
    purpose: Purpose | None = None


def task_id(*parts: str) -> str:
    """The id of the one task that these words name."""
    return "t" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
