"""Give whoever comes by a channel code the tags of that code."""

from bot.model import CustomerAdded, SessionEntered
from bot.routing import Router, Stage, Turn
from bot.store import Store

router = Router("channels", stage=Stage.GUARD)


@router.on(CustomerAdded)
async def added(turn: Turn, event: CustomerAdded, store: Store) -> None:
    """The state is that of a contact way."""
    await tag(turn, store, event.state)


@router.on(SessionEntered)
async def entered(turn: Turn, event: SessionEntered, store: Store) -> None:
    """The scene is that of a kf link."""
    await tag(turn, store, event.scene)


async def tag(turn: Turn, store: Store, code: str) -> None:
    """Tag the customer of the turn; whether it may be put on is decided where every tag is."""
    found = await store.channels.channel_of(code) if code else None
    if found is None or found.channel is None:
        return
    for name in found.channel.tags:
        turn.tag(name, rule=f"channel:{found.id}")
