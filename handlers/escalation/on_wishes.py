"""What do other behaviours, the engine and cases themselves want of people?"""

from dataclasses import replace

from msgspec import structs

from bot.config import Config
from bot.model import Emitted, ServiceState
from bot.model.cases import (
    BOT,
    QUEUED,
    SEATED,
    SESSION_LOST,
    TICKET,
    WITH_PEOPLE,
)
from bot.routing import Turn
from bot.store import Store
from handlers.escalation import clocks, closing, leaving, losing, seating, store
from handlers.escalation.requesting import (
    SEAT,
    SUCCEEDED,
    hand_over,
    pass_on,
    want,
    wish_for,
)
from handlers.escalation.router import router
from handlers.escalation.rules import Rules

_NOT_TO_BE_HANDED = frozenset({"too_late", "undelivered", "customer_blocked"})
"""Reasons for which a session would help nobody: what is said in it does not arrive."""


@router.on(Emitted, tag="escalate")
async def escalated(turn: Turn, event: Emitted, facts: Store, rules: Rules) -> None:
    """Another behaviour, or the engine, wants a person."""
    reason = str(event.data.get("reason", "asked"))
    ticket_only = bool(event.data.get("ticket")) or reason in _NOT_TO_BE_HANDED
    wish = wish_for(turn, reason, rules, level=int(event.data.get("level", 2)))
    about = str(event.data.get("case_id", "")) if ticket_only else ""
    await want(turn, facts, replace(wish, ticket_only=ticket_only, case_id=about))


@router.on(Emitted, tag="with_people")
async def with_people(turn: Turn, config: Config) -> None:
    """A servicer has the session, though the case is new; an old word for it proves nothing."""
    case, owner = turn.cases.open, turn.facts.ownership
    known = owner.is_known(turn.now, config.routing.ownership_max_age_s)
    if case and case.status == BOT and known and owner.state is ServiceState.HUMAN:
        servicer = owner.servicer or ""
        level = turn.roster.level_of(servicer)
        turn.cases.step("taken", servicer=servicer, level=level, reason="with_person")
        clocks.watch_idleness(turn, case, config.escalation.idle_notice_s)


@router.on(Emitted, tag="gave_up_waiting")
async def gave_up(turn: Turn, facts: Store) -> None:
    """The customer will not wait any longer."""
    await closing.give_up(turn, facts)


@router.on(Emitted, tag="seat_free")
async def seat_free(turn: Turn, event: Emitted, facts: Store) -> None:
    """Somebody may be able to take what waits."""
    case, tries = turn.cases.open, int(event.data.get("tries", 0))
    if case is not None and case.status in (QUEUED, TICKET):
        await hand_over(turn, facts, SEAT, tries=tries)
    else:
        await seating.offer(turn, facts, tries=tries + 1)  # it has gone its way meanwhile


@router.on(Emitted, tag="servicer_left")
async def servicer_left(turn: Turn, event: Emitted, facts: Store, config: Config) -> None:
    """Whoever has the case has stopped receiving."""
    await leaving.left(turn, facts, str(event.data.get("userid")), config.escalation)


@router.on(Emitted, tag=SUCCEEDED)
async def succeeded(turn: Turn, event: Emitted, facts: Store) -> None:
    """Somebody takes the place of whoever has the case."""
    case = turn.cases.open
    if case is not None and case.status in SEATED and case.servicer == event.data.get("userid"):
        await pass_on(turn, facts, case)


@router.on(Emitted, tag=leaving.AWAITED)
async def awaited(turn: Turn, facts: Store, config: Config) -> None:
    """The customer has written to one who does not receive any more."""
    await leaving.awaited(turn, facts, config.escalation)


@router.on(Emitted, tag="case_answered")
async def answered(turn: Turn, event: Emitted, facts: Store) -> None:
    """A servicer has written: nobody needs to be reminded, and the cards say who it is."""
    case = turn.cases.open
    if case is None or case.id != event.data.get("case_id"):
        return
    clocks.stop_nudges(turn, case)
    store.end_ticket(turn, case.servicer)
    await closing.settle_others(turn, facts, case, case.servicer, "escalation.card_taken")


@router.on(Emitted, tag="case_left")
async def left(turn: Turn, facts: Store) -> None:
    """Nobody has written for a day (R-11.6)."""
    await closing.left(turn, facts)


@router.on(Emitted, tag="case_left_behind")
async def left_behind(turn: Turn, event: Emitted, facts: Store) -> None:
    """The customer came after a day, before anybody noticed that the case was over."""
    case = await facts.cases.get(str(event.data.get("case_id")))
    if case is not None:
        was = structs.replace(case, status=str(event.data.get("status")))
        await closing.after_a_day(turn, facts, was)


@router.on(Emitted, tag="solved")
async def solved(turn: Turn) -> None:
    """The customer says that it is solved; the case stays open for what else he has to ask."""
    case = turn.cases.step("solved")
    if case is not None and case.status == TICKET:
        turn.cases.step("given_up", reason="solved")
        store.end_ticket(turn, "customer")
    if case is not None and case.status not in WITH_PEOPLE:
        served = case.served_level
        turn.emit(
            "case_solved", case_id=case.id, by="customer", outcome="solved", served_level=served
        )


@router.on(Emitted, tag="unsolved")
async def unsolved(turn: Turn) -> None:
    """The customer says that it is not solved after all."""
    turn.cases.step("unsolved")


@router.on(Emitted, tag=SESSION_LOST)
async def lost(turn: Turn, event: Emitted, facts: Store) -> None:
    """WeCom says that nobody has the session, and no event has told of its end."""
    await losing.lost(turn, facts, str(event.data.get("case_id")))
