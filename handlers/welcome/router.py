"""Greet whoever comes, once and in time: a member's new friend, who opens the chat (R-2).

What it acts on stands in the modules ``on_…`` beside this one.
"""

from bot.routing import Router, Stage

router = Router("welcome", stage=Stage.SESSION)
