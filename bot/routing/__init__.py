"""Which behaviour answers what? Routers, turns, and the dispatcher that runs them."""

from bot.routing.account import Account, Autonomy, OpeningHours, StaffMember
from bot.routing.filters import IsNotText, IsText, Says, Tapped
from bot.routing.phrases import Phrases
from bot.routing.router import Router, Stage
from bot.routing.turn import Turn

__all__ = [
    "Account",
    "Autonomy",
    "IsNotText",
    "IsText",
    "OpeningHours",
    "Phrases",
    "Router",
    "Says",
    "StaffMember",
    "Stage",
    "Tapped",
    "Turn",
]
