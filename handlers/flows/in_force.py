"""The flows that are in force."""

from collections.abc import Iterator, Sequence

from bot.routing.phrases import WordList
from handlers.flows.flow import MASS_SEND, Flow, Step


class Flows:
    """What customers are taken through.

    Args:
        flows: in the order in which they were written.
        way: one of `WAYS`, how a friend is reached where the step does not say.
    """

    def __init__(self, flows: Sequence[Flow] = (), way: str = MASS_SEND) -> None:
        self.way = way
        self.replace(flows)

    def replace(self, flows: Sequence[Flow]) -> None:
        """Let other definitions hold from now on; what was said already is not said again."""
        self._flows = {one.id: one for one in flows}

    def get(self, flow_id: str) -> Flow | None:
        """The flow of this id, if there still is one."""
        return self._flows.get(flow_id)

    def __iter__(self) -> Iterator[Flow]:
        """All of them."""
        return iter(self._flows.values())

    def starting_on(self, event: str) -> Iterator[Flow]:
        """Flows that begin with an event."""
        return (one for one in self._flows.values() if one.starts_on == event)


def is_said(step: Step, text: str) -> bool:
    """Whether a message is what the step asks the customer to write."""
    return bool(step.words) and WordList.parse(step.words).match(text)
