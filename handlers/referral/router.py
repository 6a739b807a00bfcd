"""Reward invitations of friends: counted once, rightly, and paid exactly once (R-3.5).

What it acts on stands in the modules ``on_…`` beside this one.
"""

from bot.routing import Router, Stage
from handlers.referral import store

router = Router("referral", stage=Stage.CAMPAIGN, tables=store.TABLES)
