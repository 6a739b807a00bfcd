"""What is a flow, which step comes next, and when (R-2.7, R-9)? Pure: no clock, no store.

A step that is not due yet is read from the definition in force when it comes due; what was said is
never said again because a text was changed (R-9.2).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum

import msgspec

DAY_S = 86_400.0
REMIND_EVERY_S = DAY_S
MOST_REMINDERS = 3
"""At most one reminder a day, for three days (R-2.7)."""

LATE_S = DAY_S
"""A step that is later than this is skipped (R-9.4)."""

GAP_S = 1800.0
"""Between two steps of one customer (R-9.4)."""


class Evidence(StrEnum):
    """By what a step is known to be done."""

    NONE = "none"  # it is done once it was said
    DECLARED = "declared"  # the customer says so: nobody can see it
    REPLY = "reply"  # the customer wrote the words
    WROTE = "wrote"  # the customer wrote anything
    GROUP = "group"  # WeCom told that the customer joined a group
    ORDER = "order"  # an order of the customer is known

    @property
    def is_verified(self) -> bool:
        """Whether we saw it ourselves."""
        return self is not Evidence.DECLARED


MASS_SEND, STAFF = WAYS = ("mass_send", "staff")
"""How a friend is reached: by a text that a member only confirms, or as the member thinks best."""


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """When a step, or a flow, is for somebody; what is empty asks for nothing.

    Args:
        tags: one of these is on the customer.
        without_tags: none of these is.
        channels: one of these brought the customer.
        wrote: whether the customer has written since the flow began.
        ordered: whether an order of the customer is known.
        hours: local time of day.
    """

    tags: frozenset[str] = frozenset()
    without_tags: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    wrote: bool | None = None
    ordered: bool | None = None
    hours: tuple[time, time] | None = None


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What conditions are asked of."""

    moment: datetime
    tags: frozenset[str] = frozenset()
    channel: str = ""
    wrote: bool = False
    ordered: bool = False


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """How long after the step before: a while, or some days later at a time of day."""

    seconds: float = 0.0
    days: int = 0
    at: time | None = None


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """Where it goes on instead of with the next step.

    Args:
        when: the first one that holds decides.
        to: id of a later step, or ``end``.
    """

    when: Condition
    to: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step.

    Args:
        text: what is said; by variant where an `experiment` decides.
        button: what the customer taps to say that it is done.
        words: what the customer writes to do it, or to say that it is done.
        done_text: said when it is done.
        remind_text: said while it is not, instead of the text again.
        friend_text: what the friend of a member reads instead of the text, where we cannot write.
        task_text: what a member is asked to do where neither is to be sent.
        way: by which a friend is reached, empty = as the configuration says.
    """

    id: str
    text: str = ""
    variants: Mapping[str, str] = {}
    experiment: str = ""
    wait: Wait = Wait()
    when: Condition = Condition()
    evidence: Evidence = Evidence.NONE
    button: str = ""
    words: tuple[str, ...] = ()
    done_text: str = ""
    remind_text: str = ""
    friend_text: str = ""
    task_text: str = ""
    way: str = ""
    reminders: int = 0
    branches: tuple[Branch, ...] = ()


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """A flow as somebody wrote it.

    Args:
        kind: a person is in one flow of a kind, once.
        starts_on: ``added``, ``returned`` or ``entered``.
        is_marketing: needs the customer's consent, and takes from the budget of touches.
        is_promo: advertises; of what a customer hears only so much may.
        expires_s: after so long it ends, whatever is left.
        reward: campaign whose code is given at the end, empty = none.
        version: changes with every word of it.
    """

    id: str
    kind: str
    name: str
    starts_on: str = "added"
    when: Condition = Condition()
    is_marketing: bool = True
    is_promo: bool = True
    expires_s: float = 7 * DAY_S
    steps: tuple[Step, ...] = ()
    reward: str = ""
    reward_text: str = ""
    no_reward_text: str = ""
    version: str = ""

    def step(self, step_id: str) -> Step | None:
        """The step of this id, if it is still there."""
        return next((one for one in self.steps if one.id == step_id), None)


def holds(condition: Condition, situation: Situation) -> bool:
    """Whether a condition is met."""
    return (
        (not condition.tags or bool(condition.tags & situation.tags))
        and not condition.without_tags & situation.tags
        and (not condition.channels or situation.channel in condition.channels)
        and condition.wrote in (None, situation.wrote)
        and condition.ordered in (None, situation.ordered)
        and (condition.hours is None or _within(condition.hours, situation.moment.time()))
    )


def said_to_friend(step: Step, text: str) -> str:
    """What a member's friend reads of a step; empty = only the member can do it.

    A button is of the chat with the bot, and what is answered in another chat nobody sees.

    Args:
        text: what the bot would say itself.
    """
    if step.friend_text:
        return step.friend_text
    is_answered = step.evidence in (Evidence.DECLARED, Evidence.REPLY)
    return "" if step.button or is_answered else text


def first_step(flow: Flow) -> Step | None:
    """Where it begins."""
    return flow.steps[0] if flow.steps else None


def step_after(
    flow: Flow, step_id: str, done: Collection[str], situation: Situation
) -> Step | None:
    """What comes after a step; ``None`` = nothing, the flow is through.

    Args:
        step_id: may have been taken out of the definition since; then what is not done yet follows.
        done: ids of the steps that are over, this one among them.
    """
    current = flow.step(step_id)
    if current is not None:
        for branch in current.branches:
            if holds(branch.when, situation):
                return flow.step(branch.to)
    ids = [one.id for one in flow.steps]
    begin = ids.index(step_id) + 1 if step_id in ids else 0
    return next((one for one in flow.steps[begin:] if one.id not in done), None)


def due_at(wait: Wait, after: datetime) -> datetime:
    """When a step comes due whose wait began at a local moment."""
    moment = after + timedelta(seconds=wait.seconds)
    if wait.at is None:
        return moment + timedelta(days=wait.days)
    day = moment + timedelta(days=wait.days)
    found = day.replace(hour=wait.at.hour, minute=wait.at.minute, second=0, microsecond=0)
    return found if found > after else found + timedelta(days=1)


def reminder_at(step: Step, asked_at: float, reminded: Sequence[float]) -> float | None:
    """When the customer is next reminded of a step, Unix seconds; ``None`` = no more."""
    if len(reminded) >= min(step.reminders, MOST_REMINDERS):
        return None
    return (reminded[-1] if reminded else asked_at) + REMIND_EVERY_S


def _within(hours: tuple[time, time], moment: time) -> bool:
    begin, end = hours
    if begin < end:
        return begin <= moment < end
    return moment >= begin or moment < end
