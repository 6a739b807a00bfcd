"""On whose behalf is something committed, and does that still hold when it is?

Whoever works on a share that other processes could take over does it under a fence. It lies in the
context of the task, so that whatever the work commits, however deep, carries it.
"""

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fence:
    """A lease as it was when work under it began.

    Args:
        epoch: rises whenever the lease is taken; an older one has been taken over since.
    """

    name: str
    epoch: int


_current: ContextVar[Fence | None] = ContextVar("fence", default=None)


def current_fence() -> Fence | None:
    """What the present task commits under, ``None`` = nobody could take it over."""
    return _current.get()


@contextmanager
def fenced(fence: Fence | None) -> Iterator[None]:
    """Whatever is committed within, is committed under this fence only."""
    token = _current.set(fence)
    try:
        yield
    finally:
        _current.reset(token)


async def run_fenced(fence: Fence | None, work: Coroutine[Any, Any, T]) -> T:
    """The work of a task, all of it under a fence."""
    with fenced(fence):
        return await work
