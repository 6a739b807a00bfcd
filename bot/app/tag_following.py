"""How do tag rules come into force, and how do changed ones replace them while the service runs?"""

import asyncio
from pathlib import Path

import structlog

from bot.app.escalation_meaning import ESCALATION_EXAMPLES, examples_in
from bot.app.tag_rules import build_rulebook, marks, rulebook_in
from bot.config import Tagging
from bot.ports import Embedder
from handlers.tagging.in_force import TagRules
from handlers.tagging.rules import Rulebook
from knowledge.meaning import Examples, Meaning

log = structlog.get_logger(__name__)

KEPT = "tagging.npz"
"""What was learned from the examples of rules, beside the vectors."""


def build_tag_rules(settings: Tagging, embedder: Embedder | None) -> TagRules:
    """The rules of this deployment.

    Raises:
        Misconfigured: a file has a problem.
    """
    book = build_rulebook(settings.rules, group_names(settings))
    return TagRules(book, meaning_of(book, embedder), settings)


def group_names(settings: Tagging) -> frozenset[str]:
    """The groups that tags may be in: what a group is for is written down before it is used."""
    return frozenset(group.name for group in settings.groups)


def meaning_of(book: Rulebook, embedder: Embedder | None) -> Meaning:
    """What tells the rules that go by examples, before it has learned them."""
    classes = {rule.id: rule.means for rule in book.by_meaning}
    if not classes:
        return Meaning(Examples(), None, is_wanted=False)
    ordinary = examples_in(ESCALATION_EXAMPLES)[0].ordinary
    return Meaning(Examples(classes, ordinary), embedder, kept=KEPT)


class RulesFollower:
    """Brings changed files of rules into force: all of them, or none while one has a problem.

    Args:
        rules: what is in force.
        embedder: of the knowledge.
        folder: where vectors are kept, ``None`` = nowhere.
    """

    def __init__(self, rules: TagRules, embedder: Embedder | None, folder: Path | None) -> None:
        self._rules, self._embedder, self._folder = rules, embedder, folder
        self._seen = marks(rules.settings.rules)

    async def look(self) -> None:
        """Apply what changed since the last look."""
        settings = self._rules.settings
        now = await asyncio.to_thread(marks, settings.rules)
        if now == self._seen:
            return
        self._seen = now
        book, problems = await asyncio.to_thread(rulebook_in, settings.rules, group_names(settings))
        if problems:
            log.error(
                "tagging.rules_refused", problems=[str(one) for one in problems[:5]], kept="before"
            )
            return
        meaning = meaning_of(book, self._embedder)
        self._rules.replace(book, meaning)
        log.info("tagging.rules_replaced", rules=len(book.rules), version=book.version)
        await meaning.learn(self._folder)
