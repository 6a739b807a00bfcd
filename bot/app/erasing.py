"""Who is forgotten by whichever process does it for all?"""

from dataclasses import dataclass

import structlog

from bot.store.erasures import Eraser

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Erasing:
    """Erases who asks for it; first of all, once, whom a restored backup has brought back."""

    eraser: Eraser
    _has_replayed: bool = False

    async def look(self) -> None:
        """Look once."""
        if not self._has_replayed:
            await self.replay()
        await self.eraser.look()

    async def replay(self) -> None:
        """Forget again, and end what was interrupted: no other process may be at it."""
        if forgotten := await self.eraser.replay():
            log.warning("erasures.done_again", persons=forgotten)
        self._has_replayed = True
