"""An escalation that nobody could handle was escalated for ever."""

from bot.model import Emitted
from bot.routing import Router, Stage, Turn
from tests.conftest import OpenChat


async def test_an_escalation_that_fails_is_not_escalated_again(open_chat: OpenChat) -> None:
    """Before: 24 parked rows after an hour, and one more every 156 s."""
    router = Router("test", stage=Stage.GUARD)

    @router.message()
    async def poison(turn: Turn) -> None:
        raise RuntimeError

    @router.on(Emitted, tag="escalate")
    async def poison_too(turn: Turn) -> None:
        raise RuntimeError

    chat = await open_chat(more=[router])
    await chat.says("多久发货")
    await chat.waits(hours=1)
    assert len(await chat.store.mailbox.parked()) == 2
