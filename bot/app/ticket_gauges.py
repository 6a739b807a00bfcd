"""How many matters wait for a person to follow them up, and would anybody learn of them?"""

from dataclasses import dataclass

import structlog

from bot.ports import Clock
from bot.store import Store
from bot.telemetry import Metrics
from handlers.escalation.store import backlog

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TicketGauges:
    """Keeps the tickets in `/metrics` current, and raises the alarm where nobody is told of them.

    Args:
        has_staff: whether the configuration names anybody.
    """

    store: Store
    metrics: Metrics
    clock: Clock
    has_staff: bool

    async def look(self) -> None:
        """Measure once."""
        count, since = await backlog(self.store)
        self.metrics.open_tickets.set(count)
        age = 0.0 if since is None else max(0.0, self.clock.now() - since)
        self.metrics.oldest_ticket_seconds.set(age)
        if count and not self.has_staff:
            log.error("tickets.without_staff", open=count, oldest_s=round(age))
