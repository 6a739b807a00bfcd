"""What may be said: whose lists of words hold, and what needs a person's approval?"""

from typing import Literal

from bot.config.section import Section
from bot.config.values import Many, Source

ApprovalMode = Literal["off", "flagged", "all"]


class Safety(Section):
    """What may be said."""

    lists: Many[Source] = ()
    list_decision: Literal["mask", "review", "block"] = "review"
    approval: ApprovalMode = "flagged"
