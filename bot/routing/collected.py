"""What has a turn collected so far? Plain data that the commit turns into statements."""

from dataclasses import dataclass, field
from typing import Any

from bot.model import (
    Effect,
    Emitted,
    Lane,
    MessageReceived,
    Reply,
    StaffAction,
    TagChange,
    TimerDue,
    Written,
)
from bot.model.consents import ConsentDecision, Purpose
from bot.model.outreach import Budget, Outreach
from bot.store import Handled, Statement


@dataclass(frozen=True, slots=True)
class Said:
    """A reply and the message or event that it answers.

    Args:
        quoted: name the message in front of the reply: others were answered since.
    """

    reply: Reply
    message: MessageReceived | None
    handled_by: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """What a model said to `Turn.consult`.

    Args:
        msgid: the message that waited for it.
        written: what it made of the question; empty when it gave no answer.
        wanted_by: the handler that asked.
    """

    msgid: str
    written: Written
    wanted_by: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of `Turn.look_up`.

    Args:
        msgid: the message that waited for it.
        found: what was found, JSON-able; ``None`` when there was no answer.
        why_not: without an answer the reason in one word, such as ``timeout``.
        wanted_by: the handler that asked.
    """

    msgid: str
    found: Any
    why_not: str
    wanted_by: str


@dataclass(frozen=True, slots=True)
class CodeReply:
    """A reply that a single-use code permits (wecom-api §3.11)."""

    code: str
    reply: Reply
    expires_at: float
    handled_by: str
    in_state: int | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """Any other effect.

    Args:
        expires_at: Unix seconds after which it is not tried, ``None`` = as its kind says.
        outreach: what of the person's budget it takes.
    """

    effect: Effect
    lane: Lane
    tag: str
    handled_by: str
    purpose: Purpose | None = None
    expires_at: float | None = None
    outreach: Outreach | None = None


@dataclass(frozen=True, slots=True)
class TimerChange:
    """A timer to set, or to withdraw when `due_at` is ``None``."""

    timer: TimerDue
    due_at: float | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that asks for consent, each purpose by itself."""

    purposes: tuple[Purpose, ...]
    version: str


@dataclass(slots=True)
class Decisions:
    """All that one turn has collected.

    Args:
        budget: what the customer's touches were decided by, once one was.
        allowed: touches that may be made.
        reached: those of them that no effect carries, with the id of the task that does.
        refused: touches that may not be made, and why.
    """

    said: list[Said] = field(default_factory=list)
    by_code: list[CodeReply] = field(default_factory=list)
    effects: list[Decided] = field(default_factory=list)
    timers: list[TimerChange] = field(default_factory=list)
    emitted: list[Emitted | StaffAction] = field(default_factory=list)
    records: list[Statement] = field(default_factory=list)
    asides: list[list[Statement]] = field(default_factory=list)
    tags: list[TagChange] = field(default_factory=list)
    judged: dict[str, str] = field(default_factory=dict)
    handled: dict[str, Handled] = field(default_factory=dict)
    consents: list[ConsentDecision] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    budget: Budget | None = None
    allowed: list[Outreach] = field(default_factory=list)
    reached: list[tuple[Outreach, str]] = field(default_factory=list)
    refused: list[tuple[Outreach, str]] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """Grows with what owns a message; a tag, a judgement or a `cancel` alone does not."""
        return (
            len(self.said)
            + len(self.by_code)
            + len(self.effects)
            + len(self.emitted)
            + len(self.records)
            + sum(one.due_at is not None for one in self.timers)
            + len(self.consents)
            + len(self.notices)
            + len(self.reached)
        )
