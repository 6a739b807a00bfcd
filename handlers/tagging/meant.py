"""Which rules does a message mean that go by examples? Words that speak against them are heard."""

from handlers.tagging.circumstances import Around
from handlers.tagging.in_force import TagRules
from handlers.tagging.looking import Looked
from handlers.tagging.rules import TagRule

SHORTEST, LONGEST = 2, 120
"""Characters of a message whose meaning is asked: less says nothing, more says several things."""


async def meant_by(text: str, looked: Looked, rules: TagRules, around: Around) -> list[TagRule]:
    """The rules whose examples the message is like.

    A tag whose words stand in the message and do not count is not meant by it.
    """
    if not rules.book.by_meaning or not SHORTEST <= len(text.strip()) <= LONGEST:
        return []
    against = {near.rule.tag for near in looked.near}
    probable = await rules.meaning.of(text)
    return [
        rule
        for rule in rules.book.by_meaning
        if probable.get(rule.id, 0.0) >= rule.threshold
        and rule.tag not in against
        and not rule.when.unmet(around)
    ]
