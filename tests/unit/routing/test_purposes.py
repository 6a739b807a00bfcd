"""What may only be said for a purpose is said to who agreed to it, and to nobody else."""

from bot.model.consents import Purpose, Standing
from bot.routing import Router, Says, Stage, Turn
from tests.conftest import OpenChat


async def test_a_reply_with_a_purpose_is_said_only_to_who_agreed(open_chat: OpenChat) -> None:
    router = Router("offers", stage=Stage.GUARD)

    @router.message(Says("greeting.hello"))
    async def offer(turn: Turn) -> None:
        turn.reply("在的")
        turn.reply("新品八折", purpose=Purpose.MARKETING)

    chat = await open_chat(more=[router])
    await chat.says("你好")
    assert chat.replies == ["在的"]

    await chat.agrees(Purpose.MARKETING)
    await chat.says("你好")
    assert chat.replies == ["在的", "新品八折"]

    await chat.decides(Purpose.MARKETING, Standing.WITHDRAWN)
    await chat.says("你好")
    assert chat.replies == ["在的"]
