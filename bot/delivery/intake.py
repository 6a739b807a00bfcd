"""How does a verified callback become durable before it is acknowledged? (R-1.1, R-1.2)"""

import asyncio
from collections.abc import Callable

from bot.errors import ConciergeError, StoreFailed
from bot.model import (
    AppMessageReceived,
    ArchivingApproved,
    CardPressed,
    CustomerAdded,
    Event,
    GroupChanged,
    Lane,
)
from bot.routing.decisions import conversation_of
from bot.store import Arrival, Store, Unit, UnitConflict
from bot.telemetry import new_trace_id
from bot.wecom.callback import Delivery, KfHint

HintTaken = Callable[[KfHint], None]
"""Called once a hint is durable."""


_ACCOUNTS_CHANGED = "kf_account_auth_change"


_LANES = {AppMessageReceived: Lane.REPLY, CardPressed: Lane.HANDOFF}
"""Lanes of what members wait for."""


class CannotStore(ConciergeError):
    """The callback could not be made durable"""


class DurableIntake:
    """Stores deliveries and wakes who must act on them.

    Args:
        hinted: told which account has something to pull.
        woken: told which subject has a new event.
        accounts_changed: told when an admin changed which accounts the app may manage.
    """

    def __init__(
        self,
        store: Store,
        hinted: HintTaken,
        woken: Callable[[str, Lane], None],
        accounts_changed: Callable[[], None],
    ) -> None:
        self._store, self._hinted, self._woken = store, hinted, woken
        self._accounts_changed = accounts_changed

    async def accept(self, delivery: Delivery) -> None:
        """Make it durable; one that was seen before changes nothing.

        Raises:
            CannotStore: the database refused; WeCom is asked to come again.
        """
        unit = Unit()
        if delivery.digest is not None:
            digest = bytes.fromhex(delivery.digest)
            self._store.accounts.see(unit, digest, delivery.received_at)
        if delivery.hint is not None:
            self._store.accounts.hint(
                unit, delivery.hint.open_kfid, delivery.hint.token, delivery.received_at
            )
        arrivals = [_arrival(event) for event in delivery.events]
        await self._store.mailbox.deliver(unit, arrivals, delivery.received_at)
        try:
            # shielded: a client that hangs up must not leave the acceptance half done
            await asyncio.shield(self._store.database.commit(unit))
        except UnitConflict:
            return
        except StoreFailed as error:
            raise CannotStore(str(error)) from error
        if delivery.hint is not None:
            self._hinted(delivery.hint)
        for arrival in arrivals:
            self._woken(arrival.subject, arrival.lane)
            if getattr(arrival.event, "name", "") == _ACCOUNTS_CHANGED:
                self._accounts_changed()


def _arrival(event: Event) -> Arrival:
    return Arrival(
        subject=subject_of(event),
        event=event,
        lane=lane_of(event),
        sent_at=float(getattr(event, "sent_at", 0.0) or getattr(event, "at", 0.0)),
        trace_id=new_trace_id(),
    )


def lane_of(event: Event) -> Lane:
    """How urgent an event is: a welcome code dies after 20 s (wecom-api §4.3)."""
    if isinstance(event, CustomerAdded | ArchivingApproved) and event.welcome_code:
        return Lane.URGENT
    return _LANES.get(type(event), Lane.BACKGROUND)


def subject_of(event: Event) -> str:
    """Whose mailbox an event belongs to."""
    if isinstance(event, AppMessageReceived | CardPressed):
        return f"member:{event.userid.lower()}"
    if (conversation := conversation_of(event)) is not None:
        return conversation.subject
    if isinstance(event, GroupChanged):
        return f"group:{event.chat_id}"
    if external_userid := getattr(event, "external_userid", ""):
        return f"customer:{external_userid}"
    if servicer := getattr(event, "servicer_userid", ""):
        return f"member:{servicer.lower()}"
    return "corp"
