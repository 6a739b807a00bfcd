"""What did WeCom see? The raw log of the played week, the oracle's only source."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["customer", "servicer", "bot", "session", "pressed"]

ENDED, BOT, POOL, PERSON = 4, 1, 2, 3
"""States of a session as WeCom numbers them."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that went over WeCom's wires.

    Args:
        at: Unix seconds; of a message its send_time.
        who: open_kfid and external_userid.
        servicer: who wrote, pressed, or has the session now.
        text: what was written.
        state: of the session from now on.
        menu: ids of the items the bot offers, or of the one that the customer tapped.
    """

    at: float
    who: tuple[str, str]
    kind: Kind
    servicer: str = ""
    text: str = ""
    state: int = 0
    menu: tuple[str, ...] = ()


@dataclass(slots=True)
class Log:
    """Everything in the order in which it happened."""

    seen: list[Seen] = field(default_factory=list)

    def note(self, one: Seen) -> None:
        """Add one thing."""
        self.seen.append(one)

    def by_conversation(self) -> dict[tuple[str, str], list[Seen]]:
        """The log of each conversation, by time; what was noted first comes first."""
        found: dict[tuple[str, str], list[Seen]] = {}
        for one in sorted(self.seen, key=lambda seen: seen.at):
            found.setdefault(one.who, []).append(one)
        return found
