"""How does one kf account behave? Its persona, its opening hours, and what the bot may do alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo


class Autonomy(StrEnum):
    """What the bot may do by itself."""

    AUTO = "auto"
    SUGGEST = "suggest"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A member named in the configuration; `level` is junior, expert or leader."""

    userid: str
    name: str
    level: str


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """A span of a day on some weekdays (0 = Monday)."""

    weekdays: frozenset[int]
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Account:
    """A kf account's profile."""

    open_kfid: str
    company: str
    persona: str
    zone: ZoneInfo
    opening_hours: tuple[OpeningHours, ...] = ()
    mode: Autonomy = Autonomy.AUTO
    categories: Mapping[str, Autonomy] = field(default_factory=dict)

    def autonomy(self, category: str) -> Autonomy:
        """What the bot may do with an answer of this category."""
        return self.categories.get(category, self.mode)

    def is_open(self, now: float) -> bool:
        """Whether people are on duty; without opening hours, always."""
        if not self.opening_hours:
            return True
        local = datetime.fromtimestamp(now, self.zone)
        return any(
            local.weekday() in hours.weekdays and hours.opens <= local.time() < hours.closes
            for hours in self.opening_hours
        )

    def local_date(self, now: float) -> datetime:
        """The moment in the company's zone."""
        return datetime.fromtimestamp(now, self.zone)
