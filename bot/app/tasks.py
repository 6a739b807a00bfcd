"""Which parts look after the tasks of members of staff?"""

from collections.abc import Callable

from bot.app.engine import Engine, build_roster
from bot.delivery.task_reminders import TaskReminders
from bot.model import Lane

Wake = Callable[[str, Lane], None]


def build_task_reminders(engine: Engine, wake_queue: Wake, wake_subject: Wake) -> TaskReminders:
    """What reminds of tasks.

    Args:
        wake_queue: told which queue of the outbox has something to send.
        wake_subject: told whose mailbox has something new.
    """
    return TaskReminders(
        *(engine.store, engine.phrases, build_roster(engine.config), engine.guard, engine.clock),
        *(wake_queue, wake_subject),
    )
