"""What must hold beside the words: type of message, menu item, channel, time? Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of a message or an event beside its words.

    Args:
        at: in the company's zone.
        msgtype: of a message, empty = of an event.
        menu_id: the item that was tapped.
        channel: by which the customer came.
    """

    at: datetime
    msgtype: str = "text"
    menu_id: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a rule asks for; what is empty is not asked.

    Args:
        msgtypes: of these types.
        menu: ids of items, or what they begin with.
        channels: by which the customer came, or what they begin with.
        hours: from (inclusive) to (exclusive); may go past midnight.
        weekdays: 1 = Monday.
        dates: first and last day.
    """

    msgtypes: frozenset[str] = frozenset()
    menu: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    hours: tuple[time, time] | None = None
    weekdays: frozenset[int] = frozenset()
    dates: tuple[date | None, date | None] = (None, None)

    @property
    def is_enough(self) -> bool:
        """Whether it gives a tag without any words."""
        return bool(self.msgtypes or self.menu or self.channels)

    def unmet(self, around: Around) -> str:
        """The first condition that does not hold; empty = all do."""
        if self.msgtypes and around.msgtype not in self.msgtypes:
            return "msgtype"
        if self.menu and not around.menu_id.startswith(self.menu):
            return "menu"
        if self.channels and not around.channel.startswith(self.channels):
            return "channel"
        return "" if self._is_time(around.at) else "time"

    def _is_time(self, at: datetime) -> bool:
        if self.weekdays and at.isoweekday() not in self.weekdays:
            return False
        first, last = self.dates
        if (first and at.date() < first) or (last and at.date() > last):
            return False
        if self.hours is None:
            return True
        begin, end = self.hours
        now = at.time().replace(tzinfo=None)
        if begin <= end:
            return begin <= now < end
        return now >= begin or now < end


ANY = Circumstances()


@dataclass(frozen=True, slots=True)
class EventIs:
    """Something that happens: the name of an event, and what its fields must hold.

    Args:
        fields: name → values of which the event has one; a list in the event holds one.
    """

    name: str
    fields: Mapping[str, Collection[str]]

    def is_it(self, name: str, fields: Mapping[str, Any]) -> bool:
        """Whether this happened."""
        return name == self.name and all(
            _holds(fields.get(key), wanted) for key, wanted in self.fields.items()
        )


def _holds(value: Any, wanted: Collection[str]) -> bool:
    if isinstance(value, list | tuple | set | frozenset):
        return any(str(one) in wanted for one in value)
    return value is not None and str(value) in wanted
