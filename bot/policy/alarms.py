"""What is wrong with the service right now, and which step of an incident is late? Pure (R-3.16).

What is raised ends only with some distance from its limit, or a figure that trembles around it
would tell the operator every minute.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.config.alarms import Alarms

_CALM = 0.8
"""An alarm ends below so much of what raises it."""

_FAILED_AT_LEAST = 3
"""Fewer failures say nothing about a share of a thousandth."""

COMPLETE = 0.95
"""What share of what WeCom counted must reach us (D78)."""

_COUNTED_AT_LEAST = 20
_TURNS_AT_LEAST = 20
"""Of fewer turns the slowest is the 95th."""


class Kind(StrEnum):
    """What can be wrong."""

    AVAILABILITY = "availability"
    BACKLOG = "backlog"
    LATENCY = "latency"
    DECLARED = "declared"
    DRILL = "drill"
    DEAD_LETTERS = "dead_letters"
    OUTBOX_AGE = "outbox_age"
    DISK = "disk"
    CREDENTIALS = "credentials"
    NOT_AUTHORISED = "not_authorised"
    DRILL_DUE = "drill_due"
    INCOMPLETE = "incomplete"


INCIDENTS = frozenset({Kind.AVAILABILITY, Kind.BACKLOG, Kind.LATENCY, Kind.DECLARED, Kind.DRILL})
"""Those which people diagnose and report on, in time."""

BY_PEOPLE = frozenset({Kind.DECLARED, Kind.DRILL})
"""Those which people begin and end."""


class Step(StrEnum):
    """What must be done about an incident, in this order."""

    DIAGNOSED = "diagnosed"
    RESTORED = "restored"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Signs:
    """What was measured.

    Args:
        backlog: rows of mailboxes that are due and not handled.
        dead_letters: rows that were given up and wait for a person.
        outbox_age_s: of the oldest unsent row.
        disk_free_mb: where the database lies.
        accepted: callbacks that were stored, in the window.
        not_stored: callbacks that could not be.
        turns: in the window.
        turn_p95_s: from the start of a turn to its commit.
        token_refused: what WeCom said of our credentials, empty = nothing.
        not_authorised: errcodes of the window that only an operator can help with.
        drilled_days_ago: ``None`` = never.
        counted: what WeCom counted on the newest day, of what came least completely.
        came: how much of it reached us.
        running_days: since the first message; nobody drills on the first day.
    """

    backlog: int = 0
    dead_letters: int = 0
    outbox_age_s: float = 0.0
    disk_free_mb: float = float("inf")
    accepted: int = 0
    not_stored: int = 0
    turns: int = 0
    turn_p95_s: float = 0.0
    token_refused: str = ""
    not_authorised: tuple[str, ...] = ()
    drilled_days_ago: float | None = None
    running_days: float = 0.0
    counted: int = 0
    came: int = 0


def raised(signs: Signs, limits: Alarms, already: Container[str] = ()) -> dict[Kind, str]:
    """What is wrong, each with the figure that says so.

    Args:
        already: kinds that are open: they end only with some distance.
    """

    def over(kind: Kind, value: float, limit: float) -> bool:
        return value >= (limit * _CALM if kind in already else limit)

    found: dict[Kind, str] = {}
    share = _share_failed(signs)
    allowed = (1 - limits.availability) * (_CALM if Kind.AVAILABILITY in already else 1)
    if signs.not_stored >= _FAILED_AT_LEAST and share > allowed:
        found[Kind.AVAILABILITY] = f"{1 - share:.2%}"
    if over(Kind.BACKLOG, signs.backlog, limits.backlog):
        found[Kind.BACKLOG] = f"{signs.backlog:,}"
    if signs.turns >= _TURNS_AT_LEAST and over(Kind.LATENCY, signs.turn_p95_s, limits.turn_p95_s):
        found[Kind.LATENCY] = f"{signs.turn_p95_s:.1f}"
    if signs.dead_letters >= limits.dead_letters:
        found[Kind.DEAD_LETTERS] = f"{signs.dead_letters:,}"
    if over(Kind.OUTBOX_AGE, signs.outbox_age_s, limits.outbox_age_s):
        found[Kind.OUTBOX_AGE] = f"{signs.outbox_age_s / 60:.0f}"
    enough = limits.disk_free_mb / (_CALM if Kind.DISK in already else 1)
    if signs.disk_free_mb < enough:
        found[Kind.DISK] = f"{signs.disk_free_mb:,.0f}"
    if signs.token_refused:
        found[Kind.CREDENTIALS] = signs.token_refused
    if signs.not_authorised:
        found[Kind.NOT_AUTHORISED] = "、".join(signs.not_authorised)
    if signs.counted >= _COUNTED_AT_LEAST and signs.came < COMPLETE * signs.counted:
        found[Kind.INCOMPLETE] = f"{signs.came / signs.counted:.1%}"
    if _drill_is_due(signs, limits):
        found[Kind.DRILL_DUE] = f"{limits.drill_every_days}"
    return found


def within(limits: Alarms) -> Mapping[Step, float]:
    """How long after the begin of an incident each step may take, in seconds (R-3.16)."""
    return {
        Step.DIAGNOSED: limits.diagnose_within_s,
        Step.RESTORED: limits.restore_within_s,
        Step.REPORTED: limits.report_within_s,
    }


def worded(limits: Alarms) -> Mapping[str, str]:
    """The limits as the texts of alarms say them."""
    return {
        "backlog": f"{limits.backlog:,}",
        "availability": f"{limits.availability:.1%}",
        "p95": f"{limits.turn_p95_s:g}",
    }


def late(
    opened_at: float, done: Container[str], now: float, limits: Alarms
) -> Mapping[Step, float]:
    """Steps of an incident that are not done in time, each with how late it is, in seconds."""
    return {
        step: now - opened_at - span
        for step, span in within(limits).items()
        if step not in done and now - opened_at >= span
    }


def _share_failed(signs: Signs) -> float:
    asked = signs.accepted + signs.not_stored
    return signs.not_stored / asked if asked else 0.0


def _drill_is_due(signs: Signs, limits: Alarms) -> bool:
    if not limits.drill_every_days:
        return False
    since = signs.running_days if signs.drilled_days_ago is None else signs.drilled_days_ago
    return since >= limits.drill_every_days
