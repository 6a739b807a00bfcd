"""Note by which channel a customer came, and that a friendship began or ended."""

from typing import Any

import msgspec

from bot.model import CustomerAdded, CustomerDeleted, SessionEntered
from bot.routing import Router, Stage, Turn
from bot.store import CHANGED, TOUCHED

router = Router("profile", stage=Stage.GUARD)


@router.on(SessionEntered)
async def entered(turn: Turn, event: SessionEntered) -> None:
    """The scene of the chat is a channel."""
    if event.scene:
        turn.record(TOUCHED, event.external_userid, event.scene, turn.now)


@router.on(CustomerAdded)
async def added(turn: Turn, event: CustomerAdded) -> None:
    """So is the state of the contact way; who follows the customers is told."""
    at = event.at or turn.now
    if event.state:
        turn.record(TOUCHED, event.external_userid, event.state, at)
    if not event.half:
        _tell(turn, "customer.added", event.external_userid, at, member=event.userid)


@router.on(CustomerDeleted)
async def deleted(turn: Turn, event: CustomerDeleted) -> None:
    """Whoever follows the customers is told."""
    about = {"member": event.userid, "by": event.by}
    _tell(turn, "customer.deleted", event.external_userid, event.at or turn.now, **about)


def _tell(turn: Turn, kind: str, external_userid: str, at: float, **about: Any) -> None:
    turn.record(CHANGED, kind, external_userid, at, msgspec.json.encode(about).decode())
