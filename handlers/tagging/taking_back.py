"""Which tags rest on a message that the customer has recalled, and on nothing else?

What is said elsewhere and kept still counts; what people put on, and what came of an event, stays.
"""

from collections.abc import Sequence

from bot.model import MessageReceived
from bot.model.tags import Assignment, TagSource
from bot.routing import Turn
from bot.store import Store
from handlers.tagging import store
from handlers.tagging.again import Given, given_by, meant_again
from handlers.tagging.in_force import TagRules

_READ = (TagSource.RULE, TagSource.MEANING)

MEANT_MESSAGES = 20
"""So many of the newest are asked for their meaning, which costs more than their words."""

RECALLED = "recalled"
"""The rule that is named where a tag goes."""


async def take_back(
    turn: Turn, facts: Store, rules: TagRules, recalled: str, written: Sequence[MessageReceived]
) -> None:
    """Take off what the recalled message alone supports, and count it no more; what another
    message supports rests on that one from now on.

    Args:
        recalled: id of the message.
        written: what the customer wrote and is kept, oldest first.
    """
    counted = await store.met_by(facts, turn, recalled)
    store.forget(turn, recalled)
    tags = await facts.tags.of(turn.external_userid, turn.now)
    resting = [
        one
        for one in tags
        if one.source in _READ and (one.msgid == recalled or one.rule in counted)
    ]
    others = [one for one in written if one.msgid != recalled]
    for one in resting:
        turn.untag(one.name, source=one.source, rule=RECALLED, msgid=recalled)
        if found := await _supporting(turn, rules, one, others):
            rule = found.rule
            turn.tag(
                one.name,
                source=found.source,
                rule=rule.id,
                version=rule.version,
                msgid=found.msgid,
            )


async def _supporting(
    turn: Turn, rules: TagRules, tag: Assignment, others: Sequence[MessageReceived]
) -> Given | None:
    channels = {turn.conversation.open_kfid: turn.facts.channel} if turn.conversation else {}
    if given := given_by(others, rules.book, turn.local_time, channels).get(tag.name):
        return given
    if not any(rule.tag == tag.name for rule in rules.book.by_meaning):
        return None
    return (await meant_again(others[-MEANT_MESSAGES:], rules, turn.local_time)).get(tag.name)
