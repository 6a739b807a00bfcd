"""What ends with a consent? What was held only because of it goes, here and at WeCom (R-15.3)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.model.consents import ConsentDecision, Standing
from bot.model.people import ATTRIBUTES
from bot.model.tasks import TaskState
from bot.store.database import Unit
from bot.store.projecting import ask_projection
from bot.store.tasks import ENGINE, told_of_end

_FORGET = "DELETE FROM attributes WHERE external_userid = ? AND name = ?"

if TYPE_CHECKING:
    from bot.store import Store


async def decide_all(
    store: "Store", unit: Unit, external_userid: str, decided: Sequence[ConsentDecision], at: float
) -> list[str]:
    """Add decisions to the unit, and what ends with those that say no.

    Returns:
        The queues of the outbox that may have something to send.
    """
    await store.consents.record(unit, external_userid, decided, at)
    queues: list[str] = []
    for purpose in {one.purpose for one in decided if one.decision is not Standing.GIVEN}:
        for customer in await store.people.same_person(external_userid):
            for name, kind in ATTRIBUTES.items():
                if kind.purpose == purpose:
                    unit.add(_FORGET, customer, name)
            told = [
                told_of_end(known, TaskState.SKIPPED, ENGINE, at)
                for known in await store.tasks.of_customer(customer)
                if known.is_open and known.task.purpose == purpose
            ]
            await store.mailbox.deliver(unit, told, at)
            store.tasks.withdraw(unit, customer, purpose, at)
            store.mass_sends.withdraw(unit, customer, purpose, at)
            key = store.tags.withdraw(unit, customer, purpose, at)
            queues += await ask_projection(store, unit, customer, [key], at)
    return queues
