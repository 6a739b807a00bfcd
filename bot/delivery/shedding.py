"""Is there so much to do that the model is left out, and knowledge alone answers (R-3.16)?

What waits for a model waits longest; whoever writes while thousands wait gets what the knowledge
says at once, or an honest word. It begins at a backlog and ends at half of it.
"""

from dataclasses import dataclass

import structlog

from bot.ports import Clock
from bot.routing.setting import Load
from bot.store import Store

log = structlog.get_logger(__name__)

EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Shedding:
    """Says to every turn of this process whether much waits.

    Args:
        shed_from: rows that are due at which it begins.
    """

    store: Store
    load: Load
    clock: Clock
    shed_from: int

    async def look(self) -> None:
        """Look once."""
        backlog = await self.store.mailbox.backlog(self.clock.now())
        heavy = backlog >= (self.shed_from / 2 if self.load.heavy else self.shed_from)
        if heavy != self.load.heavy:
            self.load.heavy = heavy
            log.warning("load.model_left_out" if heavy else "load.model_is_back", backlog=backlog)
