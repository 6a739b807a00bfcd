"""How do a turn's decisions become one unit? Gates, merging, metering, then statements."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from msgspec import structs

from bot.model import (
    Attachment,
    Awaited,
    Consult,
    Conversation,
    Delegate,
    Effect,
    Emitted,
    EndSession,
    HandOff,
    KeepMedia,
    Lane,
    LookUp,
    MessageRecalled,
    MessageReceived,
    NotifyStaff,
    Reply,
    RunErrand,
    SendCard,
    SendFailed,
    SendMessage,
    SendOnEvent,
    ServiceState,
    StaffAction,
    UpdateCard,
)
from bot.policy import allowance
from bot.routing.collected import CodeReply, Decided, Said
from bot.routing.facts import SESSION_S
from bot.routing.merging import merge
from bot.routing.turn import Turn
from bot.store import (
    Arrival,
    ConversationFacts,
    Draft,
    Handled,
    Letter,
    Store,
    Unit,
    conversation_queue,
)

log = structlog.get_logger(__name__)

Enclose = Callable[[Attachment], dict[str, Any]]
"""Wire payload of an attachment, still without its picture."""

Compose = Callable[[Reply], list[dict[str, Any]]]
"""Wire payloads of a reply, each within WeCom's limits."""

SERVICE = "service"
"""Category of what must be said whoever answers: hand-over, waiting, limits."""

_DIES_SOON = (None, ServiceState.ENDED)
"""States whose code lives 20 s only: the welcome and the end (wecom-api §3.11)."""

STAFF_TTL_S = 12 * 3600
CARD_TTL_S = 24 * 3600
"""A response code lives 24 h, or 72 by another source (wecom-api §5.4)."""

MEDIA_TTL_S = 3 * 24 * 3600
LOOK_UP_TTL_S = 30.0
"""What was not looked up by then is gone without: a customer waits for it."""


_MOVED_WITHIN_S: dict[type[Effect], float] = {HandOff: SESSION_S, EndSession: 3600.0}
"""What moves the session, how long it is tried; it waits its turn among what is said in it."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What must be looked at after a commit, with the lane of each.

    Args:
        queues: of the outbox.
        subjects: others than the turn's own whose mailbox has something new.
    """

    queues: tuple[tuple[str, Lane], ...] = ()
    subjects: tuple[tuple[str, Lane], ...] = ()


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """Numbers a turn is decided by.

    Args:
        allowance: messages per customer message.
        late_after_s: an answer that comes later than this apologises.
        consult_ttl_s: a model that was not asked by then is not asked any more.
    """

    allowance: int = 5
    late_after_s: float = 60.0
    consult_ttl_s: float = 40.0


class Committer:
    """Turns decisions into one unit and commits it."""

    def __init__(
        self, store: Store, compose: Compose, enclose: Enclose, settings: TurnSettings
    ) -> None:
        self._store, self._settings = store, settings
        self._compose, self._enclose = compose, enclose

    async def commit(
        self, turn: Turn, letters: Sequence[Letter], before: ConversationFacts | None
    ) -> Committed:
        """Commit a turn and say what must be looked at now.

        Raises:
            UnitConflict: the facts have changed meanwhile; nothing was kept.
        """
        unit = Unit()
        self._store.mailbox.finish(unit, letters, turn.now)
        drafts: list[Draft] = []
        if turn.has_conversation and before is not None:
            drafts += self._code_replies(turn)
            drafts += await self._replies(unit, turn)
            self._record_messages(unit, turn, letters)
            self._apply_events(unit, turn, letters)  # a recall forgets what was just recorded
            if turn.facts != before:
                self._store.conversations.save(unit, before, turn.facts)
            for change in turn.cases.changes:
                await self._store.cases.save(unit, change)
        drafts += [self._draft(turn, decided) for decided in turn.decisions.effects]
        trace_id = structlog.contextvars.get_contextvars().get("trace_id", "")
        drafts = [replace(draft, trace_id=trace_id) for draft in drafts]
        await self._store.outbox.post(unit, drafts, turn.now)
        await self._set_timers(unit, turn, trace_id)
        arrivals = [_arrival(turn, event, trace_id) for event in turn.decisions.emitted]
        await self._store.mailbox.deliver(unit, arrivals, turn.now)
        unit.statements += turn.decisions.records
        unit.asides += turn.decisions.asides
        await self._store.database.commit(unit)
        others = [(one.subject, one.lane) for one in arrivals if one.subject != turn.subject]
        return Committed(
            tuple(dict.fromkeys((draft.queue, draft.lane) for draft in drafts)),
            tuple(dict.fromkeys(others)),
        )

    # ------------------------------------------------------------------ facts and transcript

    def _apply_events(self, unit: Unit, turn: Turn, letters: Sequence[Letter]) -> None:
        store, conversation = self._store, turn.conversation
        for letter in letters:
            match letter.event:
                case MessageReceived(origin=5):
                    why = "a servicer wrote"
                    store.outbox.cancel_unsent(unit, conversation, turn.now, why)
                case MessageRecalled() as recalled:
                    store.transcript.recall(unit, conversation, recalled.recall_msgid, turn.now)
                    store.outbox.cancel_answer(unit, conversation, recalled.recall_msgid, turn.now)
                case SendFailed() as failed:
                    store.outbox.mark_undelivered(
                        unit, failed.fail_msgid, failed.fail_type, turn.now
                    )
                case _:
                    pass

    def _record_messages(self, unit: Unit, turn: Turn, letters: Sequence[Letter]) -> None:
        for letter in letters:
            if isinstance(letter.event, MessageReceived):
                handled = turn.decisions.handled.get(letter.event.msgid, Handled("seen"))
                self._store.transcript.record(
                    unit,
                    letter.event,
                    handled,
                    received_at=letter.received_at,
                    trace_id=letter.trace_id,
                )
        recorded = {one.event.msgid for one in letters if isinstance(one.event, MessageReceived)}
        for msgid, handled in turn.decisions.handled.items():
            if msgid not in recorded:  # it had waited for the model
                self._store.transcript.settle(unit, turn.conversation, msgid, handled)
        for msgid, feedback in turn.decisions.judged.items():
            self._store.transcript.judge(unit, turn.conversation, msgid, feedback)

    # ------------------------------------------------------------------ what is said

    def _code_replies(self, turn: Turn) -> list[Draft]:
        if turn.account.autonomy.mode == "off":
            return []
        welcomes = [one for one in turn.decisions.by_code if one.in_state is None]
        others = [one for one in turn.decisions.by_code if one.in_state is not None]
        best = sorted(welcomes, key=lambda one: -one.priority)[:1]
        if best:
            turn.facts = replace(turn.facts, disclosed_at=turn.now)
        return [self._code_draft(turn, one) for one in (*best, *others)]

    def _code_draft(self, turn: Turn, one: CodeReply) -> Draft:
        payload = self._compose(one.reply)[0]
        return self._conversation_draft(
            turn,
            SendOnEvent(code=one.code, payload=payload, in_state=one.in_state),
            Lane.URGENT if one.in_state in _DIES_SOON else Lane.HANDOFF,
            expires_at=one.expires_at,
            handled_by=one.handled_by,
            because=one.reply.because,
        )

    async def _replies(self, unit: Unit, turn: Turn) -> list[Draft]:
        said = self._allowed(unit, turn)
        if not said:
            return []
        reply = merge(said, self._preface(turn, said))
        facts = turn.facts
        spent = 0
        if facts.version >= 0:
            spent = await self._store.conversations.spent(turn.conversation, facts.window_msgid)
        parts = self._fitting(turn, reply, spent)
        messages = {one.message.msgid: one.message for one in said if one.message}
        if not parts:
            log.warning("turn.no_allowance", handled_by=said[0].handled_by)
            if messages:  # not for what the hand-over itself has to say: that would never end
                turn.emit("escalate", reason="no_room")
        if facts.disclosed_at is None and parts:
            turn.facts = replace(facts, disclosed_at=turn.now)
        return [
            self._conversation_draft(
                turn,
                part,
                Lane.REPLY,
                expires_at=facts.customer_wrote_at + SESSION_S,
                handled_by=said[0].handled_by,
                because=reply.because,
                answers=next(iter(messages)) if len(messages) == 1 else None,
                asked_at=min((m.sent_at for m in messages.values()), default=None),
            )
            for part in parts
        ]

    def _fitting(self, turn: Turn, reply: Reply, spent: int) -> list[SendMessage]:
        """The sends there is room for: text and menu first, then attachments, in order."""
        room = allowance.budget(spent, self._settings.allowance)
        parts = self._compose(reply)
        if reply.survey and len(parts) < room:
            surveyed = self._compose(structs.replace(reply, menu=(*reply.menu, *reply.survey)))
            parts = surveyed if len(surveyed) == len(parts) else parts
        fitted = allowance.fit(parts, room, turn.phrases.say("engine.shortened"))
        left = self._settings.allowance - spent - len(fitted) if len(fitted) == len(parts) else 0
        return [
            *(SendMessage(payload=part) for part in fitted),
            *(
                SendMessage(payload=self._enclose(one), media=one.media)
                for one in reply.attachments[: max(0, left)]
            ),
        ]

    def _preface(self, turn: Turn, said: Sequence[Said]) -> list[str]:
        lines = []
        if turn.facts.disclosed_at is None:
            lines.append(turn.phrases.say("engine.introduction", who=turn.who))
        asked = [one.message.sent_at for one in said if one.message]
        if asked and turn.now - min(asked) > self._settings.late_after_s:
            lines.append(turn.phrases.say("engine.late"))
        if any(one.reply.written_by_model for one in said):
            lines.append(turn.phrases.say("engine.model_label"))
        return lines

    def _allowed(self, unit: Unit, turn: Turn) -> list[Said]:
        allowed = []
        for one in turn.decisions.said:
            mode = _mode(turn, one.reply.category)
            if mode == "auto":
                allowed.append(one)
                continue
            if mode == "suggest":
                self._suggest(unit, turn, one)
            if one.message:
                outcome = "suggested" if mode == "suggest" else "off"
                turn.decisions.handled[one.message.msgid] = Handled(
                    outcome, one.handled_by, one.reply.because
                )
        return allowed

    def _suggest(self, unit: Unit, turn: Turn, one: Said) -> None:
        self._store.suggestions.add(
            unit, turn.conversation, one.reply, handled_by=one.handled_by, now=turn.now
        )
        question = one.message.text if one.message else ""
        turn.handler = one.handled_by
        turn.emit(
            "suggested", question=question, answer=one.reply.text, asked=one.message is not None
        )

    # ------------------------------------------------------------------ other effects

    def _draft(self, turn: Turn, decided: Decided) -> Draft:
        if type(decided.effect) in _MOVED_WITHIN_S and turn.has_conversation:
            return self._conversation_draft(
                turn,
                decided.effect,
                decided.lane,
                expires_at=turn.now + _MOVED_WITHIN_S[type(decided.effect)],
                handled_by=decided.handled_by,
                tag=decided.tag,
            )
        queue, ttl = self._own_queue(decided, turn.subject)
        answers = msgid = None
        if isinstance(decided.effect, Awaited | RunErrand):
            answers = decided.effect.msgid
        if isinstance(decided.effect, RunErrand):
            msgid = f"errand_{decided.effect.errand_id}"  # unique: it is asked for once, ever
        return Draft(
            subject=turn.subject,
            queue=queue,
            conversation=turn.conversation if turn.has_conversation else None,
            lane=decided.lane,
            effect=decided.effect,
            expires_at=turn.now + ttl,
            tag=decided.tag,
            answers=answers,
            handled_by=decided.handled_by,
            msgid=msgid,
        )

    def _own_queue(self, decided: Decided, subject: str) -> tuple[str, float]:
        """Queue and life of what need not keep the conversation's order."""
        match decided.effect:
            case NotifyStaff(userids=userids):
                return f"staff/{','.join(userids)}", STAFF_TTL_S
            case SendCard(task_id=task_id):
                return f"card/{task_id}", STAFF_TTL_S
            case UpdateCard(task_id=task_id, response_code=code):
                return f"card/{task_id or code}", CARD_TTL_S
            case KeepMedia(media_id=media_id):
                return f"media/{media_id}", MEDIA_TTL_S
            case Consult(msgid=msgid) | Delegate(msgid=msgid):
                return f"model/{msgid}", self._settings.consult_ttl_s
            case LookUp(msgid=msgid):
                return f"lookup/{msgid}", LOOK_UP_TTL_S
            case RunErrand(errand_id=errand_id, try_for_s=try_for_s):
                return f"errand/{errand_id}", try_for_s
            case _:
                return subject, SESSION_S

    def _conversation_draft(self, turn: Turn, effect: Effect, lane: Lane, **more: Any) -> Draft:
        return Draft(
            subject=turn.subject,
            queue=conversation_queue(turn.conversation),
            conversation=turn.conversation,
            lane=lane,
            effect=effect,
            **more,
        )

    async def _set_timers(self, unit: Unit, turn: Turn, trace_id: str) -> None:
        mailbox = self._store.mailbox
        for change in turn.decisions.timers:
            if change.due_at is None:
                mailbox.cancel(unit, turn.subject, change.timer, turn.now)
            else:
                await mailbox.schedule(
                    unit,
                    turn.subject,
                    change.timer,
                    change.due_at,
                    now=turn.now,
                    trace_id=trace_id,
                )


def _arrival(turn: Turn, event: Emitted | StaffAction, trace_id: str) -> Arrival:
    """An event on its way to the mailbox of the conversation it is about, or the turn's own."""
    where = conversation_of(event)
    subject = where.subject if where else turn.subject
    if isinstance(event, StaffAction):
        key = f"action:{subject}:{event.client_id}" if event.client_id else None
        return Arrival(subject, event, Lane.HANDOFF, key, event.sent_at or turn.now, trace_id)
    return Arrival(subject, event, Lane.REPLY, None, turn.now, trace_id)


def _mode(turn: Turn, category: str) -> str:
    """What the bot may do: what it says about the service itself is not up for suggestion."""
    autonomy = turn.account.autonomy
    if category == SERVICE:
        return "off" if autonomy.mode == "off" else "auto"
    return autonomy.for_category(category)


def conversation_of(event: object) -> Conversation | None:
    """The conversation an event belongs to, if it names one."""
    open_kfid = getattr(event, "open_kfid", "")
    external_userid = getattr(event, "external_userid", "")
    return Conversation(open_kfid, external_userid) if open_kfid and external_userid else None
