"""Is the service well, and does the operator know when it is not (R-3.16)?

An alarm is a row that one process opens and one ends; what is said of it is in the same commit, so
that neither a restart nor a second process says it twice.
"""

import shutil
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from bot.config.alarms import Alarms
from bot.errors import Conflict
from bot.model import Lane, NotifyStaff
from bot.policy.alarms import BY_PEOPLE, INCIDENTS, Kind, Signs, Step, late, raised, worded
from bot.ports import Clock
from bot.routing.phrases import Phrases
from bot.routing.queues import own_queue
from bot.store import Draft, Store, Unit
from bot.store.alarms import Alarm
from bot.store.completeness import Complete
from bot.telemetry import Metrics, Work
from bot.wecom.errors import ONLY_AN_OPERATOR

log = structlog.get_logger(__name__)

EVERY_S = 15.0
WINDOW_S = 300.0
"""Shares and percentiles are of the last five minutes (R-3.16)."""

_REPORTABLE_S = 7 * 86_400.0
"""After so long nobody is reminded of a report any more."""

_ENGINE = "engine"


@dataclass(slots=True)
class Recent:
    """What the service did in the last five minutes, from counters that only grow."""

    metrics: Metrics
    _seen: deque[tuple[float, Work]] = field(default_factory=deque)

    def look(self, now: float) -> Work:
        """What was done since five minutes ago, or since the first look."""
        self._seen.append((now, self.metrics.work()))
        while len(self._seen) > 1 and self._seen[1][0] <= now - WINDOW_S:
            self._seen.popleft()
        return self._seen[-1][1].since(self._seen[0][1])


@dataclass(frozen=True, slots=True)
class Watch:
    """Measures, opens and ends alarms, and tells the operators.

    Args:
        operators: whom to tell at a moment.
        refusals: each says what WeCom refuses of our credentials, empty = nothing.
        woken: told which queue of the outbox has something to send.
        disk: a folder on the disk that must not run full.
    """

    store: Store
    metrics: Metrics
    phrases: Phrases
    clock: Clock
    limits: Alarms
    operators: Callable[[float], tuple[str, ...]]
    refusals: Sequence[Callable[[], str]]
    woken: Callable[[str, Lane], None]
    disk: Path
    recent: Recent

    async def look(self) -> None:
        """Look once."""
        now = self.clock.now()
        known = {one.kind: one for one in await self.store.alarms.open()}
        found = raised(await self.signs(now), self.limits, known)
        for kind, shown in found.items():
            if kind not in known:
                await self._begin(kind, shown, now)
            elif now - known[kind].told_at >= self.limits.again_after_s:
                await self._again(known[kind], shown, now)
        for kind_, one in known.items():
            if kind_ not in found and kind_ not in BY_PEOPLE:
                await self._end(one, now)
        await self._tell_what_is_late(now)
        self._show(found, known)

    async def signs(self, now: float) -> Signs:
        """What is measured now."""
        work, depths = self.recent.look(now), await self.store.outbox.depths()
        alarms, oldest = self.store.alarms, await self.store.outbox.oldest_open_at()
        drilled, began = await alarms.last_of(Kind.DRILL), await alarms.running_since()
        worst = await self._least_complete()
        return Signs(
            backlog=await self.store.mailbox.backlog(now),
            dead_letters=depths.get("dead", 0) + len(await self.store.mailbox.parked()),
            outbox_age_s=0.0 if oldest is None else now - oldest,
            disk_free_mb=shutil.disk_usage(self.disk).free / 1e6,
            accepted=work.accepted,
            not_stored=work.not_stored,
            turns=work.turns,
            turn_p95_s=work.turn_p95_s,
            token_refused=next((said for one in self.refusals if (said := one())), ""),
            not_authorised=tuple(sorted(ONLY_AN_OPERATOR.intersection(work.errcodes))),
            drilled_days_ago=None if drilled is None else (now - drilled) / 86_400,
            counted=worst.reported if worst else 0,
            came=worst.received if worst else 0,
            running_days=0.0 if began is None else (now - began) / 86_400,
        )

    async def _least_complete(self) -> Complete | None:
        days = [one for one in await self.store.completeness.newest() if one.reported]
        return min(days, key=lambda one: one.received / one.reported, default=None)

    async def _begin(self, kind: Kind, shown: str, now: float) -> None:
        unit = Unit()
        self.store.alarms.begin(unit, kind, shown, now, by=_ENGINE)
        if await self._commit(unit, "open" if kind not in INCIDENTS else "incident", kind, shown):
            log.error("alarm.raised", kind=kind.value, shown=shown)

    async def _again(self, one: Alarm, shown: str, now: float) -> None:
        unit = Unit()
        self.store.alarms.tell_again(unit, one, shown, now)
        await self._commit(unit, "again", one.kind, shown)

    async def _end(self, one: Alarm, now: float) -> None:
        unit = Unit()
        self.store.alarms.end(unit, one, now, by=_ENGINE)
        minutes = f"{(now - one.opened_at) / 60:.0f}"
        if await self._commit(unit, "over", one.kind, one.shown, minutes=minutes):
            log.warning("alarm.over", kind=one.kind)

    async def _tell_what_is_late(self, now: float) -> None:
        """Each step once; what WeCom or we ended ourselves is restored with its end."""
        kinds = frozenset(map(str, INCIDENTS))
        for one in await self.store.alarms.unreported(kinds, now - _REPORTABLE_S):
            done = {step.step for step in await self.store.alarms.done(one.id)}
            done |= {Step.RESTORED.value} if one.ended_at is not None else set()
            told = await self.store.alarms.told_late(one.id)
            for step in late(one.opened_at, done | told, now, self.limits):
                unit = Unit()
                self.store.alarms.note_late(unit, one.id, step, now)
                minutes = f"{(now - one.opened_at) / 60:.0f}"
                more = {"minutes": minutes, "id": str(one.id)}
                await self._commit(unit, f"late_{step}", one.kind, one.shown, **more)

    async def _commit(self, unit: Unit, said: str, kind: str, shown: str, **more: str) -> bool:
        """Commit with what is said of it; returns whether we were the first."""
        now = self.clock.now()
        what = self.phrases.say(f"alarms.{kind}", shown=shown, **worded(self.limits))
        text = self.phrases.say(f"alarms.{said}", what=what, **more)
        draft = self._draft(text, now)
        await self.store.outbox.post(unit, [draft] if draft else [], now)
        try:
            await self.store.database.commit(unit)
        except Conflict:  # another process, or a person
            return False
        if draft is not None:
            self.woken(draft.queue, draft.lane)
        else:
            log.error("alarm.nobody_to_tell", kind=kind)
        return True

    def _draft(self, text: str, now: float) -> Draft | None:
        operators = self.operators(now)
        if not operators:
            return None
        effect = NotifyStaff(userids=operators, text=text)
        queue, ttl = own_queue(effect, "corp", 0.0)
        return Draft(
            subject="corp",
            queue=queue,
            conversation=None,
            lane=Lane.HANDOFF,
            effect=effect,
            expires_at=now + ttl,
            handled_by="alarms",
        )

    def _show(self, found: Mapping[Kind, str], known: Mapping[str, Alarm]) -> None:
        for kind in Kind:
            is_open = kind in found or (kind in known and kind in BY_PEOPLE)
            self.metrics.alarms.labels(kind.value).set(float(is_open))
