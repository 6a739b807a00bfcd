"""How well are customers served, by 7-2-1? The definitions are in docs/measuring-721.md."""

from bot.measuring.measure import Hours, Measure, all_hours, kind_of, measure
from bot.measuring.report import Report, Reporter
from bot.measuring.window import Window, days_between, last_days

__all__ = [
    "Hours",
    "Measure",
    "Report",
    "Reporter",
    "Window",
    "all_hours",
    "days_between",
    "kind_of",
    "last_days",
    "measure",
]
