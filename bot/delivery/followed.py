"""Which of the customers that a page shows has another process done something for?

Without Redis nobody tells: it is seen in the mailbox, in which every turn ends what it did.
"""

from dataclasses import dataclass, field

from bot.ports import Clock
from bot.routing.live import Live
from bot.store import Store

WITHIN_S = 60.0
"""How far back it is looked: a turn is committed later than its own time, by another clock."""


@dataclass(slots=True)
class Followed:
    """Tells the pages of this process."""

    store: Store
    live: Live
    clock: Clock
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)

    async def look(self) -> None:
        """Look once; it costs nothing while nobody looks at a page."""
        subjects = self.live.subjects
        if not subjects:
            self._seen.clear()
            return
        since = self.clock.now() - WITHIN_S
        done = await self.store.mailbox.done_since(since, subjects)
        for subject, last in done.items():
            if self._seen.get(subject) != last:
                self.live.heard(subject)
        self._seen = done
