"""How do a turn's decisions become one unit? Gates, merging, metering, then statements."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from msgspec import structs

from bot.model import (
    Attachment,
    Awaited,
    ContactEvent,
    Conversation,
    Effect,
    Emitted,
    EndSession,
    HandOff,
    Lane,
    Reply,
    RunErrand,
    SendMessage,
    SendOnEvent,
    ServiceState,
    StaffAction,
)
from bot.policy import allowance
from bot.policy.guard import Guard
from bot.policy.lexicon import Decision, Lexicon
from bot.routing.arriving import note_arrival
from bot.routing.auditing import note_turn
from bot.routing.collected import CodeReply, Decided, Said
from bot.routing.consented import drop_unconsented, record_consents
from bot.routing.facts import SESSION_S
from bot.routing.guarding import SERVICE, Judged, judged, mode_of, taggable, told, withheld
from bot.routing.merging import merge
from bot.routing.outreach import Reaching, carried
from bot.routing.queues import only_once, own_queue
from bot.routing.recording import apply_events, record_messages
from bot.routing.tagging import write_tags
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

_DIES_SOON = (None, ServiceState.ENDED)
"""States whose code lives 20 s only: the welcome and the end (wecom-api §3.11)."""


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
        self,
        store: Store,
        compose: Compose,
        enclose: Enclose,
        settings: TurnSettings,
        *,
        guard: Guard | None = None,
        reaching: Reaching | None = None,
    ) -> None:
        self._store, self._settings = store, settings
        self._reaching = reaching or Reaching(store)
        self._guard = guard or Guard(Lexicon())
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
        await drop_unconsented(self._store, turn)
        await self._reaching.drop_refused(turn)
        ended = await record_consents(self._store, unit, turn)
        for letter in letters:
            if isinstance(event := letter.event, ContactEvent):
                self._store.contacts.happened(unit, event, turn.now)
            note_arrival(self._store, unit, event, turn.now)
        drafts: list[Draft] = []
        if turn.has_conversation and before is not None:
            drafts += self._code_replies(unit, turn)
            drafts += await self._replies(unit, turn)
            record_messages(self._store, unit, turn, letters)
            # a recall forgets what was just recorded
            apply_events(self._store, unit, turn, letters)
            if turn.facts != before:
                self._store.conversations.save(unit, before, turn.facts)
            for change in turn.cases.changes:
                await self._store.cases.save(unit, change)
        drafts += [self._draft(turn, decided) for decided in turn.decisions.effects]
        trace_id = structlog.contextvars.get_contextvars().get("trace_id", "")
        drafts = [replace(draft, trace_id=trace_id) for draft in drafts]
        drafts = self._reaching.write(unit, turn, drafts)
        await self._store.outbox.post(unit, drafts, turn.now)
        await self._set_timers(unit, turn, trace_id)
        arrivals = [_arrival(turn, event, trace_id) for event in turn.decisions.emitted]
        await self._store.mailbox.deliver(unit, arrivals, turn.now)
        unit.statements += turn.decisions.records
        unit.asides += turn.decisions.asides
        turn.decisions.tags = taggable(self._guard, turn.decisions.tags)
        tagging, tagged = await write_tags(self._store, turn)
        unit.asides.append(tagging)
        await note_turn(self._store, unit, turn, letters, trace_id)
        await self._store.database.commit(unit)
        others = [(one.subject, one.lane) for one in arrivals if one.subject != turn.subject]
        return Committed(
            (
                *dict.fromkeys((draft.queue, draft.lane) for draft in drafts),
                *((queue, Lane.BACKGROUND) for queue in (*ended, *tagged)),
            ),
            tuple(dict.fromkeys(others)),
        )

    # ------------------------------------------------------------------ what is said

    def _code_replies(self, unit: Unit, turn: Turn) -> list[Draft]:
        if turn.account.autonomy.mode == "off":
            return []
        guarded = (self._guarded_code(unit, turn, one) for one in turn.decisions.by_code)
        sayable = [one for one in guarded if one is not None]
        welcomes = [one for one in sayable if one.in_state is None]
        others = [one for one in sayable if one.in_state is not None]
        if welcomes:
            turn.facts = replace(turn.facts, disclosed_at=turn.now)
        return [self._code_draft(turn, one) for one in (*welcomes[:1], *others)]

    def _code_draft(self, turn: Turn, one: CodeReply) -> Draft:
        payload = self._compose(one.reply)[0]
        return self._conversation_draft(
            turn,
            SendOnEvent(code=one.code, payload=payload, in_state=one.in_state),
            Lane.URGENT if one.in_state in _DIES_SOON else Lane.HANDOFF,
            expires_at=one.expires_at,
            handled_by=one.handled_by,
            because=one.reply.because,
            purpose=one.reply.purpose,
        )

    async def _replies(self, unit: Unit, turn: Turn) -> list[Draft]:
        said, spent, facts = self._allowed(unit, turn), 0, turn.facts
        if said and facts.version >= 0:
            spent = await self._store.conversations.spent(turn.conversation, facts.window_msgid)
        drafts: list[Draft] = []
        purposes = {one.reply.purpose for one in said}
        for purpose in sorted(purposes, key=lambda one: one or ""):  # the service itself first
            same = [one for one in said if one.reply.purpose == purpose]
            drafts += self._merged(turn, same, spent + len(drafts))
        return drafts

    def _merged(self, turn: Turn, said: Sequence[Said], spent: int) -> list[Draft]:
        """Replies that one purpose permits, as few sends."""
        softened = self._guard.softened
        preface = [softened(line) for line in self._preface(turn, said)]
        facts, reply = turn.facts, merge(said, preface, softened)
        parts = self._fitting(turn, reply, spent)
        messages = {one.message.msgid: one.message for one in said if one.message}
        if not parts:
            log.warning("turn.no_allowance", handled_by=said[0].handled_by)
            # not for what the hand-over itself has to say: that would never end
            if messages and not said[0].reply.purpose:
                turn.emit("escalate", reason="no_room")
        if facts.disclosed_at is None and parts:
            turn.facts = replace(facts, disclosed_at=turn.now)
        reached = next((found for one in said if (found := carried(one))), None)
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
                purpose=said[0].reply.purpose,
                outreach=reached if part is parts[0] else None,
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
        shortened = self._guard.softened(turn.phrases.say("engine.shortened"))
        fitted = allowance.fit(parts, room, shortened)
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
            mode = mode_of(turn, one.reply.category)
            judgement = judged(self._guard, one.reply)
            if mode == "auto":
                if judgement.may_be_said:
                    allowed.append(replace(one, reply=judgement.reply))
                else:
                    allowed += self._instead(unit, turn, one, judgement)
                continue
            if mode == "suggest" and judgement.decision is not Decision.BLOCK:
                self._suggest(unit, turn, replace(one, reply=judgement.reply))
            if one.message:
                outcome = "suggested" if mode == "suggest" else "off"
                turn.decisions.handled[one.message.msgid] = Handled(
                    outcome, one.handled_by, one.reply.because
                )
        return allowed

    def _guarded_code(self, unit: Unit, turn: Turn, one: CodeReply) -> CodeReply | None:
        judgement = judged(self._guard, one.reply)
        if judgement.may_be_said:
            return replace(one, reply=judgement.reply)
        self._note_withheld(unit, turn, one, judgement)
        return None

    def _note_withheld(
        self, unit: Unit, turn: Turn, one: Said | CodeReply, judgement: Judged
    ) -> None:
        log.warning("turn.withheld", handled_by=one.handled_by, kinds=judgement.because.ref)
        self._store.audit.note(unit, withheld(one, judgement, turn.subject, turn.now))

    def _instead(self, unit: Unit, turn: Turn, one: Said, judgement: Judged) -> Iterator[Said]:
        """What a customer hears instead of a reply that may not be said: that a person answers."""
        because = judgement.because
        self._note_withheld(unit, turn, one, judgement)
        if judgement.decision is Decision.REVIEW:
            self._suggest(unit, turn, one)
        if one.message is None or one.reply.category == SERVICE:
            return  # what the hand-over itself has to say would never end
        turn.decisions.handled[one.message.msgid] = Handled("handed_off", one.handled_by, because)
        if not any(getattr(event, "name", "") == "escalate" for event in turn.decisions.emitted):
            turn.emit("escalate", reason="withheld")
        text = self._guard.softened(turn.phrases.say("engine.withheld"))
        yield replace(one, reply=Reply(text=text, because=because, category=SERVICE))

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
                purpose=decided.purpose,
            )
        queue, ttl = own_queue(decided.effect, turn.subject, self._settings.consult_ttl_s)
        answers = decided.effect.msgid if isinstance(decided.effect, Awaited | RunErrand) else None
        return Draft(
            subject=turn.subject,
            queue=queue,
            conversation=turn.conversation if turn.has_conversation else None,
            lane=decided.lane,
            effect=told(self._guard, decided.effect),
            expires_at=decided.expires_at or turn.now + ttl,
            tag=decided.tag,
            answers=answers,
            handled_by=decided.handled_by,
            msgid=only_once(decided.effect),
            purpose=decided.purpose,
            outreach=decided.outreach,
        )

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
    """An event on its way to the mailbox of the customer it is about, or the turn's own."""
    about = Conversation("", event.external_userid)
    subject = about.subject if about.external_userid else turn.subject
    if isinstance(event, StaffAction):
        key = f"action:{subject}:{event.client_id}" if event.client_id else None
        return Arrival(subject, event, Lane.HANDOFF, key, event.sent_at or turn.now, trace_id)
    return Arrival(subject, event, Lane.REPLY, None, turn.now, trace_id)


def conversation_of(event: object) -> Conversation | None:
    """The conversation an event belongs to, if it names one."""
    open_kfid = getattr(event, "open_kfid", "")
    external_userid = getattr(event, "external_userid", "")
    return Conversation(open_kfid, external_userid) if open_kfid and external_userid else None
