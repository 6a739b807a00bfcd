"""How is something changed in the company's systems, once, after the customer has confirmed it?"""

from dataclasses import dataclass
from typing import Any

from bot.delivery.couriers import Owners
from bot.delivery.looking_up import ToolBox
from bot.delivery.outcomes import Ended, Held, Later, Outcome
from bot.errors import ToolFailed
from bot.model import ErrandOutcome, RunErrand
from bot.model.effects import NOT_OURS
from bot.ports import Clock
from bot.store import Parcel, Store, Unit

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 20.0

_NOT_JUDGED = (408, 409, 425, 429)
"""Refusals of HTTP that say nothing of whether an earlier or a later try worked."""


@dataclass(frozen=True, slots=True)
class ErrandCourier:
    """Makes the one request; what came of it is told truthfully, also "nobody knows".

    A row that was claimed before may have worked: it is made again only where the tool's
    configuration says that the system knows a key again. Nothing is made while people have the
    conversation.
    """

    store: Store
    tools: ToolBox
    owners: Owners
    clock: Clock

    async def __call__(self, parcel: Parcel) -> Outcome:
        """Try once."""
        effect = parcel.effect
        assert isinstance(effect, RunErrand)
        assert parcel.conversation is not None
        tool = self.tools.tools.get(effect.tool)
        writes = tool.writes if tool else None
        tried = parcel.attempts > 0
        if writes is None or (tried and writes.repeats == "never"):
            # dropped from the configuration meanwhile, or the process died while it was made
            outcome = ErrandOutcome.UNKNOWN if tried else ErrandOutcome.NOT_MADE
            return _ended(effect, outcome, "not made again")
        if not await self._claimed(parcel):
            return await self._why_not(parcel, effect)
        try:
            await self.tools.change(
                effect.tool,
                effect.arguments,
                parcel.conversation,
                parcel.handled_by,
                effect.errand_id,
            )
        except ToolFailed as failed:
            outcome = _judged(failed, tried=tried)
            if outcome is ErrandOutcome.UNKNOWN and writes.repeats == "safe":
                return Later(self._next_at(parcel), str(failed))
            return _ended(effect, outcome, str(failed))
        return _ended(effect, ErrandOutcome.DONE)

    async def _claimed(self, parcel: Parcel) -> bool:
        assert parcel.conversation is not None
        unit, now = Unit(), self.clock.now()
        facts = await self.store.conversations.facts(parcel.conversation)
        await self.owners.refresh(facts, unit)
        return await self.store.outbox.claim_errand(
            unit, parcel, now, state_since=now - self.owners.max_age_s
        )

    async def _why_not(self, parcel: Parcel, effect: RunErrand) -> Outcome:
        assert parcel.conversation is not None
        facts = await self.owners.read(parcel.conversation)
        silence = await self.store.switches.silence_of(parcel.conversation)
        state = facts.ownership.state
        if silence is None and state is not None and state.bot_may_send:
            return Later(self.clock.now() + 0.1, "facts changed while claiming")
        if parcel.attempts:
            return _ended(effect, ErrandOutcome.UNKNOWN, NOT_OURS)
        return Held(NOT_OURS)

    def _next_at(self, parcel: Parcel) -> float:
        pause: float = min(_FIRST_PAUSE_S * 2**parcel.attempts, _LONGEST_PAUSE_S)
        return min(self.clock.now() + pause, parcel.expires_at)


def _judged(failed: ToolFailed, *, tried: bool) -> ErrandOutcome:
    """What a failure says, with the least hope that is honest."""
    if failed.reason == "refused" or (400 <= failed.status < 500 and not _is_unclear(failed)):
        return ErrandOutcome.REFUSED
    if not failed.reached and not tried:
        return ErrandOutcome.NOT_MADE
    return ErrandOutcome.UNKNOWN


def _is_unclear(failed: ToolFailed) -> bool:
    return failed.status in _NOT_JUDGED


def _ended(effect: RunErrand, outcome: ErrandOutcome, error: str | None = None) -> Ended:
    result: dict[str, Any] = {"errand_id": effect.errand_id, "outcome": outcome}
    return Ended("sent", error=error, result=result)
