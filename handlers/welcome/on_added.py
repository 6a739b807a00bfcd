"""A customer and a member have become friends: greet him, once and before anything else (R-2.1)."""

from bot.config import Delivery
from bot.model import ArchivingApproved, CustomerAdded, EffectFailed, SendWelcome
from bot.model.effects import NOT_ARCHIVED_YET
from bot.routing import Turn
from bot.store import Greeted, Store
from bot.store.benefits import returned
from bot.store.welcomes import came_out
from handlers.welcome import greeting
from handlers.welcome.in_force import Welcomes
from handlers.welcome.router import router

MISSED_S = 86_400.0
"""Whoever came longer ago without our knowing is not greeted as if he had just come."""


@router.on(CustomerAdded)
async def added(
    turn: Turn, event: CustomerAdded, store: Store, welcomes: Welcomes, delivery: Delivery
) -> None:
    """Decide the one welcome of this friendship, whatever is told of it how often."""
    await _decide(turn, event, store, welcomes, delivery)


@router.on(ArchivingApproved)
async def approved(
    turn: Turn, event: ArchivingApproved, store: Store, welcomes: Welcomes, delivery: Delivery
) -> None:
    """The customer agreed to chat archiving: the code that this brings greets him if none did."""
    relation = await store.contacts.relation(event.userid, event.external_userid)
    if relation is not None and relation.is_friend and event.welcome_code:
        came = CustomerAdded(
            userid=event.userid,
            external_userid=event.external_userid,
            state=relation.state,
            welcome_code=event.welcome_code,
            half=relation.half,
            at=event.at,
        )
        await _decide(turn, came, store, welcomes, delivery)


async def _decide(
    turn: Turn, event: CustomerAdded, store: Store, welcomes: Welcomes, delivery: Delivery
) -> None:
    pair = (event.userid, event.external_userid)
    relation = await store.contacts.relation(*pair)
    since = greeting.begun_at(event, relation, turn.now)
    known = [
        one
        for one in await store.welcomes.of(event.external_userid)
        if one.userid == event.userid.lower() and one.since == since
    ]
    if any(one.is_settled for one in known) or (known and not event.welcome_code):
        return
    if greeting.is_over(event, relation):
        greeting.note(turn, event, since, Greeted.GONE)
    elif event.missed:
        greeting.note(turn, event, since, Greeted.MISSED)
        brought = await store.successions.brought(event.external_userid, event.userid)
        if turn.now - since < MISSED_S and not brought:
            await greeting.ask_for_hello(turn, store, pair, since=since, why="missed")
    elif not event.welcome_code:
        greeting.note(turn, event, since, Greeted.NO_CODE)
    elif turn.now >= (event.at or turn.now) + delivery.late_welcome_s:
        greeting.note(turn, event, since, Greeted.EXPIRED)
        await greeting.ask_for_hello(turn, store, pair, since=since, why="expired")
    else:
        state, effect = await _welcome(turn, event, store, welcomes, since)
        if effect is not None:
            expires_at = (event.at or turn.now) + delivery.late_welcome_s
            turn.welcome(effect, expires_at=expires_at, tag=greeting.FAILED)
        else:
            await greeting.ask_for_hello(turn, store, pair, since=since, why=state.value)


async def _welcome(
    turn: Turn, event: CustomerAdded, store: Store, welcomes: Welcomes, since: float
) -> tuple[Greeted, SendWelcome | None]:
    state, chosen, effect, returning = await greeting.compose(turn, event, store, welcomes, since)
    name = chosen.id if chosen else ""
    greeting.note(turn, event, since, state, welcome=name, returning=returning)
    return state, effect


@router.on(EffectFailed, tag=greeting.FAILED)
async def failed(turn: Turn, event: EffectFailed, store: Store) -> None:
    """The code is dead: that is final, and a member says hello by hand (R-2.3, R-2.4). But where
    the customer is to agree to archiving first, another code comes when he does.
    """
    customer, data = turn.external_userid, event.data
    pair, since = (str(data["userid"]), customer), float(data["since"])
    is_late = event.error.startswith("expired")
    state = Greeted.EXPIRED if is_late else Greeted.FAILED
    if event.errcode == NOT_ARCHIVED_YET:
        state = Greeted.AWAITED
    done = came_out(pair, since, state, errcode=event.errcode)
    turn.record(done.sql, *done.params)
    if campaign := str(data.get("campaign", "")):
        back = returned(campaign, customer)
        turn.record(back.sql, *back.params)
    if state is Greeted.AWAITED:
        return
    why = "expired" if is_late else str(event.errcode or "failed")
    await greeting.ask_for_hello(turn, store, pair, since=since, why=why)
