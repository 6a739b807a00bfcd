"""Is a page told of what another process has done for its customer, and of nothing else?"""

import asyncio

from bot.delivery.followed import Followed
from bot.model import Lane
from bot.redis import Alone
from bot.routing.live import Live
from bot.store import Arrival, Store, Unit
from tests.builders import a_customer, a_message
from tests.talk import PlayedClock


async def arrives(store: Store, subject: str, now: float) -> None:
    unit = Unit()
    await store.mailbox.deliver(
        unit, [Arrival(subject, a_message("在吗", of=a_customer()), Lane.REPLY)], now
    )
    await store.database.commit(unit)


async def is_handled(store: Store, subject: str, now: float) -> None:
    unit = Unit()
    store.mailbox.finish(unit, await store.mailbox.due(subject, now), now)
    await store.database.commit(unit)


async def test_a_page_is_told_once_of_each_turn(store: Store, clock: PlayedClock) -> None:
    live, mine = Live(Alone()), a_customer().subject
    followed = Followed(store, live, clock)
    with live.listen(mine) as told:
        await followed.look()
        assert not told.is_set()
        for _ in range(2):
            await arrives(store, mine, clock.now())
            await arrives(store, "customer:another", clock.now())
            await is_handled(store, "customer:another", clock.now())
            await followed.look()
            assert not told.is_set(), "nothing has been done for this one"
            await is_handled(store, mine, clock.now())
            await followed.look()
            assert told.is_set()
            told.clear()
            await followed.look()
            assert not told.is_set(), "the same turn is no news"


async def test_nobody_is_asked_while_nobody_looks(store: Store, clock: PlayedClock) -> None:
    live = Live(Alone())
    followed = Followed(store, live, clock)
    store.close()  # a question would fail
    async with asyncio.timeout(1):
        await followed.look()
