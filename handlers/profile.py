"""Tell whoever follows the customers that a friendship began or ended."""

from typing import Any

import msgspec

from bot.model import CustomerAdded, CustomerDeleted
from bot.routing import Router, Stage, Turn
from bot.store import CHANGED

router = Router("profile", stage=Stage.GUARD)


@router.on(CustomerAdded)
async def added(turn: Turn, event: CustomerAdded) -> None:
    """Whoever follows the customers is told."""
    at = event.at or turn.now
    if not event.half:
        _tell(turn, "customer.added", event.external_userid, at, member=event.userid)


@router.on(CustomerDeleted)
async def deleted(turn: Turn, event: CustomerDeleted) -> None:
    """Whoever follows the customers is told."""
    about = {"member": event.userid, "by": event.by}
    _tell(turn, "customer.deleted", event.external_userid, event.at or turn.now, **about)


def _tell(turn: Turn, kind: str, external_userid: str, at: float, **about: Any) -> None:
    turn.record(CHANGED, kind, external_userid, at, msgspec.json.encode(about).decode())
