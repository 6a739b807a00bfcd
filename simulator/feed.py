"""Who is looking, and what changed? Nothing is put together while nobody listens."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_PATIENCE = 2000
"""Changes kept for a listener that does not read; then it is let go."""

Change = dict[str, Any]


class Feed:
    """Changes of the world, for as many listeners as there are."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Change | None]] = set()

    @contextmanager
    def listen(self) -> Iterator[asyncio.Queue[Change | None]]:
        """A queue of changes; ``None`` in it means the end."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def publish(self, kind: str, view: Callable[[], Change]) -> None:
        """Tell the listeners, if there are any; ``view`` is called only then."""
        if not self._listeners:
            return
        change = {"type": kind, **view()}
        for queue in list(self._listeners):
            queue.put_nowait(change)
            if queue.qsize() > _PATIENCE:
                self._let_go(queue)

    def close(self) -> None:
        """Tell every listener that it is over."""
        for queue in list(self._listeners):
            self._let_go(queue)

    def _let_go(self, queue: asyncio.Queue[Change | None]) -> None:
        self._listeners.discard(queue)
        queue.put_nowait(None)
