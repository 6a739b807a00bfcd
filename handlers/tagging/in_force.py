"""Which rules are in force now? They are replaced as a whole, while turns go on."""

from dataclasses import dataclass

from bot.config import Tagging
from handlers.tagging.rules import Rulebook
from knowledge.meaning import Meaning


@dataclass
class TagRules:
    """The rules of this deployment.

    Args:
        book: looked through for every message.
        meaning: tells which rules a message means that go by examples.
        settings: what the groups of tags are for.
    """

    book: Rulebook
    meaning: Meaning
    settings: Tagging

    def replace(self, book: Rulebook, meaning: Meaning) -> None:
        """From the next message on these decide."""
        self.book, self.meaning = book, meaning
