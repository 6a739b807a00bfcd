"""How does a mailbox become decisions? Turn by turn: due events, handlers, one commit."""

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars

from bot.config import AccountSettings
from bot.errors import Conflict, LeaseLost, Misconfigured
from bot.model import (
    Emitted,
    Event,
    Lane,
    MessageRecalled,
    MessageReceived,
    StaffAction,
    TimerDue,
)
from bot.ports import Clock
from bot.routing.asking import CONSULTING
from bot.routing.awaited import awaited_in
from bot.routing.cases import CaseBook
from bot.routing.collected import Advice, Finding
from bot.routing.decisions import Committed, Committer, conversation_of
from bot.routing.facts import after
from bot.routing.middleware import Middleware, is_fragment
from bot.routing.router import Registration, Router
from bot.routing.setting import Setting
from bot.routing.tagging import customer_in
from bot.routing.turn import Turn
from bot.store import Arrival, ConversationFacts, Handled, Letter, Store, Unit
from bot.telemetry import Metrics, new_trace_id

log = structlog.get_logger(__name__)

REDECIDE = 3
"""How often a turn is decided again when its facts have changed under it."""

ESCALATE = "escalate"
"""Name of the emission that asks for a person."""

_BACKOFF_S = (1.0, 5.0, 30.0, 120.0)


@dataclass(frozen=True, slots=True)
class DispatchSettings:
    """Numbers of the drain.

    Args:
        merge_window_s: how long a fragment waits for its rest.
        max_attempts: tries of a failing event before it is parked.
    """

    merge_window_s: float = 1.5
    max_attempts: int = 5


Told = Callable[[str, Lane], None]
"""Told which queue of the outbox, or whose mailbox, has something new."""


class Dispatcher:
    """Runs turns. One call of `drain` per subject at a time; `bot.delivery.lanes` sees to that.

    Args:
        accounts: settings of a kf account by its id.
        setting: what holds for every turn.
        supplies: what handlers may ask for, by type.
        middlewares: in the order in which they run, for messages.
    """

    def __init__(
        self,
        store: Store,
        routers: Sequence[Router],
        committer: Committer,
        *,
        accounts: Callable[[str], AccountSettings],
        setting: Setting,
        supplies: Mapping[type, object],
        middlewares: Sequence[Middleware],
        settings: DispatchSettings,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._store, self._committer, self._accounts = store, committer, accounts
        self._setting, self._supplies = setting, supplies
        self._names: dict[str, str] = {}
        self._middlewares, self._settings = middlewares, settings
        self._clock, self._metrics = clock, metrics
        self._messages = [r for router in routers for r in router.messages]
        self._observers = [r for router in routers for r in router.observers]
        self._events = [r for router in routers for r in router.events]

    async def drain(self, subject: str, filled: Told, woken: Told) -> float | None:
        """Handle everything that is due for a subject, turn by turn.

        Args:
            filled: which queue a commit has filled; at once, for what comes next may fail.
            woken: which other subject's mailbox it has put something into.

        Returns:
            When to come back, or ``None`` when nothing waits.
        """
        while True:
            now = self._clock.now()
            due = await self._store.mailbox.due(subject, now)
            letters = _one_conversation(due)
            if letters:
                if (wait_until := self._rest_may_follow(letters)) > now:
                    letters = _one_conversation([one for one in due if one.lane is Lane.URGENT])
                if not letters:
                    return wait_until
                committed = await self._handle(letters)
                for queue, lane in committed.queues:
                    filled(queue, lane)
                for other, lane in committed.subjects:
                    woken(other, lane)
            now = self._clock.now()
            next_at = await self._store.mailbox.next_at(subject, now)
            if next_at is None or next_at > now:
                return next_at

    # ------------------------------------------------------------------ trying, retrying, parking

    async def _handle(self, letters: Sequence[Letter]) -> Committed:
        with bound_contextvars(trace_id=letters[0].trace_id or new_trace_id()):
            try:
                return await self._decide(letters)
            except LeaseLost:
                raise  # another process decides it
            except Exception as error:  # a behaviour's fault must not stop the others
                log.error(  # the text of an exception may quote the customer
                    "turn.failed", where=_where_it_failed(error), events=len(letters)
                )
                if len(letters) > 1:
                    return await self._handle(letters[:1])
                await self._set_aside(letters[0], error)
                return Committed()

    async def _set_aside(self, letter: Letter, error: Exception) -> None:
        unit, now = Unit(), self._clock.now()
        reason = _where_it_failed(error)
        if letter.attempts + 1 < self._settings.max_attempts:
            pause = _BACKOFF_S[min(letter.attempts, len(_BACKOFF_S) - 1)]
            self._store.mailbox.defer(unit, letter, reason, now + pause)
        else:
            self._store.mailbox.park(unit, letter, reason, now)
            await self._store.mailbox.deliver(unit, _escalation(letter), now)
        await self._store.database.commit(unit)

    async def _decide(self, letters: Sequence[Letter]) -> Committed:
        started = time.perf_counter()
        for attempt in range(REDECIDE):
            turn, before = await self._open_turn(letters)
            recalled, kept = _recalled(letters)
            turn.decisions.handled |= dict.fromkeys(recalled, Handled("recalled"))
            for letter in kept:
                await self._apply(turn, letter)
            try:
                committed = await self._committer.commit(turn, letters, before)
            except LeaseLost:
                raise
            except Conflict:
                if attempt + 1 == REDECIDE:
                    raise
                continue
            self._count(turn, time.perf_counter() - started)
            return committed
        raise AssertionError("unreachable")

    async def _open_turn(self, letters: Sequence[Letter]) -> tuple[Turn, ConversationFacts | None]:
        now = self._clock.now()
        conversation = conversation_of(letters[0].event)
        facts = account = case = None
        outcomes: list[tuple[str, float]] = []
        name = ""
        if conversation is not None:
            facts = await self._store.conversations.facts(conversation)
            case = await self._store.cases.open_of(conversation)
            account = self._accounts(conversation.open_kfid)
            name = await self._name_of(conversation.open_kfid)
            if any(_msgid_of(letter.event) for letter in letters):
                outcomes = await self._store.transcript.last_outcomes(conversation, 3)
        turn = Turn(
            letters[0].subject,
            now,
            facts=facts,
            account=account,
            setting=self._setting,
            account_name=name,
            has_question=any(self._is_question(one.event) for one in _recalled(letters)[1]),
            recent_outcomes=outcomes,
            cases=CaseBook(case, now, self._setting.roster.level_of),
            tags=await self._tags_of(letters[0].subject, now),
        )
        return turn, facts

    async def _tags_of(self, subject: str, now: float) -> frozenset[str]:
        customer = customer_in(subject)
        return await self._store.tags.names_of(customer, now) if customer else frozenset()

    async def _name_of(self, open_kfid: str) -> str:
        if not self._names.get(open_kfid):
            row = await self._store.accounts.get(open_kfid)
            self._names[open_kfid] = row.name if row else ""
        return self._names[open_kfid]

    # ------------------------------------------------------------------ routing

    async def _apply(self, turn: Turn, letter: Letter) -> None:
        event = turn.event = letter.event
        if turn.has_conversation:
            turn.facts = after(turn.facts, event)
        if isinstance(event, MessageReceived):
            turn.cases.hear(event)
            await self._observe(turn)
            await self._route(turn)
            return
        if awaited := awaited_in(event):
            await self._go_on(turn, awaited)
            return
        if isinstance(event, TimerDue) and _is_too_late(event, letter, turn.now):
            log.info("timer.skipped", timer=event.name, late_s=round(turn.now - letter.due_at))
            return
        name = _name_of(event)
        for registration in self._events:
            if registration.event is type(event) and registration.tag in (None, name):
                await self._call(registration, turn)

    async def _observe(self, turn: Turn) -> None:
        for registration in self._observers:
            records, turn.decisions.records = turn.decisions.records, []
            tags = list(turn.decisions.tags)
            try:
                await self._call(registration, turn)
            except Exception as error:  # its failure costs nobody an answer (architecture.md)
                log.error("observer.failed", by=registration.name, where=_where_it_failed(error))
                turn.decisions.tags = tags
            else:
                turn.decisions.asides.append(turn.decisions.records)
            turn.decisions.records = records

    async def _route(self, turn: Turn) -> None:
        turn.settled, turn.handler = None, "engine"
        chain = list(self._middlewares)

        async def proceed() -> None:
            if chain:
                await chain.pop(0)(turn, proceed)
            else:
                await self._ask_handlers(turn)

        await proceed()
        turn.decisions.handled[turn.message.msgid] = turn.settled or Handled("declined")

    async def _go_on(self, turn: Turn, awaited: Advice | Finding) -> None:
        """Take a message further that has waited, through the gates once more."""
        message = await self._store.transcript.waiting(turn.conversation, awaited.msgid)
        if message is None:  # recalled meanwhile
            return
        turn.event = message
        turn.advice = awaited if isinstance(awaited, Advice) else None
        turn.finding = awaited if isinstance(awaited, Finding) else None
        await self._route(turn)
        turn.advice = turn.finding = None

    async def _ask_handlers(self, turn: Turn) -> None:
        for registration in self._those_who_follow(turn.awaited):
            if not all(
                f.accepts(turn.message, self._setting.phrases) for f in registration.filters
            ):
                continue
            before = turn.decisions.weight
            await self._call(registration, turn)
            if turn.settled is None and turn.decisions.weight > before:
                because = turn.decisions.said[-1].reply.because if turn.decisions.said else None
                turn.settled = Handled("answered", registration.name, because)
            if turn.settled is not None:
                return

    def _those_who_follow(self, awaited: Advice | Finding | None) -> list[Registration]:
        """Whom to ask: the handlers before the one that made it wait have declined already."""
        names = [registration.name for registration in self._messages]
        if awaited is None or awaited.wanted_by not in names:
            return self._messages
        return self._messages[names.index(awaited.wanted_by) :]

    async def _call(self, registration: Registration, turn: Turn) -> None:
        turn.handler = registration.name
        arguments: dict[str, Any] = {}
        for name, kind in registration.needs.items():
            if kind is Turn:
                arguments[name] = turn
            elif kind in self._supplies:
                arguments[name] = self._supplies[kind]
            else:
                arguments[name] = turn.event
        await registration.handler(**arguments)

    # ------------------------------------------------------------------ small questions

    def _rest_may_follow(self, letters: Sequence[Letter]) -> float:
        """Until when a burst of mere fragments waits; 0 when it is answered now."""
        for letter in letters:
            if not self._is_fragment(letter.event):
                return 0.0
        return letters[-1].received_at + self._settings.merge_window_s

    def _is_fragment(self, event: Event) -> bool:
        return isinstance(event, MessageReceived) and is_fragment(
            event, self._setting.phrases.heard
        )

    def _is_question(self, event: Event) -> bool:
        is_text = isinstance(event, MessageReceived) and bool(event.text)
        return is_text and not self._is_fragment(event)

    def _count(self, turn: Turn, seconds: float) -> None:
        self._metrics.count_turn(turn.subject)
        self._metrics.turn_seconds.observe(seconds)
        for handled in turn.decisions.handled.values():
            if handled.outcome == CONSULTING:
                continue  # counted when it is answered
            self._metrics.answers.labels(handled.handled_by or f"engine.{handled.outcome}").inc()


def _one_conversation(letters: Sequence[Letter]) -> list[Letter]:
    if not letters:
        return []
    first = conversation_of(letters[0].event)
    if first is None:
        return [letters[0]]
    return [letter for letter in letters if conversation_of(letter.event) == first]


def _recalled(letters: Sequence[Letter]) -> tuple[list[str], list[Letter]]:
    """Messages that were recalled before they were handled, and the letters that are left."""
    named = {one.event.recall_msgid for one in letters if isinstance(one.event, MessageRecalled)}
    recalled, kept = [], []
    for letter in letters:
        msgid = _msgid_of(letter.event)
        if msgid in named:
            recalled.append(msgid)
        else:
            kept.append(letter)
    return recalled, kept


def _msgid_of(event: Event) -> str:
    """The message that the event brings, or takes further."""
    if isinstance(event, MessageReceived):
        return event.msgid
    awaited = awaited_in(event)
    return awaited.msgid if awaited else ""


def _name_of(event: Event) -> str:
    match event:
        case TimerDue(name=name) | Emitted(name=name) | StaffAction(name=name):
            return name
        case _:
            return str(getattr(event, "tag", ""))


def _is_escalation(event: Event) -> bool:
    return isinstance(event, Emitted) and event.name == ESCALATE


def _is_too_late(timer: TimerDue, letter: Letter, now: float) -> bool:
    return timer.skip_after_s is not None and now - letter.due_at > timer.skip_after_s


def _where_it_failed(error: Exception) -> str:
    """Type and place only: a message may quote what the customer wrote, but for our own."""
    if isinstance(error, Misconfigured):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} at {place}"


def _escalation(letter: Letter) -> list[Arrival]:
    conversation = conversation_of(letter.event)
    if conversation is None or _is_escalation(letter.event):
        return []  # escalating a failed escalation would go on for ever
    event = Emitted(
        name=ESCALATE,
        data={"reason": "event_parked", "mailbox_id": letter.id},
        open_kfid=conversation.open_kfid,
        external_userid=conversation.external_userid,
    )
    return [Arrival(letter.subject, event, Lane.HANDOFF, f"parked:{letter.id}", letter.sent_at)]
