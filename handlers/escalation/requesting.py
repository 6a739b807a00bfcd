"""A person is wanted: who is asked to take the case, and what if nobody can?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.model import Because, Case, MessageReceived, Seat, Step
from bot.model.cases import EXPERT, JUNIOR, RAISED, SEATED, SERVING, WANTED, WITH_PEOPLE
from bot.routing import Turn
from bot.store import Store
from handlers.escalation import clocks, seating, store
from handlers.escalation.rules import CORE_FIRST, Rules, Wanted, is_core
from handlers.escalation.summing_up import SUMMARY

HANDOFF = "escalation.handoff"

LATER, SEAT = "ticket", "seat_free"
"""Reasons of a try that nobody waits for at this moment: a shift begins, a seat is free."""

SUCCEEDED = "succeeded"
"""Reason of a try, and name of the emission that asks for it: somebody takes a member's place."""

GIVEN_BACK = "given_back"
"""Reason of a try for somebody else: whoever has the case does not want to keep it."""

TOO_SLOW, LEFT = "too_slow", "left"
SLOW = frozenset({TOO_SLOW, LEFT})
"""Reasons of a try for somebody else: whoever has the case does not answer, or has gone."""

_PARKED = "event_parked"
"""Reason of the engine: what came of something could not be handled."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Why a person is wanted, and who.

    Args:
        reason: id; its text for the staff is ``escalation.reason_<id>``.
        level: 2 junior, 3 expert.
        priority: in the queue, the larger the sooner.
        deadlines: name and seconds from now, each (R-11.11).
        evidence: what the customer wrote that speaks for it.
        core: whether a core customer wants it (A26).
        ticket_only: nobody can be given the session; a person follows up in another way.
        case_id: the case it is about, empty = the one that is open, or was last.
    """

    reason: str
    level: int = JUNIOR
    priority: int = 0
    skill: str = ""
    deadlines: tuple[tuple[str, int], ...] = ()
    evidence: tuple[str, ...] = ()
    core: bool = False
    ticket_only: bool = False
    case_id: str = ""


def wish_of(wanted: Wanted) -> Wish:
    """What the words of a customer ask for."""
    return Wish(
        wanted.reason,
        level=wanted.level,
        priority=wanted.priority,
        skill=wanted.skill,
        deadlines=wanted.deadlines,
        evidence=wanted.evidence,
        core=wanted.core,
    )


def value_of(turn: Turn) -> Collection[str]:
    """What is known of the customer's value (A25): their tags. The one place that knows."""
    return turn.tags


def wish_for(turn: Turn, reason: str, rules: Rules, *, level: int = JUNIOR) -> Wish:
    """What a reason asks for that no words were judged for; one without a class asks little."""
    standing = rules.standings.get(reason)
    core = is_core(value_of(turn), rules)
    level, first = (EXPERT if core else level), CORE_FIRST * core
    if standing is None:
        return Wish(reason, level=level, priority=first, core=core)
    return Wish(
        reason,
        level=max(level, standing.level),
        priority=standing.priority + first,
        skill=standing.skill,
        deadlines=standing.deadlines,
        core=core,
    )


async def want(turn: Turn, facts: Store, wish: Wish) -> None:
    """Bring the case to people, if they do not have it already."""
    if isinstance(turn.event, MessageReceived):
        turn.settle("handed_off", Because(source="escalation", ref=wish.reason))
    if wish.ticket_only:
        await follow_up(turn, facts, wish, turn.cases.open)
        return
    case = turn.cases.begin(turn.conversation)
    if case.status == SERVING and isinstance(turn.event, MessageReceived):
        # nobody knows that he still has the session, or the message would have been for him alone
        case = turn.cases.step("released", servicer=case.servicer, reason="unknown") or case
        await hand_over(turn, facts, wish.reason, skill=wish.skill)
    tried = case.status == WANTED or turn.wants_handoff
    if (tried or case.status in WITH_PEOPLE) and wish.level <= case.level:
        if wish.reason == _PARKED:  # perhaps what would have told of the hand-over
            clocks.look_again(turn, case, clocks.SOON_S)
            clocks.watch_idleness(turn, case, clocks.SOON_S)
        return  # whoever is asked, or has it, will do
    _note(turn, wish)
    turn.sum_up(case, tag=SUMMARY)
    await clocks.start_deadlines(turn, facts, case.id, wish.deadlines)
    if clocks.outlasts(wish.deadlines):
        store.open_ticket(turn, case.id, wish.level, wish.reason, lasting=True)
    if not tried:
        await hand_over(turn, facts, wish.reason, skill=wish.skill, away_from=_loser(turn, case))


async def raise_to_expert(turn: Turn, facts: Store, case: Case) -> None:
    """Whoever has the case gives it to an expert."""
    turn.cases.step("wanted", level=EXPERT, reason=RAISED)
    turn.sum_up(case, tag=SUMMARY)
    await hand_over(turn, facts, RAISED, away_from=_loser(turn, case))


async def ask_another(turn: Turn, facts: Store, case: Case, reason: str) -> None:
    """Whoever has the case does not answer: somebody who was not asked yet may take it.

    When a second one has not answered either, it is a matter for experts (R-11.2).
    """
    tried = _asked(await facts.cases.steps(case))
    if len(tried) > 1 and case.level < EXPERT:
        turn.cases.step("wanted", level=EXPERT, reason=reason)
    await hand_over(turn, facts, reason, away_from=_loser(turn, case, reason), barred=tried)


async def pass_on(turn: Turn, facts: Store, case: Case) -> None:
    """Whoever has the case goes away for good: who takes his place has it first (C07)."""
    await hand_over(turn, facts, SUCCEEDED, away_from=_loser(turn, case, SUCCEEDED))


def _asked(steps: Sequence[Step]) -> set[str]:
    """Who really was given the case: not those for whom WeCom refused it."""
    asked = []
    for step in steps:
        if step.name == "assigned":
            asked.append(step.servicer)
        elif step.name == "released" and step.reason == "refused" and step.servicer in asked[-1:]:
            asked.pop()
    return set(asked)


async def hand_over(
    turn: Turn,
    facts: Store,
    reason: str,
    *,
    skill: str = "",
    away_from: str = "",
    barred: Collection[str] = (),
    tries: int = 0,
) -> None:
    """Ask WeCom to give the open case to somebody; what comes of it is another turn.

    A seat for which others wait is theirs: then it goes to the pool, or stays there.

    Args:
        skill: what is asked for; empty = what was asked for before.
        away_from: who has it and is to lose it.
        barred: who else is not asked.
        tries: how many of the line were tried in vain for the same seat.
    """
    case = turn.cases.open
    if case is None:
        return
    skill = skill or await seating.skill_of(facts, case)
    # a junior rather than nobody, but an expert rather than whoever did not answer
    levels = (max(case.level, JUNIOR), EXPERT if away_from else JUNIOR)
    seats: tuple[Seat, ...] = ()
    for level in levels:
        out = {away_from.lower(), *barred}
        seats = seats or await seating.seats_for(turn, facts, case, level, skill=skill, barred=out)
    asks = not away_from and reason != SEAT  # a seat is offered in turn already
    if asks and not await seating.is_its_turn(turn, facts, case, seats):
        seats = ()
        if reason != LATER:
            await seating.offer(turn, facts, but=case)
    turn.hand_off(
        reason, tag=HANDOFF, case_id=case.id, seats=seats, away_from=away_from, tries=tries
    )


async def follow_up(turn: Turn, facts: Store, wish: Wish, case: Case | None) -> None:
    """Leave a ticket: the conversation cannot be handed over, or is not to be."""
    if wish.case_id:
        case = await facts.cases.get(wish.case_id)
    about = case or await facts.cases.last_closed(turn.conversation)
    about_id = about.id if about else ""
    known = await store.ticket_of(facts, turn.conversation)
    store.open_ticket(turn, about_id, wish.level, wish.reason)
    if known is None or known.level < wish.level or known.case_id != about_id:
        tell_staff(turn, "escalation.staff_ticket", wish.reason)
        opens = turn.roster.next_opening(turn.conversation.open_kfid, wish.level, turn.now)
        if opens is not None and opens > turn.now:  # whoever is on duty knows by now
            clocks.follow_up_later(turn, about_id, opens - turn.now + 1.0)
    if about:
        await clocks.start_deadlines(turn, facts, about.id, wish.deadlines)


def _note(turn: Turn, wish: Wish) -> None:
    data: dict[str, object] = {"priority": wish.priority}
    data |= {"core": True} if wish.core else {}
    data |= {"skill": wish.skill} if wish.skill else {}
    turn.cases.step(
        "wanted",
        level=wish.level,
        reason=wish.reason,
        data=data,
        note="；".join(wish.evidence),
    )


def _loser(turn: Turn, case: Case, reason: str = RAISED) -> str:
    """Who has the session now; one who serves it gives it back first."""
    if case.status not in SEATED:
        return ""
    if case.status == SERVING:
        turn.cases.step("released", servicer=case.servicer, reason=reason)
    return case.servicer


def tell_staff(turn: Turn, key: str, reason: str, **values: object) -> None:
    """Tell the members of the configuration who serve this account."""
    told = [one.userid for one in turn.staff if one.serves(turn.conversation.open_kfid)]
    values |= {"account": turn.account_name, "reason": why(turn, reason)}
    _notify(turn, told, turn.phrases.say(key, **values))


def tell_leaders(turn: Turn, key: str, **values: object) -> None:
    """Tell those who lead at this account."""
    told = turn.roster.leaders(turn.conversation.open_kfid, turn.now)
    text = turn.phrases.say(key, account=turn.account_name, **values)
    _notify(turn, told or [one.userid for one in turn.staff], text)


def _notify(turn: Turn, told: Sequence[str], text: str) -> None:
    """Where the configuration names nobody, WeCom's servicers are better than none."""
    if told:
        turn.notify(told, text)
    else:
        turn.notify_servicers(turn.conversation.open_kfid, text)


def why(turn: Turn, reason: str) -> str:
    """A reason as the staff reads it."""
    key = f"escalation.reason_{reason}"
    return turn.phrases.say(key) if turn.phrases.has_reply(key) else reason
