"""Does the product keep still while a frequency block lasts (wecom-api §1.6)?"""

from simulator.errors import Refused
from simulator.world import World


class Throttle:
    """Blocks by name; calls inside a block are refused again and blamed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._blocks: dict[str, tuple[int, float, float]] = {}  # name → code, since, until

    def block(self, name: str, code: int, *, seconds: float) -> None:
        """Refuse ``name`` for some seconds."""
        now = self._world.now()
        self._blocks[name] = (code, now, now + seconds)

    def check(self, name: str) -> None:
        """Let a call pass that no block concerns.

        Raises:
            Refused: the block still lasts.
        """
        if name not in self._blocks:
            return
        code, since, until = self._blocks[name]
        now = self._world.now()
        if now >= until:
            del self._blocks[name]
            return
        if now - since > self._world.options.told_grace_s:  # others were on their way already
            self._world.blame("hammering_while_throttled", f"{name} {now - since:.1f} s after")
        raise Refused(code, "frequency block")

    def clear(self) -> None:
        """Lift all blocks."""
        self._blocks.clear()
