"""What happens in the script? Acts of different customers, each ending when all is said.

A recalled question is not among the `ANSWERS` that count as lost; a message written to a person is
one that nobody but the bot could answer, so that an answer to it shows.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.store import Unit
from bot.store.sqlite import SqliteDatabase
from simulator.records import HUMAN, QUEUED
from simulator.scenery import AFTERSALE, PRESALE
from tests.contract.wrong.company import (
    ADDRESS,
    AT_THE_DESK,
    BEFORE_US,
    BENEFITS,
    CLOSING,
    COUPON,
    FEE,
    HOURS,
    INVOICE,
    MENU,
    RETURNS,
    RULES,
    SERVICER,
    SHIPPING,
    STAFF,
    STORE,
    TERMS,
    WARRANTY,
)
from tests.contract.wrong.stage import Stage, Stuck

Act = Callable[[Stage], Awaitable[None]]

SEND, SYNC = "/cgi-bin/kf/send_msg", "/cgi-bin/kf/sync_msg"
PICTURE = b"\x89PNG\r\n\x1a\n picture"


async def before_the_first_start(stage: Stage) -> None:
    """What was written before the product's first start is history."""
    early = await stage.customer()
    stage.excused.add(await stage.sim.say(PRESALE, early, BEFORE_US))
    stage.sim.world.advance(10)
    await stage.start()
    await stage.settles()


async def welcome(stage: Stage) -> None:
    """Someone comes in, taps what the welcome offers, and asks on."""
    customer = await stage.customer()
    await stage.sim.enter(PRESALE, customer, scene="poster")
    await stage.settles()
    await stage.taps(PRESALE, customer, 0)
    await stage.asks(PRESALE, customer, FEE, "今天天气怎么样呀", "你好", "谢谢")


async def burst(stage: Stage) -> None:
    """Seven questions of one customer in a row, others in between: more than a page."""
    one, other = await stage.customer(), await stage.customer()
    asked = (SHIPPING, FEE, RETURNS, INVOICE, STORE, BENEFITS, COUPON)
    lines = [(one, text) for text in asked]
    lines[3:3] = [(other, ADDRESS), (other, WARRANTY)]
    await stage.sim.bulk(PRESALE, lines)
    await stage.settles()


async def many_pages(stage: Stage) -> None:
    """Twelve customers behind one callback."""
    customers = [await stage.customer() for _ in range(12)]
    await stage.sim.bulk(PRESALE, [(one, HOURS) for one in customers])
    await stage.settles()


async def empty_page(stage: Stage) -> None:
    """A page without messages that is not the last one."""
    stage.sim.fault("empty_page", path=None)
    await stage.asks(PRESALE, await stage.customer(), INVOICE)


async def repeats(stage: Stage) -> None:
    """Messages of earlier pages come again, and so do callbacks."""
    customer = await stage.customer()
    await stage.asks(PRESALE, customer, SHIPPING)
    stage.sim.fault("duplicate_messages", times=2)
    stage.sim.fault("duplicate_callback")
    await stage.asks(PRESALE, customer, FEE, RETURNS)


async def same_words_at_once(stage: Stage) -> None:
    """Several customers say the same in the same second."""
    customers = [await stage.customer() for _ in range(3)]
    for customer in customers:
        await stage.sim.say(PRESALE, customer, STORE)
    await stage.settles()


async def lost_callback(stage: Stage) -> None:
    """Nobody tells the product that there is something to pull."""
    stage.sim.fault("lose_callback")
    await stage.asks(PRESALE, await stage.customer(), CLOSING)


async def answer_lost(stage: Stage) -> None:
    """WeCom accepts a message, and its answer never arrives."""
    stage.sim.fault("reset_after_accept", path=SEND)
    await stage.asks(PRESALE, await stage.customer(), COUPON)


async def busy_moments(stage: Stage) -> None:
    """System busy, a bad gateway, a connection that ends before anything was done."""
    for path in (SYNC, SEND):
        stage.sim.fault("error", path=path, code=-1)
        stage.sim.fault("http", path=path, code=502)
        stage.sim.fault("reset_before", path=path)
    await stage.asks(PRESALE, await stage.customer(), ADDRESS)


async def expired_token(stage: Stage) -> None:
    """The access token dies before its time."""
    customer = await stage.customer()
    for code, text in ((40014, WARRANTY), (42001, HOURS)):
        stage.sim.fault("expire_token", path=SEND, code=code)
        await stage.asks(PRESALE, customer, text)


async def slow_pull(stage: Stage) -> None:
    """WeCom takes its time to answer a pull."""
    stage.sim.fault("delay", path=SYNC, seconds=1.2)
    await stage.asks(PRESALE, await stage.customer(), STORE)


async def two_accounts(stage: Stage) -> None:
    """One customer at two accounts."""
    customer = await stage.customer()
    for texts in ((SHIPPING, FEE), (RETURNS, INVOICE)):
        await stage.sim.say(PRESALE, customer, texts[0])
        await stage.sim.say(AFTERSALE, customer, texts[1])
        await stage.settles()


async def long_answer(stage: Stage) -> None:
    """Answers longer than one message, and more to choose from than a menu holds."""
    customer = await stage.customer()
    await stage.sim.bulk(PRESALE, [(customer, RULES), (customer, TERMS)])
    await stage.settles()
    await stage.asks(PRESALE, customer, MENU)


async def anything_but_text(stage: Stage) -> None:
    """A picture, a voice, a place, and a type nobody has heard of."""
    customer, sim = await stage.customer(), stage.sim
    await sim.send(PRESALE, customer, "image", {}, file=PICTURE)
    await sim.send(PRESALE, customer, "location", {"latitude": 30.2, "longitude": 120.1})
    await sim.send(PRESALE, customer, "hologram", {"size": "large"})
    await stage.settles()
    await stage.asks(PRESALE, customer, SHIPPING)


async def recall(stage: Stage) -> None:
    """A question is taken back before the product has seen it."""
    customer, sim = await stage.customer(), stage.sim
    (msgid,) = await sim.bulk(PRESALE, [(customer, BENEFITS)], callback=False)
    stage.recalled.add(msgid)
    await sim.recall(PRESALE, customer, msgid)
    await stage.settles()
    await stage.asks(PRESALE, customer, COUPON)


async def hand_over(stage: Stage) -> None:
    """To a person and back: asked for, queued, taken, written to, ended, asked again."""
    customer, sim = await stage.customer(), stage.sim
    await stage.asks(PRESALE, customer, SHIPPING, "我要人工")
    await _is_in(stage, PRESALE, customer, QUEUED)
    await sim.say(PRESALE, customer, AT_THE_DESK)
    await stage.settles()
    await sim.staff_take(STAFF, PRESALE, customer)
    await stage.settles()
    sim.world.advance(1)  # nobody can say that there was no time to notice
    await sim.say(PRESALE, customer, AT_THE_DESK)
    await stage.settles()
    await sim.staff_say(STAFF, PRESALE, customer, "您好，这就帮您看")
    await sim.staff_end(STAFF, PRESALE, customer)
    await stage.settles()
    await stage.asks(PRESALE, customer, FEE)


async def to_a_servicer(stage: Stage) -> None:
    """To a servicer who has a free seat, who answers and ends."""
    customer, sim = await stage.customer(), stage.sim
    await stage.asks(AFTERSALE, customer, WARRANTY, "我要人工")
    await _is_in(stage, AFTERSALE, customer, HUMAN)
    await sim.say(AFTERSALE, customer, AT_THE_DESK)
    await stage.settles()
    await sim.staff_say(SERVICER, AFTERSALE, customer, "您好，这就帮您看")
    await sim.staff_end(SERVICER, AFTERSALE, customer)
    await stage.settles()
    await stage.asks(AFTERSALE, customer, FEE)


async def nobody_there(stage: Stage) -> None:
    """A person is asked for and nobody receives: the bot says so and goes on."""
    sim, customer = stage.sim, await stage.customer()
    servicers = list(sim.world.accounts[AFTERSALE].servicers)
    for userid in servicers:
        await sim.staff_status(userid, AFTERSALE, receiving=False)
    await stage.settles()
    await stage.asks(AFTERSALE, customer, "转人工", WARRANTY)
    for userid in servicers:
        await sim.staff_status(userid, AFTERSALE, receiving=True)
    await stage.settles()


async def staff_ask(stage: Stage) -> None:
    """A member writes to the app itself."""
    heard = len(stage.sim.inbox(STAFF))
    await stage.sim.staff_tell_app(STAFF, "帮助")

    async def answered() -> bool:
        return len(stage.sim.inbox(STAFF)) > heard

    await stage.until(answered, lambda: "the member is not answered")


async def cards(stage: Stage) -> None:
    """Two cards to two members, who both press in the same moment; the callback is repeated."""
    sim, customer = stage.sim, await stage.customer()
    for _ in range(2):
        before = len(stage.desk.actions)
        stage.excused.add(await sim.say(PRESALE, customer, "叫人"))
        await stage.settles()
        task_id = sim.inbox(stage.desk.userids[0])[-1].task_id
        if not task_id:
            raise Stuck("a text in place of a card")
        sim.fault("duplicate_callback")
        for userid in stage.desk.userids:
            await sim.staff_press(userid, task_id, "take")

        async def counted(expected: int = before + 2) -> bool:
            return len(stage.desk.actions) == expected

        await stage.until(counted, lambda: "a press is not counted")
        await stage.settles()


async def restart(stage: Stage) -> None:
    """The product is stopped, customers go on writing, it starts again on its database."""
    customer = await stage.customer()
    await stage.asks(PRESALE, customer, SHIPPING)
    await stage.stop()
    await stage.sim.say(PRESALE, customer, FEE)
    await stage.sim.say(AFTERSALE, customer, RETURNS)
    await stage.start()
    await stage.settles()


async def person_meanwhile(stage: Stage) -> None:
    """While the product is down a person writes and ends; then the customer asks again."""
    customer, sim = await stage.customer(), stage.sim
    await stage.asks(PRESALE, customer, "人工客服")
    await _is_in(stage, PRESALE, customer, QUEUED)
    await sim.staff_take(STAFF, PRESALE, customer)
    await stage.settles()
    await stage.stop()
    await sim.staff_say(STAFF, PRESALE, customer, AT_THE_DESK)
    await sim.staff_end(STAFF, PRESALE, customer)
    await sim.say(PRESALE, customer, INVOICE)
    await stage.start()
    await stage.settles()


async def power_cut(stage: Stage) -> None:
    """The machine stops in the moment in which pulled messages are to be stored."""
    await stage.settles()
    reached = asyncio.Event()

    async def never_ends() -> None:
        reached.set()
        await asyncio.Event().wait()

    async def cut() -> bool:
        return reached.is_set()

    with _when_a_page_is_stored(never_ends):
        await stage.sim.say(PRESALE, await stage.customer(), ADDRESS)
        await stage.until(cut, lambda: "nothing is stored")
        await stage.stop()
    await stage.start()
    await stage.settles()


async def full_disk(stage: Stage) -> None:
    """For a moment nothing can be stored."""
    await stage.settles()
    refusals = [StoreUnavailable("database or disk is full")]

    async def refuses() -> None:
        if refusals:
            raise refusals.pop()

    with _when_a_page_is_stored(refuses):
        await stage.asks(PRESALE, await stage.customer(), CLOSING)


@contextmanager
def _when_a_page_is_stored(first: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Do something before each commit that fills a mailbox."""
    commit = SqliteDatabase.commit

    async def prepared(database: SqliteDatabase, unit: Unit) -> Any:
        if any("INSERT INTO mailbox" in one.sql for one in unit.statements):
            await first()
        return await commit(database, unit)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteDatabase, "commit", prepared)
        yield


async def too_late(stage: Stage) -> None:
    """The product comes back after more than 48 h: nothing can be answered any more."""
    await stage.settles()
    customer = await stage.customer()
    await stage.asks(PRESALE, customer, BENEFITS)
    await stage.stop()
    stage.excused.add(await stage.sim.say(PRESALE, customer, BEFORE_US))
    stage.sim.world.advance(49 * 3600)
    await stage.start()
    await stage.settles()
    await stage.asks(PRESALE, customer, HOURS)


async def throttled(stage: Stage) -> None:
    """WeCom blocks an API for a minute; it is not called again within it."""
    sim = stage.sim
    sim.fault("error", path=SYNC, code=45009, seconds=60)
    await sim.staff_status(STAFF, PRESALE, receiving=False)

    async def refused() -> bool:
        return not sim.world.faults and not sim.pending_callbacks

    await stage.until(refused, lambda: "nothing is pulled")
    sim.world.advance(1)
    for _ in range(5):  # so many hints, acknowledged one by one, would be reasons to pull
        await sim.staff_status(STAFF, PRESALE, receiving=True)
        await stage.until(refused, lambda: "callbacks are not acknowledged")


async def _is_in(stage: Stage, open_kfid: str, customer: str, state: int) -> None:
    async def moved() -> bool:
        return stage.sim.conversation(open_kfid, customer).state == state

    await stage.until(moved, lambda: f"the conversation does not come to state {state}")


SCRIPT: tuple[Act, ...] = (
    *(welcome, burst, many_pages, empty_page, repeats, same_words_at_once, lost_callback),
    *(answer_lost, busy_moments, expired_token, slow_pull, two_accounts, long_answer),
    *(anything_but_text, recall, hand_over, to_a_servicer, nobody_there, staff_ask, cards),
    *(restart, person_meanwhile, power_cut, full_disk, too_late, throttled),
)
"""All acts after `before_the_first_start`, in order."""
