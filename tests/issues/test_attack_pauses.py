"""While WeCom could not say who owns a conversation, each of its rows was tried twice a second."""

from bot.errors import Unreachable
from bot.model import Conversation, ServiceState
from tests.talk import Chat


async def test_pauses_grow_while_the_owner_cannot_be_read(chat: Chat) -> None:
    """Before: 7,000 tries in an hour, because only a claim counted as a try."""
    tries: list[float] = []

    async def nobody_answers(conversation: Conversation) -> tuple[ServiceState, str | None]:
        tries.append(chat.clock.now())
        raise Unreachable("kf/service_state/get")

    await chat.waits(hours=1)
    chat.wecom.get_state = nobody_answers  # type: ignore[method-assign]
    message = chat.text("多久发货")
    await chat.store.database.execute("UPDATE conversations SET service_state = NULL")
    await chat.receives(message)
    await chat.waits(hours=1)
    assert len(tries) < 120
