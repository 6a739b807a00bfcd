"""How does the process keep its event loop quick, whatever else it computes?

A callback is to be answered within 100 ms, and a newcomer greeted within 3 s, while a thread
imports a model's library or makes vectors (decision 0031).
"""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager

SWITCH_S = 0.000_5
"""So long a thread that computes keeps the loop waiting each time the loop wants to go on; a turn
lets go of the interpreter at a hundred places, and Python's own 5 ms made seconds of them.
"""

WARM_WITHIN_S = 600.0
"""After so long full collections go on, warm or not."""

_NONE = 1_000_000

Settle = Callable[["asyncio.Task[None] | None"], Coroutine[None, None, None]]
"""Waits for what is still being made; from then on what there is counts as lasting."""


@contextmanager
def quick_loop() -> Iterator[Settle]:
    """Give the loop the interpreter soon, and never stop everything to look for garbage.

    A full collection looks at every object there is, 0.2 s with a model's library loaded. None is
    made while the process gets ready, and those made later leave out what was there by then.
    """
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(SWITCH_S)
    gc.set_threshold(*thresholds[:2], _NONE)

    async def settle(warming: "asyncio.Task[None] | None") -> None:
        if warming is not None:
            await asyncio.wait([warming], timeout=WARM_WITHIN_S)
        gc.freeze()
        gc.set_threshold(*thresholds)

    try:
        yield settle
    finally:
        sys.setswitchinterval(interval)
        gc.set_threshold(*thresholds)
        gc.unfreeze()
