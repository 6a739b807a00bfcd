"""What does it mean to write to a customer who has not asked? Pure data."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import msgspec

MONTH_S = 30 * 86_400.0
"""Longest window that anything is counted over."""


class Priority(IntEnum):
    """Who goes first where there is room for one (R-10.4); what serves the customer is exempt."""

    CONTENT = 1
    ACTIVITY = 2
    SOP = 3
    RECALL = 4
    SERVICE = 5


class Reach(StrEnum):
    """How a touch stands: what was created is no message yet (R-9.6)."""

    PLANNED = "planned"
    BLOCKED = "blocked"
    CREATED = "task_created"
    CONFIRMED = "confirmed"  # a member says that it was sent, or has sent it in his app
    DELIVERED = "delivered"  # WeCom says so
    IMPOSSIBLE = "impossible"


class Outreach(msgspec.Struct, frozen=True, kw_only=True):
    """One touch: a message, or a task for staff, that a customer did not ask for.

    Args:
        feature: what reaches out, such as ``flow`` or ``campaign``.
        ref: which of them, such as a flow's id and step.
        reason: why this customer and why now; nobody is written to without one (A49).
        promo: whether it advertises.
    """

    feature: str
    ref: str = ""
    reason: str
    promo: bool = True
    priority: Priority = Priority.SOP

    def __post_init__(self) -> None:
        if not self.feature or not self.reason:
            raise ValueError("an outreach names its feature and its reason")


@dataclass(frozen=True, slots=True)
class Made:
    """A touch that counts."""

    at: float
    promo: bool


@dataclass(frozen=True, slots=True)
class Budget:
    """What a person's touches are decided by.

    Args:
        made: those that count, of the last 30 days, oldest first.
        wrote_at: when the person last wrote, in any conversation (Unix seconds).
        last: what was planned last; who plans on these facts says so, and comes too late when
            somebody else has planned since.
    """

    made: tuple[Made, ...] = ()
    wrote_at: float | None = None
    last: int = 0
