"""How does a turn ask a member of staff to do something, or to send something to a friend?

The same twice is one: its id names it.
"""

from bot.model import Lane, MakeMassSend
from bot.model.mass_sends import MassSend
from bot.model.outreach import Outreach
from bot.model.tasks import StaffTask
from bot.routing.collected import Decided
from bot.routing.turn import Turn
from bot.store import Store


async def ask_staff(
    turn: Turn, store: Store, task: StaffTask, outreach: Outreach | None = None
) -> None:
    """Ask with the turn's commit; its end comes back as `Emitted` ``task_ended``.

    Args:
        outreach: what of the person's budget it takes, until it has come to nothing; ask `Reaching`
            before.
    """
    asked = await store.tasks.added(task, turn.now)
    turn.record(asked.sql, *asked.params)
    if outreach is not None:
        turn.reach_out(outreach, task.id)


async def ask_mass_send(turn: Turn, store: Store, one: MassSend, outreach: Outreach) -> None:
    """Have a mass-send task made for a friend of a member; how far it is comes back as `Emitted`
    ``mass_send_moved``.

    Args:
        outreach: what of the person's budget it takes; ask `Reaching` before.
    """
    assert outreach in turn.decisions.allowed, "ask before reaching out"
    planned = await store.mass_sends.added(one, turn.now)
    turn.record(planned.sql, *planned.params)
    effect, lane = MakeMassSend(send_id=one.id), Lane.BACKGROUND
    decided = Decided(effect, lane, "", turn.handler, one.purpose, outreach=outreach)
    turn.decisions.effects.append(decided)
