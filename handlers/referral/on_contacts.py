"""Follow the friendships of newcomers: credit, and take back."""

from collections.abc import Sequence

from bot.config import Config
from bot.model import CustomerAdded, CustomerDeleted, Emitted, TimerDue
from bot.routing import Turn
from bot.store import Store
from handlers.referral import crediting, reviews, store
from handlers.referral.crediting import Crediting
from handlers.referral.paying import Paying
from handlers.referral.router import router
from handlers.referral.rules import Standing
from handlers.referral.store import Invite

PAY = "referral.newcomer"
"""Timer of the newcomer: what is his is to be given."""


@router.on(CustomerAdded)
async def added(turn: Turn, event: CustomerAdded, facts: Store, config: Config) -> None:
    """Somebody became a friend, perhaps by a participant's code."""
    await welcome(turn, facts, await Crediting(turn, facts, config.referral).settle(event))


@router.on(CustomerDeleted)
async def deleted(turn: Turn, event: CustomerDeleted, facts: Store, config: Config) -> None:
    """A friendship ended; whether that costs the inviter, the whole history says."""
    await Crediting(turn, facts, config.referral).settle(event)


@router.on(TimerDue, tag=crediting.THAW)
async def thawed(turn: Turn, facts: Store, config: Config) -> None:
    """The freeze of an invitation is over."""
    await welcome(turn, facts, await Crediting(turn, facts, config.referral).settle())


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


async def welcome(turn: Turn, facts: Store, valid: Sequence[Invite]) -> None:
    """Pay what the newcomer gets, one a turn: the next sees what this one took."""
    for one in valid[:1]:
        await Paying(turn, facts).newcomer(one)
    for one in valid[1:]:
        turn.schedule(PAY, 0.0, key=one.id)
