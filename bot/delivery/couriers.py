"""How is each kind of effect carried, and what makes its repeat harmless?"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
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
    Throttled,
    Unreachable,
    WindowClosed,
    WrongState,
)
from bot.model import (
    Conversation,
    Emitted,
    KeepMedia,
    Lane,
    SendMessage,
    SendOnEvent,
    ServiceState,
)
from bot.model.cases import SESSION_LOST, WITH_PEOPLE
from bot.model.effects import NOT_OURS
from bot.ports import Clock
from bot.store import Arrival, ConversationFacts, Download, Parcel, Store, Unit
from bot.wecom.errors import WRONG_STATES, means_already_accepted
from bot.wecom.kf import Kf
from bot.wecom.media import TemporaryMedia
from bot.wecom.wire import with_picture

log = structlog.get_logger(__name__)

ALLOWANCE_SPENT = "allowance spent"

PICTURE_PATIENCE_S = 20.0
"""How long an attachment is tried: what the customer is told next waits behind it."""

_STATE_TRIES = 3

Woken = Callable[[str, Lane], None]


def nobody_to_wake(subject: str, lane: Lane) -> None:
    """Where a mailbox is looked at anyway."""


@dataclass(frozen=True, slots=True)
class Owners:
    """Reads and remembers who owns a conversation.

    A case that is with people, while WeCom says that nobody has its session, hears of it: the
    event that told of the end is lost, or still on its way.

    Args:
        max_age_s: older knowledge is read again before anything is sent.
        woken: told whose mailbox has something new, once it is committed.
    """

    store: Store
    kf: Kf
    clock: Clock
    max_age_s: float
    woken: Woken = nobody_to_wake

    async def refresh(self, facts: ConversationFacts, unit: Unit) -> bool:
        """Ask WeCom if what we know is old, and add the answer to the unit.

        Returns:
            Whether the unit puts something into the mailbox.

        Raises:
            WeComError: as the client; without an answer nothing may be sent (R-11.3).
        """
        if facts.ownership.is_known(self.clock.now(), self.max_age_s):
            return False
        return await self._ask(facts, unit)

    async def read(self, conversation: Conversation) -> ConversationFacts:
        """Ask WeCom, whatever we know, and remember the answer.

        Raises:
            WeComError: as the client.
        """
        facts = await self.store.conversations.facts(conversation)
        for _ in range(_STATE_TRIES):
            unit = Unit()
            is_lost = await self._ask(facts, unit)
            await self.store.database.commit(unit)
            if is_lost:
                self.woken(conversation.subject, Lane.HANDOFF)
            facts = await self.store.conversations.facts(conversation)
            if facts.ownership.state is not None:
                return facts
        raise Unreachable("service_state", None, "the conversation keeps changing")

    async def _ask(self, facts: ConversationFacts, unit: Unit) -> bool:
        state, servicer = await self.kf.get_state(facts.conversation)
        now = self.clock.now()
        self.store.conversations.observe_state(unit, facts, state, servicer, now)
        case = None if state.human_owns else await self.store.cases.open_of(facts.conversation)
        if case is None or case.status not in WITH_PEOPLE:
            return False
        ids = msgspec.structs.asdict(facts.conversation)
        lost = Emitted(name=SESSION_LOST, data={"case_id": case.id}, **ids)
        key = f"lost:{case.id}:{case.version}"
        arrival = Arrival(facts.conversation.subject, lost, Lane.HANDOFF, key, now)
        await self.store.mailbox.deliver(unit, [arrival], now)
        return True


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
        is_lost = await self.owners.refresh(facts, unit)
        now = self.clock.now()
        claimed = await self.store.outbox.claim_send(
            unit,
            parcel,
            now,
            state_since=now - self.owners.max_age_s,
            wrote_after=now - self.window_s,
            allowance=self.allowance,
        )
        if is_lost:
            self.owners.woken(parcel.subject, Lane.HANDOFF)
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
            media_id = await self.pictures.media_id(effect.media, effect.payload["msgtype"])
            return with_picture(effect.payload, media_id)
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
        if state is None or not state.bot_may_send:
            return Held(NOT_OURS, error.errcode)
        # tries that failed for another reason say nothing of the state
        if parcel.attempts < _STATE_TRIES or parcel.errcode not in WRONG_STATES:
            return Later(self.clock.now() + 0.2, str(error), error.errcode)
        return Ended("dead", error=f"refused, though it is ours: {error}", errcode=error.errcode)

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
            return Held(NOT_OURS)
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
