"""What would the rules of today have made of what a customer wrote and did before?

What was written is kept, and so are friendships and entrances; other events are not, and rules that
go by them cannot be asked again. What meaning or an event once gave is never taken off here: an
encoder may have been late, and an event forgotten.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bot.config import Tagging
from bot.model import MessageReceived
from bot.model.tags import Assignment, TagSource, group_of
from handlers.tagging.circumstances import Around
from handlers.tagging.in_force import TagRules
from handlers.tagging.looking import look
from handlers.tagging.meant import meant_by
from handlers.tagging.rules import Rulebook, TagRule


class Given(NamedTuple):
    """A tag that a rule gives now, and what it was decided from.

    Args:
        at: when that was said or happened, Unix seconds.
        msgid: of the message, empty = of an event.
        text: what was said, or the event.
    """

    rule: TagRule
    at: float
    msgid: str = ""
    text: str = ""
    source: TagSource = TagSource.RULE


class Happened(NamedTuple):
    """An event that is still known of."""

    name: str
    fields: Mapping[str, str]
    at: float


KEPT_EVENTS = frozenset({"customer_added", "session_entered"})
"""Of an entrance its scene is known, but no `scene_param`."""


class Difference(NamedTuple):
    """What would change for one customer."""

    added: Sequence[Given]
    removed: Sequence[tuple[Assignment, MessageReceived]]


def given_by(
    messages: Sequence[MessageReceived],
    book: Rulebook,
    local_time: Callable[[float], datetime],
    channels: Mapping[str, str],
) -> dict[str, Given]:
    """The tags that these messages give, each by the first message that is enough.

    Args:
        messages: of one customer, oldest first.
        channels: by which the customer came, by account.
    """
    met: dict[str, list[float]] = defaultdict(list)
    found: dict[str, Given] = {}
    for message in messages:
        menu_id = message.menu_id or ""
        channel = channels.get(message.open_kfid, "")
        around = Around(local_time(message.sent_at), message.msgtype, menu_id, channel)
        for hit in look("" if menu_id else message.text, book, around).hits:
            rule, at = hit.rule, message.sent_at
            met[rule.id].append(at)
            often = sum(1 for one in met[rule.id] if one >= at - rule.within_s)
            if often >= rule.hits:
                found.setdefault(rule.tag, Given(rule, at, message.msgid, message.text))
    return found


async def meant_again(
    messages: Sequence[MessageReceived], rules: TagRules, local_time: Callable[[float], datetime]
) -> dict[str, Given]:
    """The tags that these messages mean, each by the first that does; one mention is enough for
    none that needs several.
    """
    found: dict[str, Given] = {}
    for message in messages if rules.book.by_meaning else ():
        text = "" if message.menu_id else message.text
        around = Around(local_time(message.sent_at), message.msgtype, message.menu_id or "")
        for rule in await meant_by(text, look(text, rules.book, around), rules, around):
            if rule.hits == 1:
                given = Given(rule, message.sent_at, message.msgid, text, TagSource.MEANING)
                found.setdefault(rule.tag, given)
    return found


def happened_again(
    events: Sequence[Happened], book: Rulebook, local_time: Callable[[float], datetime]
) -> dict[str, Given]:
    """The tags that these events give, each by the first; see `KEPT_EVENTS`."""
    found: dict[str, Given] = {}
    for one in events:
        around = Around(local_time(one.at), msgtype="")
        for rule in book.on_events:
            met = any(event.is_it(one.name, one.fields) for event in rule.events)
            if met and rule.hits == 1 and not rule.when.unmet(around):
                found.setdefault(rule.tag, Given(rule, one.at, "", one.name, TagSource.EVENT))
    return found


def difference(
    given: Mapping[str, Given],
    present: Sequence[Assignment],
    messages: Sequence[MessageReceived],
    settings: Tagging,
) -> Difference:
    """What differs from what is on the customer; of an exclusive group the newest counts.

    Only what rules took from these messages by words can be taken off.
    """
    read = {message.msgid: message for message in messages}
    on = {one.name: one for one in present}
    newest = {
        group: one.at for one in present if settings.group(group := group_of(one.name)).exclusive
    }
    added: dict[str, Given] = {}
    for name, one in sorted(given.items(), key=lambda item: item[1].at):
        group = group_of(name)
        if name in on or one.at < newest.get(group, float("-inf")):
            continue
        added[group if settings.group(group).exclusive else name] = one
    removed = [
        (one, read[one.msgid])
        for one in present
        if one.source is TagSource.RULE and one.name not in given and one.msgid in read
    ]
    return Difference(list(added.values()), removed)
