"""May we write to a customer who asks nothing just now?"""

import pytest

from bot.model import Emitted
from bot.routing import Router, Stage, Turn
from bot.routing.writing import MOST_SPENT, could_write, may_write
from bot.store import Store
from tests.conftest import OpenChat
from tests.talk import Chat

NEWS = "news"


async def could(chat: Chat) -> bool:
    return await could_write(chat.store, chat.conversation, chat.clock.now())


async def test_who_never_wrote_is_not_written_to(chat: Chat) -> None:
    assert not await could(chat)


async def test_who_wrote_is_written_to_until_little_is_left_of_48_hours(chat: Chat) -> None:
    await chat.says("多久发货")
    assert await could(chat)
    await chat.waits(hours=47.5)
    assert await could(chat)
    await chat.waits(minutes=25)
    assert not await could(chat)


async def test_the_last_messages_of_the_five_are_left_for_what_must_be_said(chat: Chat) -> None:
    await chat.says("多久发货")
    sent = await chat.store.database.fetch_one("SELECT * FROM outbox WHERE kind = 'SendMessage'")
    assert sent is not None
    names = [name for name in sent.keys() if name != "id"]  # noqa: SIM118
    for number in range(MOST_SPENT):
        assert await could(chat)
        row = dict(sent) | {"msgid": f"more-{number}"}
        await chat.store.database.execute(
            f"INSERT INTO outbox ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
            *(row[name] for name in names),
        )
    assert not await could(chat)


async def test_a_silenced_customer_is_not_written_to(chat: Chat) -> None:
    await chat.says("多久发货")
    await chat.store.switches.turn_on(
        "silence", "all", "", by="test", reason="", now=chat.clock.now()
    )
    assert not await could(chat)


async def test_nobody_is_written_to_while_people_have_the_conversation(chat: Chat) -> None:
    await chat.says("多久发货")
    await chat.take_over()
    assert not await could(chat)


async def test_nobody_is_written_to_while_a_person_is_being_found(chat: Chat) -> None:
    await chat.says("多久发货")
    await chat.decides_on(chat.text("转人工"))
    assert not await could(chat)


@pytest.mark.parametrize(("mode", "may"), [("auto", True), ("off", False)])
async def test_an_account_where_the_bot_is_off_writes_nothing(
    open_chat: OpenChat, mode: str, may: bool
) -> None:
    told: list[bool] = []
    router = Router("asking", stage=Stage.CAMPAIGN)

    @router.on(Emitted, tag=NEWS)
    async def news(turn: Turn, store: Store) -> None:
        told.append(await may_write(turn, store))

    chat = await open_chat(more=[router], autonomy={"mode": mode})
    await chat.says("多久发货")
    customer = chat.conversation.external_userid
    for open_kfid in (chat.conversation.open_kfid, ""):
        await chat.receives(Emitted(name=NEWS, open_kfid=open_kfid, external_userid=customer))
    assert told == [may, False]  # without a conversation there is nowhere to write
