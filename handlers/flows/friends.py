"""How is a member's friend reached where the bot cannot write itself?"""

from dataclasses import dataclass

from bot.model.consents import Purpose
from bot.model.mass_sends import MassSend, mass_send_id
from bot.model.outreach import Outreach
from bot.model.tasks import StaffTask, task_id
from bot.routing import Turn
from bot.routing.assigning import ask_mass_send, ask_staff
from bot.store import Store
from handlers.flows.flow import REMIND_EVERY_S, Flow, Step
from handlers.flows.store import Run, StepRow

FEATURE = "flow"
"""By which its touches are known in the budget and among mass-send tasks."""

TASK = "sop"
ON_TIME_S, KEPT_S = 4 * 3600.0, REMIND_EVERY_S
"""What nobody has done by the next reminder is given up: nobody is to do both."""


@dataclass(frozen=True, slots=True)
class Touch:
    """One touch of a step: what it asks for, or a reminder of that."""

    flow: Flow
    run: Run
    row: StepRow
    step: Step
    wanted: Outreach
    again: bool

    @property
    def ref(self) -> str:
        """By which what became of it is brought back to the step."""
        return f"{self.run.id}/{self.step.id}"

    @property
    def purpose(self) -> Purpose | None:
        """What the customer must agree to."""
        return Purpose.MARKETING if self.flow.is_marketing else None

    @property
    def words(self) -> tuple[str, ...]:
        """What names it for ever."""
        return _words(self.run.id, self.step.id, len(self.row.reminded) + self.again)


def is_of(row: StepRow, carrier: str) -> bool:
    """Whether a task, or a mass-send task, carries the last touch of this step."""
    words = _words(row.run, row.step, len(row.reminded))
    return carrier in (task_id(*words), mass_send_id(*words))


async def mass_send(turn: Turn, facts: Store, touch: Touch, member: str, text: str) -> None:
    """Have a task made that the member only confirms."""
    one = MassSend(
        id=mass_send_id(*touch.words),
        member=member,
        external_userid=touch.run.external_userid,
        text=text,
        feature=FEATURE,
        ref=touch.ref,
        reason=touch.wanted.reason,
        expires_at=turn.now + KEPT_S,
        purpose=touch.purpose,
    )
    await ask_mass_send(turn, facts, one, touch.wanted)


async def staff_task(turn: Turn, facts: Store, touch: Touch, member: str, text: str) -> None:
    """Ask the member to do what the step wants."""
    text = touch.step.task_text or text
    task = StaffTask(
        id=task_id(*touch.words),
        kind=TASK,
        member=member,
        text=turn.phrases.say("flows.task", flow=touch.flow.name, text=text),
        reason=touch.wanted.reason,
        due_at=turn.now,
        on_time_s=ON_TIME_S,
        expires_at=turn.now + KEPT_S,
        external_userid=touch.run.external_userid,
        ref=touch.ref,
        purpose=touch.purpose,
    )
    await ask_staff(turn, facts, task, touch.wanted)


def _words(run: str, step: str, number: int) -> tuple[str, ...]:
    return ("flow", run, step, str(number))
