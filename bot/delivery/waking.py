"""How does a process wake the lanes of others? They would look within a second anyway."""

from bot.delivery.lanes import Lanes
from bot.model import Lane
from bot.ports import Bus, Topic


class Waking:
    """Lanes here and in the other processes.

    A key woken twice, or for nothing, has nothing to do and says so; one that nobody was told of is
    found when the database is looked at next (`Service`).

    Args:
        topic: which lanes these are, for the others.
    """

    def __init__(self, bus: Bus, topic: Topic, lanes: Lanes) -> None:
        self._bus, self._topic, self._lanes = bus, topic, lanes
        bus.subscribe(topic, self._told)

    def wake(self, key: str, lane: Lane) -> None:
        """Wake the key wherever it is worked on."""
        self._lanes.wake(key, lane)
        self._bus.publish(self._topic, f"{lane} {key}")

    def _told(self, text: str) -> None:
        lane, _, key = text.partition(" ")
        self._lanes.wake(key, Lane(lane))
