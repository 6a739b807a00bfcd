"""What came of the mass-send tasks that were made, and which must be cancelled or reminded of?

WeCom tells nothing by itself: one look every few seconds asks about the tasks that are due, less
often the older they are. What is wanted no more is cancelled before anything else is asked.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, tzinfo

import structlog

from bot.config.outreach import OutreachLimits
from bot.delivery.contact_access import ContactAccess, ContactApi
from bot.delivery.mass_sending import LEFT, MAYBE_MADE, Finder, Moves, Undecidable
from bot.errors import Misconfigured, NotAuthorised, Rejected, SendCancelled, Throttled, WeComError
from bot.model.outreach import Reach
from bot.policy.outreach import quiet_until
from bot.store import KnownSend, Store
from bot.wecom.limits import platform_limits
from bot.wecom.mass_sends import SendResult

log = structlog.get_logger(__name__)

LOOK_S = 2.0
AT_ONCE = 20

FIRST_S, LONGEST_S, SHARE = 60.0, 1800.0, 0.1
"""A task is asked about again after a tenth of its age, within these bounds."""

AFTER_ERROR_S, PAUSE_S = 60.0, 600.0
GIVE_UP_S = 3 * 86_400.0
"""What WeCom has not told by then is not asked any more; it stays as it is."""

REMIND_AFTER_S, BUNDLE_S = 4 * 3600.0, 1800.0
"""A member is reminded of what is unsent for so long; of all his tasks once in so long (R-9.5)."""

NOT_MADE, NOBODY, CANCELLED = "not_made", "nobody_sent", "cancelled_at_wecom"
OTHERS, NOT_TOLD = "others_faster", "not_told"
"""Why nothing comes of one, or is not known to."""


@dataclass(frozen=True, slots=True)
class MassLooks:
    """Looks after all tasks.

    Args:
        limits: in whose quiet hours no member is reminded.
        zone: in which they are meant.
    """

    store: Store
    access: ContactAccess
    finder: Finder
    moves: Moves
    limits: OutreachLimits
    zone: tzinfo

    async def look(self) -> int:
        """Do what is due; returns how many tasks were looked at."""
        due = await self.store.mass_sends.due(self._now, AT_ONCE)
        if not due:
            return 0
        try:
            api = await self.access.api()
        except WeComError as error:
            log.warning("mass_sends.not_read", error=str(error))
            api = None
        for known in due:
            if api is None:
                await self._without_wecom(known)
            elif not await self._see_to(api, known):
                break
        return len(due)

    @property
    def _now(self) -> float:
        return self.moves.clock.now()

    async def _see_to(self, api: ContactApi, known: KnownSend) -> bool:
        """Look at one; returns whether WeCom lets us go on."""
        again = self.store.mass_sends.look_again
        try:
            if known.state is Reach.PLANNED:
                await self._planned(api, known)
            else:
                await self._made(api, known)
        except Throttled as error:
            await again(known, max(error.retry_at, self._now + FIRST_S))
            return False
        except (NotAuthorised, Misconfigured) as error:
            log.error("mass_sends.not_permitted", error=str(error))
            if isinstance(error, NotAuthorised):
                await self.access.refused(error)
            await again(known, self._now + PAUSE_S)
            return False
        except WeComError as error:
            log.warning("mass_sends.not_read", send=known.send.id, error=str(error))
            is_late = self._now > known.send.expires_at + GIVE_UP_S
            if is_late and isinstance(error, Rejected):
                await self.store.mass_sends.give_up(known, f"refused_{error.errcode}", self._now)
            else:
                await again(known, self._now + AFTER_ERROR_S)
        return True

    async def _without_wecom(self, known: KnownSend) -> None:
        """Nothing was made of what was never tried; the rest is asked about later."""
        if known.state is Reach.PLANNED and known.tried_at is None:
            await self._untried(known)
        else:
            await self.store.mass_sends.look_again(known, self._now + PAUSE_S)

    # ------------------------------------------------------------------ what is not made yet

    async def _planned(self, api: ContactApi, known: KnownSend) -> None:
        """Nobody may try any more to make it: then it is settled here whether there is one."""
        if known.tried_at is None:
            await self._untried(known)
            return
        if await self.store.mass_sends.is_being_made(known.send.id):
            await self.store.mass_sends.look_again(known, self._now + FIRST_S)
            return
        try:
            msgid = await self.finder.msgid_of(api, known)
        except Undecidable:
            await self.store.mass_sends.give_up(known, MAYBE_MADE, self._now)
            return
        settled_at = known.tried_at + platform_limits().contact.mass_settle_s
        if msgid:
            await self.moves.created(known, msgid)
        elif self._now < settled_at:
            await self.store.mass_sends.look_again(known, settled_at)
        else:
            await self.moves.ended(known, Reach.IMPOSSIBLE, known.cancel_why or NOT_MADE)

    async def _untried(self, known: KnownSend) -> None:
        being_made = await self.store.mass_sends.is_being_made(known.send.id)
        if being_made and not known.cancel_why:
            await self.store.mass_sends.look_again(known, self._now + FIRST_S)
        else:
            await self.moves.ended(known, Reach.IMPOSSIBLE, known.cancel_why or NOT_MADE)

    # ------------------------------------------------------------------ what members have

    async def _made(self, api: ContactApi, known: KnownSend) -> None:
        send = known.send
        try:
            at = await api.mass_sends.confirmed_at(known.msgid, send.member)
        except SendCancelled:
            if known.confirmed_at is None:
                await self.moves.ended(known, Reach.IMPOSSIBLE, known.cancel_why or CANCELLED)
            else:  # after this member had sent it
                await self._on_its_way(known, known.confirmed_at)
            return
        if at is None:
            await self._unsent(api, known)
            return
        status: int = SendResult.NOT_SENT
        with suppress(SendCancelled):
            results = await api.mass_sends.results_of(known.msgid, send.member)
            if (found := results.get(send.external_userid)) is not None:
                status = found.status
        match status:
            case SendResult.SENT:
                await self.moves.ended(known, Reach.DELIVERED)
            case SendResult.NOT_FRIENDS:
                await self.moves.ended(known, Reach.IMPOSSIBLE, LEFT)
            case SendResult.TOO_MANY:
                await self.moves.ended(known, Reach.IMPOSSIBLE, OTHERS)
            case _:
                await self._on_its_way(known, at or self._now)

    async def _on_its_way(self, known: KnownSend, at: float) -> None:
        if known.confirmed_at is None:
            await self.moves.confirmed(known, at, self._now + FIRST_S)
        elif self._now - known.confirmed_at > GIVE_UP_S:
            await self.store.mass_sends.give_up(known, NOT_TOLD, self._now)
        else:
            await self.store.mass_sends.look_again(known, self._later(known.confirmed_at))

    async def _unsent(self, api: ContactApi, known: KnownSend) -> None:
        send, now = known.send, self._now
        why = known.cancel_why or (NOBODY if now >= send.expires_at else "")
        if not why:
            await self._remind(api, known)
            at = min(self._later(known.created_at or now), send.expires_at)
            await self.store.mass_sends.look_again(known, at)
            return
        at_last = None
        with suppress(SendCancelled):
            await api.mass_sends.cancel(known.msgid)
            at_last = await api.mass_sends.confirmed_at(known.msgid, send.member)
        if at_last is None:
            await self.moves.ended(known, Reach.IMPOSSIBLE, why)
        else:  # he sent it just before
            await self.moves.confirmed(known, at_last, now)

    async def _remind(self, api: ContactApi, known: KnownSend) -> None:
        """Once every few hours of the day; a kill on the way costs a reminder, never adds one."""
        now, since = self._now, known.created_at or self._now
        if known.reminders >= platform_limits().contact.mass_reminders:
            return
        if now - since < REMIND_AFTER_S * (known.reminders + 1):
            return
        local = datetime.fromtimestamp(now, self.zone)
        last = await self.store.mass_sends.reminded_at(known.send.member)
        if quiet_until(local, self.limits.quiet_hours) or (last and now - last < BUNDLE_S):
            return
        await self.store.mass_sends.remind_now(known, now)
        try:
            await api.mass_sends.remind(known.msgid)
        except Rejected as error:
            log.info("mass_sends.not_reminded", send=known.send.id, error=str(error))

    def _later(self, since: float) -> float:
        return self._now + min(max(FIRST_S, (self._now - since) * SHARE), LONGEST_S)
