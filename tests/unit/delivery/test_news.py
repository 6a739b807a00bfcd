"""Is everything found that another process has written, and only once?"""

import asyncio

from bot.delivery.lanes import Lanes
from bot.delivery.news import News
from bot.model import Lane, NotifyStaff, TimerDue
from bot.store import Arrival, Draft, Store, Unit
from tests.builders import a_customer, a_message
from tests.talk import PlayedClock
from tests.unit.delivery.test_lanes import until


class Worked(list[str]):
    """Notes which keys were worked on, as lanes call it."""

    async def __call__(self, key: str) -> None:
        self.append(key)


async def quiet(*lanes: Lanes) -> None:
    await until(lambda: not any(one.busy for one in lanes), description="nothing runs")


async def test_new_rows_wake_once_and_timers_in_their_time(
    store: Store, clock: PlayedClock
) -> None:
    mail, sent, now = Worked(), Worked(), clock.now()
    drains = Lanes("drain", mail, dict.fromkeys(Lane, 1), clock)
    sends = Lanes("send", sent, dict.fromkeys(Lane, 1), clock)
    news = News(store, drains, sends, clock, 120.0)

    async def writes(subject: str, *, queue: str = "") -> None:
        unit = Unit()
        arrival = Arrival(subject, a_message("在吗", of=a_customer()), Lane.REPLY)
        await store.mailbox.deliver(unit, [arrival], now)
        if queue:
            effect = NotifyStaff(userids=("zhangsan",), text="…")
            draft = Draft(subject, queue, None, Lane.HANDOFF, effect, now + 60)
            await store.outbox.post(unit, [draft], now)
        await store.database.commit(unit)

    await writes("customer:before")
    await news.start()
    assert not await news.look()
    await writes("customer:a", queue="staff/zhangsan")
    await writes("customer:done")
    unit = Unit()
    store.mailbox.finish(unit, await store.mailbox.due("customer:done", now), now)
    timer = TimerDue(name="later", key="", open_kfid="wk1")
    await store.mailbox.schedule(unit, "customer:timed", timer, now + 0.01, now=now)
    await store.database.commit(unit)
    for _ in range(2):
        await news.look()
        await quiet(drains, sends)
        assert (list(mail), list(sent)) == (["customer:a"], ["staff/zhangsan"])
    await until(lambda: "customer:timed" in mail, description="the timer came due")
    await asyncio.gather(drains.stop(1), sends.stop(1))


async def test_a_hint_is_news_until_the_next_one(store: Store, clock: PlayedClock) -> None:
    """It lies there until its page is pulled, which takes a while: one pull is enough for it."""
    nobody = Worked()
    lanes = Lanes("none", nobody, dict.fromkeys(Lane, 1), clock)
    news = News(store, lanes, lanes, clock, 120.0)
    await news.start()

    async def hinted(at: float) -> None:
        unit = Unit()
        store.accounts.hint(unit, "wk1", f"token {at}", at)
        await store.database.commit(unit)

    await hinted(1.0)
    assert [one.token for one in await news.look()] == ["token 1.0"]
    assert not await news.look()
    await hinted(2.0)
    assert [(one.token, one.first_received_at) for one in await news.look()] == [("token 2.0", 1.0)]
