"""Bring a conversation to people when asked, or when the bot cannot help (R-11.2 to R-11.4).

The customer is told only after WeCom has accepted: asking is one turn, its outcome another. What
it acts on stands in the modules ``on_…`` beside this one.
"""

from bot.routing import Router, Stage
from handlers.escalation import store

router = Router("escalation", stage=Stage.HUMAN, tables=store.TABLES)
