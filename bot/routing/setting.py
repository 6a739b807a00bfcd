"""What holds for every turn?"""

from dataclasses import dataclass
from datetime import UTC, tzinfo

from bot.config import StaffMember
from bot.model.cases import EXPERT, JUNIOR
from bot.routing.phrases import Phrases


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for every turn.

    Args:
        phrases: texts that operators edit.
        staff: people named in the configuration.
        company: its name, as the bot says it.
        zone: the company's time zone.
        has_model: whether a chat model is configured.
        has_order_system: whether a tool is configured that serves orders.
        has_agent: whether the model may find out by itself, with the company's tools.
    """

    phrases: Phrases
    staff: tuple[StaffMember, ...] = ()
    company: str = ""
    zone: tzinfo = UTC
    has_model: bool = False
    has_order_system: bool = False
    has_agent: bool = False

    def level_of(self, servicer: str) -> int:
        """Level of a servicer by userid: 2 = junior, and whoever is not named; 3 = expert."""
        known = {member.userid.lower(): member.level for member in self.staff}
        return JUNIOR if known.get(servicer.lower(), "junior") == "junior" else EXPERT
