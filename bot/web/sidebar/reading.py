"""What is there to know of a customer, for one member, in one reading (R-12.3)?"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from bot.model import Case, Conversation
from bot.model.cases import BOT, NOTED, QUEUED, SEATED, TICKET, WANTED
from bot.model.consents import Purpose, Standing
from bot.model.people import ATTRIBUTES, masked
from bot.model.tags import Assignment
from bot.policy.roles import People, Who
from bot.policy.seeing import AFTER_S, Sight
from bot.routing.panels import About, Panels, Shown
from bot.routing.phrases import Phrases
from bot.routing.suggesting import DRAFT, MOST, Suggester, asks, audience_of, key_of
from bot.store import KeptReply, Line, Store, Touch, Unit
from bot.web.sidebar.holding import Held, held_from

SHOWN_LINES = 8
_LOOKED_AT = 8
"""Texts among which one is looked for that can be answered."""

_NAMES = ("remark", "name", "nickname")
_HIDDEN = frozenset({*_NAMES, "stage"})


@dataclass(frozen=True, slots=True)
class TagView:
    """A tag, the member who put it on (empty = nobody did), and the words that led to it."""

    tag: Assignment
    by: str
    quote: str


@dataclass(frozen=True, slots=True)
class PersonView:
    """Who the customer is.

    Args:
        names: of the channels, first and last, empty = not known.
        facts: what else is known, masked where it is personal.
        consents: how he stands to each purpose.
        followers: names of the members who have him as a friend.
    """

    name: str
    external_userid: str
    stage: str
    first_channel: str
    last_channel: str
    known_at: float | None
    tags: tuple[TagView, ...]
    facts: tuple[tuple[str, str], ...]
    consents: tuple[tuple[str, str], ...]
    followers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaseView:
    """The open case, and what this member can do about it.

    Args:
        servicer: name of who has it.
        since: of the clock that runs, ``None`` = none does.
        can: names of actions.
        notes: what colleagues wrote for whoever has it next, with their names, the newest first.
    """

    case: Case
    reason: str
    servicer: str
    is_mine: bool
    since: float | None
    can: tuple[str, ...]
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EndedView:
    """This member's last case, while he may still say something about it.

    Args:
        reason: why it has ended, in words; empty = he has not told.
    """

    case: Case
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class CasePart:
    """What the part of the page about the case shows.

    Args:
        case: the open one.
        held: why nothing can be sent to the customer, ``None`` = nothing forbids it.
    """

    case: CaseView | None
    held: Held | None
    ended: EndedView | None


@dataclass(frozen=True, slots=True)
class SaidView:
    """What was said last, and what could be said now.

    Args:
        question: the customer's last words that can be answered, empty = there are none.
        suggestions: with their ids, the best first.
        done: what was done with each, by its id: ``sent``, ``edited`` or ``rejected``.
        msgid: of those words, empty = a text that was pasted.
        just_said: ids of suggestions that say what the customer has just been told.
        has_spoken: whether he has written anything at all.
    """

    lines: tuple[Line, ...]
    question: str
    suggestions: tuple[KeptReply, ...]
    done: dict[int, str]
    msgid: str = ""
    just_said: frozenset[int] = frozenset()
    has_spoken: bool = False

    @property
    def has_draft(self) -> bool:
        """Whether the model's own words are among the suggestions."""
        return any(map(_is_draft, self.suggestions))

    @property
    def answered(self) -> str:
        """What a colleague wrote last to the question, for whoever wants it in the knowledge."""
        for one in reversed(self.lines):
            if one.who == "customer" and one.text == self.question:
                return ""
            if one.who == "servicer" and one.text:
                return one.text
        return ""


@dataclass(frozen=True, slots=True)
class View:
    """Everything of the first paint."""

    person: PersonView
    case: CasePart
    account: str
    said: SaidView | None
    panels: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads by the store alone: nothing here waits for WeCom or a model."""

    store: Store
    people: People
    panels: Panels
    phrases: Phrases
    suggester: Suggester
    zone: tzinfo
    channel_names: dict[str, str] = field(default_factory=dict)

    async def view(self, who: Who, sight: Sight, now: float) -> View:
        """The whole of it."""
        account = ""
        if sight.conversation is not None:
            row = await self.store.accounts.get(sight.conversation.open_kfid)
            account = row.name if row else sight.conversation.open_kfid
        return View(
            person=await self.person(sight.external_userid, now),
            case=await self.case_part(who, sight, now),
            account=account,
            said=await self.said(sight, now),
            panels=await self.beside(who, sight, now),
        )

    async def beside(self, who: Who, sight: Sight, now: float) -> tuple[Shown, ...]:
        """What behaviours show of the customer."""
        return tuple(await self.panels.of(self._about(who, sight, now)))

    async def lines(
        self, who: Who, sight: Sight, now: float, *, name: str, after: str
    ) -> Shown | None:
        """One of these, or its next page; ``None`` when there is none of this name."""
        return await self.panels.one(name, self._about(who, sight, now, after))

    def _about(self, who: Who, sight: Sight, now: float, after: str = "") -> About:
        return About(
            *(sight.external_userid, sight.conversation, who.userid, now, self.phrases),
            after=after,
            name_of=self.people.name_of,
            roles=who.roles,
        )

    async def person(self, external_userid: str, now: float) -> PersonView:
        """Who it is."""
        store = self.store
        known = {one.name: one.value for one in await store.profiles.of(external_userid)}
        touch: Touch | None = await store.profiles.touched(external_userid)
        tags = await store.tags.of(external_userid, now)
        standings = await store.consents.standings(external_userid)
        friends = await store.contacts.friends_of(external_userid)
        row = await store.database.fetch_one(
            "SELECT created_at FROM customers WHERE external_userid = ?", external_userid
        )
        return PersonView(
            name=next((known[key] for key in _NAMES if known.get(key)), ""),
            external_userid=external_userid,
            stage=known.get("stage", ""),
            first_channel=self._channel(touch.first_channel if touch else ""),
            last_channel=self._channel(touch.last_channel if touch else ""),
            known_at=row["created_at"] if row else None,
            tags=tuple([await self._tag(external_userid, one) for one in tags]),
            facts=tuple(
                (name, masked(name, value))
                for name, value in known.items()
                if name in ATTRIBUTES and name not in _HIDDEN
            ),
            consents=_standings(standings),
            followers=tuple(self.people.name_of(one.userid) for one in friends),
        )

    async def said(self, sight: Sight, now: float) -> SaidView | None:
        """The end of the conversation, with suggestions for the customer's last words.

        Those are prepared while a person has the session; where nobody has prepared any, they are
        found now, and kept.
        """
        where = sight.conversation
        if where is None:
            return None
        since = sight.case.opened_at if sight.case else now - 86_400
        lines = await self.store.transcript.dialogue(where, since, SHOWN_LINES)
        words = await self.store.transcript.last_words(where, _LOOKED_AT)
        asked = [one for one in words if asks(self.phrases, one[1])]
        if not asked:
            return SaidView(tuple(lines), "", (), {}, has_spoken=bool(words))
        msgid, text = asked[0]
        kept = await self.store.suggestions.kept_for(where, msgid)
        if not kept:
            kept = await self.suggested(where, msgid, text, now)
        drafts = [one for one in kept if _is_draft(one)][-1:]
        shown = [*[one for one in kept if not _is_draft(one)][:MOST], *drafts]
        told = await self.suggester.just_said(where, now)
        return SaidView(
            *(tuple(lines), text, tuple(shown), await self._done(where, shown), msgid),
            just_said=frozenset(one.id for one in shown if key_of(one.reply.text) in told),
            has_spoken=True,
        )

    async def suggested(
        self, where: Conversation, msgid: str, text: str, now: float
    ) -> list[KeptReply]:
        """What could be said to a text, found now and kept."""
        facts = await self.store.conversations.facts(where)
        tags = await self.store.tags.names_of(where.external_userid, now)
        today = datetime.fromtimestamp(now, self.zone).date()
        audience = audience_of(where.open_kfid, today, channel=facts.channel, tags=tags)
        unit = Unit()
        for sql, params in await self.suggester.keep(where, msgid, text, audience, now):
            unit.add(sql, *params)
        await self.store.database.commit(unit)
        return await self.store.suggestions.kept_for(where, msgid)

    async def _done(self, where: Conversation, kept: Sequence[KeptReply]) -> dict[int, str]:
        found = {one.id: await self.store.suggested.of_suggestion(where, one.id) for one in kept}
        return {key: one.outcome for key, one in found.items() if one is not None}

    async def _tag(self, external_userid: str, tag: Assignment) -> TagView:
        quote = await self.store.timeline.text_of(external_userid, tag.msgid) if tag.msgid else ""
        return TagView(tag, self.people.name_of(tag.by) if tag.by else "", quote[:80])

    def _channel(self, code: str) -> str:
        return self.channel_names.get(code, code)

    async def case_part(self, who: Who, sight: Sight, now: float) -> CasePart:
        """How the conversation stands for him; between friends there is none."""
        case, where = self.case(who, sight.case), sight.conversation
        if case is not None:
            steps = await self.store.cases.steps(case.case)
            notes = [(one.servicer, one.note) for one in steps if one.name == NOTED]
            told = tuple((self.people.name_of(by), note) for by, note in reversed(notes))
            case = replace(case, notes=told)
        if where is None:
            return CasePart(case, None, None)
        owner = (await self.store.conversations.facts(where)).ownership
        ended = None if case and case.case.status != BOT else await self._ended(who, where, now)
        return CasePart(case, held_from(who, owner, now), ended)

    async def _ended(self, who: Who, where: Conversation, now: float) -> EndedView | None:
        last = await self.store.cases.last_closed(where)
        if last is None or last.servicer != who.key or now - (last.closed_at or 0.0) > AFTER_S:
            return None
        steps = await self.store.cases.steps(last)
        said = next((one for one in reversed(steps) if one.name == "ending"), None)
        code = await self.store.cases.reason_told(last) or (said.reason if said else "")
        return EndedView(last, self._reason(code), said.note if said else "")

    def _reason(self, code: str) -> str:
        key = f"escalation.reason_{code}"
        return self.phrases.say(key) if code and self.phrases.has_reply(key) else code

    def case(self, who: Who, case: Case | None) -> CaseView | None:
        """The case as this member sees it."""
        if case is None:
            return None
        is_mine = case.status in SEATED and case.servicer == who.key
        waits = case.status != BOT and case.answered_at is None
        return CaseView(
            case=case,
            reason=self._reason(case.reason),
            servicer=self.people.name_of(case.servicer) if case.servicer else "",
            is_mine=is_mine,
            since=case.waiting_since or (case.wanted_at if waits else None),
            can=_can(case, is_mine=is_mine, leads=who.oversees and not who.only_looks),
        )


def _is_draft(one: KeptReply) -> bool:
    return one.reply.because is not None and one.reply.because.source == DRAFT


def _can(case: Case, *, is_mine: bool, leads: bool) -> tuple[str, ...]:
    """What `handlers/escalation/desk.py` would let him do; it decides again, in the turn."""
    if case.status in (WANTED, QUEUED, TICKET):
        return ("take",)
    if case.status not in SEATED or not (is_mine or leads):
        return ()
    take = ("take",) if is_mine and case.status != "serving" else ()
    return (*take, "raise", "later", "back", "end")


def _standings(known: dict[Purpose, Standing]) -> tuple[tuple[str, str], ...]:
    asked: Sequence[Purpose] = (Purpose.PROFILING_TAGS, Purpose.MARKETING)
    others = [one for one in known if one not in asked]
    return tuple((one.value, known.get(one, Standing.UNKNOWN).value) for one in (*asked, *others))


def conversation_of(sight: Sight) -> Conversation:
    """Where it is kept: a chat between friends has no account."""
    return sight.conversation or Conversation("", sight.external_userid)
