"""What does a message mean for which its words say nothing? Words decide where they are sure."""

from collections.abc import Mapping
from dataclasses import replace

from handlers.escalation.rules import WEAK, Rules, Weighed

SHORTEST, LONGEST = 2, 120
"""Characters of a message whose meaning is asked: less says nothing, more says several things."""

SURE = 0.7
"""From this probability on a class is meant. See docs/escalation.md."""


def is_readable(text: str) -> bool:
    """Whether a message is of a length whose meaning can be told."""
    return SHORTEST <= len(text.strip()) <= LONGEST


def agreed(weighed: Weighed, meant: Mapping[str, float], text: str, rules: Rules) -> Weighed:
    """What words found, and what is meant beside it: the message itself is its evidence.

    A class whose words stand in the message but do not count (negated, past, a joke) is not meant.

    Args:
        meant: class → probability.
        text: the message.
    """
    against = {near.reason for near in weighed.near if near.against != WEAK}
    added = {
        name: (text.strip(),)
        for name, probability in meant.items()
        if probability >= SURE
        and name not in weighed.hits
        and name not in against
        and rules.standings[name].enabled
    }
    return replace(weighed, hits={**weighed.hits, **added})
