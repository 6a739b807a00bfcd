"""Which parts look after what friends are told through members?"""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.app.engine import Engine
from bot.delivery.contact_access import ContactAccess
from bot.delivery.mass_looking import MassLooks
from bot.delivery.mass_sending import Finder, MassSendCourier, Moves
from bot.model import Lane


@dataclass(frozen=True, slots=True)
class MassSendParts:
    """What makes mass-send tasks, and what asks what came of them."""

    courier: MassSendCourier
    looks: MassLooks


def build_mass_sends(
    engine: Engine, access: ContactAccess, wake_subject: Callable[[str, Lane], None]
) -> MassSendParts:
    """Put the parts together.

    Args:
        wake_subject: told whose mailbox has something new.
    """
    config, store = engine.config, engine.store
    finder = Finder(store, engine.guard, engine.clock)
    moves = Moves(store, engine.clock, wake_subject)
    zone = ZoneInfo(config.timezone)
    return MassSendParts(
        MassSendCourier(store, access, finder, moves),
        MassLooks(store, access, finder, moves, config.outreach, zone),
    )
