"""Follow the friendships of newcomers: credit, and take back."""

from collections.abc import Sequence

from bot.config import Config
from bot.model import CustomerAdded, CustomerDeleted, Emitted, TimerDue
from bot.routing import Turn
from bot.store import CHANNEL, Store
from handlers.referral import crediting, grants, reviews, staff_gifts, store
from handlers.referral.crediting import Crediting
from handlers.referral.grants import NEWCOMER, Paid
from handlers.referral.paying import RESTOCKED, Gift, Paying
from handlers.referral.router import router
from handlers.referral.rules import Standing
from handlers.referral.store import Invite

STAFF = "referral.staff_gift"
"""Timer of who came by a member's code: he may have stayed for long enough."""

PAY = "referral.newcomer"
"""Timer of the newcomer: what is his is to be given."""


@router.on(CustomerAdded)
async def added(turn: Turn, event: CustomerAdded, facts: Store, config: Config) -> None:
    """Somebody became a friend, perhaps by a participant's code."""
    await welcome(turn, facts, await Crediting(turn, facts, config.referral).settle(event))
    await _came_by_staff(turn, event, facts)


async def _came_by_staff(turn: Turn, event: CustomerAdded, facts: Store) -> None:
    """By a member's own code: when he has stayed for long enough, a gift may be his."""
    found = await facts.channels.channel_of(event.state)
    if found.kind != CHANNEL:
        return
    for known in await store.campaigns(facts):
        if known.campaign.newcomer and found.id in known.campaign.staff:
            thaws_at = (event.at or turn.now) + known.campaign.freeze_s
            turn.schedule(STAFF, max(0.0, thaws_at - turn.now), key=known.campaign.id)


@router.on(TimerDue, tag=STAFF)
async def stayed(turn: Turn, timer: TimerDue, facts: Store) -> None:
    """Give the newcomer his gift, if nobody invited him and he is still here (B37, D48)."""
    known = await store.campaign(facts, timer.key)
    customers = await facts.people.same_person(turn.external_userid)
    came = await staff_gifts.came(facts, customers, known) if known is not None else None
    if came is None:
        return
    if turn.now < came.thaws_at:
        turn.schedule(STAFF, came.thaws_at - turn.now, key=timer.key)
        return
    await Paying(turn, facts).gift(Gift(timer.key, turn.external_userid, came.state, came.userid))


@router.on(CustomerDeleted)
async def deleted(turn: Turn, event: CustomerDeleted, facts: Store, config: Config) -> None:
    """A friendship ended; whether that costs the inviter, the whole history says."""
    await Crediting(turn, facts, config.referral).settle(event)


@router.on(TimerDue, tag=crediting.THAW)
async def thawed(turn: Turn, facts: Store, config: Config) -> None:
    """The freeze of an invitation is over."""
    await welcome(turn, facts, await Crediting(turn, facts, config.referral).settle())


@router.on(TimerDue, tag=crediting.RECHECK)
async def looked_again(turn: Turn, timer: TimerDue, facts: Store, config: Config) -> None:
    """An invitation has counted for a while: more is known around it now."""
    await Crediting(turn, facts, config.referral).look_again(timer.key)


@router.on(TimerDue, tag=PAY)
async def paid(turn: Turn, timer: TimerDue, facts: Store) -> None:
    """Another of the newcomer's invitations is valid."""
    one = await store.invite(facts, timer.key)
    if one is not None and one.standing is Standing.VALID:
        await Paying(turn, facts).newcomer(one)


@router.on(Emitted, tag=reviews.ACCEPTED)
async def accepted(turn: Turn, event: Emitted, facts: Store, config: Config) -> None:
    """A person lets an invitation count: it waits for its freeze, or its newcomer gets his."""
    valid = await Crediting(turn, facts, config.referral).settle()
    one = await store.invite(facts, str(event.data["invite"]))
    if one is not None and one.standing is Standing.VALID:
        valid.append(one)
    await welcome(turn, facts, valid)


@router.on(Emitted, tag=RESTOCKED)
async def restocked(turn: Turn, event: Emitted, facts: Store) -> None:
    """There is more of what the newcomer waits for."""
    campaign, customer = str(event.data["campaign"]), turn.external_userid
    for one in await grants.grants_of(facts, [customer], campaign):
        if one.side == NEWCOMER and one.standing is Paid.QUEUED:
            await Paying(turn, facts).gift(Gift(campaign, customer, one.state, ""))


async def welcome(turn: Turn, facts: Store, valid: Sequence[Invite]) -> None:
    """Pay what the newcomer gets, one a turn: the next sees what this one took."""
    for one in valid[:1]:
        await Paying(turn, facts).newcomer(one)
    for one in valid[1:]:
        turn.schedule(PAY, 0.0, key=one.id)
