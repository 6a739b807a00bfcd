"""How does an outbox row reach the world? Claimed, sent, closed with its result."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import structlog
from structlog.contextvars import bound_contextvars

from bot.delivery.outcomes import Ended, Held, Later, Outcome
from bot.errors import (
    ConciergeError,
    LeaseLost,
    Misconfigured,
    NotAuthorised,
    NotConsented,
    RetryLater,
    Throttled,
    WeComError,
)
from bot.model import (
    Awaited,
    Consult,
    Conversation,
    Delegate,
    EditRemark,
    Effect,
    EffectDone,
    EffectFailed,
    EndSession,
    ErrandOutcome,
    HandOff,
    Lane,
    LookUp,
    RunErrand,
    SendCard,
    SendMessage,
    SendOnEvent,
    SendWelcome,
)
from bot.ports import Clock
from bot.store import Arrival, Outbox, Parcel, Store, Unit
from bot.telemetry import Metrics

log = structlog.get_logger(__name__)

Courier = Callable[[Parcel], Awaitable[Outcome]]
"""Carries one kind of effect; raises `WeComError` where nothing special applies."""

WAITING_NOTICE = "engine.waiting"
"""Who sends waiting notices; one that comes to nothing is no news."""

OPERATOR_PAUSE_S = 60.0
"""How long to leave a row alone that only an operator can help."""

ROWS_AT_ONCE = 20

_TOLD_WHEN_FAILED = (
    *(SendMessage, SendOnEvent, SendWelcome, HandOff, EndSession, SendCard, RunErrand),
    EditRemark,
    *get_args(Awaited),
)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 60.0


@dataclass(frozen=True, slots=True)
class Sender:
    """Empties the queues of the outbox; one call of `send_queue` per queue at a time.

    Args:
        couriers: by kind of effect.
        woken: told which subject has a result in its mailbox.
    """

    store: Store
    couriers: Mapping[type[Effect], Courier]
    woken: Callable[[str, Lane], None]
    clock: Clock
    metrics: Metrics

    async def send_queue(self, queue: str) -> float | None:
        """Send what the queue holds, in order; returns when to come back, or ``None``.

        A hand-over that WeCom does not answer holds nobody up: what is said after it was decided
        while the bot had the conversation, and is refused once a person has it.
        """
        while True:
            parcels, later = await self._outbox.open_of(queue, ROWS_AT_ONCE), []
            for parcel in parcels:
                again_at = await self._carry_out(parcel)
                if again_at is not None:
                    later.append(again_at)
                    if not isinstance(parcel.effect, HandOff):
                        return min(later)
            if len(parcels) < ROWS_AT_ONCE or len(later) == len(parcels):
                return min(later, default=None)  # who adds a row meanwhile wakes the queue again

    async def _carry_out(self, parcel: Parcel) -> float | None:
        """Try what is due, and close it; returns when it must be tried (again), or ``None``."""
        if parcel.next_at > self.clock.now():
            return parcel.next_at
        outcome = await self._try(parcel)
        if isinstance(outcome, Later):
            await self._outbox.retry_at(parcel, outcome.at, outcome.error, outcome.errcode)
            return outcome.at
        await self._close(parcel, outcome)
        return None

    @property
    def _outbox(self) -> Outbox:
        return self.store.outbox

    async def _try(self, parcel: Parcel) -> Outcome:
        with bound_contextvars(trace_id=parcel.trace_id):
            return await self._carry(parcel)

    async def _carry(self, parcel: Parcel) -> Outcome:
        if self.clock.now() >= parcel.expires_at:
            return Ended("expired", error="past its time")
        try:
            return await self.couriers[type(parcel.effect)](parcel)
        except LeaseLost:
            raise  # the new owner tries it again, as after a crash
        except NotConsented as error:
            return Ended("cancelled", error=str(error))
        except Throttled as error:
            return Later(max(error.retry_at, self.clock.now() + 1), str(error), error.errcode)
        except RetryLater as error:
            return Later(self._pause(parcel), str(error), error.errcode)
        except (NotAuthorised, Misconfigured) as error:
            log.error("outbox.needs_operator", kind=type(parcel.effect).__name__, error=str(error))
            at = self.clock.now() + OPERATOR_PAUSE_S
            return Later(at, str(error), getattr(error, "errcode", None))
        except WeComError as error:
            return Ended("dead", error=str(error), errcode=error.errcode)
        except ConciergeError as error:
            return Ended("dead", error=str(error))

    def _pause(self, parcel: Parcel) -> float:
        """Longer and longer: by its tries, and by its age where the try failed before a claim."""
        now = self.clock.now()
        grown: float = max(
            _FIRST_PAUSE_S * 2 ** min(parcel.attempts, 10), (now - parcel.created_at) / 2
        )
        return now + min(grown, _LONGEST_PAUSE_S) * random.uniform(0.5, 1.5)  # noqa: S311 — jitter

    async def _close(self, parcel: Parcel, outcome: Ended | Held) -> None:
        now, unit = self.clock.now(), Unit()
        state = "held" if isinstance(outcome, Held) else outcome.state
        self._outbox.end(unit, parcel, state, now, error=outcome.error, errcode=outcome.errcode)
        if isinstance(outcome, Ended):
            unit.statements += outcome.statements
        told = _result(parcel, outcome, state)
        if told is not None:
            await self.store.mailbox.deliver(unit, [_arrival(parcel, told, now)], now)
        await self.store.database.commit(unit)
        if told is not None:
            self.woken(parcel.subject, parcel.lane)
        self._count(parcel, state, now)

    def _count(self, parcel: Parcel, state: str, now: float) -> None:
        kind = type(parcel.effect).__name__
        self.metrics.send.labels(kind, state).inc()
        note = log.debug if state == "sent" else log.info  # the row itself tells of each success
        note("outbox.ended", kind=kind, state=state, msgid=parcel.msgid, trace_id=parcel.trace_id)
        if state == "sent" and parcel.asked_at is not None:
            self.metrics.reply_seconds.observe(max(0.0, now - parcel.asked_at))


def _arrival(parcel: Parcel, told: EffectDone | EffectFailed, now: float) -> Arrival:
    return Arrival(parcel.subject, told, parcel.lane, sent_at=now, trace_id=parcel.trace_id)


def _result(parcel: Parcel, outcome: Ended | Held, state: str) -> EffectDone | EffectFailed | None:
    where = parcel.conversation or Conversation("", "")
    common: dict[str, Any] = {
        "open_kfid": where.open_kfid,
        "external_userid": where.external_userid,
    }
    kind = type(parcel.effect).__name__
    if state == "sent":
        if isinstance(parcel.effect, SendWelcome):
            return None  # its row says so
        if not parcel.tag or not isinstance(outcome, Ended):
            return None
        return EffectDone(
            effect_id=parcel.id, effect=kind, tag=parcel.tag, result=outcome.result, **common
        )
    if parcel.handled_by == WAITING_NOTICE:
        return None
    if state == "cancelled" and not isinstance(parcel.effect, HandOff):
        return None
    if not isinstance(parcel.effect, _TOLD_WHEN_FAILED):
        return None
    return EffectFailed(
        effect_id=parcel.id,
        effect=kind,
        tag=parcel.tag,
        error=f"{state}: {outcome.error}",
        errcode=outcome.errcode,
        data=_named(parcel),
        **common,
    )


def _named(parcel: Parcel) -> dict[str, Any]:
    """What a turn knows a failed effect by."""
    match effect := parcel.effect:
        case SendMessage():
            return {"asked": parcel.asked_at is not None}
        case Consult() | LookUp() | Delegate():
            return {"msgid": effect.msgid}
        case RunErrand():
            # a try that nobody heard the end of may have worked
            outcome = ErrandOutcome.UNKNOWN if parcel.attempts else ErrandOutcome.NOT_MADE
            return {"errand_id": effect.errand_id, "outcome": outcome}
        case SendCard():
            return {"task_id": effect.task_id, "userids": list(effect.userids)}
        case SendWelcome():
            return {
                "userid": effect.userid,
                "since": effect.since,
                "campaign": effect.benefit.campaign if effect.benefit else "",
            }
        case EditRemark():
            return {"userid": effect.userid}
        case HandOff():
            return {"reason": effect.reason, "tries": effect.tries}
        case _:
            return {}
