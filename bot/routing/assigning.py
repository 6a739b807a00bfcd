"""How does a turn ask a member of staff to do something?"""

from bot.model.tasks import StaffTask
from bot.routing.turn import Turn
from bot.store import Store


async def ask_staff(turn: Turn, store: Store, task: StaffTask) -> None:
    """Ask with the turn's commit; its end comes back as `Emitted` ``task_ended``.

    The same task twice is one: its id names it.
    """
    asked = await store.tasks.added(task, turn.now)
    turn.record(asked.sql, *asked.params)
