"""Points: what customers ask about them, and what becomes of them.

What it acts on stands in the modules ``on_…`` beside this one.
"""

from bot.routing import Router, Stage
from handlers.points import store

router = Router("points", stage=Stage.CAMPAIGN, tables=store.TABLES)
"""All of it."""
