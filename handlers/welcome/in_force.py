"""The welcomes that are in force, and what each says to somebody."""

from collections.abc import Collection, Mapping, Sequence

from bot.policy.guard import Guard
from bot.policy.lexicon import Decision
from handlers.welcome.choosing import Occasion, WelcomeText, choose
from handlers.welcome.rendering import filled


class Welcomes:
    """What is said to newcomers.

    Args:
        texts: in the order in which they were written.
        guard: judges a text once more with all that was filled in (R-2.5).
    """

    def __init__(self, texts: Sequence[WelcomeText], guard: Guard) -> None:
        self.texts, self._guard = tuple(texts), guard
        self._held: Collection[str] = ()

    def hold(self, ids: Collection[str]) -> None:
        """Say none of these from now on, because no person has released them."""
        self._held = ids

    def choose(self, occasion: Occasion) -> WelcomeText | None:
        """The one for this occasion, if there is any: of those that may be said."""
        return choose((one for one in self.texts if one.id not in self._held), occasion)

    def say(self, text: str, values: Mapping[str, str], *, nameless: str) -> str | None:
        """A text with its values, ``None`` when it may not be said.

        Args:
            nameless: what a customer is called whose name is not known, or may not be said.
        """
        if not text:
            return ""
        for name in dict.fromkeys((values.get("customer", "") or nameless, nameless)):
            verdict = self._guard.check(filled(text, {**values, "customer": name}))
            if verdict.decision in (Decision.ALLOW, Decision.MASK):
                return verdict.text
        return None
