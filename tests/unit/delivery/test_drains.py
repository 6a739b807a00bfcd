"""What is left to do when a drain ends in the middle?"""

import asyncio

from bot.delivery.service import Drains
from bot.model import Lane
from bot.routing import Router, Stage, Turn
from bot.store import Arrival, Unit, conversation_queue
from tests.builders import a_customer, a_message
from tests.conftest import OpenChat


async def test_what_was_committed_is_sent_though_the_next_turn_fails(open_chat: OpenChat) -> None:
    """Storage that fails while a failure is written down ends the drain, not what came before."""
    router = Router("test", stage=Stage.GUARD)

    @router.message()
    async def poison(turn: Turn) -> None:
        if "毒" in turn.text:
            raise RuntimeError

    chat = await open_chat(more=[router])
    chat.store.database.run_script(
        "CREATE TRIGGER no_room BEFORE UPDATE OF attempts ON mailbox"
        " BEGIN SELECT RAISE(ABORT, 'no room'); END"
    )
    other, unit, now = a_customer(at="wk_other"), Unit(), chat.clock.now()
    messages = [chat.text("多久发货"), a_message("毒", of=other, sent_at=now)]
    arrivals = [Arrival(m.conversation.subject, m, Lane.REPLY, sent_at=now) for m in messages]
    await chat.store.mailbox.deliver(unit, arrivals, now)
    await chat.store.database.commit(unit)
    filled: asyncio.Queue[str] = asyncio.Queue()
    drains = Drains(
        chat.engine.dispatcher, 4, chat.clock, lambda queue, _lane: filled.put_nowait(queue)
    )
    drains.lanes.wake(chat.conversation.subject, Lane.REPLY)
    async with asyncio.timeout(2):
        assert await filled.get() == conversation_queue(chat.conversation)
    await drains.lanes.stop(1)
