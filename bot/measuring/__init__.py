"""How well are customers served, by 7-2-1? The definitions are in docs/measuring-721.md."""

from bot.measuring.measure import KINDS, Hours
from bot.measuring.report import Report, Reporter
from bot.measuring.window import Window, days_between, last_days

__all__ = [
    "KINDS",
    "Hours",
    "Report",
    "Reporter",
    "Window",
    "days_between",
    "last_days",
]
