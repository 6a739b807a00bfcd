"""Which trials make up the crash test?"""

from tests.integration.crash.steps import STEPS
from tests.integration.crash.trial import Fault, Plan

FIRST_CALLBACK = "callback answered, account unknown"
"""Passed at starts only; it has a test of its own."""

SEND = "/cgi-bin/kf/send_msg"

_AT_ONCE, _SOON, _LATE = (1, 1, 1), (2, 4, 7), (2, 9, 17)
_ELSEWHERE = ("seat", "card", "friend")
"""Passed only where servicers have free seats (`cases.py`) or members friends (`friends.py`)."""

_SELDOM_PASSED = ("person", "key", "welcome", "transfer")

CONDITIONS: dict[str, tuple[Fault, ...]] = {
    "duplicate callbacks": ({"kind": "duplicate_callback", "probability": 0.5},),
    "lost callbacks": ({"kind": "lose_callback", "probability": 0.5},),
    "duplicate msgids across pages": ({"kind": "duplicate_messages", "probability": 0.5},),
    "resets after accept": (
        {"kind": "reset_after_accept", "path": SEND, "probability": 0.15},
        {"kind": "reset_after_accept", "probability": 0.03},
    ),
    "resets before": ({"kind": "reset_before", "probability": 0.08},),
    "expiring tokens": (
        {"kind": "expire_token", "probability": 0.04, "times": 12, "code": 42001},
        {"kind": "expire_token", "probability": 0.04, "times": 12, "code": 40014},
    ),
    "-1 errors": ({"kind": "error", "code": -1, "probability": 0.08},),
    "empty pages": ({"kind": "empty_page", "probability": 0.3},),
}

CHAOS: tuple[Fault, ...] = (
    {"kind": "duplicate_callback", "probability": 0.2},
    {"kind": "lose_callback", "probability": 0.2},
    {"kind": "duplicate_messages", "probability": 0.2},
    {"kind": "reset_after_accept", "probability": 0.05},
    {"kind": "reset_before", "probability": 0.03},
    {"kind": "expire_token", "probability": 0.03, "times": 12, "code": 42001},
    {"kind": "error", "code": -1, "probability": 0.03},
    {"kind": "http", "code": 502, "probability": 0.02},
    {"kind": "empty_page", "probability": 0.1},
)


def step_plan(step: str, *, messages: int = 200, lives: int = 3) -> Plan:
    """Three lives, or fewer, end at this step."""
    if any(word in step for word in _SELDOM_PASSED):
        passes = _AT_ONCE
    else:
        passes = _SOON if "page" in step else _LATE
    handoffs = 8 if "transfer" in step else 0
    return Plan(name=step, messages=messages, step=step, passes=passes[:lives], handoffs=handoffs)


def step_plans() -> list[Plan]:
    """One trial for each step of a message's life."""
    steps = [step for step in STEPS if not any(word in step for word in _ELSEWHERE)]
    return [step_plan(step) for step in steps if step != FIRST_CALLBACK]


def random_plan(seed: int, *, messages: int = 200, kills: int = 22) -> Plan:
    """Kills at random moments under load."""
    return Plan(
        f"random moments, seed {seed}", messages=messages, random_kills=kills, seed=seed, handoffs=4
    )


def condition_plans() -> list[Plan]:
    """Each accident of the platform by itself, with kills."""
    return [
        Plan(name, faults=faults, random_kills=4, seed=7) for name, faults in CONDITIONS.items()
    ]


def chaos_plan(seed: int, *, messages: int = 200, kills: int = 20) -> Plan:
    """All accidents at once, and kills at random moments."""
    return Plan(
        f"chaos, seed {seed}", messages=messages, faults=CHAOS, random_kills=kills, seed=seed
    )


def chaos_plans() -> list[Plan]:
    """Chaos with several seeds."""
    return [chaos_plan(seed) for seed in (11, 12, 13)]


def all_plans() -> list[Plan]:
    """The whole matrix."""
    return [*step_plans(), random_plan(1), *condition_plans(), *chaos_plans()]
