"""Which messages does a handler want to see?"""

import re
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


_EMOTICON = re.compile(r"\[[^\[\]\s]{1,8}\]|/:[:\w@~!&$#*()<>,.|+-]{1,8}")
"""WeChat's own emoticons arrive as text such as [微笑] or /::)."""


@dataclass(frozen=True, slots=True)
class IsSymbols:
    """A text without a word: emoji, WeChat's emoticons, punctuation."""

    def accepts(self, message: MessageReceived, phrases: Phrases) -> bool:
        """Whether nothing but symbols was written; a tapped item is never that."""
        text = message.text.strip()
        bare = _EMOTICON.sub("", text)
        return bool(text) and message.menu_id is None and not any(map(str.isalnum, bare))


@dataclass(frozen=True, slots=True)
class IsNotText:
    """Anything but text: pictures, voice, files, places, cards, types nobody knows yet."""

    def accepts(self, message: MessageReceived, phrases: Phrases) -> bool:
        """Whether it is no text."""
        return message.msgtype != "text"
