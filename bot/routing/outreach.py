"""Who may be written to without having asked, and how is it written down?

Whatever reaches out takes from one budget of the person (R-10.2 to R-10.4). It is judged here, on
facts that the commit asks for again: of two turns that see the last touch, the later one is
decided anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

import structlog

from bot.config.outreach import OutreachLimits
from bot.model import Reply
from bot.model.consents import Purpose
from bot.model.outreach import Budget, Made, Outreach
from bot.policy.outreach import Refusal, quiet_from, refusal
from bot.routing.collected import Said
from bot.routing.turn import Turn
from bot.store import Draft, Store, Unit
from bot.store.outbox import new_msgid
from bot.store.outreach import NOT_ASKED

log = structlog.get_logger(__name__)

REFUSED = "outreach_refused"
"""Emitted when a reply was dropped; its data names `feature`, `ref`, `why` and `until`."""


@dataclass(frozen=True, slots=True)
class Reaching:
    """Judges what reaches out; handlers may ask before they decide anything.

    Args:
        limits: what the operator allows.
        zone: in which the quiet hours are meant.
    """

    store: Store
    limits: OutreachLimits = field(default_factory=OutreachLimits)
    zone: tzinfo = UTC

    async def refusal(self, turn: Turn, wanted: Outreach) -> Refusal | None:
        """Whether and until when this customer may not be written to; a refusal is noted.

        What is not refused is counted once something carries it: a reply with this outreach, or
        `Turn.reach_out`.
        """
        found = await self._judge(turn, wanted)
        if found is not None:
            turn.decisions.refused.append((wanted, found.why))
        return found

    async def drop_refused(self, turn: Turn) -> None:
        """Forget replies that nobody asked for and that the budget does not allow."""
        reaching = [one for one in turn.decisions.said if carried(one) is not None]
        reaching.sort(key=lambda one: -(carried(one) or _ANY).priority)
        for one in reaching:
            wanted = carried(one)
            if wanted is None or wanted in turn.decisions.allowed:
                continue
            if (found := await self.refusal(turn, wanted)) is not None:
                turn.decisions.said.remove(one)
                told: dict[str, Any] = {"feature": wanted.feature, "ref": wanted.ref}
                told |= {"why": found.why, "until": found.until}
                turn.handler = one.handled_by
                turn.emit(REFUSED, **told)
                log.info("turn.not_reached_out", **told)

    def write(self, unit: Unit, turn: Turn, drafts: Sequence[Draft]) -> list[Draft]:
        """Add to the unit what takes from the budget; returns the drafts, each as long as it may
        be sent.
        """
        decisions, customer = turn.decisions, turn.external_userid
        drafts = [self._carrying(turn, one) for one in drafts]
        carrying = [(one.outreach, one.msgid or "") for one in drafts if one.outreach]
        carrying += decisions.reached
        last = decisions.budget.last if decisions.budget else NOT_ASKED
        for wanted, msgid in carrying:
            self.store.outreach.plan(unit, customer, wanted, turn.now, last=last, msgid=msgid)
            last = NOT_ASKED  # once: what follows is in the same commit
        for wanted, why in decisions.refused:
            self.store.outreach.refuse(unit, customer, wanted, turn.now, why)
        return drafts

    async def _judge(self, turn: Turn, wanted: Outreach) -> Refusal | None:
        decisions = turn.decisions
        if decisions.budget is None:
            decisions.budget = await self.store.outreach.budget(turn.external_userid, turn.now)
        budget = decisions.budget
        counted = (*budget.made, *(Made(turn.now, one.promo) for one in decisions.allowed))
        so_far = Budget(counted, budget.wrote_at, budget.last)
        found = refusal(wanted, so_far, self._local(turn.now), self.limits)
        if found is None:
            decisions.allowed.append(wanted)
        return found

    def _carrying(self, turn: Turn, draft: Draft) -> Draft:
        """With the msgid by which it is found; not sent in the night if it is unsent by then."""
        if draft.outreach is None:
            return draft
        night = quiet_from(self._local(turn.now), self.limits.quiet_hours)
        until = draft.expires_at if night is None else min(draft.expires_at, night)
        return replace(draft, msgid=draft.msgid or new_msgid(), expires_at=until)

    def _local(self, moment: float) -> datetime:
        return datetime.fromtimestamp(moment, self.zone)


def carried(one: Said) -> Outreach | None:
    """The outreach that a reply is, if it is one: whatever advertises unasked."""
    reply = one.reply
    if reply.outreach is not None:
        return reply.outreach
    if reply.purpose is not Purpose.MARKETING or one.message is not None:
        return None
    return _of(reply, one.handled_by)


def _of(reply: Reply, handled_by: str) -> Outreach:
    """What a handler did not say itself."""
    why = reply.because
    reason = f"{why.source}:{why.ref}" if why else handled_by
    return Outreach(feature=handled_by.partition(".")[0] or "engine", ref=reason, reason=reason)


_ANY = Outreach(feature="engine", reason="engine")
