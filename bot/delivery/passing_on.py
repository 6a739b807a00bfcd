"""How are the customers of a member who leaves, or gets another job, passed on (C07)?

At most 100 at a time are asked for; WeCom lets each refuse for 24 h, so what became of them is
asked until it is final. A try whose answer is lost is looked up, never guessed; a second request
for somebody who is on the way is refused by WeCom (40100) and changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import structlog

from bot.delivery.channel_courier import SKEW_S
from bot.delivery.contact_access import ContactAccess, ContactApi
from bot.errors import Conflict, NotAuthorised, Rejected, RetryLater
from bot.model import Conversation, CustomerAdded, CustomerDeleted, Event, Lane, NotifyStaff
from bot.ports import Clock
from bot.store import Arrival, Draft, PassedCustomer, Passing, Store, Succession, Unit
from bot.store.successions import UNDERWAY
from bot.wecom.limits import platform_limits
from bot.wecom.transfers import (
    FULL,
    LIMITED,
    UNDERWAY_TOO,
    Passed,
    Status,
)
from bot.wecom.transfers import (
    UNDERWAY as ASKED_BEFORE,
)

log = structlog.get_logger(__name__)

LOOK_S = 10.0
RESULTS_EVERY_S, RESULTS_RARELY_S = 1800.0, 6 * 3600.0
"""How often WeCom is asked what became of them: while they may refuse, and after that."""

LIST_EVERY_S, LIST_FOR_S = 3600.0, 3 * 86_400.0
"""How often, and how long after it began, it is looked whom a member has left behind: WeCom lists
them some time after he was removed."""

AFTER_ERROR_S, UNKNOWN_S = 600.0, 60.0
LOST_S = 3 * 86_400.0
"""After so long without a record of it at WeCom nothing comes of a transfer any more."""

BY_TRANSFER = "DELETE_BY_TRANSFER"
_DAY_S = 86_400.0

_ITEMS: dict[int, Passing] = {
    0: Passing.WAITING,
    ASKED_BEFORE: Passing.WAITING,
    UNDERWAY_TOO: Passing.WAITING,
    FULL: Passing.FULL,
    LIMITED: Passing.LIMITED,
}
_RESULTS: dict[int, Passing] = {
    Status.DONE: Passing.TAKEN_OVER,
    Status.WAITING: Passing.WAITING,
    Status.REFUSED: Passing.REFUSED,
    Status.FULL: Passing.FULL,
}

Say = Callable[[Succession, Counter[Passing]], str]
"""What the leaders are told when every customer of a succession has got an answer."""


@dataclass(slots=True)
class _Pause:
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class PassingOn:
    """Looks after every succession that lasts.

    Args:
        leaders: who is told how it ended.
        wake_queue: told which queue of the outbox has something new.
        wake_subject: told whose mailbox has.
    """

    store: Store
    access: ContactAccess
    clock: Clock
    leaders: tuple[str, ...]
    say: Say
    wake_queue: Callable[[str, Lane], None]
    wake_subject: Callable[[str, Lane], None]
    pause: _Pause = field(default_factory=_Pause)

    async def look(self) -> None:
        """Do what can be done now: list, ask, see what became of it, tell."""
        now = self.clock.now()
        if now < self.pause.until:
            return
        found = await self.store.successions.to_follow()
        if not found:
            return
        try:
            api = await self.access.api()
            if api is None:
                return
            for one in found:
                await self._look_after(api, one)
        except NotAuthorised as error:
            await self.access.refused(error)
        except RetryLater as error:
            self.pause.until = max(getattr(error, "retry_at", 0.0), now + UNKNOWN_S)
            log.warning("successions.waits", error=str(error))
        except Conflict:  # another process has moved them: look again
            return

    async def _look_after(self, api: ContactApi, one: Succession) -> None:
        now = self.clock.now()
        if one.error_at is not None and now - one.error_at < AFTER_ERROR_S:
            return
        try:
            if self._is_list_due(one, now):
                await self._list(api, one)
            await self._see(api, one)
            if one.ended_at is None:
                await self._ask(api, one)
                await self._tell(one)
        except NotAuthorised:
            raise
        except Rejected as error:
            log.error("successions.refused", succession=one.id, error=str(error))
            unit = Unit()
            self.store.successions.note(unit, one, error=str(error), error_at=now)
            await self.store.database.commit(unit)

    # ------------------------------------------------------------------ asking

    def _is_list_due(self, one: Succession, now: float) -> bool:
        if not one.has_left or one.ended_at is not None:
            return False
        if one.listed_at is None:
            return True
        return now - one.listed_at >= LIST_EVERY_S and now - one.at < LIST_FOR_S

    async def _list(self, api: ContactApi, one: Succession) -> None:
        """Whom a member who has left has left behind."""
        now, unit = self.clock.now(), Unit()
        known = {row.external_userid for row in await self.store.successions.customers(one.id)}
        left = [who for who in await api.transfers.unassigned(one.member) if who not in known]
        self.store.successions.plan(unit, one, left, now)
        self.store.successions.note(unit, one, listed_at=now)
        await self.store.database.commit(unit)

    async def _ask(self, api: ContactApi, one: Succession) -> None:
        limit = platform_limits().contact.transfers_per_call
        planned = (Passing.PLANNED,)
        while rows := await self.store.successions.customers(one.id, planned, limit):
            customers = [row.external_userid for row in rows]
            await self._move(one, customers, Passing.PLANNED, Passing.ASKING)
            try:
                answer = await api.transfers.ask(
                    one.pair, customers, has_left=one.has_left, message=one.message
                )
            except Rejected:  # WeCom has heard of it, and began nothing
                await self._move(one, customers, Passing.ASKING, Passing.PLANNED)
                raise
            now, unit = self.clock.now(), Unit()
            for customer in customers:  # one of whom nothing is said: what became of him will be
                errcode = answer.get(customer, 0)
                state = _ITEMS.get(errcode, Passing.FAILED)
                self.store.successions.learn(unit, one, customer, (state, errcode, None), now)
            self.store.successions.note(unit, one, error="", error_at=None)
            await self.store.database.commit(unit)
            log.info("successions.asked", succession=one.id, customers=len(customers))

    async def _move(
        self, one: Succession, customers: Sequence[str], before: Passing, after: Passing
    ) -> None:
        unit = Unit()
        states = (before, after)
        self.store.successions.move(unit, one, customers, states, self.clock.now())
        await self.store.database.commit(unit)

    # ------------------------------------------------------------------ what became of it

    async def _see(self, api: ContactApi, one: Succession) -> None:
        now = self.clock.now()
        rows = await self.store.successions.customers(one.id, (Passing.ASKING, Passing.WAITING))
        if not rows or not self._is_due(one, rows, now):
            return
        results = {
            row.external_userid: row
            async for row in api.transfers.results(one.pair, has_left=one.has_left)
        }
        unit, arrivals = Unit(), []
        for row in rows:
            shown = _of_this_try(row, results.get(row.external_userid))
            self._learn(unit, one, row, shown, now)
            if shown is not None and shown.status == Status.DONE:
                self.store.tasks.hand_on(unit, one.pair, row.external_userid)
                arrivals += await self._moved(one, shown, now)
        self.store.successions.note(unit, one, looked_at=now)
        await self.store.mailbox.deliver(unit, arrivals, now)
        await self.store.database.commit(unit)
        for arrival in arrivals:
            self.wake_subject(arrival.subject, arrival.lane)

    def _is_due(self, one: Succession, rows: Iterable[PassedCustomer], now: float) -> bool:
        if any(row.state is Passing.ASKING for row in rows):
            return True  # from a life before this one: nobody has heard the answer
        may_refuse = RESULTS_EVERY_S + platform_limits().contact.transfer_veto_s
        fresh = any(now - (row.asked_at or 0.0) < may_refuse for row in rows)
        every_s = RESULTS_EVERY_S if fresh else RESULTS_RARELY_S
        begun_at = min(row.asked_at or 0.0 for row in rows)
        return now - max(one.looked_at or 0.0, begun_at) >= every_s

    def _learn(
        self, unit: Unit, one: Succession, row: PassedCustomer, shown: Passed | None, now: float
    ) -> None:
        """What WeCom shows of one; what it has no record of is asked for again, or lost at last."""
        became: Passing | None = _RESULTS.get(shown.status) if shown else None
        if shown is None or shown.status == Status.NO_RECORD:
            if row.state is Passing.ASKING:
                became = Passing.PLANNED
            elif now - (row.asked_at or 0.0) >= LOST_S:
                became = Passing.FAILED
        if became is None or became is row.state:
            return
        taken_at = None
        if became is Passing.TAKEN_OVER and shown is not None:
            taken_at = shown.takeover_time or now
        self.store.successions.learn(unit, one, row.external_userid, (became, None, taken_at), now)

    async def _moved(self, one: Succession, shown: Passed, now: float) -> list[Arrival]:
        """The events of a friendship that has moved, as far as nobody has told us of them."""
        customer, at = shown.external_userid, shown.takeover_time or now
        events: list[Event] = []
        old = await self.store.contacts.relation(one.member, customer)
        if old is not None and old.is_friend:
            gone = CustomerDeleted(
                userid=one.member, external_userid=customer, by="staff", source=BY_TRANSFER, at=at
            )
            events.append(gone)
        new = await self.store.contacts.relation(one.successor, customer)
        if new is None or not new.is_friend:
            came = CustomerAdded(userid=one.successor, external_userid=customer, at=at)
            events.append(came)
        return [
            Arrival(
                Conversation("", customer).subject,
                event,
                Lane.BACKGROUND,
                key=f"passed:{one.id}:{customer}:{type(event).__name__}",
                sent_at=at,
            )
            for event in events
        ]

    # ------------------------------------------------------------------ telling people

    async def _tell(self, one: Succession) -> None:
        counts = await self.store.successions.counts(one.id)
        if one.told_at is not None or not counts or any(counts[state] for state in UNDERWAY):
            return
        now, unit = self.clock.now(), Unit()
        self.store.successions.note(unit, one, told_at=now)
        queue = f"staff/{','.join(self.leaders)}"
        if self.leaders:
            draft = Draft(
                subject="corp",
                queue=queue,
                conversation=None,
                lane=Lane.BACKGROUND,
                effect=NotifyStaff(userids=self.leaders, text=self.say(one, counts)),
                expires_at=now + _DAY_S,
                msgid=f"passed_{one.id}_{now:.0f}"[:32],
            )
            await self.store.outbox.post(unit, [draft], now)
        await self.store.database.commit(unit)
        self.wake_queue(queue, Lane.BACKGROUND)


def _of_this_try(row: PassedCustomer, shown: Passed | None) -> Passed | None:
    """What WeCom shows, unless it is how an earlier transfer between the two ended."""
    if shown is None or shown.status != Status.DONE or not shown.takeover_time:
        return shown
    return shown if shown.takeover_time >= (row.asked_at or 0.0) - SKEW_S else None
