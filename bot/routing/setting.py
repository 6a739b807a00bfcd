"""What is the same for every turn of a deployment?"""

from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from bot.config import StaffMember
from bot.policy.roster import Roster
from bot.routing.phrases import Phrases


@dataclass(frozen=True, slots=True)
class Codes:
    """How long a code of WeCom is used after it was given, in seconds: its life, less the way.

    Args:
        end_s: of the end of a session.
        moved_s: of a session that has come to the pool or to a servicer.
    """

    end_s: float
    moved_s: float


@dataclass(slots=True)
class Load:
    """How much there is to do; one of a process, set by `bot/delivery/shedding.py`.

    Args:
        heavy: so much that models are not asked.
    """

    heavy: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for every turn.

    Args:
        phrases: texts that operators edit.
        codes: how long those of WeCom live.
        staff: people named in the configuration.
        roster: which of them may be given a conversation, and when.
        company: its name, as the bot says it.
        zone: the company's time zone.
        has_model: whether a chat model is configured.
        sums_up: whether a chat model is configured that sums cases up for the staff.
        has_order_system: whether a tool is configured that serves orders.
        load: how much there is to do now.
        has_agent: whether the model may find out by itself, with the company's tools.
    """

    phrases: Phrases
    codes: Codes
    staff: tuple[StaffMember, ...] = ()
    roster: Roster = field(default_factory=Roster)
    company: str = ""
    zone: tzinfo = UTC
    has_model: bool = False
    sums_up: bool = False
    has_order_system: bool = False
    has_agent: bool = False
    load: Load = field(default_factory=Load)

    @property
    def may_ask_model(self) -> bool:
        """Whether a model is configured and there is time to wait for it."""
        return self.has_model and not self.load.heavy
