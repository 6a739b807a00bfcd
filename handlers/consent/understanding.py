"""What does a message want done with the customer's data, by its words and by what it means?"""

from collections.abc import Mapping
from dataclasses import dataclass

from handlers.consent.rules import Read, Wish, Wishes
from knowledge import Meaning

SURE = 0.8
"""From this probability on a wish is meant where no words say so; as for what needs a person."""

SHORTEST, LONGEST = 3, 60
"""Characters of a message whose meaning is asked."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """Words decide where they are sure; what is meant is added.

    Args:
        meaning: knows nothing without an encoder, or before it has learned.
    """

    wishes: Wishes
    meaning: Meaning

    async def of(self, text: str, *, is_known: bool = False) -> dict[Wish, str]:
        """What the message wants, each with the words that say so, or all of them.

        Args:
            is_known: the knowledge has this very question: only words may take it away.
        """
        read = self.wishes.read(text)
        if read.found or is_known or not SHORTEST <= len(text.strip()) <= LONGEST:
            return read.found
        return meant(read, await self.meaning.of(text), text)


def meant(read: Read, probabilities: Mapping[str, float], text: str) -> dict[Wish, str]:
    """What is meant, where the words say nothing; one wish, the surest."""
    sure = {
        wish: probabilities.get(wish, 0.0)
        for wish in Wish
        if wish not in read.against and probabilities.get(wish, 0.0) >= SURE
    }
    if not sure:
        return {}
    return {max(sure, key=lambda wish: sure[wish]): text.strip()}
