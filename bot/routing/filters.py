"""Which messages does a handler want to see?"""

from dataclasses import dataclass
from typing import Protocol

from bot.model import MessageReceived
from bot.routing.phrases import Phrases


class Filter(Protocol):
    """Decides from the message alone."""

    def accepts(self, message: MessageReceived, phrases: Phrases) -> bool:
        """Whether the handler is asked."""
        ...


@dataclass(frozen=True, slots=True)
class Says:
    """A text with the trigger words of a key; the words live in `prompts/`."""

    key: str

    def accepts(self, message: MessageReceived, phrases: Phrases) -> bool:
        """Whether the words are in the text."""
        return bool(message.text) and phrases.heard(self.key, message.text)


@dataclass(frozen=True, slots=True)
class Tapped:
    """The echo of a tapped menu item whose id starts with this prefix (wecom-api §3.8)."""

    prefix: str

    def accepts(self, message: MessageReceived, phrases: Phrases) -> bool:
        """Whether such an item was tapped."""
        return (message.menu_id or "").startswith(self.prefix)


@dataclass(frozen=True, slots=True)
class IsText:
    """Any text."""

    def accepts(self, message: MessageReceived, phrases: Phrases) -> bool:
        """Whether it is a text with something in it."""
        return bool(message.text.strip())


@dataclass(frozen=True, slots=True)
class IsNotText:
    """Anything but text: pictures, voice, files, places, cards, types nobody knows yet."""

    def accepts(self, message: MessageReceived, phrases: Phrases) -> bool:
        """Whether it is no text."""
        return message.msgtype != "text"
