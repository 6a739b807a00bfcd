"""Which behaviour answers what? Routers, turns, and the dispatcher that runs them."""

from bot.routing.filters import IsNotText, IsSymbols, IsText, Says, Tapped
from bot.routing.phrases import Phrases
from bot.routing.router import Router, Stage
from bot.routing.turn import Turn

__all__ = [
    "IsNotText",
    "IsSymbols",
    "IsText",
    "Phrases",
    "Router",
    "Says",
    "Stage",
    "Tapped",
    "Turn",
]
