"""How do texts and cards reach members, and what makes their repeat harmless?"""

from collections.abc import Awaitable
from dataclasses import dataclass

import structlog

from bot.delivery.outcomes import Ended, Outcome
from bot.errors import NotAuthorised, Rejected, Throttled
from bot.model import NotifyStaff, SendCard, UpdateCard
from bot.ports import Clock
from bot.store import Parcel, Store
from bot.wecom.errors import means_card_known
from bot.wecom.staff import Delivered, StaffMessages

log = structlog.get_logger(__name__)

NOBODY_REACHABLE = 81013
"""Whoever cannot be reached by a card cannot be reached by a text either (wecom-api §1.7)."""


@dataclass(frozen=True, slots=True)
class StaffCourier:
    """App messages to members; WeCom's duplicate check makes a repeat harmless (wecom-api §5.1).

    What nobody can be told is dead: it is listed, counted, and an error in the log.
    """

    store: Store
    staff: StaffMessages
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Send one text to members."""
        effect = parcel.effect
        assert isinstance(effect, NotifyStaff)
        await self.store.outbox.claim(parcel, self.clock.now())
        userids = effect.userids or tuple(await self.store.servicers.known(effect.open_kfid))
        if not userids:
            log.error("staff.nobody_to_tell", account=effect.open_kfid)
            return Ended("dead", error="nobody to tell: no staff is configured, no servicer known")
        delivered = await self.staff.send_text(userids, effect.text, key=parcel.msgid)
        return Ended("sent", error=_not_reached(_unreached(delivered)))


@dataclass(frozen=True, slots=True)
class _Carried:
    """What came of a call about a card: its answer, or why WeCom refused it."""

    delivered: Delivered | None
    refused: Rejected | None = None


async def _carry(store: Store, parcel: Parcel, call: Awaitable[Delivered]) -> _Carried:
    """Make a call about a card.

    Raises:
        Throttled: it is tried again as if for the first time.
        NotAuthorised: only an operator can help.
        WeComError: as the client, but for a refusal.
    """
    try:
        return _Carried(await call)
    except Throttled:
        await store.outbox.forget_try(parcel)
        raise
    except NotAuthorised:
        raise
    except Rejected as error:
        return _Carried(None, error)


@dataclass(frozen=True, slots=True)
class CardCourier:
    """Cards to members; the duplicate check and the task_id make a repeat harmless.

    A card that WeCom refuses goes out as its text, so that nobody is left without notice.
    """

    store: Store
    staff: StaffMessages
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Send one card, or its text."""
        effect = parcel.effect
        assert isinstance(effect, SendCard)
        await self.store.outbox.claim(parcel, self.clock.now())
        call = self.staff.send_card(
            effect.userids, effect.card, task_id=effect.task_id, key=parcel.msgid
        )
        carried = await _carry(self.store, parcel, call)
        if carried.delivered is not None:
            return _card_sent(effect, carried.delivered, as_text=False)
        error = carried.refused
        assert error is not None
        if parcel.attempts and means_card_known(error):
            log.info("card.accepted_before", msgid=parcel.msgid, errcode=error.errcode)
            return _card_sent(effect, Delivered(), as_text=False)
        if error.errcode == NOBODY_REACHABLE:
            raise error
        return await self._as_text(parcel, effect, error)

    async def _as_text(self, parcel: Parcel, effect: SendCard, error: Rejected) -> Outcome:
        log.warning("card.refused", msgid=parcel.msgid, errcode=error.errcode)
        if not parcel.attempts:  # refused outright: a second refusal will mean no more than this
            await self.store.outbox.forget_try(parcel)
        delivered = await self.staff.send_text(effect.userids, effect.fallback, key=parcel.msgid)
        return _card_sent(effect, delivered, as_text=True)


@dataclass(frozen=True, slots=True)
class CardUpdateCourier:
    """Changes of cards; a code works once, so a refusal means: done before, or never to be done."""

    store: Store
    staff: StaffMessages
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Change one card; whether it succeeds matters to nobody but the reader of the log."""
        effect = parcel.effect
        assert isinstance(effect, UpdateCard)
        await self.store.outbox.claim(parcel, self.clock.now())
        error = (await _carry(self.store, parcel, self._update(effect))).refused
        if error is None:
            return Ended("sent")
        if parcel.attempts:
            return Ended("sent", error="code used by an earlier try", errcode=error.errcode)
        log.warning("card.not_updated", msgid=parcel.msgid, errcode=error.errcode)
        return Ended("cancelled", error=str(error), errcode=error.errcode)

    async def _update(self, effect: UpdateCard) -> Delivered:
        await self.staff.update_card(
            effect.response_code,
            effect.card,
            replace_name=effect.replace_name,
            userids=effect.userids,
            task_id=effect.task_id,
        )
        return Delivered()


def _card_sent(effect: SendCard, delivered: Delivered, *, as_text: bool) -> Ended:
    unreached = _unreached(delivered)
    result = {
        "response_code": delivered.response_code,
        "unreached": unreached,
        "as_text": as_text,
        "task_id": effect.task_id,
        "userids": list(effect.userids),
    }
    return Ended("sent", error=_not_reached(unreached), result=result)


def _unreached(delivered: Delivered) -> list[str]:
    unreached = sorted({*delivered.invalid, *(userid.lower() for userid in delivered.held_back)})
    if unreached:
        log.warning("staff.unreached", members=unreached)
    return unreached


def _not_reached(unreached: list[str]) -> str | None:
    return f"not reached: {unreached}" if unreached else None
