"""How does a conversation come to a person at WeCom, and to whom?

A servicer's seat is taken in the database before WeCom is asked, and given back when WeCom
refuses: two cases at once never overfill one servicer. The state is read first, so a repeat after
a crash finds what the first try has done (R-11.4).
"""

from dataclasses import dataclass
from typing import Any

import structlog

from bot.delivery.couriers import Owners
from bot.delivery.desks import Desks
from bot.delivery.outcomes import Ended, Outcome
from bot.errors import NotAuthorised, ServicerUnavailable, WrongState
from bot.model import Conversation, EndSession, HandOff, Seat, ServiceState
from bot.model.cases import ASSIGNED, BOT, CLOSED
from bot.ports import Clock
from bot.store import ConversationFacts, Parcel, Store, Unit
from bot.wecom.kf import Kf

log = structlog.get_logger(__name__)

_PLANS = 3
"""How often the hand-over is planned anew when WeCom's state has moved (95013, 95016)."""


@dataclass(frozen=True, slots=True)
class HandOffCourier:
    """`service_state/trans` to a servicer who receives, else to the pool if somebody does.

    The result's ``outcome`` is ``assigned`` (with ``servicer``), ``queued`` (also when it waits
    there already), ``kept`` (nobody else can take it), ``already`` (a person has it), ``nobody``
    (nobody receives), ``ended`` or ``refused``; ``msg_code`` permits one message.
    """

    store: Store
    kf: Kf
    owners: Owners
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Bring the conversation to people, and say what came of it."""
        assert parcel.conversation is not None
        assert isinstance(parcel.effect, HandOff)
        if not await self.store.outbox.claim(parcel, self.clock.now(), unless_silenced=True):
            if parcel.attempts:
                await self._forget_earlier_try(parcel.effect)
            return Ended("cancelled", error="silenced")
        try:
            ended = await self._hand_over(parcel.conversation, parcel.effect)
        except NotAuthorised as error:
            log.error("handoff.needs_operator", error=str(error))
            ended = _handed("refused", errcode=error.errcode)
        ended.result["reason"] = parcel.effect.reason
        ended.result["tries"] = parcel.effect.tries
        ended.result["away_from"] = parcel.effect.away_from
        return ended

    async def _hand_over(self, conversation: Conversation, wanted: HandOff) -> Ended:
        for _ in range(_PLANS):
            facts = await self.owners.read(conversation)
            state, servicer = facts.ownership.state, facts.ownership.servicer or ""
            if not await self._is_wanted(wanted):
                return Ended("cancelled", error="nobody is wanted any more")
            if state is ServiceState.ENDED:
                return _handed("ended")
            if state is ServiceState.HUMAN and servicer.lower() != wanted.away_from.lower():
                return await self._has_it(wanted, servicer)
            receiving = await self._desks.receiving(conversation.open_kfid)
            try:
                return await self._move(facts, wanted, receiving)
            except (WrongState, ServicerUnavailable) as error:
                log.info("handoff.replanned", errcode=error.errcode)
        return _handed("refused")

    @property
    def _desks(self) -> Desks:
        return Desks(self.store, self.kf, self.clock, self.owners.woken)

    async def _is_wanted(self, wanted: HandOff) -> bool:
        """Whether the case has not been closed, or given up, while this waited for its try."""
        case = await self.store.cases.get(wanted.case_id) if wanted.case_id else None
        return case is None or case.status not in (BOT, CLOSED)

    async def _has_it(self, wanted: HandOff, servicer: str) -> Ended:
        """A person has the session: one we gave it to before we could say so, or another."""
        case = await self.store.cases.get(wanted.case_id) if wanted.case_id else None
        ours = {seat.userid.lower() for seat in wanted.seats}
        if case and case.status == ASSIGNED and case.servicer == servicer.lower() in ours:
            return _handed("assigned", servicer=servicer)  # by an earlier try; its code is lost
        return _handed("already", servicer=servicer)

    async def _move(
        self, facts: ConversationFacts, wanted: HandOff, receiving: dict[str, str]
    ) -> Ended:
        conversation, state = facts.conversation, facts.ownership.state
        await self._forget_earlier_try(wanted)
        for seat in wanted.seats:
            userid = receiving.get(seat.userid.lower())
            if userid is None or not await self._reserve(wanted, seat):
                continue
            try:
                code = await self.kf.trans(conversation, ServiceState.HUMAN, userid)
            except ServicerUnavailable as error:
                log.info("handoff.next_servicer", errcode=error.errcode)
                await self._release(wanted, seat)
                continue
            except (WrongState, NotAuthorised):
                await self._release(wanted, seat)
                raise
            return self._moved(
                conversation, ServiceState.HUMAN, userid, msg_code=code, level=seat.level
            )
        if state is ServiceState.HUMAN:
            return _handed("kept", servicer=wanted.away_from)
        if state is ServiceState.QUEUED:
            return _handed("queued", msg_code=None, again=True)
        if not receiving:
            return _handed("nobody")
        code = await self.kf.trans(conversation, ServiceState.QUEUED)
        return self._moved(
            conversation, ServiceState.QUEUED, None, msg_code=code, receiving=len(receiving)
        )

    async def _forget_earlier_try(self, wanted: HandOff) -> None:
        """A seat that was taken before WeCom could be asked is free: he does not have it."""
        case = await self.store.cases.get(wanted.case_id) if wanted.case_id else None
        if case and case.status == ASSIGNED and case.servicer != wanted.away_from.lower():
            await self.store.cases.release(case.id, case.servicer, self.clock.now())

    async def _reserve(self, wanted: HandOff, seat: Seat) -> bool:
        return await self.store.cases.reserve(
            wanted.case_id, seat, self.clock.now(), away_from=wanted.away_from
        )

    async def _release(self, wanted: HandOff, seat: Seat) -> None:
        await self.store.cases.release(wanted.case_id, seat.userid, self.clock.now())

    def _moved(
        self, conversation: Conversation, state: ServiceState, servicer: str | None, **more: Any
    ) -> Ended:
        unit, now = Unit(), self.clock.now()
        self.store.conversations.moved(unit, conversation, state, now, servicer)
        outcome = "assigned" if state is ServiceState.HUMAN else "queued"
        ended = _handed(outcome, servicer=servicer or "", at=now, **more)
        ended.statements.extend(unit.statements)
        return ended


@dataclass(frozen=True, slots=True)
class EndCourier:
    """`service_state/trans` to 4, from state 3, or from the pool where WeCom allows it.

    Only state 3 is documented (wecom-api §3.5); the bot's own sessions are left alone.
    """

    store: Store
    kf: Kf
    owners: Owners
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """End the session, and give the turn the code for one last message."""
        assert parcel.conversation is not None
        assert isinstance(parcel.effect, EndSession)
        await self.store.outbox.claim(parcel, self.clock.now())
        for _ in range(_PLANS):
            facts, now = await self.owners.read(parcel.conversation), self.clock.now()
            state = facts.ownership.state
            if state is ServiceState.ENDED:
                return _handed("already", msg_code=None, at=now)  # a code of an earlier try is lost
            if state is None or not state.human_owns:
                return _handed("not_human", msg_code=None, at=now)
            if await self._goes_on(parcel.conversation, parcel.effect.quiet_since):
                return _handed("not_quiet", msg_code=None, at=now)
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

    async def _goes_on(self, conversation: Conversation, quiet_since: float | None) -> bool:
        """Whether somebody has written while this waited for its try."""
        if quiet_since is None:
            return False
        case = await self.store.cases.open_of(conversation)
        return case is not None and case.active_at > quiet_since


def _handed(outcome: str, **result: Any) -> Ended:
    return Ended("sent", result={"outcome": outcome, **result})
