"""What may be said: whose lists of words hold?"""

from typing import Literal

from bot.config.section import Section
from bot.config.values import Many, Source


class Safety(Section):
    """What may be said."""

    lists: Many[Source] = ()
    list_decision: Literal["mask", "review", "block"] = "review"
