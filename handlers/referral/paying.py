"""Who has reached what, and is paid: stock, code, points and what is said, in one commit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.config import Reward, Tier
from bot.model import Conversation
from bot.model.tasks import StaffTask
from bot.routing import Turn
from bot.routing.assigning import ask_staff
from bot.routing.writing import may_write
from bot.store import Statement, Store
from bot.store.coupons import taken
from bot.store.points import earned
from handlers.referral import addresses, grants, rules, store
from handlers.referral.crediting import COUNTED, record
from handlers.referral.grants import INVITER, NEWCOMER, Grant, Paid, Want
from handlers.referral.rules import Phase, Standing
from handlers.referral.store import Invite, Participant

MORE = "referral.more"
"""Timer of the inviter: another tier is reached."""

GIFT = "referral_gift"
"""Kind of the task by which a member hands a gift over."""

SEND = "referral_address"
"""Kind of the task by which a member sends a gift to an address that the customer gave."""

BRING = "referral_reward"
"""Kind of the task by which a member tells a customer whom we may not write to."""

RESTOCKED = "referral_restocked"
"""Emitted to a newcomer who waits for his gift: there is more of it (``campaign``)."""

FORM = "referral.form"
"""Timer of who is owed a gift: he was asked for an address, and gave none."""

FORGET = "referral.forget"
"""Timer of who got a gift: the address is not needed any more."""

ASKED_S = 48 * 3600.0
"""So long a customer who can be written to has for telling an address himself."""

_TASK_S = 14 * 86_400.0


@dataclass(frozen=True, slots=True)
class Gift:
    """What a newcomer gets: by which code he came, and which member has him as a friend.

    Args:
        member: empty = whoever has, if anybody.
    """

    campaign: str
    external_userid: str
    state: str
    member: str


@dataclass(frozen=True, slots=True)
class Paying:
    """Pays in one turn."""

    turn: Turn
    facts: Store

    async def inviter(self, who: Participant) -> Grant | None:
        """Bring what an inviter has reached in line with his valid invitations.

        Returns:
            What is new to him, as it will be after the commit; the next has a turn of its own.
        """
        known = await store.campaign(self.facts, who.campaign)
        if known is None:
            return None
        valid = (await store.counts(self.facts, who.state))[Standing.VALID]
        tiers = known.campaign.tiers_of(who.arm)
        reached = {one.invites: one for one in rules.reached(tiers, valid)}
        had = await grants.grants_of(self.facts, [who.external_userid], who.campaign)
        had = [one for one in had if one.side == INVITER]
        for one in had:
            if one.tier > valid and one.standing in (Paid.QUEUED, Paid.OWED, Paid.NONE):
                await self._withdraw(one)
            if one.tier <= valid and one.tier not in reached:  # reached before an edit: stays
                reached[one.tier] = Tier(invites=one.tier, reward=one.reward)
        settled = {one.tier for one in had if one.standing in (*grants.TAKEN, Paid.NONE)}
        queued = {one.tier for one in had if one.standing is Paid.QUEUED}
        open_tiers = [
            tier
            for tier in sorted(reached.values(), key=lambda one: one.invites)
            if tier.invites not in settled and tier.reward in known.campaign.rewards
        ]
        for place, tier in enumerate(open_tiers):
            want = Want(known.campaign, who.external_userid, who.state, tier.invites, INVITER)
            paid = await self._pay(want, tier.reward, waits=tier.invites in queued)
            if paid is not None:
                if open_tiers[place + 1 :]:  # one a turn: the next sees what this one took
                    self.turn.schedule(MORE, 0.0, key=who.campaign)
                return paid
        return None

    async def newcomer(self, one: Invite) -> Grant | None:
        """Give the newcomer of an invitation what is his."""
        member = "" if one.is_into_group else one.userid
        return await self.gift(Gift(one.campaign, one.external_userid, one.state, member))

    async def gift(self, gift: Gift) -> Grant | None:
        """Give a newcomer what is his, once in a campaign; a member brings it."""
        known, customer = await store.campaign(self.facts, gift.campaign), gift.external_userid
        if known is None or known.campaign.newcomer is None:
            return None
        had = await grants.grants_of(self.facts, [customer], gift.campaign)
        if any(had.side == NEWCOMER and had.standing in grants.TAKEN for had in had):
            return None
        waits = any(one.side == NEWCOMER and one.standing is Paid.QUEUED for one in had)
        want = Want(known.campaign, customer, gift.state, 0, NEWCOMER)
        paid = await self._pay(want, known.campaign.newcomer, waits=waits)
        if paid is not None and paid.standing is Paid.GIVEN:
            friends = await self.facts.contacts.friends_of(customer)
            members = [*([gift.member] if gift.member else ()), *(one.userid for one in friends)]
            if members:  # else it is said when he writes: nobody of us can reach him
                await self.bring(paid, members[0])
        return paid

    # ------------------------------------------------------------------ one reward

    async def _pay(self, want: Want, key: str, *, waits: bool) -> Grant | None:
        turn, facts, campaign = self.turn, self.facts, want.campaign
        reward, now = campaign.rewards[key], turn.now
        left = await grants.left_of(facts, campaign, key, now)
        if left == 0 or not await grants.can_pay(facts, campaign, key):
            return await self._nothing_left(want, key, waits=waits)
        standing = Paid.OWED if reward.kind == "gift" else Paid.GIVEN
        code = ""
        if reward.pool is not None:
            code = await facts.coupons.choose(reward.pool, want.id, now)
            whose = {"given_for": want.id, "external_userid": want.external_userid}
            record(turn, [taken(reward.pool, code, **whose, name=reward.name, now=now)])
        record(turn, [grants.granted(want, key, standing, now)])
        if reward.points is not None:
            record(turn, [_earned(want, reward, now)])
        if reward.tag is not None:
            turn.tag(reward.tag, rule=f"referral:{campaign.id}")
        made = _as_granted(want, key, reward, standing, now)
        if standing is Paid.OWED:
            await self._ask_where(made)
        return replace(made, code=code)

    async def _nothing_left(self, want: Want, key: str, *, waits: bool) -> Grant | None:
        """What the campaign says for this: end, another reward, or a place in the queue."""
        campaign, reward, now = want.campaign, want.campaign.rewards[key], self.turn.now
        if reward.substitute is not None and reward.substitute != key:
            other = campaign.rewards[reward.substitute]
            if other.substitute is None or other.substitute != key:
                return await self._pay(want, reward.substitute, waits=waits)
        if waits:
            return None
        standing = Paid.QUEUED
        if reward.out_of_stock == "end":
            standing = Paid.NONE
            ended = store.turned(campaign.id, Phase.ENDED, "engine", now, f"stock:{key}")
            record(self.turn, [ended])
        record(self.turn, [grants.granted(want, key, standing, now)])
        return _as_granted(want, key, reward, standing, now)

    async def _withdraw(self, one: Grant) -> None:
        forgotten = addresses.forgotten(one.id)
        record(self.turn, [grants.withdrawn(one, self.turn.now), forgotten])
        self.turn.cancel(FORM, key=one.id)
        if one.standing is not Paid.OWED:
            return
        first = await grants.waiting_for(self.facts, one.campaign, one.reward)
        if first is None:
            return
        side, customer, state = first
        waiting = await store.by_state(self.facts, state) if side == INVITER else None
        if waiting is not None:
            where = Conversation(waiting.open_kfid, waiting.external_userid)
            self.turn.emit(COUNTED, to=where, campaign=one.campaign)
        elif side == NEWCOMER:
            self.turn.emit(RESTOCKED, to=Conversation("", customer), campaign=one.campaign)

    # ------------------------------------------------------------------ through people

    async def bring(self, one: Grant, member: str) -> None:
        """Ask a member to tell a customer whom we may not write to."""
        say = self.turn.phrases.say
        what = say("referral.task_code", name=one.definition.name, code=one.code)
        if not one.code:
            what = say("referral.task_plain", name=one.definition.name)
        await self._ask(one, BRING, member, what)

    async def _ask_where(self, one: Grant) -> None:
        """Whoever can be written to is asked with the news; else a member calls."""
        if one.side == INVITER and await may_write(self.turn, self.facts):
            self.turn.schedule(FORM, ASKED_S, key=one.id)
        else:
            await self.call(one)

    async def call(self, one: Grant) -> None:
        """Ask a member to ask for the address, and to send the gift."""
        text = self.turn.phrases.say("referral.task_gift", name=one.definition.name)
        await self._ask(one, GIFT, await self._sender(one), text)

    async def send(self, one: Grant, address: Mapping[str, str]) -> None:
        """Ask a member to send the gift; where he was asked to call, this is a second task."""
        name = one.definition.name
        text = self.turn.phrases.say("referral.task_send", name=name, **address)
        await self._ask(one, SEND, await self._sender(one), text)

    async def _sender(self, one: Grant) -> str:
        known = await store.campaign(self.facts, one.campaign)
        assert known is not None, "a grant's campaign is never deleted"
        return known.campaign.receivers[0]

    async def _ask(self, one: Grant, kind: str, member: str, text: str) -> None:
        now = self.turn.now
        task = StaffTask(
            id=f"{kind[9:10]}{one.id}",
            kind=kind,
            member=member,
            text=text,
            reason=f"referral:{one.campaign}:{one.tier}",
            due_at=now,
            on_time_s=2 * 86_400.0,
            expires_at=now + _TASK_S,
            external_userid=one.external_userid,
            ref=one.id,
        )
        await ask_staff(self.turn, self.facts, task)


def _earned(want: Want, reward: Reward, now: float) -> Statement:
    assert reward.points is not None
    ends = None if reward.days is None else now + reward.days * 86_400.0
    who, gift = want.external_userid, {"source": "referral", "source_id": want.id}
    return earned(who, reward.points, **gift, at=now, expires_at=ends)


def _as_granted(want: Want, key: str, reward: Reward, standing: Paid, now: float) -> Grant:
    return Grant(
        *(want.id, want.campaign.id, want.external_userid, want.state, want.tier, want.side),
        *(key, reward, standing, now, None),
    )
