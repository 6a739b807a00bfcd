"""What are customers asked to agree to, and how are their requests about their data treated?"""

from typing import Annotated, Literal

from pydantic import Field

from bot.config.section import Section
from bot.config.values import Count, Many, Text

AskedPurpose = Literal[
    "profiling_tags", "marketing", "archive_analysis", "location", "minor", "sensitive"
]
"""What consent may be asked for; the service itself needs none."""


class Consent(Section):
    """How consent is asked for, and how long an answer to a request may take."""

    ask: Many[AskedPurpose] = ()
    notice_version: Text = "1"
    ask_again_days: Annotated[int, Field(ge=0, le=3650)] = 0
    answer_workdays: Count = 15
    meaning: bool = True
    keep_orders: bool = False
