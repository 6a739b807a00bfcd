"""How does the service come to live by another clock than WeCom does?

``python -m benchmarks.chaos.lives`` is the process that lives of it are forked from: each is the
product's own `serve`, given a clock whose distance from the real time stands in a file.
"""

import asyncio
import mmap
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

from bot.app import Role
from bot.commands.serve import serve
from bot.config import load_config
from bot.delivery.lanes import SystemClock
from bot.telemetry import configure_logging
from tests.integration.crash.nursery import serve_orders

CLOCK = "CHAOS_CLOCK"
"""Environment: the file of eight bytes in which the distance stands, a double of seconds."""

_DISTANCE = struct.Struct("d")


class Distance:
    """How far the service's clock is from the real one; whoever steps it and lives see one file."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_DISTANCE.pack(0.0))
        with path.open("r+b") as file:
            self._held = mmap.mmap(file.fileno(), _DISTANCE.size)

    def now(self) -> float:
        """What the service's machine says, Unix seconds."""
        return time.time() + self.seconds

    @property
    def seconds(self) -> float:
        """The distance; more is later."""
        return float(_DISTANCE.unpack(self._held[: _DISTANCE.size])[0])

    @seconds.setter
    def seconds(self, distance: float) -> None:
        self._held[: _DISTANCE.size] = _DISTANCE.pack(distance)


def live(arguments: list[str]) -> int:
    """One life: ``--config FILE serve [--role ROLE]``, as the command does it."""
    config = load_config(Path(arguments[1]), os.environ)
    configure_logging(config.logging.level, config.logging.format)
    clock = SystemClock(Distance(Path(os.environ[CLOCK])).now)
    with asyncio.Runner(loop_factory=_loops()) as runner:
        return runner.run(serve(config, _role(arguments), clock))


def _role(arguments: list[str]) -> Role:
    """As ``serve --role`` takes it."""
    named = arguments[arguments.index("--role") + 1] if "--role" in arguments else Role.ALL
    return Role(named)


def _loops() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 (not on every platform)
    except ImportError:
        return None
    made: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return made


if __name__ == "__main__":
    serve_orders(live)
