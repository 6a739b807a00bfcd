"""Which texts does a tool that writes need, so that a customer sees what exactly will be done?"""

from collections.abc import Iterator, Mapping

from bot.config import Tool
from bot.routing.phrases import Phrases


def offer_key(tool: str) -> str:
    """The text that says what a tool would do."""
    return f"errands.offer_{tool}"


def lacking(tools: Mapping[str, Tool], phrases: Phrases) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Offers that nobody wrote, or that leave an argument unsaid or name another.

    Each with the placeholders that it must name: all of the tool's arguments and nothing else.
    """
    for name, tool in tools.items():
        if tool.writes is not None:
            key = offer_key(name)
            if not phrases.has_reply(key) or phrases.placeholders(key) != set(tool.arguments):
                yield key, tuple(tool.arguments)
