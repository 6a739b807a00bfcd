"""How do WeCom's messages reach the mailboxes? One puller an account, one commit a page."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.delivery.intake import subject_of
from bot.delivery.lanes import Rank
from bot.errors import ConciergeError, RetryLater, Throttled
from bot.model import (
    Lane,
    MessageReceived,
    ServicerStatusChanged,
    SessionChanged,
    SessionEntered,
)
from bot.ports import Clock
from bot.store import AccountRow, Arrival, Handled, Store, Unit
from bot.telemetry import new_trace_id
from bot.wecom.inbound import Incoming
from bot.wecom.kf import Kf, Page

log = structlog.get_logger(__name__)

BUSY_FOR_S = 600
"""After traffic an account counts as busy for ten minutes, and is looked at more often."""

TOKEN_LIVES_S = 600.0
"""How long the token of a callback lifts the frequency limit (wecom-api §3.6)."""

RECEIVING = 1
"""Status of a servicer who receives, in the event (the list says 0; wecom-api §3.9)."""

SEALED_AT_ONCE = 200
"""Messages of a page that are sealed in one go, so that the loop does other things in between."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 60.0

Wake = Callable[[str, Lane, Rank], None]


@dataclass(frozen=True, slots=True)
class PullSettings:
    """When to look without being told, in seconds, and whom to answer first."""

    poll_busy_s: float = 20.0
    poll_idle_s: float = 180.0
    fresh_first_s: float = 120.0


class Puller:
    """Pulls one account, alone.

    Args:
        wake: told of each subject with new rows.
    """

    def __init__(
        self,
        open_kfid: str,
        *,
        kf: Kf,
        store: Store,
        wake: Wake,
        settings: PullSettings,
        clock: Clock,
    ) -> None:
        self.open_kfid = open_kfid
        self._kf, self._store, self._wake = kf, store, wake
        self._settings, self._clock = settings, clock
        self._hinted = asyncio.Event()
        self._token, self._token_at = "", 0.0
        self._traffic_at = clock.now()  # who wrote while we were down is not to wait for long
        self._pause_s = _FIRST_PAUSE_S
        self._throttled_times = 0

    def hint(self, token: str) -> None:
        """Something has happened at this account."""
        self._token, self._token_at = token, self._clock.now()
        self._hinted.set()

    async def run(self) -> None:
        """Pull when hinted, and now and then without a hint, until cancelled."""
        while True:
            self._hinted.clear()
            pause_s = await self._pull_safely()
            try:
                async with asyncio.timeout(pause_s):
                    await self._hinted.wait()
            except TimeoutError:
                continue

    async def _pull_safely(self) -> float:
        """Pull everything there is; returns how long to wait for a hint."""
        try:
            complete = await self.pull()
        except Throttled as error:
            self._throttled_times += 1
            wait_s = max(error.retry_at - self._clock.now(), 1.0)
            log.warning("pull.throttled", account=self.open_kfid, wait_s=round(wait_s))
            await asyncio.sleep(wait_s)
            return 0.0
        except ConciergeError as error:  # a full disk may have room again
            level = log.warning if isinstance(error, RetryLater) else log.error
            level("pull.failed", account=self.open_kfid, error=str(error))
            return self._longer_pause()
        except Exception:  # whatever it was: a puller that ended would leave its account unanswered
            log.exception("pull.failed", account=self.open_kfid)
            return self._longer_pause()
        if not complete:
            return self._longer_pause()
        self._pause_s = _FIRST_PAUSE_S
        return self._poll_after_s()

    def _longer_pause(self) -> float:
        self._pause_s = min(self._pause_s * 2, _LONGEST_PAUSE_S)
        return self._pause_s

    def _poll_after_s(self) -> float:
        busy = self._clock.now() - self._traffic_at < BUSY_FOR_S
        pause = self._settings.poll_busy_s if busy else self._settings.poll_idle_s
        return float(pause * 2 ** min(self._throttled_times, 4))

    async def pull(self) -> bool:
        """Store page after page until WeCom has no more.

        Returns:
            Whether that is all; not when WeCom says that there is more and gives nothing of it.

        Raises:
            WeComError: as the client.
        """
        while True:
            hinted_at = self._clock.now()
            account = await self._store.accounts.get(self.open_kfid)
            assert account is not None, "an account is registered before it is pulled"
            page = await self._kf.sync(self.open_kfid, account.cursor, self._fresh_token())
            await self._store_page(account, page, None if page.has_more else hinted_at)
            self._throttled_times = 0
            if not page.has_more:
                return True
            if not page.incoming and page.next_cursor == account.cursor:
                return False

    def _fresh_token(self) -> str:
        return self._token if self._clock.now() - self._token_at < TOKEN_LIVES_S else ""

    async def _store_page(self, account: AccountRow, page: Page, hints_until: float | None) -> None:
        now = self._clock.now()
        unit = Unit()
        arrivals = [self._arrival(incoming) for incoming in page.incoming]
        history = [one for one in arrivals if _is_history(one, account)]
        fresh = [one for one in arrivals if not _is_history(one, account)]
        await self._record_history(unit, history, now)
        urgent = {one.subject for one in fresh if one.lane is Lane.URGENT}
        fresh.sort(key=lambda one: one.subject not in urgent)  # stable: order within each stays
        for at in range(0, len(fresh), SEALED_AT_ONCE):
            await self._store.mailbox.deliver(unit, fresh[at : at + SEALED_AT_ONCE], now)
            await asyncio.sleep(0)
        self._observe_servicers(unit, fresh)
        if page.next_cursor != account.cursor:
            self._store.accounts.advance(unit, account, page.next_cursor, now)
        if hints_until is not None:
            self._store.accounts.clear_hint(unit, self.open_kfid, hints_until)
        if arrivals or page.next_cursor != account.cursor or hints_until is not None:
            await self._store.database.commit(unit)
        if arrivals:
            self._traffic_at = now
            log.info("pull.stored", account=self.open_kfid, new=len(fresh), history=len(history))
        self._wake_all(fresh, now)

    def _arrival(self, incoming: Incoming) -> Arrival:
        event = incoming.event
        urgent = (isinstance(event, SessionEntered) and event.welcome_code is not None) or (
            isinstance(event, SessionChanged) and event.msg_code is not None
        )
        return Arrival(
            subject=subject_of(event),
            event=event,
            lane=Lane.URGENT if urgent else Lane.REPLY,
            key=f"kf:{self.open_kfid}:{incoming.msgid}",
            sent_at=incoming.sent_at,
            trace_id=new_trace_id(),
        )

    async def _record_history(self, unit: Unit, history: list[Arrival], now: float) -> None:
        await self._store.vault.ready(one.subject for one in history)
        for one in history:
            if isinstance(one.event, MessageReceived):
                self._store.transcript.record(
                    unit, one.event, Handled("history"), received_at=now, trace_id=one.trace_id
                )

    def _observe_servicers(self, unit: Unit, arrivals: list[Arrival]) -> None:
        for one in arrivals:
            if isinstance(one.event, ServicerStatusChanged):
                self._store.servicers.observe(
                    unit,
                    one.event.open_kfid,
                    one.event.servicer_userid,
                    one.event.status == RECEIVING,
                    one.event.sent_at,
                )

    def _wake_all(self, arrivals: list[Arrival], now: float) -> None:
        newest: dict[str, Arrival] = {}
        for one in arrivals:
            newest[one.subject] = one
        oldest: dict[str, float] = {}
        for one in arrivals:
            oldest.setdefault(one.subject, one.sent_at)
        lanes = {one.subject: Lane.URGENT for one in arrivals if one.lane is Lane.URGENT}
        for subject, last in newest.items():
            rank = backlog_rank(oldest[subject], last.sent_at, now, self._settings.fresh_first_s)
            self._wake(subject, lanes.get(subject, Lane.REPLY), rank)


def backlog_rank(oldest: float, newest: float, now: float, fresh_s: float) -> Rank:
    """Who wrote just now goes first, then who has waited longest."""
    return (0 if now - newest <= fresh_s else 1, oldest)


def _is_history(arrival: Arrival, account: AccountRow) -> bool:
    return arrival.sent_at < math.floor(account.first_started_at)
