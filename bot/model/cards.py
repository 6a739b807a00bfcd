"""What does a card to members say, and what can they press on it?

Nouns only; how WeCom spells them, and how long each text may be, is in `bot/wecom/cards.py`.
"""

from typing import Literal

import msgspec

MOST_LINES = 6
MOST_BUTTONS = 6
MOST_OPTIONS = 10
LONGEST_KEY_BYTES = 1024
"""Limits of wecom-api §5.3; a card that exceeds them is a mistake of whoever made it."""


class Button(msgspec.Struct, frozen=True):
    """One button of a card.

    Args:
        key: comes back in `CardPressed`; unique on its card, 1–1024 bytes.
        text: at most 10 characters are shown.
        style: colour as WeCom counts them, 1 = the usual one.
    """

    key: str
    text: str
    style: Literal[1, 2, 3, 4] = 1


class Selection(msgspec.Struct, frozen=True):
    """A list from which one option is chosen before a button is pressed.

    Args:
        key: comes back in `CardPressed.selected` with the option's id.
        title: beside the list.
        options: id and text of each, at most 10; the first one is chosen at the beginning.
    """

    key: str
    title: str
    options: tuple[tuple[str, str], ...]


class Card(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A card with buttons; texts that are too long for WeCom are cut, empty ones left out.

    Args:
        title: what it is about.
        desc: under the title, in grey.
        source: who sends it, above the title.
        quote: what somebody said, set apart.
        text: a paragraph under the quote.
        lines: pairs of name and value.
        buttons: may be empty only in an update, where a text replaces them.
        url: opened by a tap on the card, empty = nothing happens.
        selection: what is to be chosen, ``None`` = nothing.

    Raises:
        ValueError: no title, too many lines or buttons, a button without key or text, or two
            under one key.
    """

    title: str
    desc: str = ""
    source: str = ""
    quote: str = ""
    text: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    buttons: tuple[Button, ...] = ()
    url: str = ""
    selection: Selection | None = None

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise ValueError("a card needs a title")
        if len(self.lines) > MOST_LINES or len(self.buttons) > MOST_BUTTONS:
            raise ValueError(f"a card has at most {MOST_LINES} lines and {MOST_BUTTONS} buttons")
        if self.selection and not 1 <= len(self.selection.options) <= MOST_OPTIONS:
            raise ValueError(f"a selection has 1 to {MOST_OPTIONS} options")
        for button in self.buttons:
            if not 1 <= len(button.key.encode()) <= LONGEST_KEY_BYTES or not button.text.strip():
                raise ValueError(f"a button needs a text, and a key of {LONGEST_KEY_BYTES} bytes")
        if len({button.key for button in self.buttons}) < len(self.buttons):
            raise ValueError("two buttons of a card have the same key")
