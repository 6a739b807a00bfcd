"""What must be looked after now and then: waiting customers, old rows, gauges?"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from bot.config import AccountSettings
from bot.delivery.send import WAITING_NOTICE
from bot.errors import Conflict
from bot.measuring import KINDS, Reporter, Window
from bot.model import Emitted, Lane, MessageReceived, SendMessage
from bot.model.cases import GAP_S, OPEN_STATUSES
from bot.ports import Clock
from bot.routing.decisions import conversation_of
from bot.routing.facts import CUSTOMER, SESSION_S, after
from bot.routing.phrases import Phrases
from bot.store import Arrival, Draft, Letter, Store, Table, Unit, conversation_queue
from bot.telemetry import Metrics

log = structlog.get_logger(__name__)

NOTICES_AT_ONCE = 200
"""Waiting notices per look: never a flood, and 500 who wait are told within three looks."""

_MOST_WAITING = 20_000

CASES_AT_ONCE = 200
"""Cases left for a day, per look: the newest of many are a minute late."""

_DAY_S = 86_400
_ROWS_AT_ONCE, _PORTIONS = 2_000, 20
"""Deleted by one statement, and statements a look: 40,000 rows a minute, where a flood of 50
messages a second leaves 10,000.
"""


@dataclass(frozen=True, slots=True)
class WaitingNotices:
    """Tells customers who wait in our own queue, honestly and once per wait.

    Args:
        after_s: how long they have waited by then.
        woken: told which queue of the outbox has something to send.
        accounts: settings of a kf account by its id.
        softened: a text without what may not be said.
    """

    store: Store
    phrases: Phrases
    clock: Clock
    after_s: float
    woken: Callable[[str, Lane], None]
    accounts: Callable[[str], AccountSettings]
    softened: Callable[[str], str] = str
    looked_at: set[str] = field(default_factory=set)
    """Who still waits and was told, or need not be: others come next."""

    async def look(self) -> int:
        """Send what is due, to who waits longest first; returns how many were told."""
        now = self.clock.now()
        waiting = await self.store.mailbox.waiting_since(now - self.after_s, _MOST_WAITING)
        self.looked_at.intersection_update(waiting)
        told = 0
        for subject in [one for one in waiting if one not in self.looked_at][:NOTICES_AT_ONCE]:
            self.looked_at.add(subject)
            letters = await self.store.mailbox.due(subject, now)
            told += await self._tell(letters[0], now) if letters else 0
        return told

    async def _tell(self, letter: Letter, now: float) -> int:
        message, conversation = letter.event, conversation_of(letter.event)
        if not isinstance(message, MessageReceived) or conversation is None:
            return 0
        if message.origin != CUSTOMER or now - message.sent_at > SESSION_S:
            return 0
        if self.accounts(conversation.open_kfid).autonomy.mode == "off":
            return 0
        before = await self.store.conversations.facts(conversation)
        facts = after(before, message)  # the gates must know that the customer wrote
        if facts.ownership.state is not None and facts.ownership.state.human_owns:
            return 0
        text = self.softened(self.phrases.say("engine.waiting"))
        draft = Draft(
            subject=letter.subject,
            queue=conversation_queue(conversation),
            conversation=conversation,
            lane=Lane.REPLY,
            effect=SendMessage(payload={"msgtype": "text", "text": {"content": text}}),
            expires_at=now + self.after_s,
            handled_by=WAITING_NOTICE,
            trace_id=letter.trace_id,
            msgid=f"wait_{hashlib.sha256(message.msgid.encode()).hexdigest()[:24]}",
        )
        unit = Unit()
        if facts != before:
            self.store.conversations.save(unit, before, facts)
        await self.store.outbox.post(unit, [draft], now)
        try:
            await self.store.database.commit(unit)
        except Conflict:  # its turn has come meanwhile
            return 0
        self.woken(draft.queue, draft.lane)
        return 1


@dataclass(frozen=True, slots=True)
class LeftCases:
    """Tells of cases in which nobody has written for a day (R-11.6); once for each silence.

    Args:
        woken: told whose mailbox has something new.
    """

    store: Store
    clock: Clock
    woken: Callable[[str, Lane], None]

    async def look(self) -> int:
        """Tell of what is left since the last look; returns how many are left."""
        now = self.clock.now()
        left = await self.store.cases.quiet(now - GAP_S, CASES_AT_ONCE)
        arrivals = [
            Arrival(
                case.conversation.subject,
                Emitted(
                    name="case_left",
                    data={"case_id": case.id},
                    open_kfid=case.conversation.open_kfid,
                    external_userid=case.conversation.external_userid,
                ),
                Lane.BACKGROUND,
                key=f"left:{case.id}:{case.active_at}",
                sent_at=now,
            )
            for case in left
        ]
        unit = Unit()
        await self.store.mailbox.deliver(unit, arrivals, now)
        await self.store.database.commit(unit)
        for arrival in arrivals:
            self.woken(arrival.subject, arrival.lane)
        return len(left)


@dataclass(frozen=True, slots=True)
class Retention:
    """Deletes what is past its time, a bounded number of rows a look (R-15.7).

    A commit deletes one portion, so that what customers wait for goes in between.

    Args:
        tables: every table that declares how long it is kept.
        days: by the key of `retention` in the configuration.
    """

    store: Store
    clock: Clock
    tables: Sequence[Table]
    days: Mapping[str, float]

    async def look(self) -> None:
        """Delete some portions of each table, and the files that nothing names any more."""
        for table in self.tables:
            if table.kept:
                await self._shorten(table, self.clock.now() - self.days[table.kept] * _DAY_S)
        await self.store.media.forget_orphans()

    async def _shorten(self, table: Table, before: float) -> None:
        for _ in range(_PORTIONS):
            gone = await self.store.database.execute(
                f"DELETE FROM {table.name} WHERE ({table.key}) IN (SELECT {table.key}"
                f" FROM {table.name} WHERE {table.age} < ? LIMIT {_ROWS_AT_ONCE}) RETURNING 1",
                before,
            )
            if len(gone) < _ROWS_AT_ONCE:
                return


@dataclass(slots=True)
class DeletedKeys:
    """Forgets the keys that another process has deleted, as the command that erases does."""

    store: Store
    _seen: int | None = None

    async def look(self) -> None:
        """Look once."""
        version = await self.store.keys.foreign_version()
        if version != self._seen:
            self._seen = version
            await self.store.vault.forget_deleted()


@dataclass(frozen=True, slots=True)
class Gauges:
    """Keeps the backlog figures of `/metrics` current."""

    store: Store
    metrics: Metrics
    clock: Clock

    async def look(self) -> None:
        """Measure once."""
        depths = await self.store.outbox.depths()
        for state in ("pending", "claimed", "held", "dead"):
            self.metrics.outbox_depth.labels(state).set(depths.get(state, 0))
        oldest = await self.store.outbox.oldest_open_at()
        age = 0.0 if oldest is None else max(0.0, self.clock.now() - oldest)
        self.metrics.outbox_age_seconds.set(age)
        self.metrics.mailbox_depth.set(await self.store.mailbox.depth())
        parked = len(await self.store.mailbox.parked())
        self.metrics.dead_letters.set(depths.get("dead", 0) + parked)


@dataclass(frozen=True, slots=True)
class ServiceGauges:
    """Keeps the figures of 7-2-1 in `/metrics` current; the whole report is read elsewhere."""

    store: Store
    reporter: Reporter
    metrics: Metrics
    clock: Clock

    async def look(self) -> None:
        """Measure once."""
        now = self.clock.now()
        statuses, since = await self.store.measured.open_now()
        for status in OPEN_STATUSES:
            self.metrics.open_cases.labels(status).set(statuses.get(status, 0))
        self.metrics.longest_wait_seconds.set(0.0 if since is None else max(0.0, now - since))
        kinds = await self.reporter.kinds(Window(now - 7 * _DAY_S, now))
        for kind in KINDS:
            share = kinds[kind] / kinds.total() if kinds else 0.0
            self.metrics.case_share.labels(kind).set(share)
        day = await self.reporter.report(Window(now - _DAY_S, now), now)
        for by, waits in (("any", day.frt_any), ("human", day.frt_human)):
            never = math.inf if waits.n else 0.0
            self.metrics.frt_p90_seconds.labels(by).set(never if waits.p90 is None else waits.p90)
