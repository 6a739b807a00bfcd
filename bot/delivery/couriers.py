"""How is each kind of effect carried, and what makes its repeat harmless?"""

import asyncio
from dataclasses import dataclass
from typing import Any

import structlog

from bot.delivery.outcomes import Ended, Held, Later, Outcome
from bot.delivery.pictures import Pictures
from bot.errors import (
    AllowanceSpent,
    CodeSpent,
    Misconfigured,
    NotAuthorised,
    Rejected,
    RetryLater,
    ServicerUnavailable,
    Throttled,
    Unreachable,
    WindowClosed,
    WrongState,
)
from bot.model import (
    Conversation,
    EndSession,
    HandOff,
    KeepMedia,
    SendMessage,
    SendOnEvent,
    ServiceState,
)
from bot.model.effects import HUMAN_OWNS
from bot.ports import Clock
from bot.store import ConversationFacts, Download, Parcel, Store, Unit
from bot.wecom.errors import means_already_accepted
from bot.wecom.kf import Kf
from bot.wecom.media import TemporaryMedia
from bot.wecom.wire import with_picture

log = structlog.get_logger(__name__)

ALLOWANCE_SPENT = "allowance spent"

PICTURE_PATIENCE_S = 20.0
"""How long an attachment is tried: what the customer is told next waits behind it."""

_STATE_TRIES = 3


@dataclass(frozen=True, slots=True)
class Owners:
    """Reads and remembers who owns a conversation.

    Args:
        max_age_s: older knowledge is read again before anything is sent.
    """

    store: Store
    kf: Kf
    clock: Clock
    max_age_s: float

    async def refresh(self, facts: ConversationFacts, unit: Unit) -> None:
        """Ask WeCom if what we know is old, and add the answer to the unit.

        Raises:
            WeComError: as the client; without an answer nothing may be sent (R-11.3).
        """
        if not facts.ownership.is_known(self.clock.now(), self.max_age_s):
            await self._ask(facts, unit)

    async def read(self, conversation: Conversation) -> ConversationFacts:
        """Ask WeCom, whatever we know, and remember the answer.

        Raises:
            WeComError: as the client.
        """
        facts = await self.store.conversations.facts(conversation)
        for _ in range(_STATE_TRIES):
            unit = Unit()
            await self._ask(facts, unit)
            await self.store.database.commit(unit)
            facts = await self.store.conversations.facts(conversation)
            if facts.ownership.state is not None:
                return facts
        raise Unreachable("service_state", None, "the conversation keeps changing")

    async def _ask(self, facts: ConversationFacts, unit: Unit) -> None:
        state, servicer = await self.kf.get_state(facts.conversation)
        now = self.clock.now()
        self.store.conversations.observe_state(unit, facts, state, servicer, now)


@dataclass(frozen=True, slots=True)
class MessageCourier:
    """`kf/send_msg`; the row's msgid makes a repeat harmless (wecom-api §3.10).

    Args:
        allowance: messages per customer message.
        window_s: how long after the customer's message they may be sent.
    """

    store: Store
    kf: Kf
    owners: Owners
    pictures: Pictures
    clock: Clock
    allowance: int
    window_s: float

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Send one message."""
        assert parcel.conversation is not None
        assert isinstance(parcel.effect, SendMessage)
        payload = await self._payload(parcel, parcel.effect)
        if payload is None:
            return Ended("cancelled", error="its picture cannot be uploaded")
        unit = Unit()
        facts = await self.store.conversations.facts(parcel.conversation)
        await self.owners.refresh(facts, unit)
        now = self.clock.now()
        claimed = await self.store.outbox.claim_send(
            unit,
            parcel,
            now,
            state_since=now - self.owners.max_age_s,
            wrote_after=now - self.window_s,
            allowance=self.allowance,
        )
        if not claimed:
            return await self._why_not(parcel)
        try:
            await self.kf.send(parcel.conversation, parcel.msgid, payload)
        except WrongState as error:
            return await self._after_wrong_state(parcel, error)
        except Throttled:
            await self.store.outbox.forget_try(parcel)
            raise
        except AllowanceSpent as error:
            return Held(ALLOWANCE_SPENT, error.errcode)
        except WindowClosed as error:
            return Ended("expired", error=str(error), errcode=error.errcode)
        except NotAuthorised:
            raise
        except Rejected as error:
            if parcel.attempts and means_already_accepted(error):
                log.info("outbox.accepted_before", msgid=parcel.msgid, errcode=error.errcode)
                return Ended("sent", error="accepted before", errcode=error.errcode)
            raise
        return Ended("sent")

    async def _payload(self, parcel: Parcel, effect: SendMessage) -> dict[str, Any] | None:
        """What is sent; ``None`` when a picture may not hold up what is said after it."""
        if not effect.media:
            return effect.payload
        try:
            return with_picture(effect.payload, await self.pictures.media_id(effect.media))
        except (Misconfigured, Rejected) as error:
            log.error("outbox.picture_unusable", error=str(error))
        except RetryLater as error:
            if self.clock.now() - parcel.created_at < PICTURE_PATIENCE_S:
                raise
            log.error("outbox.picture_unusable", error=str(error))
        return None

    async def _after_wrong_state(self, parcel: Parcel, error: WrongState) -> Outcome:
        assert parcel.conversation is not None
        facts = await self.owners.read(parcel.conversation)
        state = facts.ownership.state
        if state is not None and state.bot_may_send and parcel.attempts < _STATE_TRIES:
            return Later(self.clock.now() + 0.2, str(error), error.errcode)
        return Held(HUMAN_OWNS, error.errcode)

    async def _why_not(self, parcel: Parcel) -> Outcome:
        assert parcel.conversation is not None
        facts, now = await self.store.conversations.facts(parcel.conversation), self.clock.now()
        if now - facts.customer_wrote_at >= self.window_s:
            return Ended("expired", error="48 h since the customer wrote")
        if facts.ownership.state in (None, ServiceState.ENDED):
            # the customer wrote while we asked, or has opened it again by a clock that differs
            facts = await self.owners.read(facts.conversation)
        state = facts.ownership.state
        if state is None or not state.bot_may_send:
            return Held(HUMAN_OWNS)
        if await self.store.switches.silence_of(facts.conversation):
            return Ended("cancelled", error="silenced")
        spent = await self.store.conversations.spent(facts.conversation, facts.window_msgid)
        if spent >= self.allowance:
            return Held(ALLOWANCE_SPENT)
        return Later(now + 0.1, "facts changed while claiming")


@dataclass(frozen=True, slots=True)
class CodeCourier:
    """`kf/send_msg_on_event`; a code works once, so "used" on a repeat means sent."""

    store: Store
    kf: Kf
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Send the one message that the code permits, in the state in which it was given."""
        assert parcel.conversation is not None
        assert isinstance(parcel.effect, SendOnEvent)
        facts = await self.store.conversations.facts(parcel.conversation)
        if parcel.effect.in_state not in (None, facts.ownership.state):
            return Ended("cancelled", error="the session has moved on")
        now = self.clock.now()
        if not await self.store.outbox.claim(parcel, now, unless_silenced=True):
            return Ended("cancelled", error="silenced")
        try:
            await self.kf.send_on_event(parcel.effect.code, parcel.msgid, parcel.effect.payload)
        except Throttled:
            await self.store.outbox.forget_try(parcel)
            raise
        except CodeSpent as error:
            if parcel.attempts:
                return Ended("sent", error="code used by an earlier try", errcode=error.errcode)
            raise
        return Ended("sent")


@dataclass(frozen=True, slots=True)
class HandOffCourier:
    """`service_state/trans` to the pool, if somebody receives; the state is read first (R-11.4)."""

    store: Store
    kf: Kf
    owners: Owners
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Bring the conversation to people, and say what came of it."""
        assert parcel.conversation is not None
        assert isinstance(parcel.effect, HandOff)
        if not await self.store.outbox.claim(parcel, self.clock.now(), unless_silenced=True):
            return Ended("cancelled", error="silenced")
        ended = await self._hand_over(parcel.conversation, again=parcel.attempts > 0)
        ended.result["reason"] = parcel.effect.reason
        return ended

    async def _hand_over(self, conversation: Conversation, *, again: bool) -> Ended:
        for _ in range(_STATE_TRIES):
            facts = await self.owners.read(conversation)
            state = facts.ownership.state
            if state is ServiceState.QUEUED and again:
                return _handed("queued", msg_code=None)  # by an earlier try; its code is lost
            if state is not None and state.human_owns:
                return _handed("already", servicer=facts.ownership.servicer)
            if state is ServiceState.ENDED:
                return _handed("ended")
            receiving = await self._receiving(conversation.open_kfid)
            if not receiving:
                return _handed("nobody")
            try:
                code = await self.kf.trans(conversation, ServiceState.QUEUED)
            except (WrongState, ServicerUnavailable) as error:
                log.info("handoff.replanned", errcode=error.errcode)
                continue
            except NotAuthorised as error:
                log.error("handoff.needs_operator", error=str(error))
                return _handed("refused", errcode=error.errcode)
            return self._queued(conversation, code, len(receiving))
        return _handed("refused")

    async def _receiving(self, open_kfid: str) -> list[str]:
        servicers = await self.kf.list_servicers(open_kfid)
        status = {member.userid: member.receiving for member in servicers.members}
        await self.store.servicers.replace(open_kfid, status, self.clock.now())
        return servicers.receiving

    def _queued(self, conversation: Conversation, code: str | None, receiving: int) -> Ended:
        unit = Unit()
        self.store.conversations.moved(unit, conversation, ServiceState.QUEUED, self.clock.now())
        ended = _handed("queued", msg_code=code, receiving=receiving)
        ended.statements.extend(unit.statements)
        return ended


@dataclass(frozen=True, slots=True)
class EndCourier:
    """`service_state/trans` to 4, from state 3 alone: no other is documented (wecom-api §3.5)."""

    store: Store
    kf: Kf
    owners: Owners
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """End the session, and give the turn the code for one last message."""
        assert parcel.conversation is not None
        assert isinstance(parcel.effect, EndSession)
        await self.store.outbox.claim(parcel, self.clock.now())
        for _ in range(_STATE_TRIES):
            facts, now = await self.owners.read(parcel.conversation), self.clock.now()
            state = facts.ownership.state
            if state is ServiceState.ENDED:
                return _handed("already", msg_code=None, at=now)  # a code of an earlier try is lost
            if state is not ServiceState.HUMAN:
                return _handed("not_human", msg_code=None, at=now)
            try:
                code = await self.kf.trans(parcel.conversation, ServiceState.ENDED)
            except WrongState as error:
                log.info("end.replanned", errcode=error.errcode)
                continue
            except NotAuthorised as error:
                log.error("end.needs_operator", error=str(error))
                return _handed("refused", msg_code=None, at=now, errcode=error.errcode)
            unit = Unit()
            self.store.conversations.moved(unit, parcel.conversation, ServiceState.ENDED, now)
            ended = _handed("ended", msg_code=code, at=now)
            ended.statements.extend(unit.statements)
            return ended
        return _handed("refused", msg_code=None, at=self.clock.now())


@dataclass(frozen=True, slots=True)
class MediaCourier:
    """Downloads a customer's medium into its sealed file; one file per media_id."""

    store: Store
    media: TemporaryMedia
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Keep one medium."""
        assert parcel.conversation is not None
        effect = parcel.effect
        assert isinstance(effect, KeepMedia)
        await self.store.outbox.claim(parcel, self.clock.now())
        if await self.store.media.has(effect.media_id):
            return Ended("sent")
        found = await self.media.download(effect.media_id)
        download = Download(found.content, found.content_type, found.filename)
        path = await asyncio.to_thread(
            self.store.media.write, parcel.subject, effect.media_id, download
        )
        unit = Unit()
        self.store.media.record(
            unit,
            parcel.conversation,
            effect.media_id,
            msgid=effect.msgid,
            msgtype=effect.msgtype,
            path=path,
            download=download,
            now=self.clock.now(),
        )
        return Ended("sent", statements=unit.statements)


def _handed(outcome: str, **result: Any) -> Ended:
    return Ended("sent", result={"outcome": outcome, **result})
