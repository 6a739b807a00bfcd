"""How do changed lists of words come into force while the service runs?"""

import asyncio

import structlog

from bot.app.approving import Releases
from bot.app.lexicon import imported_lists, lexicon_in, stamps_of
from bot.config import Config
from bot.policy.guard import Guard

log = structlog.get_logger(__name__)


class LexiconFollower:
    """Brings changed lists into force: all of them, or none while one has a problem.

    What a model must not say follows at the next start.

    Args:
        releases: what people have released, which is judged anew.
    """

    def __init__(self, config: Config, guard: Guard, releases: Releases) -> None:
        self._config, self._guard, self._releases = config, guard, releases
        self._seen = stamps_of(config)

    async def look(self) -> None:
        """Apply what changed since the last look."""
        stamps = stamps_of(self._config)
        if stamps == self._seen:
            return
        self._seen = stamps
        more = imported_lists(self._config)
        lexicon, problems = await asyncio.to_thread(lexicon_in, self._config.safety, more)
        if problems:
            log.error("lexicon.refused", problems=[str(one.problem) for one in problems[:5]])
            return
        await asyncio.to_thread(lexicon.check, "")  # its automaton is built before it is wanted
        self._guard.follow(lexicon)
        await self._releases.follow(self._guard)
        log.info("lexicon.applied", words=sum(len(group.words) for group in lexicon.groups))
