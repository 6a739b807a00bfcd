"""Which values of a customer may stand in an answer, and who knows them?"""

from collections.abc import Iterable, Sequence

import structlog

from bot.model import Conversation
from bot.ports import FetchedSource, ValueSource

log = structlog.get_logger(__name__)


class Values:
    """Everything that can be asked for a customer's values, by the part before the dot.

    Args:
        sources: of which none has another's `prefix`.
    """

    def __init__(self, sources: Sequence[ValueSource] = ()) -> None:
        self._sources = {source.prefix: source for source in sources}

    async def of(self, conversation: Conversation, names: Iterable[str]) -> dict[str, str]:
        """What is known of these names; the others are left out.

        A source that fails knows nothing: the answer is then said by its default, or not at all.
        """
        by_prefix: dict[str, list[str]] = {}
        for name in sorted(names):
            by_prefix.setdefault(name.partition(".")[0], []).append(name)
        found: dict[str, str] = {}
        for prefix, wanted in by_prefix.items():
            if (source := self._sources.get(prefix)) is None:
                continue
            try:
                known = await source.values(conversation, wanted)
            except Exception as error:  # whatever it reads, the customer waits for the answer
                log.warning("values.unavailable", prefix=prefix, error=type(error).__name__)
                continue
            found |= {name: known[name] for name in wanted if known.get(name)}
        return found

    async def worth_asking(
        self, conversation: Conversation, names: Iterable[str]
    ) -> tuple[str, ...]:
        """Of these names those of which a look-up may tell something new."""
        asked = []
        for name in sorted(names):
            source = self._sources.get(name.partition(".")[0])
            if isinstance(source, FetchedSource) and not await source.is_fresh(conversation):
                asked.append(name)
        return tuple(asked)
