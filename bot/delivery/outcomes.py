"""How can a try to send end?"""

from dataclasses import dataclass, field
from typing import Any

from bot.store import Statement


@dataclass(frozen=True, slots=True)
class Ended:
    """It is over: ``sent``, ``dead``, ``cancelled`` or ``expired``.

    Args:
        result: what the turn is told, when it asked to be told.
        statements: facts learnt, committed with the result.
    """

    state: str
    error: str | None = None
    errcode: int | None = None
    result: dict[str, Any] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Held:
    """The facts forbid it for now; it is not retried, and its turn is told."""

    error: str
    errcode: int | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """Try again at `at` (Unix seconds)."""

    at: float
    error: str
    errcode: int | None = None


Outcome = Ended | Held | Later
