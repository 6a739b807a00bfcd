"""What would the rules of today have made of what a customer wrote before? Words alone are read.

Rules that go by meaning or by events are not asked: what they gave stays as it is.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bot.config import Tagging
from bot.model import MessageReceived
from bot.model.tags import Assignment, TagSource, group_of
from handlers.tagging.circumstances import Around
from handlers.tagging.looking import look
from handlers.tagging.rules import Rulebook, TagRule


class Given(NamedTuple):
    """A tag that a rule gives now, and the message it was decided from."""

    rule: TagRule
    message: MessageReceived


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
                found.setdefault(rule.tag, Given(rule, message))
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
    for name, one in sorted(given.items(), key=lambda item: item[1].message.sent_at):
        group = group_of(name)
        if name in on or one.message.sent_at < newest.get(group, float("-inf")):
            continue
        added[group if settings.group(group).exclusive else name] = one
    removed = [
        (one, read[one.msgid])
        for one in present
        if one.source is TagSource.RULE and one.name not in given and one.msgid in read
    ]
    return Difference(list(added.values()), removed)
