"""How does an entry become what this customer reads: wording, values, menu, attachments?"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.model import VALUES, Attachment, Because, MenuItem, MessageReceived
from bot.routing import Turn
from bot.routing.values import Values
from bot.routing.wording import ORDERS_CATEGORY
from bot.store import Past, Store
from knowledge import FaqEntry, Library, Match, Retriever
from knowledge.wording import choose, enclosed, mark_of, names_in, wordings

CASE_S = 24 * 3600.0
"""A pause of a day ends a case (R-11.6)."""

TALK_S = 600.0
"""How long an answer is what the conversation is about."""

SAID = ("faq", "model")
"""Sources of a reason that names the entry that was said."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """An entry in the words in which it is said now."""

    text: str
    attachments: tuple[Attachment, ...]
    mark: str


class Voice:
    """Says entries in one turn.

    Args:
        asks: whether answers may ask if they helped.
    """

    def __init__(
        self, turn: Turn, library: Library, store: Store, values: Values, *, asks: bool
    ) -> None:
        self.turn, self.store = turn, store
        self.base: Retriever = library.of(turn.conversation.open_kfid)
        self._values, self._asks = values, asks

    def entry(self, entry_id: str | None) -> FaqEntry | None:
        """The entry, if there still is one that this customer may be told."""
        found = self.base.get(entry_id) if entry_id else None
        return found if found and found.is_for(self.turn.audience) else None

    async def must_wait(self, entries: Iterable[FaqEntry]) -> bool:
        """Have values looked up that these entries name and nobody knows yet.

        What a model chose is said with its defaults: the message has waited once.

        Returns:
            Whether the message waits for them now.
        """
        turn = self.turn
        named = names_in(
            [text for one in entries if one.kind == "faq" for text in (one.answer, *one.variants)]
        )
        if turn.account.autonomy.for_category(ORDERS_CATEGORY) == "off":
            named = frozenset(name for name in named if not name.startswith("order."))
        if not named or turn.advice or not isinstance(turn.event, MessageReceived):
            return False
        asked = await self._values.worth_asking(turn.conversation, named)
        if asked:
            turn.look_up(VALUES, names=asked)
        return bool(asked)

    async def words(self, entry: FaqEntry) -> Spoken | None:
        """The entry as it is said now, ``None`` when a value it needs is not known."""
        named = names_in((entry.answer, *entry.variants)) if entry.kind == "faq" else frozenset()
        known = await self._values.of(self.turn.conversation, named) if named else {}
        texts = wordings(entry, known)
        if not texts:
            return None
        last = await self._last_mark(entry) if len(texts) > 1 else ""
        who = self.turn.conversation.external_userid
        text = choose(texts, who=who, day=self.turn.today, last=last)
        mark = mark_of(text) if len(texts) > 1 else ""
        return Spoken(self._framed(entry, text), enclosed(entry), mark)

    async def say(self, entry: FaqEntry, because: Because, *, asks: bool = False) -> None:
        """Say an entry with its follow-up questions; without its values a person says it.

        Args:
            asks: whether it is worth asking if this helped; once in a case is enough.
        """
        if await self.must_wait([entry]):
            return
        spoken = await self.words(entry)
        if spoken is None:
            self.turn.emit("escalate", reason="no_value")
            self.turn.settle("handed_off", because)
            return
        asks = (
            asks
            and self._asks
            and not any("survey" in one.detail for one in await self.past(CASE_S))
        )
        noted: dict[str, Any] = {"survey": True} if asks else {}
        noted |= {"wording": spoken.mark} if spoken.mark else {}
        follow_ups = [found for entry_id in entry.menu if (found := self.entry(entry_id))]
        self.turn.reply(
            spoken.text,
            menu=[item_of(one) for one in follow_ups],
            survey=self._survey(entry) if asks else (),
            attachments=spoken.attachments,
            because=msgspec.structs.replace(because, detail=because.detail | noted),
            category=entry.category,
        )

    async def past(self, within_s: float) -> list[Past]:
        """What became of the customer's messages before this one, newest first."""
        if self.turn.is_first:
            return []
        return await self.store.transcript.past(self.turn.conversation, self.turn.now - within_s)

    async def last_said(self) -> tuple[FaqEntry, Past | None] | None:
        """The entry that the conversation is about, and the message it answered.

        The message is ``None`` when it belongs to this turn.
        """
        for handled in reversed(self.turn.decisions.handled.values()):
            if (because := handled.because) and because.source in SAID:
                entry = self.entry(because.ref)
                return (entry, None) if entry else None
        for one in await self.past(TALK_S):
            if one.outcome == "answered" and one.source in SAID:
                entry = self.entry(one.ref)
                return (entry, one) if entry else None
        return None

    def _framed(self, entry: FaqEntry, text: str) -> str:
        """A passage is said with its source (R-15.8)."""
        if entry.kind != "passage":
            return text
        heading, say = entry.heading or entry.question, self.turn.phrases.say
        if entry.page is None:
            return say("faq.passage", text=text, heading=heading)
        return say("faq.passage_page", text=text, heading=heading, page=entry.page)

    def _survey(self, entry: FaqEntry) -> tuple[MenuItem, ...]:
        return (
            MenuItem(f"solved:{entry.id}", self.turn.phrases.say("faq.item_solved")),
            MenuItem(f"unsolved:{entry.id}", self.turn.phrases.say("faq.item_unsolved")),
        )

    async def _last_mark(self, entry: FaqEntry) -> str:
        because = await self.store.transcript.last_reason(self.turn.conversation, SAID, entry.id)
        return str(because.detail.get("wording", "")) if because else ""


def item_of(entry: FaqEntry) -> MenuItem:
    """The line of a menu that leads to an entry."""
    return MenuItem(f"faq:{entry.id}", entry.question)


def because_of(match: Match, how: str, source: str = "faq", **more: object) -> Because:
    """Why an entry is said, or offered."""
    return Because(
        source=source,
        ref=match.entry.id,
        score=round(match.score, 4),
        detail={"how": how} | dict(match.why) | more,
    )
