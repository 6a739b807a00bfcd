"""How does a test say "a closed case" and mean only what matters?"""

from collections.abc import Sequence
from typing import Any

from bot.model import Because, Case, Conversation, Step
from bot.model.cases import rebuilt
from bot.store import CaseRecord, Said

NOW = 1_800_000_000.0
"""When the cases were opened; they are measured three days later."""

LATER = NOW + 72 * 3600
FOUND = Because(source="faq", ref="ship-time")
FIXED = Because(source="reply", ref="fallback.missed")


def asked(at: float = 0.0, handled_by: str = "faq.answer") -> Said:
    """The customer wrote, so many seconds after the case was opened."""
    return Said(NOW + at, handled_by=handled_by)


def wrote(at: float, servicer: str = "zhangsan") -> Said:
    """A servicer wrote."""
    return Said(NOW + at, servicer)


def step(name: str, at: float, **more: Any) -> Step:
    """A step, so many seconds after the case was opened."""
    return Step(name=name, at=NOW + at, **more)


def answered(at: float, servicer: str = "zhangsan", level: int = 2) -> Step:
    """A servicer's first words."""
    return step("answered", at, servicer=servicer, level=level)


def a_case(*steps: Step, said: Sequence[Said] = (), closed: float = 3600, how: str = "gap") -> Case:
    """A closed case with these steps between."""
    whole = [step("opened", 0), *steps, step("closed", closed, reason=how)]
    heard = [(one.at, not one.servicer) for one in said]
    return rebuilt("c1", Conversation("wk", "wm"), whole, heard)


def a_record(
    *steps: Step,
    said: Sequence[Said] = (),
    closed: float = 3600,
    how: str = "gap",
    next_after: float | None = None,
    replies: Sequence[tuple[float, Because | None]] = (),
    **more: Any,
) -> CaseRecord:
    """A closed case with all that happened in it.

    Args:
        next_after: seconds from its end to the conversation's next case.
        replies: of the bot, in seconds after the case was opened.
    """
    case = a_case(*steps, said=said, closed=closed, how=how)
    return CaseRecord(
        case=case,
        steps=[step("opened", 0), *steps],
        said=said or [asked()],
        next_at=None if next_after is None else NOW + closed + next_after,
        replies=[(NOW + at, because) for at, because in replies],
        **more,
    )
