"""What is asked of WeCom because of what happens there, and what is learnt at once."""

from typing import Any

import msgspec
import pytest

from bot.model import (
    CorpTagChanged,
    CustomerAdded,
    CustomerDeleted,
    CustomerEdited,
    Effect,
    Event,
    ProjectTags,
    ReadCorpTags,
    TransferFailed,
)
from tests.talk import Chat

LAN = "wm_lan"
PAIR: dict[str, Any] = {"userid": "zhangsan", "external_userid": LAN}


async def asked_because_of(chat: Chat, event: Event) -> list[Effect]:
    await chat.decides_on(event)
    queues = [queue for queue, _ in await chat.store.outbox.open_queues()]
    parcels = [one for queue in queues for one in await chat.store.outbox.open_of(queue)]
    return [one.effect for one in parcels]


@pytest.mark.parametrize(
    ("event", "asked"),
    [
        (CustomerAdded(**PAIR), [ProjectTags(external_userid=LAN)]),
        (CustomerEdited(**PAIR), [ProjectTags(external_userid=LAN, read=True)]),
        (CustomerDeleted(**PAIR, by="customer"), []),
        (TransferFailed(**PAIR), []),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, msgspec.Struct) else "",
)
async def test_a_friend_s_tags_are_looked_after(
    chat: Chat, event: Event, asked: list[Effect]
) -> None:
    assert await asked_because_of(chat, event) == asked


async def test_the_library_is_read_when_more_than_its_order_changed(chat: Chat) -> None:
    for change, strategy, expected in (
        ("shuffle", "", 0),
        ("update", "7", 0),
        ("update", "", 1),
        ("delete", "", 2),
    ):
        await chat.receives(CorpTagChanged(change=change, strategy_id=strategy, id="et1"))
        rows = await chat.store.database.fetch(
            "SELECT COUNT(*) FROM outbox WHERE kind = ?", ReadCorpTags.__name__
        )
        assert rows[0][0] == expected, change


async def test_the_channel_of_a_new_friend_is_their_first_and_last_touch(chat: Chat) -> None:
    now = chat.clock.now()
    await chat.receives(CustomerAdded(**PAIR, state="ch_1", at=now))
    await chat.receives(CustomerAdded(**PAIR | {"userid": "lisi"}, state="ch_2", at=now + 60))
    touch = await chat.store.profiles.touched(LAN)
    assert touch is not None
    assert (touch.first_channel, touch.last_channel) == ("ch_1", "ch_2")
