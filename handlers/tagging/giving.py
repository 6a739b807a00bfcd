"""What follows from the rules that are met: a tag, a hit that is counted, or nothing?

Whoever has not consented to what a tag is for is not tagged, and nothing is counted of him: that
too would be a profile. The gate of `bot/store/tag_statements.py` decides once more at the commit.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from bot.model import MessageReceived
from bot.model.consents import Purpose, Standing
from bot.model.tags import TagSource, group_of
from bot.routing import Turn
from bot.store import Store
from handlers.tagging import store
from handlers.tagging.circumstances import Around
from handlers.tagging.in_force import TagRules
from handlers.tagging.looking import look
from handlers.tagging.meant import meant_by
from handlers.tagging.rules import TagRule

_LONGEST_NAME = 200  # characters of what names an event


class Heard(NamedTuple):
    """Something that a customer wrote or did.

    Args:
        source: names it; the same counts once.
        at: Unix seconds.
        msgid: of a message.
    """

    source: str
    at: float
    msgid: str = ""


async def open_purposes(turn: Turn, facts: Store) -> frozenset[str]:
    """For what this customer may be tagged."""
    standings = await facts.consents.standings(turn.external_userid)
    given = {one.value for one, standing in standings.items() if standing is Standing.GIVEN}
    return frozenset((*given, Purpose.SERVICE.value))


class Giver:
    """Tags the customer of one turn."""

    def __init__(self, turn: Turn, facts: Store, rules: TagRules) -> None:
        self._turn, self._facts, self._rules = turn, facts, rules

    async def by_text(self, text: str, heard: Heard, around: Around) -> None:
        """Tag by what the customer wrote."""
        looked = look(text, self._rules.book, around)
        met = {hit.rule: _source_of(hit.rule) for hit in looked.hits}
        for rule in await meant_by(text, looked, self._rules, around):
            met.setdefault(rule, TagSource.MEANING)
        await self._give(met, heard)

    async def by_message(self, message: MessageReceived, channel: str = "") -> None:
        """Tag by a message; the words of a tapped menu item are ours."""
        at = message.sent_at or self._turn.now
        menu_id = message.menu_id or ""
        around = Around(self._turn.local_time(at), message.msgtype, menu_id, channel)
        text = "" if menu_id else message.text
        await self.by_text(text, Heard(message.msgid, at, message.msgid), around)

    async def by_event(self, name: str, fields: Mapping[str, object]) -> None:
        """Tag by something that happened."""
        now = self._turn.now
        around = Around(self._turn.local_time(now), msgtype="")
        found = [
            rule
            for rule in self._rules.book.on_events
            if any(event.is_it(name, fields) for event in rule.events)
            and not rule.when.unmet(around)
        ]
        told = msgspec.json.encode([name, fields]).decode()[:_LONGEST_NAME]
        await self._give(dict.fromkeys(found, TagSource.EVENT), Heard(f"{told}@{now}", now))

    async def _give(self, met: Mapping[TagRule, TagSource], heard: Heard) -> None:
        if not met:
            return
        purposes = await open_purposes(self._turn, self._facts)
        for rule, source in met.items():
            group = self._rules.settings.group(group_of(rule.tag))
            if group.purpose in purposes and await self._is_often_enough(rule, heard):
                self._turn.tag(
                    rule.tag,
                    source=source,
                    rule=rule.id,
                    version=rule.version,
                    msgid=heard.msgid,
                )

    async def _is_often_enough(self, rule: TagRule, heard: Heard) -> bool:
        if rule.hits == 1:
            return True
        since = heard.at - rule.within_s
        before = await store.counted(self._facts, self._turn, rule.id, since, heard.source)
        store.note(self._turn, rule.id, heard.source, heard.at)
        return before + 1 >= rule.hits


def _source_of(rule: TagRule) -> TagSource:
    return TagSource.CHANNEL if rule.when.channels and not rule.reads_text else TagSource.RULE
