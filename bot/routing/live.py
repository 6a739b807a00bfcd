"""Who looks at a customer right now, and is to be told that something has changed?

In memory, and over the bus to pages that another process shows: what is lost costs a page that is
fresh a moment later. A listener that does not keep up loses nothing either, since all it is told is
to look again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from bot.ports import Bus, Topic


class Live:
    """Pages that follow subjects.

    Args:
        bus: to the processes that show the others.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        bus.subscribe(Topic.PAGES, self._tell)
        self._listening: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._closed = False

    @property
    def listeners(self) -> int:
        """How many pages follow anybody."""
        return sum(len(some) for some in self._listening.values())

    @property
    def is_closed(self) -> bool:
        """Whether the service is stopping: pages are to come again."""
        return self._closed

    @contextmanager
    def listen(self, subject: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something happened to the subject; clear it, then look."""
        event = asyncio.Event()
        self._listening[subject].add(event)
        try:
            yield event
        finally:
            some = self._listening[subject]
            some.discard(event)
            if not some:
                del self._listening[subject]

    @property
    def subjects(self) -> list[str]:
        """Whom pages follow."""
        return list(self._listening)

    def heard(self, subject: str) -> None:
        """Something happened to a subject in another process, which has told whom it could."""
        self._tell(subject)

    def changed(self, subject: str) -> None:
        """Something happened to a subject."""
        self._tell(subject)
        self._bus.publish(Topic.PAGES, subject)

    def close(self) -> None:
        """Send every page away."""
        self._closed = True
        for some in self._listening.values():
            for event in some:
                event.set()

    def _tell(self, subject: str) -> None:
        for event in self._listening.get(subject, ()):
            event.set()
