"""What is a tool to a model? A name, a form to fill in, and a text that comes back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class AgentTool:
    """One tool, bound to one customer: who that is stands in no argument.

    Args:
        parameters: JSON schemas of the arguments, by name.
        required: names of those that must be given.
        call: checks the arguments, only reads, and never raises.
    """

    name: str
    description: str
    call: Callable[[Mapping[str, Any]], Awaitable[str]]
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    required: tuple[str, ...] = ()

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema that the model sees."""
        return {
            "type": "object",
            "properties": {name: dict(one) for name, one in self.parameters.items()},
            "required": list(self.required),
        }
