"""Is what we know of a conversation kept right when several learn something at once?"""

from dataclasses import replace

import pytest

from bot.model import Ownership, ServiceState
from bot.store import ConversationFacts, Store, Unit, UnitConflict
from tests.builders import a_customer

LAN = a_customer()


async def wrote(store: Store, before: ConversationFacts, msgid: str) -> None:
    """A turn commits a message of the customer."""
    unit = Unit()
    store.conversations.save(unit, before, replace(before, window_msgid=msgid))
    await store.database.commit(unit)


async def moved(store: Store, at: float = 20.0) -> None:
    """A hand-over commits that WeCom has accepted it."""
    unit = Unit()
    store.conversations.moved(unit, LAN, ServiceState.QUEUED, at)
    await store.database.commit(unit)


async def test_a_hand_over_is_remembered_though_the_customer_wrote_meanwhile(store: Store) -> None:
    await wrote(store, await store.conversations.facts(LAN), "m1")
    await wrote(store, await store.conversations.facts(LAN), "m2")
    await moved(store)
    known = await store.conversations.facts(LAN)
    assert known.ownership == Ownership(ServiceState.QUEUED, None, 20.0)
    assert known.window_msgid == "m2"


async def test_a_turn_decided_before_the_hand_over_is_not_kept(store: Store) -> None:
    await wrote(store, await store.conversations.facts(LAN), "m1")
    before = await store.conversations.facts(LAN)
    await moved(store)
    with pytest.raises(UnitConflict):
        await wrote(store, before, "m2")
