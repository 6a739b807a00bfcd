"""What do the events of a newcomer change in the ledger?

Every event of a person leads to the same question: what has become of each of his invitations, as
his whole history tells? That makes a repeat, a late event and another order harmless.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from bot.config import Referral
from bot.model import Conversation, CustomerAdded, CustomerDeleted
from bot.routing import Turn
from bot.store import Statement, Store
from handlers.referral import reviews, risk, rules, store, weighing
from handlers.referral.rules import Added, Standing, Tie, Why
from handlers.referral.store import Invite, Known, Participant

COUNTED = "referral_counted"
"""Emitted to the inviter when one of his invitations began or ceased to be valid."""

THAW = "referral.thaw"
"""Timer of the newcomer: the freeze of his invitations is over."""

RECHECK = "referral.recheck"
"""Timer of the newcomer: what counts is judged once more by what has been seen since."""

_OVER = (Standing.REFUSED, Standing.REVOKED)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Whose events it is about.

    Args:
        customers: every external_userid of the person.
        ties: the whole history, this turn's event among it; groups as well as members.
        invites: every add of the person by anybody's code, as this turn leaves them.
        returned_at: when the person came back by the code of an invitation.
    """

    customers: frozenset[str]
    ties: list[Tie]
    invites: list[Invite]
    returned_at: set[float] = field(default_factory=set)

    def ties_for(self, known: Known) -> list[Tie]:
        """What a campaign looks at: a group is no acquaintance where members are added."""
        by_group = known.campaign.by_group
        return [one for one in self.ties if by_group or not one.in_group]


@dataclass(frozen=True, slots=True)
class Crediting:
    """One turn of a newcomer's mailbox.

    Args:
        settings: from which points on an invitation is looked at, or refused.
    """

    turn: Turn
    facts: Store
    settings: Referral

    async def settle(
        self, event: CustomerAdded | CustomerDeleted | Tie | None = None
    ) -> list[Invite]:
        """Bring the person's invitations in line with his history and this event.

        Returns:
            Those that are valid from now on.
        """
        turn, facts = self.turn, self.facts
        customers = await facts.people.same_person(turn.external_userid)
        ties = await store.history(facts, customers)
        tie = _tie(event, turn.now)
        if tie is not None and not _is_known(tie, ties):
            ties.append(tie)
        who = Newcomer(frozenset(customers), ties, [])
        valid = []
        for one in await store.invites_of(facts, customers):
            known = await store.campaign(facts, one.campaign) if one.is_credited else None
            after = await self._live_on(one, known, who) if known else one
            who.invites.append(after)
            if after.standing is Standing.VALID and one.standing is not Standing.VALID:
                valid.append(after)
        if tie is not None and tie.began and tie.state:
            await self._arrive(tie, who)
        return valid

    # ------------------------------------------------------------------ those that are there

    async def _live_on(self, one: Invite, known: Known, who: Newcomer) -> Invite:
        """What has become of an invitation by now."""
        ties = who.ties_for(known)
        life = rules.life(one.at, one.state, one.userid, ties, known.terms)
        who.returned_at.update(life.returned_at)
        after = replace(one, thaws_at=life.thaws_at)
        if not rules.is_new(one.at, ties, known.terms):
            after = replace(after, standing=Standing.REFUSED, reason=Why.NOT_NEW)
        elif one.reason == Why.FRAUD:
            pass
        elif life.revoked_at is not None:
            after = replace(after, standing=Standing.REVOKED, reason=Why.DELETED)
        elif one.standing is Standing.REVOKED or (
            one.standing is Standing.VALID and life.thaws_at > one.thaws_at
        ):
            after = replace(after, standing=Standing.PENDING, reason="returned")
        if after.standing is Standing.PENDING and self.turn.now >= life.thaws_at:
            after = await self._thaw(after, known, who)
        elif after.standing is Standing.PENDING:
            self.turn.schedule(THAW, life.thaws_at - self.turn.now, key=one.id)
        return await self._move(one, after, known)

    async def _thaw(self, one: Invite, known: Known, who: Newcomer) -> Invite:
        """The freeze is over: who is whom may be known better by now, and more has been seen."""
        inviter = await store.by_state(self.facts, one.state)
        if inviter is not None:
            same = set(await self.facts.people.same_person(inviter.external_userid))
            if same & who.customers:
                return replace(one, standing=Standing.REFUSED, reason=Why.SELF_INVITE)
        among = await store.excluding(self.facts, known)
        for other in await store.invites_of(self.facts, sorted(who.customers)):
            earlier = other.is_credited and other.id != one.id and other.at < one.at
            if earlier and other.campaign in among:
                return replace(one, standing=Standing.REFUSED, reason=Why.ALREADY_CREDITED)
        if one.reviewed_by:
            return replace(one, standing=Standing.VALID, reason="reviewed")
        return _as_judged(one, await self._weigh(one))

    async def look_again(self, invite_id: str) -> None:
        """Judge one that counts once more: rings close, and people fall silent, after the freeze.

        A week after it began to count, and when the observation is over; what a person has said
        stands, and what was given stays given.
        """
        one = await store.invite(self.facts, invite_id)
        known = await store.campaign(self.facts, one.campaign) if one is not None else None
        if one is None or known is None or one.standing is not Standing.VALID or one.reviewed_by:
            return
        await self._move(one, _as_judged(one, await self._weigh(one)), known)
        if self.turn.now < (over := known.terms.end + known.terms.observe_s):
            self._recheck(one, over)

    def _recheck(self, one: Invite, at: float) -> None:
        self.turn.schedule(RECHECK, max(0.0, at - self.turn.now), key=one.id)

    async def _move(self, one: Invite, after: Invite, known: Known) -> Invite:
        if (after.standing, after.thaws_at) == (one.standing, one.thaws_at):
            return one
        turn = self.turn
        record(turn, store.moved(one, after, turn.now))
        if after.standing in _OVER:
            turn.cancel(THAW, key=one.id)
        if after.standing is Standing.VALID and not after.reviewed_by:
            over = known.terms.end + known.terms.observe_s
            self._recheck(one, min(turn.now + risk.SILENT_S, max(over, turn.now)))
        elif after.standing in _OVER:
            turn.cancel(RECHECK, key=one.id)
        if Standing.VALID in (after.standing, one.standing) and after.standing != one.standing:
            await tell_inviter(turn, self.facts, one)
        if after.standing is Standing.REVIEW:
            await reviews.ask_to_look(turn, self.facts, known.campaign)
        return after

    # ------------------------------------------------------------------ a new one

    async def _arrive(self, tie: Tie, who: Newcomer) -> None:
        inviter = await store.by_state(self.facts, tie.state)
        known = await store.campaign(self.facts, inviter.campaign) if inviter else None
        if inviter is None or known is None or known.campaign.by_group != tie.in_group:
            return
        customer, at, now = self.turn.external_userid, tie.at, self.turn.now
        own = invite_id(tie.state, customer, tie.userid, at)
        if any(one.id == own for one in who.invites):
            return  # told once more
        same = any(one.state == inviter.state and one.is_credited for one in who.invites)
        if same and at in who.returned_at:
            return  # the person came back: that is a step of the invitation he has
        why = rules.why_not(await self._around(inviter, known, at, who), known.terms)
        standing, reason = (Standing.REFUSED, str(why)) if why else (Standing.PENDING, "")
        ties = who.ties_for(known)
        life = rules.life(at, inviter.state, tie.userid, ties, known.terms)
        if standing is Standing.PENDING and life.revoked_at is not None:
            standing, reason = Standing.REVOKED, Why.DELETED  # the end was told before the begin
        made = Invite(
            *(own, known.campaign.id, inviter.state, customer, tie.userid, at, now),
            *(standing, reason, "[]", "", life.thaws_at),
        )
        await self._write(made, known)

    async def _around(self, inviter: Participant, known: Known, at: float, who: Newcomer) -> Added:
        facts, campaign = self.facts, known.campaign.id
        among = await store.excluding(facts, known)
        of_inviter = frozenset(await facts.people.same_person(inviter.external_userid))
        day = self._midnight(at)
        return Added(
            at=at,
            state=inviter.state,
            history=who.ties_for(known),
            inviter=of_inviter,
            newcomer=who.customers,
            credited=any(one.is_credited and one.campaign in among for one in who.invites),
            barred=await store.is_barred(facts, of_inviter),
            invited_by_newcomer=await _came_through(facts, campaign, of_inviter, who.customers),
            today=await store.credited(facts, campaign, state=inviter.state, since=day),
            total=await store.credited(facts, campaign) if known.terms.cap else 0,
        )

    async def _write(self, made: Invite, known: Known) -> None:
        turn = self.turn
        if made.standing is Standing.PENDING:
            judgement = await self._weigh(made)
            made = replace(made, signals=_told(judgement))
            if judgement.verdict is risk.Verdict.BLOCK:
                made = replace(made, standing=Standing.REFUSED, reason=Why.RISK)
        turn.record(
            store.INVITED,
            *(made.id, made.campaign, made.state, made.external_userid, made.userid, made.at),
            *(turn.now, made.standing, made.reason, made.signals, made.thaws_at),
            *(self._midnight(made.at), known.terms.daily_cap, known.terms.cap),
            expect=1,
        )
        record(turn, [store.stepped(made, turn.now)])
        if made.standing is Standing.PENDING:
            turn.schedule(THAW, max(0.0, made.thaws_at - turn.now), key=made.id)

    async def _weigh(self, one: Invite) -> risk.Judgement:
        hour = self.turn.local_time(one.at).hour
        seen = await weighing.seen(self.facts, one, hour)
        bounds = {"review_at": self.settings.review_at, "block_at": self.settings.block_at}
        return risk.judge(seen, **bounds)

    def _midnight(self, at: float) -> float:
        local = self.turn.local_time(at)
        return local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def _as_judged(one: Invite, judgement: risk.Judgement) -> Invite:
    """How an invitation stands whose person is still here, by what speaks against it."""
    standing, reason = {
        risk.Verdict.BLOCK: (Standing.REVOKED, Why.FRAUD),
        risk.Verdict.REVIEW: (Standing.REVIEW, Why.RISK),
        risk.Verdict.ALLOW: (Standing.VALID, ""),
    }[judgement.verdict]
    return replace(one, standing=standing, reason=reason, signals=_told(judgement))


async def tell_inviter(turn: Turn, facts: Store, one: Invite) -> None:
    """Let the inviter's own mailbox see what his invitations have come to."""
    inviter = await store.by_state(facts, one.state)
    if inviter is not None:
        where = Conversation(inviter.open_kfid, inviter.external_userid)
        turn.emit(COUNTED, to=where, campaign=one.campaign)


def invite_id(state: str, customer: str, userid: str, at: float) -> str:
    """The id of the one invitation that an add is."""
    named = f"{state}\0{customer}\0{userid.lower()}\0{at:.3f}"
    return "i" + hashlib.sha256(named.encode()).hexdigest()[:20]


async def _came_through(
    facts: Store, campaign_id: str, inviter: frozenset[str], newcomer: frozenset[str]
) -> bool:
    """Whether the newcomer invited the inviter, over however many others."""
    at, seen = inviter, set[str]()
    while at and not at & seen:
        seen |= at
        above = [
            one
            for one in await store.invites_of(facts, sorted(at))
            if one.campaign == campaign_id and one.standing not in _OVER
        ]
        found = await store.by_state(facts, above[0].state) if above else None
        if found is None:
            return False
        at = frozenset(await facts.people.same_person(found.external_userid))
        if at & newcomer:
            return True
    return False


def _is_known(tie: Tie, ties: Iterable[Tie]) -> bool:
    """Whether it was told before: then it keeps its place among others of its second."""
    named = (tie.at, tie.userid, tie.began)
    return any((one.at, one.userid, one.began) == named for one in ties)


def _tie(event: CustomerAdded | CustomerDeleted | Tie | None, now: float) -> Tie | None:
    if event is None or isinstance(event, Tie):
        return event
    at, userid = event.at or now, event.userid.lower()
    if isinstance(event, CustomerAdded):
        return Tie(at, now, userid, True, event.state)
    return Tie(at, now, userid, False, by=event.by)


def _told(judgement: risk.Judgement) -> str:
    told: list[Any] = [
        {"name": s.name, "points": s.points, "seen": s.seen} for s in judgement.signals
    ]
    told.append({"name": "device", "points": 0, "seen": judgement.device})
    return msgspec.json.encode(told).decode()


def record(turn: Turn, statements: Iterable[Statement]) -> None:
    """Write statements with the turn's commit."""
    for one in statements:
        turn.record(one.sql, *one.params, expect=one.expect)
