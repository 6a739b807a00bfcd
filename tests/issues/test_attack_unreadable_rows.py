"""A row that cannot be opened once blocked its subject, or its queue, for ever.

Before: `Mailbox.due` and `Outbox.open_of` raised, the lane tried again every second without end.
"""

from bot.model import Lane
from bot.store import Arrival, Unit
from tests.talk import Chat

SHIP_TIME = "现货 48 小时内发出。"


async def a_message_waits(chat: Chat, text: str) -> None:
    unit, now = Unit(), chat.clock.now()
    arrival = Arrival(chat.conversation.subject, chat.text(text), Lane.REPLY, sent_at=now)
    await chat.store.mailbox.deliver(unit, [arrival], now)
    await chat.store.database.commit(unit)


async def test_a_letter_that_does_not_open_is_parked_and_the_next_is_answered(chat: Chat) -> None:
    await a_message_waits(chat, "运费多少钱")
    await chat.store.database.execute("UPDATE mailbox SET body = ? WHERE done_at IS NULL", b"\1x")
    await chat.says("多久发货")
    assert chat.replies == [SHIP_TIME]
    assert len(await chat.store.mailbox.parked()) == 1


async def test_an_event_of_a_newer_version_is_parked_and_the_next_is_answered(chat: Chat) -> None:
    await a_message_waits(chat, "运费多少钱")
    body = chat.store.vault.seal(chat.conversation.subject, b'{"kind":"FromTheFuture"}')
    await chat.store.database.execute("UPDATE mailbox SET body = ? WHERE done_at IS NULL", body)
    await chat.says("多久发货")
    assert chat.replies == [SHIP_TIME]


async def test_a_parcel_that_does_not_open_is_dead_and_the_next_is_sent(chat: Chat) -> None:
    await chat.decides_on(chat.text("运费多少钱"))
    await chat.store.database.execute("UPDATE outbox SET body = ? WHERE state = 'pending'", b"\1x")
    await chat.says("多久发货")
    assert chat.replies == [SHIP_TIME]
    assert len(await chat.store.outbox.dead()) == 1
