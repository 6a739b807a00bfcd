"""How do the loops start, know of each other, and stop without losing anything?"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog

from bot.delivery.fleet import Fleet
from bot.delivery.lanes import Hurry, Lanes
from bot.delivery.news import News
from bot.delivery.pull import Puller, PullSettings, backlog_rank
from bot.errors import ConciergeError, LeaseLost
from bot.model import Lane
from bot.ports import Clock
from bot.routing.dispatcher import Dispatcher
from bot.store import Store
from bot.store.fences import fenced, run_fenced
from bot.store.leases import LOOPS, Alone, Leases, pull_of
from bot.wecom.callback import KfHint
from bot.wecom.kf import Kf

log = structlog.get_logger(__name__)

STOP_WITHIN_S = 8.0
"""Turns and sends in hand get this long; the whole stop stays under 10 s."""

LOOK_AHEAD_S = 900.0
"""Timers further away than this are found by a later look."""

_NOTICE_WRITES_S = 1.0
_BETWEEN_NEWS_S = 0.02
_ALL_ANEW_S = 5.0
"""How often, while others write, everything that waits is looked through, not only what is new."""

_CALLBACK_DELAY_S = 30.0
"""A callback without a time is assumed to be no older (retries included)."""

Look = tuple[float, Callable[[], Awaitable[object]]]

_ACCOUNTS_EVERY_S = 600.0
_ACCOUNTS_RETRY_S = 5.0


class Drains:
    """Drains mailboxes: in order within a subject, in parallel between subjects.

    Args:
        drained: told whose mailbox was worked on.
        hurry: shared with what sends.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        slots: int,
        clock: Clock,
        sends: "Callable[[str, Lane], None]",
        drained: Callable[[str], None] = lambda _subject: None,
        *,
        hurry: Hurry | None = None,
        leases: Leases | None = None,
    ) -> None:
        self._dispatcher, self._clock, self._sends = dispatcher, clock, sends
        self._drained = drained
        share = max(1, slots // 4)
        self.lanes = Lanes(
            "drain",
            self._drain,
            {
                Lane.URGENT: share,
                Lane.HANDOFF: share,
                Lane.REPLY: slots,
                Lane.MODEL: share,
                Lane.BACKGROUND: share,
                Lane.WEBHOOK: share,
            },
            clock,
            hurry,
            leases=leases,
        )

    async def _drain(self, subject: str) -> float | None:
        next_at = await self._dispatcher.drain(subject, self._sends, self.lanes.wake)
        self._drained(subject)
        if next_at is None or next_at > self._clock.now() + LOOK_AHEAD_S:
            return None
        return next_at


class Service:
    """Everything that runs by itself.

    Args:
        accounts: configured open_kfids; empty = all that the app may see.
        sends: lanes of the outbox queues.
        drains: lanes of the mailboxes.
        looks: what each process looks after, with its interval in seconds.
        once: what one process looks after for all.
        leases: what is ours to do, by default everything.
        followed: called when other processes have done something: pages may show it.
    """

    def __init__(
        self,
        store: Store,
        kf: Kf,
        *,
        drains: Lanes,
        sends: Lanes,
        accounts: Sequence[str],
        pull: PullSettings,
        looks: Sequence[Look],
        once: Sequence[Look],
        clock: Clock,
        leases: Leases | None = None,
        followed: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._leases, self._followed = leases or Alone(), followed or _nobody
        self._fleet = Fleet(self._leases, (drains, sends), self._take_up, self._end_pulls)
        self._news = News(store, drains, sends, clock, pull.fresh_first_s)
        self._store, self._kf, self._clock = store, kf, clock
        self._drains, self._sends = drains, sends
        self._wanted, self._pull = set(accounts), pull
        self._looks, self._once = looks, once
        self._pullers: dict[str, tuple[Puller, asyncio.Task[None]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._accounts_changed = asyncio.Event()
        self._started_at, self._listed = clock.now(), False
        self._seen_version = 0
        self._known: set[str] = set()

    async def start(self) -> None:
        """Take up where the last process ended, then listen."""
        self._seen_version = await self._store.database.foreign_version()
        await self._news.start()
        await self._fleet.start()
        own = ((LOOK_AHEAD_S / 3, self._look_ahead),)
        forever = [self._follow_accounts(), self._fleet.run()]
        forever.append(self._follow_writes())
        forever += [_every(*one) for one in (*own, *self._looks)]
        forever += [_every(interval, self._for_all(look)) for interval, look in self._once]
        self._tasks += [asyncio.create_task(one, name="loop") for one in forever]

    async def _take_up(self) -> None:
        """Begin what there is to do for what is ours; much of it may be under way already."""
        for account in await self._store.accounts.all():
            self._known.add(account.open_kfid)
            if not self._wanted or account.open_kfid in self._wanted:
                self._pull_account(account.open_kfid)
        for open_kfid, token, received_at in await self._store.accounts.hints():
            # acknowledged by a process that died since: WeCom will not tell us again
            self.hinted(KfHint(open_kfid, token, received_at - _CALLBACK_DELAY_S))
        await self._recover()
        await self._look_ahead()

    async def stop(self) -> None:
        """Stop pulling, finish turns and sends in hand, within 10 s."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._end_pulls(frozenset(map(pull_of, self._pullers)))
        await self._fleet.leave(STOP_WITHIN_S / 2)

    def hinted(self, hint: KfHint) -> None:
        """A callback said that this account has something to pull."""
        open_kfid = hint.open_kfid
        if self._wanted and open_kfid not in self._wanted:
            return
        puller = self._pullers.get(open_kfid)
        if puller is not None:
            puller[0].hint(hint.token)
        elif open_kfid not in self._known or self._leases.holds(pull_of(open_kfid)):
            since = hint.created_at or self._clock.now() - _CALLBACK_DELAY_S
            self._tasks.append(asyncio.create_task(self._adopt(open_kfid, "", since, hint.token)))

    def accounts_changed(self) -> None:
        """An admin changed which accounts the app may manage (wecom-api §3.16)."""
        self._accounts_changed.set()

    # ------------------------------------------------------------------ accounts

    async def _follow_accounts(self) -> None:
        while True:
            pause_s = _ACCOUNTS_EVERY_S
            self._accounts_changed.clear()
            try:
                await self.register_accounts()
            except ConciergeError as error:  # a full disk is not the end of it
                log.warning("accounts.not_listed", error=str(error))
                pause_s = _ACCOUNTS_RETRY_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._accounts_changed.wait()

    async def register_accounts(self) -> None:
        """Pull every account that the app may see and the configuration wants, and no other.

        Raises:
            WeComError: as the client.
        """
        listed = await self._kf.list_accounts()
        # first seen while we ran: its history ends now; on start: with the start
        since = self._clock.now() if self._listed else self._started_at
        for account in listed:
            if self._wanted and account.open_kfid not in self._wanted:
                continue
            if not account.manage_privilege:
                log.error("account.not_managed", account=account.open_kfid)
            await self._adopt(account.open_kfid, account.name, since)
        self._listed = True
        for open_kfid in self._pullers.keys() - {account.open_kfid for account in listed}:
            log.warning("account.withdrawn", account=open_kfid)
            self._pullers.pop(open_kfid)[1].cancel()
            self._known.discard(open_kfid)

    async def _adopt(self, open_kfid: str, name: str, since: float, token: str = "") -> None:
        await self._store.accounts.register(open_kfid, name, since)
        self._known.add(open_kfid)
        puller = self._pull_account(open_kfid)
        if token and puller is not None:
            puller.hint(token)

    def _pull_account(self, open_kfid: str) -> Puller | None:
        """Who pulls it, ``None`` = another process."""
        if not self._leases.holds(pull_of(open_kfid)):
            return None
        if open_kfid not in self._pullers:
            puller = Puller(
                open_kfid,
                kf=self._kf,
                store=self._store,
                wake=self._drains.wake,
                settings=self._pull,
                clock=self._clock,
            )
            work = run_fenced(self._leases.fence(pull_of(open_kfid)), puller.run())
            task = asyncio.create_task(work, name=f"pull {open_kfid}")
            self._pullers[open_kfid] = (puller, task)
        return self._pullers[open_kfid][0]

    async def _end_pulls(self, names: frozenset[str]) -> None:
        """Stop pulling these; a page is stored whole or not at all."""
        ending = [one for one in self._pullers if pull_of(one) in names]
        tasks = [self._pullers.pop(one)[1] for one in ending]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ------------------------------------------------------------------ what is left from before

    async def _recover(self) -> None:
        """Wake every subject with due rows and every queue with unsent ones."""
        if not self._leases.works:
            return
        now = self._clock.now()
        for one in await self._store.mailbox.waiting(now):
            rank = backlog_rank(
                one.oldest_sent_at, one.newest_sent_at, now, self._pull.fresh_first_s
            )
            self._drains.wake(one.subject, one.lane, rank)
        for queue, lane in await self._store.outbox.open_queues():
            self._sends.wake(queue, lane)

    async def _follow_writes(self) -> None:
        """Other processes and commands write through the same units: notice what they commit."""
        database, looked_at, behind = self._store.database, time.monotonic(), False
        while True:
            try:
                seen = self._seen_version
                self._seen_version = await database.next_foreign(seen, _NOTICE_WRITES_S)
                behind |= self._seen_version != seen
                if self._seen_version != seen and self._leases.shared:
                    await self._look_at_news()
                if behind and time.monotonic() >= looked_at + _ALL_ANEW_S * self._leases.shared:
                    behind, looked_at = False, time.monotonic()
                    await self._recover()
            except Exception as error:  # the database is away, or whatever it was: look again
                log.warning("news.failed", error=type(error).__name__)
                behind = True
                await asyncio.sleep(_NOTICE_WRITES_S)
            await asyncio.sleep(_BETWEEN_NEWS_S)

    async def _look_at_news(self) -> None:
        await self._followed()
        if not self._leases.works:
            return
        for hint in await self._news.look():
            since = hint.first_received_at - _CALLBACK_DELAY_S
            self.hinted(KfHint(hint.open_kfid, hint.token, since))

    def _for_all(self, look: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
        async def if_it_is_ours() -> None:
            if self._leases.holds(LOOPS):
                with fenced(self._leases.fence(LOOPS)):
                    await look()

        return if_it_is_ours

    async def _look_ahead(self) -> None:
        """Set the alarm clock for what comes due soon, or did while the clock jumped."""
        for subject, at in await self._store.mailbox.coming(self._clock.now() + LOOK_AHEAD_S):
            self._drains.wake_at(subject, at)


async def _nobody() -> None:
    """No page is shown."""


async def _every(interval_s: float, look: Callable[[], Awaitable[object]]) -> None:
    while True:
        await asyncio.sleep(interval_s)
        try:
            await look()
        except LeaseLost:
            log.info("look.lease_lost")
        except Exception:  # one failed look must not end the others; the next one may succeed
            log.exception("look.failed")
